"""The terminal as somebody who sits at it feels it: how soon it is there, how much it takes, how free its hands are.

Start and memory are set beside linphone-desktop from Debian, on the same X server, where both can be had; linphone's
start ends when its window is mapped, ours when it has painted.
"""

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.rows import Row, at_most, keep, not_above_peer
from desktop_app.demo.cast import CAST, HOST
from desktop_app.demo.processes import Child, Company, part
from desktop_app.demo.room import JOIN_SECONDS, Room
from desktop_app.demo.setting import Scene
from desktop_app.platform import end_process

WARM_STARTS = 5
REST_SECONDS = 5.0
MEETING_SECONDS = 25
FIRST_PAINT_GOAL = 0.5
TIMER_GOAL = 20.0
MEETING_MEMORY_GOAL = 450.0
DROP_CACHES = Path("/proc/sys/vm/drop_caches")


def main() -> int:
    """Measure, print, keep; 1 when a goal that could be measured is not reached."""
    with tempfile.TemporaryDirectory(prefix="silian-bench-") as held:
        folder = Path(held)
        with x_server() as display:
            rows = start_rows(folder, display)
        rows += meeting_rows(folder)
    keep("app", rows)
    return 1 if any(row.holds is False for row in rows) else 0


# Starting


def start_rows(folder: Path, display: str | None) -> list[Row]:
    """First paint cold and warm, and memory at rest."""
    environment = {"DISPLAY": display} if display else {"QT_QPA_PLATFORM": "offscreen"}
    cold = peer_cold = None
    if drop_caches():
        cold = first_paint(folder, environment)[0]
        drop_caches()
        peer_cold = linphone(folder, display)[0]
    first_paint(folder, environment)
    starts = [first_paint(folder, environment) for _ in range(WARM_STARTS)]
    peers = [linphone(folder, display, rest=number == 0) for number in range(3)]
    warm = statistics.median(seconds for seconds, _ in starts)
    peer_warm = _median(seconds for seconds, _ in peers)
    rest = first_paint(folder, environment, rest=True)[1]
    return [
        at_most("first paint, warm (s)", round(warm, 3), FIRST_PAINT_GOAL, peer_warm),
        not_above_peer("first paint, cold (s)", cold, peer_cold),
        not_above_peer("memory at rest before enrolment (PSS, MB)", rest, peers[0][1]),
    ]


def first_paint(folder: Path, environment: Mapping[str, str], *, rest: bool = False) -> tuple[float, float | None]:
    """Seconds from the start of the process to its first paint, and (with `rest`) its memory some seconds later."""
    recording = folder / f"start-{time.monotonic_ns()}.jsonl"
    told = {
        **environment,
        "SILIAN_PASSPHRASE": "a passphrase for one run",
        "SILIAN_SETTINGS": str(folder / "settings.toml"),
        "SILIAN_TERMINAL_FOLDER": str(folder / recording.stem),
    }
    with Company() as company:
        began = time.time()
        child = company.start("terminal", part("player"), output=folder / "terminal.log", environment=told)
        child.say(f'{{"log": "{recording}"}}')
        line = _first(recording, "first_paint", child)
        if rest:
            time.sleep(REST_SECONDS)
        return round(float(line["unix"]) - began, 3), proportional_megabytes(child.pid) if rest else None


def _first(recording: Path, kind: str, child: Child, within: float = 60.0) -> dict[str, Any]:
    import json

    deadline = time.monotonic() + within
    while time.monotonic() < deadline and child.code is None:
        lines = recording.read_text("utf-8").splitlines() if recording.exists() else []
        for text in lines:
            if f'"kind": "{kind}"' in text and text.endswith("}"):
                found: dict[str, Any] = json.loads(text)
                return found
        time.sleep(0.01)
    raise SystemExit(f"bench: the terminal did not paint; see {child.output}")


def linphone(folder: Path, display: str | None, *, rest: bool = False) -> tuple[float | None, float | None]:
    """The same of linphone-desktop: seconds until its window is there, and its memory at rest; None where it is not."""
    if display is None or any(shutil.which(name) is None for name in ("linphone", "xwininfo", "dbus-run-session")):
        return None, None
    home = folder / "linphone"
    home.mkdir(exist_ok=True)
    told = {**os.environ, "DISPLAY": display, "HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    began = time.monotonic()
    peer = subprocess.Popen(
        ["dbus-run-session", "--", "linphone"], env=told, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while '"Linphone"' not in _windows(display):
            if peer.poll() is not None or time.monotonic() - began > 60:
                return None, None
            time.sleep(0.01)
        seconds = round(time.monotonic() - began, 3)
        if rest:
            time.sleep(REST_SECONDS)
        pids = _children(peer.pid, "linphone")
        return seconds, proportional_megabytes(pids[0]) if rest and pids else None
    finally:
        for pid in _children(peer.pid, "linphone"):
            end_process(pid, at_once=True)
        peer.terminate()
        peer.wait()
        while '"Linphone"' in _windows(display):
            time.sleep(0.05)


def _windows(display: str) -> str:
    return subprocess.run(
        ["xwininfo", "-display", display, "-root", "-tree"], capture_output=True, text=True, check=False
    ).stdout


def _children(parent: int, name: str) -> list[int]:
    """Processes of this name that descend from `parent`."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            stat = (place / "stat").read_text()
        except OSError:
            continue
        if stat[stat.index("(") + 1 : stat.rindex(")")] == name and int(stat.rpartition(")")[2].split()[1]) == parent:
            found.append(int(place.name))
    return found


@contextmanager
def x_server() -> Iterator[str | None]:
    """An X server without a screen; None where Xvfb is not installed, and then windows are painted offscreen."""
    if shutil.which("Xvfb") is None:
        yield None
        return
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1440x900x24", "-nolisten", "tcp"],
        pass_fds=(writing,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as announced:
            number = announced.readline().strip()
        yield f":{number}" if number else None
    finally:
        server.terminate()
        server.wait()


def drop_caches() -> bool:
    """Make the next start a cold one; False where that is not allowed."""
    try:
        os.sync()
        DROP_CACHES.write_text("3")
    except (OSError, AttributeError):
        return False
    return True


# In a meeting


def meeting_rows(folder: Path) -> list[Row]:
    """The host's terminal with three remote pictures on the screen."""
    with Company() as company:
        scene = Scene(company, folder / "meeting", CAST)
        scene.open_center()
        scene.issue_codes()
        scene.connect_cables()
        rooms = {player.code: Room(scene, player) for player in CAST}
        host = rooms[HOST.code]
        for room in rooms.values():
            room.start()
        for room in rooms.values():
            room.enrol()
        host.do("home.schedule", in_seconds=0, until="home.meetings == 1")
        for room in rooms.values():
            room.do(until=["home.meetings == 1", "home.tested == true"])
        terminal = host.seat.process
        home = proportional_megabytes(terminal.pid) if terminal else None
        for room in rooms.values():
            room.begin_join(len(CAST))
        for room in rooms.values():
            room.finish(JOIN_SECONDS)
        for room in rooms.values():
            if room is not host:  # a room of its own in reality: what it shows itself is not this machine's work
                room.do("app.go", page="home")
        host.next_samples(3)
        samples = host.next_samples(MEETING_SECONDS)
        meeting = proportional_megabytes(terminal.pid) if terminal else None
    frames = [samples[-1]["painted"][path] - samples[0]["painted"][path] for path in samples[-1]["painted"]]
    seconds = samples[-1]["monotonic"] - samples[0]["monotonic"]
    return [
        at_most(
            "10 ms timer of the window, p99, three remote pictures (ms)", timer_percentile(samples, 0.99), TIMER_GOAL
        ),
        Row(
            "remote pictures painted, the slowest of three (fps)",
            round(min(frames) / seconds, 2),
            None,
            ">= 20",
            min(frames) / seconds >= 20,
        ),
        Row("memory at home, enrolled (PSS, MB)", home),
        at_most("memory in a meeting, three remote pictures (PSS, MB)", meeting, MEETING_MEMORY_GOAL),
    ]


def timer_percentile(samples: Sequence[Mapping[str, Any]], share: float) -> float | None:
    """The time between two beats of the 10 ms timer that `share` of them did not exceed, in ms."""
    beats: Counter[int] = Counter()
    for sample in samples:
        beats.update({int(passed): count for passed, count in sample["pulses"].items()})
    below = 0
    for passed in sorted(beats):
        below += beats[passed]
        if below >= share * beats.total():
            return float(passed)
    return None


def proportional_megabytes(pid: int) -> float | None:
    """Memory of a process with its share of what it shares (PSS); None where the system does not tell."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    except OSError:
        return None
    return next(
        (round(int(line.split()[1]) / 1024, 1) for line in rollup.splitlines() if line.startswith("Pss:")), None
    )


def _median(figures: Iterable[float | None]) -> float | None:
    known = [figure for figure in figures if figure is not None]
    return round(statistics.median(known), 3) if known else None
