"""Who came in and who went: joining, leaving, the lock, knocking, admission, removal."""

from dataclasses import dataclass
from datetime import datetime

from desktop_app.domain.ids import DeviceId, UnitPath


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
