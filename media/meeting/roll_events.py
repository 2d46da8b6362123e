"""What happens in a roll call of sites."""

from dataclasses import dataclass
from datetime import datetime

from desktop_app.domain.ids import PersonId, UnitPath
from media.meeting.roll_call import RollAnswer, RollClosing, RollManner


@dataclass(frozen=True, slots=True)
class RollCallOpened:
    """A roll call has begun; an electronic one closes by itself at `closes_at`."""

    at: datetime
    number: int
    manner: RollManner
    unit_paths: tuple[UnitPath, ...]
    opened_by: UnitPath
    operator: PersonId
    closes_at: datetime | None


@dataclass(frozen=True, slots=True)
class RollSiteCalled:
    """By voice: this site is called, its microphone is open until it is marked."""

    at: datetime
    unit_path: UnitPath


@dataclass(frozen=True, slots=True)
class RollAnswered:
    """What one site answered, or that it did not; the latest counts."""

    at: datetime
    answer: RollAnswer


@dataclass(frozen=True, slots=True)
class RollCallPaused:
    """Nobody is called for a while."""

    at: datetime


@dataclass(frozen=True, slots=True)
class RollCallResumed:
    """Calling goes on."""

    at: datetime


@dataclass(frozen=True, slots=True)
class RollCallClosed:
    """The roll is complete: who was not heard, connected (`missing`) or not (`offline`), is named."""

    at: datetime
    cause: RollClosing
    missing: tuple[UnitPath, ...]
    offline: tuple[UnitPath, ...]
