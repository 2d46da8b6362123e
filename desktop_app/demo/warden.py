"""Ends the center and its hub when a run is killed: both read no input that would tell them, and the hub outlives its
center on purpose.

It is told of them line by line on standard input, `{"pid": 123}` or `{"announced": "path of a hub's file"}`, and acts
when that input ends, however it ends.
"""

import json
import sys
from pathlib import Path

from desktop_app.platform import end_process, is_alive


def announced_pid(file: Path) -> int | None:
    """The process that a hub's file names."""
    try:
        return int(json.loads(file.read_text("utf-8"))["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def main() -> int:
    """One part of the demonstration: `silian demo --part warden`."""
    pids: list[int] = []
    files: list[Path] = []
    for line in sys.stdin:
        told = json.loads(line)
        if "pid" in told:
            pids = [int(told["pid"])]  # the center that was started last
        else:
            files.append(Path(told["announced"]))
    for pid in pids:
        if is_alive(pid):
            end_process(pid)
    for file in files:
        hub = announced_pid(file)
        if hub is not None and is_alive(hub):
            end_process(hub, at_once=True)
    return 0
