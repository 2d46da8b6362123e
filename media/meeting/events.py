"""What happened in a meeting: the only thing that changes its state, and the evidence that is kept.

An event is a fact with its time. The log of a meeting is its events, numbered from 1 without a gap; replaying it
gives the state. Classes and fields are never renamed or removed; a new fact is a new class.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from desktop_app.domain.ids import DeviceId, UnitPath
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


class RevokeCause(StrEnum):
    """Why a turn ended without its speaker saying so."""

    CHAIR = "chair"
    """The chair ended it."""
    NEXT = "next"
    """The chair gave the floor to somebody else."""
    AWAY = "away"
    """Its site stayed away longer than the grace."""
    END = "end"
    """The meeting ended."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """Title, mode, host, guests and agenda were fixed, or changed before the meeting opened."""

    at: datetime
    title: str
    mode: MeetingMode
    host: UnitPath
    invited: tuple[UnitPath, ...]
    agenda: tuple[AgendaPoint, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """The host is in; the meeting runs."""

    at: datetime


@dataclass(frozen=True, slots=True)
class SiteJoined:
    """A room came in, or came back."""

    at: datetime
    unit_path: UnitPath
    name: str
    device: DeviceId


@dataclass(frozen=True, slots=True)
class SiteLeft:
    """A room went, on purpose or (`lost`) because nothing was heard from it."""

    at: datetime
    unit_path: UnitPath
    lost: bool


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
class FloorRequested:
    """A room asks to speak for one of its members."""

    at: datetime
    request_id: str
    unit_path: UnitPath
    member_id: str
    member_name: str


@dataclass(frozen=True, slots=True)
class FloorAccepted:
    """The request has its place at the end of the queue."""

    at: datetime
    request_id: str


@dataclass(frozen=True, slots=True)
class FloorGranted:
    """This member speaks now, as the meeting's turn number `speech_no`; the room's microphone opens."""

    at: datetime
    request_id: str
    limit_seconds: int
    speech_no: int


@dataclass(frozen=True, slots=True)
class FloorDenied:
    """The chair said no."""

    at: datetime
    request_id: str


@dataclass(frozen=True, slots=True)
class FloorCancelled:
    """The room withdrew its request, or left."""

    at: datetime
    request_id: str


@dataclass(frozen=True, slots=True)
class FloorExtended:
    """The turn in progress was given more time."""

    at: datetime
    request_id: str
    seconds: int


@dataclass(frozen=True, slots=True)
class FloorReleased:
    """The speaker's room ended the turn."""

    at: datetime
    request_id: str


@dataclass(frozen=True, slots=True)
class FloorRevoked:
    """The turn was ended for the speaker."""

    at: datetime
    request_id: str
    cause: RevokeCause


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


@dataclass(frozen=True, slots=True)
class Ended:
    """The meeting is over: who still waited is cancelled, the current agenda item is done."""

    at: datetime


Event = (
    Scheduled
    | Opened
    | SiteJoined
    | SiteLeft
    | ChairPassed
    | ChairAway
    | ChairBack
    | FloorRequested
    | FloorAccepted
    | FloorGranted
    | FloorDenied
    | FloorCancelled
    | FloorExtended
    | FloorReleased
    | FloorRevoked
    | AgendaPointed
    | SitesMuted
    | Ended
)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One line of a meeting's log.

    `command_id` and `by` say which command of which site caused it (both empty for what the center decides by
    itself); they make a repeated command recognisable after a restart of the center.
    """

    seq: int
    event: Event
    command_id: str = ""
    by: UnitPath = UnitPath("")


def log_mark(previous: str, line: str) -> str:
    """The mark of a log up to an event: both ends compare it to know that they hold the same history.

    It starts as "" and takes in each event's canonical wire text; 16 hex digits of SHA-256. It detects a log that was
    restored from a backup, not a forger: the signed change log does that.
    """
    return hashlib.sha256(f"{previous}\n{line}".encode()).hexdigest()[:16]
