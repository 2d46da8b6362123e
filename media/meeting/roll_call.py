"""点名: a roll call of sites as evidence, and its tally. Plain frozen data and pure functions.

Electronic: all are asked at once and answer by a button, until a time is up. Voice: the chair calls one site after the
other. Either way an answer keeps its time, the person at the button, the state of the room's devices and of its link.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from desktop_app.domain.ids import PersonId, UnitPath
from desktop_app.domain.units import Level, level_of


class RollManner(StrEnum):
    """How the sites are called."""

    ELECTRONIC = "electronic"
    VOICE = "voice"


class RollPhase(StrEnum):
    """Where a roll call stands."""

    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


class RollStatus(StrEnum):
    """What became of one site; who is neither is still awaited."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    """Connected, and did not answer."""
    OFFLINE = "offline"
    """Not connected: counted apart."""


class RollClosing(StrEnum):
    """Why a roll call ended."""

    CHAIR = "chair"
    COMPLETE = "complete"
    """All have answered."""
    TIME = "time"
    MEETING = "meeting"
    """The meeting ended."""


class DeviceHealth(StrEnum):
    """One device of a room as its terminal reports it."""

    OK = "ok"
    FAULT = "fault"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RollAnswer:
    """What is known of one site in one roll call."""

    unit_path: UnitPath
    status: RollStatus
    at: datetime
    operator: PersonId = PersonId("")
    """Who pressed the button: in the room, or the chair's operator who marked it."""
    recorded_by: UnitPath = UnitPath("")
    """The site at which it was pressed; empty where time decided."""
    online: bool = True
    """The site's link at that moment, as the center saw it."""
    camera: DeviceHealth = DeviceHealth.UNKNOWN
    microphone: DeviceHealth = DeviceHealth.UNKNOWN
    speaker: DeviceHealth = DeviceHealth.UNKNOWN
    delay_ms: int = 0
    """Round trip of the link as the terminal measured it; 0 where it did not."""
    loss_permille: int = 0
    expected: int = 0
    """People the room expects, and how many are there; 0 where it did not say."""
    present: int = 0
    remark: str = ""


@dataclass(frozen=True, slots=True)
class RollCall:
    """One round. `unit_paths` are the sites called, in the order of the script."""

    number: int
    manner: RollManner
    unit_paths: tuple[UnitPath, ...]
    opened_at: datetime
    opened_by: UnitPath
    operator: PersonId = PersonId("")
    phase: RollPhase = RollPhase.OPEN
    closes_at: datetime | None = None
    closed_at: datetime | None = None
    calling: UnitPath | None = None
    """Voice: the site that is called now; its microphone is open and its picture shown."""
    called: tuple[UnitPath, ...] = ()
    """Voice: every call made, repetitions included."""
    answers: tuple[RollAnswer, ...] = ()
    """The latest of each site, in the order in which sites first had one."""

    @property
    def is_running(self) -> bool:
        return self.phase is not RollPhase.CLOSED

    def answer_of(self, unit_path: UnitPath) -> RollAnswer | None:
        return next((answer for answer in self.answers if answer.unit_path == unit_path), None)

    def awaited(self) -> tuple[UnitPath, ...]:
        """Who has neither answered nor been marked, in the order of the script."""
        known = {answer.unit_path for answer in self.answers}
        return tuple(path for path in self.unit_paths if path not in known)

    def next_to_call(self) -> UnitPath | None:
        """Voice: who comes next; None when all had their turn."""
        return next(iter(path for path in self.awaited() if path != self.calling), None)

    def times_called(self, unit_path: UnitPath) -> int:
        return self.called.count(unit_path)


@dataclass(frozen=True, slots=True)
class Tally:
    """How one group of sites answered. `expected` is the sum of the other four."""

    expected: int = 0
    answered: int = 0
    no_answer: int = 0
    offline: int = 0
    awaited: int = 0


def tally(roll: RollCall) -> Tally:
    """Of all sites called."""
    return _count(roll, roll.unit_paths)


def tally_by_city(roll: RollCall) -> Mapping[UnitPath, Tally]:
    """Per city, its own site and its counties' together, in the order of the script.

    The key is the city's path; a province's or the nation's own site counts under its own path.
    """
    groups: dict[UnitPath, list[UnitPath]] = {}
    for path in roll.unit_paths:
        groups.setdefault(city_of(path), []).append(path)
    return {city: _count(roll, tuple(paths)) for city, paths in groups.items()}


def city_of(path: UnitPath) -> UnitPath:
    """The city a unit belongs to; the unit itself where it stands above the cities."""
    if level_of(path) < Level.COUNTY:
        return path
    return UnitPath("".join(f"{code}/" for code in path.split("/")[: Level.CITY]))


def _count(roll: RollCall, paths: tuple[UnitPath, ...]) -> Tally:
    status = {answer.unit_path: answer.status for answer in roll.answers}
    found = [status.get(path) for path in paths]
    return Tally(
        expected=len(paths),
        answered=found.count(RollStatus.ANSWERED),
        no_answer=found.count(RollStatus.NO_ANSWER),
        offline=found.count(RollStatus.OFFLINE),
        awaited=found.count(None),
    )
