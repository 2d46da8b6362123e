"""A terminal that is told what to do step by step, by a test or a measurement, instead of by a file of steps."""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from desktop_app.demo.cast import Player
from desktop_app.demo.processes import Child
from desktop_app.demo.setting import PIN, Scene, Seat
from desktop_app.domain.faults import HostFault

BREAK_OFF = 0.05
JOIN_SECONDS = 60.0
PATIENCE = 40.0
"""How long a step may take where nothing else is said: generous, because a machine may be busy."""


class Room:
    """One terminal and the person at its keys."""

    def __init__(self, scene: Scene, player: Player) -> None:
        self.scene = scene
        self.seat: Seat = scene.seats[player.code]
        self.player = player
        self.samples: list[dict[str, Any]] = []
        self.began_at = self.came_at = 0.0
        """Unix time of the last step's beginning and of what came of it."""
        self._lines: list[dict[str, Any]] = []
        self._steps = 0

    def start(self, **more: Any) -> None:
        """Open the program."""
        self._steps = 0
        self.scene.open_terminal(self.seat, {"shots": str(self.scene.folder), "stay": True, **more})

    @property
    def _process(self) -> Child:
        if self.seat.process is None:
            raise HostFault("demo-process-ended", process=self.player.name, code=None, output="")
        return self.seat.process

    def do(self, verb: str = "", *, until: str | Sequence[str] = (), within: float = PATIENCE, **given: Any) -> float:
        """Do one thing and wait for what should come of it; the seconds it took."""
        self.begin(verb, until=until, within=within, **given)
        return self.finish(within)

    def begin(self, verb: str = "", *, until: str | Sequence[str] = (), within: float = PATIENCE, **given: Any) -> None:
        """Do one thing without waiting."""
        self._steps += 1
        step = {"name": verb or str(until), "do": verb, "with": given, "until": until, "within": within}
        self._process.say(json.dumps(step, ensure_ascii=False))

    def finish(self, within: float = PATIENCE) -> float:
        line = self.wait_line(
            lambda line: line["kind"] in ("step", "failed") and line["step"] == self._steps, within + 5
        )
        if line["kind"] != "step":
            raise HostFault("demo-step-failed", room=self.player.name, step=line["name"], why=line.get("why"))
        self.came_at = float(line["unix"])
        return float(line["seconds"])

    def look(self, name: str) -> Any:
        """What its screen says now."""
        self.begin("look", name=name)
        line = self.wait_line(lambda line: line["kind"] == "looked")
        self.finish()
        return line["value"]

    def idle(self, seconds: float) -> float:
        """Leave it alone; the seconds of processor that its program takes meanwhile."""
        before = self._process.processor_seconds
        time.sleep(seconds)
        return self._process.processor_seconds - before

    def wait_line(self, wanted: Callable[[dict[str, Any]], bool], within: float = PATIENCE) -> dict[str, Any]:
        """The next line of its recording that is wanted."""
        deadline = time.monotonic() + within
        while True:
            self._lines += self.seat.news()
            while self._lines:
                line = self._lines.pop(0)
                if line["kind"] == "sample":
                    self.samples.append(line)
                elif line["kind"] == "begin":
                    self.began_at = float(line["unix"])
                if wanted(line):
                    return line
            process = self._process
            if process.code is not None:
                said = self.seat.output.read_text("utf-8", "replace")[-2000:]
                raise HostFault("demo-process-ended", process=process.name, code=process.code, output=said)
            if time.monotonic() > deadline:
                raise HostFault("demo-too-slow", process=process.name, output=str(self.seat.output))
            time.sleep(BREAK_OFF)

    def next_samples(self, count: int) -> list[dict[str, Any]]:
        """What it sees and hears from now on, second by second."""
        return [self.wait_line(lambda line: line["kind"] == "sample", 5) for _ in range(count)]

    def enrol(self) -> None:
        """Power on, type the activation code and a PIN."""
        self.do(until="app.stage == enrol", within=90)
        values = self.scene.values(self.seat)
        self.do(
            "enrol.submit",
            url=values["url"],
            code=values["code"],
            name=values["operator"],
            pin=PIN,
            until=["app.stage == open", "app.link == online"],
            within=90,
        )

    def unlock(self) -> None:
        """Show the PIN after a start."""
        self.do(until=["app.stage == locked", "unlock.people == 1"], within=90)
        self.do("unlock.enter", pin=PIN, until=["app.stage == open", "home.meetings == 1"])

    def leave(self) -> None:
        """Be out of any meeting, where the program still runs."""
        if self._process.code is None and self.look("meeting.in"):
            self.do("meeting.leave", until="meeting.in == false")

    def begin_join(self, sites: int) -> None:
        """Press join, without waiting for what `finish` waits for: the pictures of all the other sites move."""
        moving = ["meeting.phase == open", f"meeting.sites == {sites}", f"meeting.moving == {sites - 1}"]
        self.begin("home.join", until=moving, within=JOIN_SECONDS)
