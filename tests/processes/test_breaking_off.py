"""Somebody loses patience with the demonstration."""

import os
import signal
import subprocess
import sys
import time
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
    demo = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert demo.stdout is not None
    for line in demo.stdout:
        if "Terminals started" in line:
            break
    started = _belonging_to(tmp_path)
    assert len(started) >= 6
    demo.send_signal(signal.SIGINT)
    said = demo.stdout.read()
    assert demo.wait(20) == 130
    assert "every process has ended" in said
    deadline = time.monotonic() + 5
    while (left := {pid for pid in started if is_alive(pid)}) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == set()
    assert _belonging_to(tmp_path) == set()
