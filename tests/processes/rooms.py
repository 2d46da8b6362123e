"""Rooms of a linked session on real processes: a test tells each what to do, and hears what it saw."""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from desktop_app.demo.cast import CAST, HOST, Player
from desktop_app.demo.setting import PIN, Scene, Seat

CITY = CAST[1]
STRANGER = CAST[3]
"""A terminal that is not enrolled."""
BREAK_OFF = 0.05


class Room:
    """One terminal and the person at its keys."""

    def __init__(self, scene: Scene, player: Player) -> None:
        self.scene = scene
        self.seat: Seat = scene.seats[player.code]
        self.player = player
        self.samples: list[dict[str, Any]] = []
        self._lines: list[dict[str, Any]] = []
        self._steps = 0

    def start(self, **more: Any) -> None:
        """Open the program."""
        self._steps = 0
        self.scene.open_terminal(self.seat, {"shots": str(self.scene.folder), "stay": True, **more})

    def do(self, verb: str = "", *, until: str | Sequence[str] = (), within: float = 15.0, **given: Any) -> float:
        """Do one thing and wait for what should come of it; the seconds it took."""
        self.begin(verb, until=until, within=within, **given)
        return self.finish(within)

    def begin(self, verb: str = "", *, until: str | Sequence[str] = (), within: float = 15.0, **given: Any) -> None:
        """Do one thing without waiting."""
        assert self.seat.process is not None
        self._steps += 1
        step = {"name": verb or str(until), "do": verb, "with": given, "until": until, "within": within}
        self.seat.process.say(json.dumps(step, ensure_ascii=False))

    def finish(self, within: float = 15.0) -> float:
        line = self.wait_line(
            lambda line: line["kind"] in ("step", "failed") and line["step"] == self._steps, within + 5
        )
        assert line["kind"] == "step", f"{self.player.name}: {line['name']}: {line.get('why')}"
        return float(line["seconds"])

    def wait_line(self, wanted: Callable[[dict[str, Any]], bool], within: float = 15.0) -> dict[str, Any]:
        """The next line of its recording that is wanted."""
        deadline = time.monotonic() + within
        while True:
            self._lines += self.seat.news()
            while self._lines:
                line = self._lines.pop(0)
                if line["kind"] == "sample":
                    self.samples.append(line)
                if wanted(line):
                    return line
            assert self.seat.process is not None
            assert self.seat.process.code is None, f"{self.player.name} ended: {self.seat.output.read_text()[-2000:]}"
            assert time.monotonic() < deadline, f"{self.player.name}: nothing of the kind within {within} s"
            time.sleep(BREAK_OFF)

    def next_samples(self, count: int) -> list[dict[str, Any]]:
        """What it sees and hears from now on, second by second."""
        return [self.wait_line(lambda line: line["kind"] == "sample", 5) for _ in range(count)]

    def enrol(self) -> None:
        """Power on, type the activation code and a PIN."""
        self.do(until="app.stage == enrol", within=30)
        values = self.scene.values(self.seat)
        self.do(
            "enrol.submit",
            url=values["url"],
            code=values["code"],
            name=values["operator"],
            pin=PIN,
            until=["app.stage == open", "app.link == online"],
            within=30,
        )

    def unlock(self) -> None:
        """Show the PIN after a start."""
        self.do(until=["app.stage == locked", "unlock.people == 1"], within=30)
        self.do("unlock.enter", pin=PIN, until=["app.stage == open", "home.meetings == 1"])

    def join(self) -> None:
        """Into the session, until the other room's picture moves."""
        self.do("home.join", until=["meeting.phase == open", "meeting.sites == 2", "meeting.moving == 1"], within=30)


class Session:
    """The rooms of one running session."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.host = Room(scene, HOST)
        self.city = Room(scene, CITY)
        self.stranger = Room(scene, STRANGER)

    @property
    def rooms(self) -> tuple[Room, Room]:
        return self.host, self.city

    def open(self) -> None:
        """From power-on to a session in which both rooms see each other."""
        for room in self.rooms:
            room.start()
        for room in self.rooms:
            room.enrol()
        self.host.do("home.schedule", in_seconds=0, until="home.meetings == 1")
        self.host.do("signin.open", until="signin.meeting != null")
        self.host.do("signin.import", until="signin.expected >= 30")
        self.city.do(until="home.meetings == 1")
        for room in self.rooms:
            room.begin(
                "home.join", until=["meeting.phase == open", "meeting.sites == 2", "meeting.moving == 1"], within=30
            )
        for room in self.rooms:
            room.finish(30)
