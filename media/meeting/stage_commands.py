"""Wishes about what is shown and said besides the floor."""

from dataclasses import dataclass

from desktop_app.domain.ids import UnitPath
from media.meeting.inquiry import Stance
from media.meeting.stage import Layout


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Chair: show this site large on every screen (广播会场); None: no longer."""

    unit_path: UnitPath | None


@dataclass(frozen=True, slots=True)
class SelectView:
    """Choose what one's own screen shows (选看), or as the chair another site's; None: what the meeting shows."""

    source: UnitPath | None
    screen: UnitPath | None = None
    """Whose screen; None: one's own."""


@dataclass(frozen=True, slots=True)
class Poll:
    """Chair: show one site after the other (轮询), each for so long; no sites: stop."""

    unit_paths: tuple[UnitPath, ...]
    interval_seconds: int = 10
    everyone: bool = False


@dataclass(frozen=True, slots=True)
class SetLayout:
    """Chair: how the screens are divided."""

    layout: Layout


@dataclass(frozen=True, slots=True)
class TypeCaption:
    """The chair's or the speaker's room: a line for those who read; empty: none."""

    text: str


@dataclass(frozen=True, slots=True)
class SendMessage:
    """A line to the chair; from the chair to one site."""

    message_id: str
    text: str
    to: UnitPath | None = None


@dataclass(frozen=True, slots=True)
class SetBudget:
    """Chair: time to speak for a site, or (`unit_path` None) for a level together; 0 seconds: no longer any."""

    unit_path: UnitPath | None
    level: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Record:
    """Chair: record the meeting from now on, or stop."""

    recording: bool


@dataclass(frozen=True, slots=True)
class Consent:
    """One's own room agrees to be recorded, or does not; it may change its mind."""

    given: bool


@dataclass(frozen=True, slots=True)
class PointSlide:
    """The chair's or the speaker's room: show this page of a file that was placed ahead; no document: take it away."""

    document: str
    """SHA-256 of the file, in lower-case hex; `stage.SCREEN` for one's own screen, live; empty for none."""
    page: int = 1
    pages: int = 1
    title: str = ""


@dataclass(frozen=True, slots=True)
class OpenInquiry:
    """Chair: ask these sites one question (征询), or (empty) all that are here but the chair's own."""

    inquiry_id: str
    question: str
    unit_paths: tuple[UnitPath, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerInquiry:
    """How one's own room stands; it may say otherwise until the end."""

    inquiry_id: str
    stance: Stance
    remark: str = ""


@dataclass(frozen=True, slots=True)
class CloseInquiry:
    """Chair: the question is closed."""

    inquiry_id: str
