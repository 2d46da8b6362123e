"""What happened in a meeting: the only thing that changes its state, and the evidence that is kept.

An event is a fact with its time. The log of a meeting is its events, numbered from 1 without a gap; replaying it
gives the state. Classes and fields are never renamed or removed; a new fact is a new class, a new field has a default.
"""

import hashlib
from dataclasses import dataclass

from desktop_app.domain.ids import UnitPath
from media.meeting.course_events import (
    AgendaPointed,
    ChairAway,
    ChairBack,
    ChairCause,
    ChairPassed,
    Ended,
    MeetingExtended,
    MeetingPaused,
    MeetingResumed,
    Opened,
    ScheduleChanged,
    Scheduled,
    SitesMuted,
    SubChairsSet,
)
from media.meeting.door_events import (
    MeetingLocked,
    SiteAdmitted,
    SiteJoined,
    SiteKnocked,
    SiteLeft,
    SiteRemoved,
    SiteTurnedAway,
)
from media.meeting.floor_events import (
    FloorAccepted,
    FloorCancelled,
    FloorDenied,
    FloorExtended,
    FloorGranted,
    FloorHeld,
    FloorMoved,
    FloorRanked,
    FloorReleased,
    FloorRequested,
    FloorResumed,
    FloorRevoked,
    FloorSuspended,
    RevokeCause,
)
from media.meeting.roll_events import (
    RollAnswered,
    RollCallClosed,
    RollCallOpened,
    RollCallPaused,
    RollCallResumed,
    RollSiteCalled,
)
from media.meeting.stage_events import (
    BroadcastSet,
    BudgetSet,
    Captioned,
    ConsentGiven,
    InquiryAnswered,
    InquiryClosed,
    InquiryOpened,
    LayoutSet,
    MessageSent,
    PollingSet,
    RecordingSet,
    SlidePointed,
    ViewSelected,
)

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
    | SlidePointed
    | InquiryOpened
    | InquiryAnswered
    | InquiryClosed
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


__all__ = [
    "AgendaPointed",
    "BroadcastSet",
    "BudgetSet",
    "Captioned",
    "ChairAway",
    "ChairBack",
    "ChairCause",
    "ChairPassed",
    "ConsentGiven",
    "CourseEvent",
    "DoorEvent",
    "Ended",
    "Event",
    "FloorAccepted",
    "FloorCancelled",
    "FloorDenied",
    "FloorEvent",
    "FloorExtended",
    "FloorGranted",
    "FloorHeld",
    "FloorMoved",
    "FloorRanked",
    "FloorReleased",
    "FloorRequested",
    "FloorResumed",
    "FloorRevoked",
    "FloorSuspended",
    "InquiryAnswered",
    "InquiryClosed",
    "InquiryOpened",
    "LayoutSet",
    "MeetingExtended",
    "MeetingLocked",
    "MeetingPaused",
    "MeetingResumed",
    "MessageSent",
    "Opened",
    "PollingSet",
    "RecordingSet",
    "RevokeCause",
    "RollAnswered",
    "RollCallClosed",
    "RollCallOpened",
    "RollCallPaused",
    "RollCallResumed",
    "RollEvent",
    "RollSiteCalled",
    "ScheduleChanged",
    "Scheduled",
    "SiteAdmitted",
    "SiteJoined",
    "SiteKnocked",
    "SiteLeft",
    "SiteRemoved",
    "SiteTurnedAway",
    "SitesMuted",
    "SlidePointed",
    "StageEvent",
    "StoredEvent",
    "SubChairsSet",
    "ViewSelected",
    "log_mark",
]
