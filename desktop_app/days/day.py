"""What the days share: a step that is measured, noted and, where it does not come about, ends the day."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from desktop_app.days.hall import Hall
from desktop_app.days.steps import DayFailed, Notes
from desktop_app.demo.room import Room
from desktop_app.demo.setting import PIN
from desktop_app.domain.faults import Fault


class Measured:
    """What a step has to say once it has come about."""

    def __init__(self, notes: Notes, day: str, step: str, what: str) -> None:
        self._notes, self._day, self._step, self.what = notes, day, step, what

    def took(self, seconds: float, goal: float | None = None) -> None:
        """The step's own figure."""
        self._notes.seconds(self._day, self._step, self.what, seconds, goal)

    def counted(self, ours: float, goal: float) -> None:
        """The step's own figure, where it is a count."""
        self._notes.equal(self._day, self._step, self.what, ours, goal)

    def also_seconds(self, what: str, seconds: float, goal: float | None = None) -> None:
        self._notes.seconds(self._day, self._step, what, seconds, goal)

    def also_equal(self, what: str, ours: float, goal: float, why: str = "") -> None:
        self._notes.equal(self._day, self._step, what, ours, goal, why)

    def also_none(self, what: str, ours: float, *, strict: bool, why: str = "") -> None:
        """A count that must be 0; told only where not `strict`: a machine that is busy with other things loses some."""
        if strict:
            self._notes.equal(self._day, self._step, what, ours, 0, why)
        else:
            self._notes.at_least(self._day, self._step, what, ours, 0)

    def also_at_least(self, what: str, ours: float, goal: float) -> None:
        self._notes.at_least(self._day, self._step, what, ours, goal)


class Day:
    """One day in the hall. `short` leaves out what only takes time."""

    letter = ""
    outage = 60.0
    short_outage = 7.0

    def __init__(self, hall: Hall, notes: Notes, *, short: bool) -> None:
        self.hall, self.notes, self.short = hall, notes, short

    @property
    def outage_seconds(self) -> float:
        """How long the network is gone."""
        return self.short_outage if self.short else self.outage

    def play(self) -> None:
        """From the first step to the last; DayFailed where one did not come about."""
        raise NotImplementedError

    @contextmanager
    def step(self, number: str, what: str) -> Iterator[Measured]:
        """One step of FEATURES. A Fault in it is noted, and ends the day."""
        try:
            yield Measured(self.notes, self.letter, number, what)
        except Fault as fault:
            self.notes.missed(self.letter, number, what, fault)
            raise DayFailed(self.letter) from fault

    def ask(self, room: Room, look: str) -> Any:
        """What a room's screen says now."""
        return room.look(look)

    def unlock(self, room: Room) -> None:
        """Show the PIN after a start."""
        room.do(until=["app.stage == locked", "unlock.people >= 1"], within=60)
        room.do("unlock.enter", pin=PIN, until=["app.stage == open", "home.loaded == true"], within=30)
