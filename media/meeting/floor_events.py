"""What becomes of a request to speak, from the asking to the end of the turn."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from desktop_app.domain.ids import UnitPath
from media.meeting.model import FloorPurpose


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
class FloorRequested:
    """A room asks to speak for one of its members."""

    at: datetime
    request_id: str
    unit_path: UnitPath
    member_id: str
    member_name: str
    purpose: FloorPurpose = FloorPurpose.SPEECH
    sector: str = ""
    note: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class FloorAccepted:
    """The request has its place in the queue: behind the last one of the same or a higher priority."""

    at: datetime
    request_id: str


@dataclass(frozen=True, slots=True)
class FloorGranted:
    """This member speaks now, as the meeting's turn number `speech_no`; the room's microphone opens."""

    at: datetime
    request_id: str
    limit_seconds: int
    speech_no: int
    interposed: bool = False


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
class FloorSuspended:
    """The turn in progress waits while a question is interposed; its time stands still."""

    at: datetime
    request_id: str


@dataclass(frozen=True, slots=True)
class FloorResumed:
    """The question is over; the turn goes on."""

    at: datetime
    request_id: str


@dataclass(frozen=True, slots=True)
class FloorHeld:
    """The chair put the request aside; it has no place in the queue."""

    at: datetime
    request_id: str


@dataclass(frozen=True, slots=True)
class FloorMoved:
    """The request has this place in the queue, counted from 1."""

    at: datetime
    request_id: str
    place: int


@dataclass(frozen=True, slots=True)
class FloorRanked:
    """The request has this priority, and the place that goes with it."""

    at: datetime
    request_id: str
    priority: int
