"""What `make` does before anything else: it tells what is missing, and changes nothing where it may not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the set-up script is for POSIX shells")


def script(folder: Path, name: str, body: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def set_up(tmp_path: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["sh", str(ROOT / "installer" / "setup.sh")],
        env={**os.environ, "VENV": str(tmp_path / "venv"), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_wrong_python_is_told_and_nothing_is_made(tmp_path: Path) -> None:
    old = script(tmp_path, "python3.9", '[ "$1" = -V ] && echo "Python 3.9.2" || exit 1')

    done = set_up(tmp_path, PYTHON=str(old))

    assert done.returncode != 0
    assert "Python 3.11, 3.12 or 3.13 is needed; here is Python 3.9.2" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_whoever_may_not_install_libraries_gets_the_exact_command(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    script(tools, "id", "echo 1000")
    script(tools, "sudo", "exit 1")
    script(tools, "ldconfig", "echo '1 libs found in cache'; echo '\tlibEGL.so.1 (libc6,x86-64) => /nowhere'")

    done = set_up(tmp_path, PATH=f"{tools}:{os.environ['PATH']}")

    assert done.returncode != 0
    command = next(line for line in done.stderr.splitlines() if "apt-get install" in line)
    assert "libxcb-cursor0" in command
    assert "libportaudio2" in command
    assert "libegl1" not in command
    assert not (tmp_path / "venv").exists()
