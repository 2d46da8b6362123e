"""What happens to a meeting as a whole: schedule, opening, chair, agenda, microphones, pause, end."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from desktop_app.domain.ids import UnitPath
from desktop_app.domain.meetings import MeetingMode
from media.meeting.model import AgendaPoint


class ChairCause(StrEnum):
    """Why the chair token moved."""

    OPENED = "opened"
    """The host opened the meeting."""
    REQUESTED = "requested"
    """It was free and a site asked for it."""
    RELEASED = "released"
    """Its holder gave it back."""
    TAKEN_OVER = "taken_over"
    """A sub-chair or a provincial operator took it explicitly while its holder was away."""
    RETURNED = "returned"
    """The grace of its absent holder ran out, or the host came back to a free token."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """Title, mode, host, guests and agenda were fixed, or changed before the meeting opened."""

    at: datetime
    title: str
    mode: MeetingMode
    host: UnitPath
    invited: tuple[UnitPath, ...]
    agenda: tuple[AgendaPoint, ...]
    planned_end: datetime | None = None


@dataclass(frozen=True, slots=True)
class ScheduleChanged:
    """Title, guests, agenda or planned end were changed while the meeting runs; times of items stay."""

    at: datetime
    title: str
    invited: tuple[UnitPath, ...]
    agenda: tuple[AgendaPoint, ...]
    planned_end: datetime | None


@dataclass(frozen=True, slots=True)
class Opened:
    """The host is in; the meeting runs."""

    at: datetime


@dataclass(frozen=True, slots=True)
class ChairPassed:
    """The chair token is now here; None: it is free."""

    at: datetime
    unit_path: UnitPath | None
    cause: ChairCause


@dataclass(frozen=True, slots=True)
class ChairAway:
    """The chair's site is away; the token waits for it until then."""

    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class ChairBack:
    """The chair's site is back within the grace and still holds the token."""

    at: datetime


@dataclass(frozen=True, slots=True)
class SubChairsSet:
    """These cities conduct the floor of their own counties, or no longer."""

    at: datetime
    unit_paths: tuple[UnitPath, ...]
    delegated: bool


@dataclass(frozen=True, slots=True)
class AgendaPointed:
    """The meeting is now at this item; the one before it ended."""

    at: datetime
    number: int


@dataclass(frozen=True, slots=True)
class SitesMuted:
    """The chair closed (or opened again) the microphones of these rooms."""

    at: datetime
    unit_paths: tuple[UnitPath, ...]
    muted: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MeetingExtended:
    """The meeting is planned to end then."""

    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class MeetingPaused:
    """休会: nobody is on air, turns stand still."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class MeetingResumed:
    """The meeting goes on."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """The meeting is over: who still waited is cancelled, the current agenda item is done."""

    at: datetime
