"""Wishes about a meeting as a whole: schedule, chair, agenda, microphones, pause, end."""

from dataclasses import dataclass
from datetime import datetime

from desktop_app.domain.ids import MeetingId, UnitPath
from desktop_app.domain.meetings import MeetingMode
from media.meeting.model import AgendaPoint


@dataclass(frozen=True, slots=True)
class Schedule:
    """Fix or change title, guests, agenda and planned end; mode and host only before it opens."""

    meeting_id: MeetingId
    title: str
    mode: MeetingMode
    host: UnitPath
    invited: tuple[UnitPath, ...]
    agenda: tuple[AgendaPoint, ...]
    planned_end: datetime | None = None


@dataclass(frozen=True, slots=True)
class RequestChair:
    """Ask for the one token; granted at once where nobody holds it or its holder is away past the grace."""


@dataclass(frozen=True, slots=True)
class TakeChair:
    """Take the token over from its absent holder within the grace: the city above it, or a provincial operator."""

    holder: UnitPath
    """From whom, as the taker sees it; nothing happens where it is somebody else by now."""


@dataclass(frozen=True, slots=True)
class ReleaseChair:
    """Give the token back to the host."""


@dataclass(frozen=True, slots=True)
class Delegate:
    """Chair: let a city (None: every city) conduct the floor of its own counties, or no longer."""

    unit_path: UnitPath | None
    delegated: bool = True


@dataclass(frozen=True, slots=True)
class PointAgenda:
    """Chair: go to this item; the one before it ends."""

    number: int


@dataclass(frozen=True, slots=True)
class Mute:
    """Chair: close the microphone of one site, or of all but the chair's own (`unit_path` None).

    A city does the same with the sites under it: one of them, or all (`within` its own path).
    """

    unit_path: UnitPath | None
    muted: bool = True
    reason: str = ""
    within: UnitPath | None = None
    """With `unit_path` None: only the sites of this subtree."""


@dataclass(frozen=True, slots=True)
class ExtendMeeting:
    """Chair: the meeting is planned to last this much longer."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Pause:
    """Chair: 休会. Nobody is on air and turns stand still until `Resume`."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Resume:
    """Chair: the meeting goes on where it was."""


@dataclass(frozen=True, slots=True)
class End:
    """Chair: end the meeting for all."""


@dataclass(frozen=True, slots=True)
class Tick:
    """The server's own: time has passed; due changes (the chair's grace) are decided."""
