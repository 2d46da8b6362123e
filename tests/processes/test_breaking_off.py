"""Somebody loses patience with the demonstration."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from desktop_app.platform import is_alive

pytestmark = [pytest.mark.processes, pytest.mark.skipif(os.name != "posix", reason="reads /proc")]


def _belonging_to(folder: Path) -> set[int]:
    """Processes whose command or environment names this folder: the center, its hub, the terminals."""
    found = set()
    for place in Path("/proc").glob("[0-9]*"):
        try:
            told = (place / "cmdline").read_bytes() + (place / "environ").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in told:
            found.add(int(place.name))
    return found - {os.getpid()}


def test_ctrl_c_ends_the_demonstration_and_every_process_it_started(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "desktop_app.main", "demo", "--out", str(tmp_path / "out"), "--language", "en"]
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    """A runner in the background ignores the key, and its children would too."""
    demo = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=heard)
    assert demo.stdout is not None
    for line in demo.stdout:
        if "Terminals started" in line:
            break
    started = _belonging_to(tmp_path)
    assert len(started) >= 6
    demo.send_signal(signal.SIGINT)
    said = demo.stdout.read()
    assert demo.wait(60) == 130
    assert "every process has ended" in said
    deadline = time.monotonic() + 30
    while (left := {pid for pid in started if is_alive(pid)}) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == set()
    assert _belonging_to(tmp_path) == set()


def test_a_run_that_is_killed_leaves_neither_its_center_nor_its_hub(tmp_path: Path) -> None:
    code = """
import sys, time
from functools import partial
from pathlib import Path
from desktop_app.demo.cast import HOST
from desktop_app.demo.processes import Company
from desktop_app.demo.setting import Scene
with Company() as company:
    scene = Scene(company, Path(sys.argv[1]), (HOST,), media_ports=16)
    scene.open_center()
    while scene.hub_pid is None:
        time.sleep(0.02)
    print("open", flush=True)
    sys.stdin.read()
"""
    run = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert run.stdout is not None
    assert run.stdout.readline() == b"open\n"
    started = _belonging_to(tmp_path) - {run.pid}
    assert len(started) >= 2
    run.kill()
    run.wait()
    deadline = time.monotonic() + 30
    while any(is_alive(pid) for pid in started) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert {pid for pid in started if is_alive(pid)} == set()
