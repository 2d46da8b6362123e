"""What happened in a meeting: the only thing that changes its state, and the evidence that is kept.

An event is a fact with its time. The log of a meeting is its events, numbered from 1 without a gap; replaying it
gives the state. Classes and fields are never renamed or removed; a new fact is a new class, a new field has a default.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from desktop_app.domain.ids import DeviceId, PersonId, UnitPath
from desktop_app.domain.meetings import MeetingMode
from media.meeting.model import AgendaPoint, FloorPurpose
from media.meeting.roll_call import RollAnswer, RollClosing, RollManner
from media.meeting.stage import Layout


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
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SubChairsSet:
    """These cities conduct the floor of their own counties, or no longer."""

    at: datetime
    unit_paths: tuple[UnitPath, ...]
    delegated: bool


@dataclass(frozen=True, slots=True)
class MeetingLocked:
    """Only who was in before, or is admitted, comes in; or everyone invited again."""

    at: datetime
    locked: bool


@dataclass(frozen=True, slots=True)
class SiteKnocked:
    """A room waits at the locked meeting."""

    at: datetime
    unit_path: UnitPath
    name: str
    device: DeviceId


@dataclass(frozen=True, slots=True)
class SiteTurnedAway:
    """A room that waited at the locked meeting does so no longer."""

    at: datetime
    unit_path: UnitPath


@dataclass(frozen=True, slots=True)
class SiteAdmitted:
    """This site may come in though the meeting is locked, or though it had been removed."""

    at: datetime
    unit_path: UnitPath


@dataclass(frozen=True, slots=True)
class SiteRemoved:
    """The site is out and gets nothing more; what it waited for is cancelled by events of its own."""

    at: datetime
    unit_path: UnitPath
    reason: str


@dataclass(frozen=True, slots=True)
class BroadcastSet:
    """Every screen shows this site large, or (None) no longer."""

    at: datetime
    unit_path: UnitPath | None


@dataclass(frozen=True, slots=True)
class ViewSelected:
    """One site's screen shows this source of its own choice, or what the meeting shows."""

    at: datetime
    unit_path: UnitPath
    source: UnitPath | None


@dataclass(frozen=True, slots=True)
class PollingSet:
    """These sites are shown one after the other from now on; none: polling is over."""

    at: datetime
    unit_paths: tuple[UnitPath, ...]
    interval_seconds: int
    everyone: bool


@dataclass(frozen=True, slots=True)
class LayoutSet:
    """How the screens are divided."""

    at: datetime
    layout: Layout


@dataclass(frozen=True, slots=True)
class Captioned:
    """A typed line; empty: none any more."""

    at: datetime
    unit_path: UnitPath
    text: str


@dataclass(frozen=True, slots=True)
class MessageSent:
    """A line to the chair (`to` None) or from it."""

    at: datetime
    message_id: str
    unit_path: UnitPath
    to: UnitPath | None
    text: str


@dataclass(frozen=True, slots=True)
class BudgetSet:
    """Time to speak of a site or a level; 0: none any more."""

    at: datetime
    unit_path: UnitPath | None
    level: int
    seconds: int


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
class RecordingSet:
    """The meeting is recorded from now on, or no longer."""

    at: datetime
    recording: bool


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """A room agrees to be recorded, or (`given` false) does not."""

    at: datetime
    unit_path: UnitPath
    given: bool
    operator: PersonId


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


@dataclass(frozen=True, slots=True)
class Ended:
    """The meeting is over: who still waited is cancelled, the current agenda item is done."""

    at: datetime


FloorEvent = (
    FloorRequested
    | FloorAccepted
    | FloorGranted
    | FloorDenied
    | FloorCancelled
    | FloorExtended
    | FloorReleased
    | FloorRevoked
    | FloorSuspended
    | FloorResumed
    | FloorHeld
    | FloorMoved
    | FloorRanked
)
RollEvent = RollCallOpened | RollSiteCalled | RollAnswered | RollCallPaused | RollCallResumed | RollCallClosed
DoorEvent = SiteJoined | SiteLeft | MeetingLocked | SiteKnocked | SiteTurnedAway | SiteAdmitted | SiteRemoved
StageEvent = (
    BroadcastSet
    | ViewSelected
    | PollingSet
    | LayoutSet
    | Captioned
    | MessageSent
    | BudgetSet
    | RecordingSet
    | ConsentGiven
)
CourseEvent = (
    Scheduled
    | ScheduleChanged
    | Opened
    | ChairPassed
    | ChairAway
    | ChairBack
    | SubChairsSet
    | AgendaPointed
    | SitesMuted
    | MeetingExtended
    | MeetingPaused
    | MeetingResumed
    | Ended
)
Event = CourseEvent | DoorEvent | FloorEvent | StageEvent | RollEvent


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
    return hashlib.sha256(f"{previous}\n{line}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
