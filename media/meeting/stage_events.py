"""What is shown and said besides the floor: pictures, captions, messages, budgets, recording."""

from dataclasses import dataclass
from datetime import datetime

from desktop_app.domain.ids import PersonId, UnitPath
from media.meeting.inquiry import InquiryAnswer
from media.meeting.stage import Layout


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
class SlidePointed:
    """This page is shown on every screen, turned by this site; no document: none any more."""

    at: datetime
    unit_path: UnitPath
    document: str
    page: int = 1
    pages: int = 1
    title: str = ""


@dataclass(frozen=True, slots=True)
class InquiryOpened:
    """The sites named are asked one question."""

    at: datetime
    inquiry_id: str
    question: str
    unit_paths: tuple[UnitPath, ...]
    opened_by: UnitPath
    operator: PersonId


@dataclass(frozen=True, slots=True)
class InquiryAnswered:
    """How one site stands; the latest counts."""

    at: datetime
    inquiry_id: str
    answer: InquiryAnswer


@dataclass(frozen=True, slots=True)
class InquiryClosed:
    """The question is closed."""

    at: datetime
    inquiry_id: str
