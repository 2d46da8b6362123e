"""Wishes about what is shown and said besides the floor."""

from dataclasses import dataclass

from desktop_app.domain.ids import UnitPath
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
