"""The operator's screen of a meeting of 145 sites in its full course: how free its hands are, and what it keeps.

`python -m bench.meeting_operator` prints both figures, over `SILIAN_BENCH_OPERATOR` seconds. With a number of seconds
it is the process that is looked at: the real window, offscreen, over the real rules. Ten times a second a site asks for
the floor, is muted, goes or comes, and twelve tiles show a new picture 25 times a second. It prints its samples as
JSON, one for each second.
"""

import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.app import timer_percentile
from bench.rows import Row, at_most

SECONDS = float(os.environ.get("SILIAN_BENCH_OPERATOR", "40"))
"""1800 is the figure of the half hour."""
EVENTS = 10
"""A second."""
PICTURES = 12
FPS = 25
SIZE = (1440, 844)
WARM_UP = 0.3
"""Share of the run after which its memory is looked at. Before the run every site was painted in each of its states."""

TIMER_MS, GROWTH_MB = 25, 0.5
"""Megabytes a minute: what a run of 40 s can tell from nothing at all."""


def rows(seconds: float = SECONDS) -> list[Row]:
    """Both figures, of a run of so many seconds."""
    samples = _played(seconds)
    sites, events = samples[-1]["sites"], samples[-1]["events"] / (samples[-1]["at"] or 1)
    what = f"operator view with {sites} sites and {events:.0f} events/s"
    return [
        at_most(f"{what}: 10 ms timer p99, ms", timer_percentile(samples[1:], 0.99), TIMER_MS),
        at_most(f"{what}: growth of memory over {seconds:.0f} s, MB a minute", growth(samples), GROWTH_MB),
        Row(f"{what}: refused", float(samples[-1]["refused"]), None, "-", samples[-1]["refused"] == 0),
    ]


def growth(samples: Sequence[dict[str, Any]]) -> float | None:
    """How memory rises, in MB a minute, once the program is warm; None where the system does not tell."""
    warm = [one for one in samples if one["at"] >= WARM_UP * samples[-1]["at"] and one["rss"] is not None]
    if len(warm) < 2:
        return None
    slope = statistics.linear_regression([one["at"] for one in warm], [one["rss"] for one in warm]).slope
    return round(slope * 60 / 2**20, 2)


def _played(seconds: float) -> list[dict[str, Any]]:
    ran = subprocess.run(
        [sys.executable, "-m", "bench.meeting_operator", str(seconds)],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        stdout=subprocess.PIPE,
        check=True,
    )
    found: list[dict[str, Any]] = json.loads(ran.stdout)
    return found


# In the process of its own


def play(seconds: float) -> int:
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "ui"))
    from conducted import Conducted
    from drawn import GD, WALLS, DrawnSource, FakeLive
    from meeting_states import DEAD, PROVINCE, XN, big_meeting
    from PySide6.QtCore import Qt, QTimer
    from PySide6.QtWidgets import QApplication

    from desktop_app.domain.ids import UnitPath
    from desktop_app.terminal.played import PULSE_BINS, PULSE_MS, resident_bytes
    from media.frames import Frame
    from media.meeting import commands as ask
    from ui.meeting.meeting_view import MeetingView
    from ui.theme import start_theme

    class Moving:
        """A drawn room whose picture is a new one 25 times a second."""

        def __init__(self, place: int) -> None:
            walls = (WALLS[place % 9], WALLS[(place + 1) % 9])
            self._drawn = [DrawnSource(3 + place % 3, wall, time.monotonic) for wall in walls]

        def want(self, width: int, height: int) -> None:
            for each in self._drawn:
                each.want(width, height)

        def latest(self) -> Frame | None:
            number = int(time.monotonic() * FPS)
            frame = self._drawn[number % 2].latest()
            return frame and replace(frame, number=number)

    app = QApplication([])
    start_theme(app)
    center = Conducted(GD, PROVINCE, big_meeting())
    live: FakeLive = center.live
    guests = [path for path in PROVINCE if path not in (GD, XN, *DEAD)]
    for place, path in enumerate((GD, XN, *guests)):
        source = Moving(place) if place < PICTURES else None
        if source is not None:
            live.sources["local" if path == GD else path] = source
        else:
            live.sources.pop(path, None)
    view = MeetingView(center.model, slides=center.seat.slides)
    view.resize(*SIZE)
    view.show()

    def happenings() -> Iterator[None]:
        for number, path in enumerate(itertools.cycle(guests)):
            request = f"bench-{number}"
            center.does(path, ask.RequestFloor(request, "member", "委员"))
            yield
            center.model.mute(path)
            yield
            center.does(path, ask.CancelFloor(request))
            yield
            center.model.mute(path, muted=False)
            yield
            center.does(path, ask.Leave())
            yield
            center.does(path, ask.Join(PROVINCE[UnitPath(path)]))
            yield

    story = happenings()
    for _ in range(6 * len(guests)):  # every site's name and every state of it was painted once
        next(story)
        app.processEvents()
    samples: list[dict[str, Any]] = []
    pulses: Counter[int] = Counter()
    began = time.monotonic()
    beaten = moved = began
    done = 0

    def beat() -> None:
        nonlocal beaten
        now = time.monotonic()
        pulses[min(PULSE_BINS, round((now - beaten) * 1000))] += 1
        beaten = now

    def happen() -> None:
        nonlocal moved, done
        now = time.monotonic()
        center.seat.clock.move(now - moved)
        moved = now
        if done < (now - began) * EVENTS:
            next(story)
            done += 1

    def sample() -> None:
        live.asked.clear()  # the drawn meeting's own notes, not the program's
        at = time.monotonic() - began
        samples.append(
            {
                "at": at,
                "pulses": dict(pulses),
                "rss": resident_bytes(),
                "events": done,
                "refused": len(center.refused),
                "sites": len(center.state.sites),
            }
        )
        pulses.clear()
        if at >= seconds:
            app.quit()

    timers = []
    for interval, due in ((PULSE_MS, beat), (1000 // EVENTS, happen), (1000, sample)):
        timer = QTimer(interval=interval)
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.timeout.connect(due)
        timer.start()
        timers.append(timer)
    app.exec()
    print(json.dumps(samples))
    return 0


def told() -> int:
    """Print the figures; 1 when one does not hold."""
    found = rows()
    for row in found:
        print(f"{row.row:<90} {row.ours}  goal {row.goal}  {'holds' if row.holds else 'FAILS'}")
    return 0 if all(row.holds for row in found) else 1


if __name__ == "__main__":
    raise SystemExit(play(float(sys.argv[1])) if len(sys.argv) > 1 else told())
