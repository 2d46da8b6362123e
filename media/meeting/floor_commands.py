"""Wishes about the floor: to speak, and what chair and sub-chair do with the queue."""

from dataclasses import dataclass

from desktop_app.domain.ids import UnitPath
from media.meeting.model import FloorPurpose


@dataclass(frozen=True, slots=True)
class RequestFloor:
    """Ask to speak, for a named member of one's own room."""

    request_id: str
    member_id: str
    member_name: str
    purpose: FloorPurpose = FloorPurpose.SPEECH
    """A speech or a question; `assigned` is the chair's word."""
    sector: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class CancelFloor:
    """Withdraw one's own room's request while it waits."""

    request_id: str


@dataclass(frozen=True, slots=True)
class GrantFloor:
    """Chair: let this member speak now; a turn in progress ends with it, or waits where it is interposed."""

    request_id: str
    limit_seconds: int
    """0: none. Where the site's budget leaves less, that is the limit."""
    interpose: bool = False
    over_budget: bool = False
    """Grant it though the time of the site or its level is used up."""


@dataclass(frozen=True, slots=True)
class AssignFloor:
    """Chair: call on a member who did not ask (点名发言); speaks now."""

    request_id: str
    unit_path: UnitPath
    member_id: str
    member_name: str
    limit_seconds: int
    sector: str = ""
    over_budget: bool = False


@dataclass(frozen=True, slots=True)
class HoldFloor:
    """Chair: put a waiting request aside (暂缓), or back at the end of the queue."""

    request_id: str
    held: bool = True


@dataclass(frozen=True, slots=True)
class MoveFloor:
    """Chair: give a waiting request this place in the queue, counted from 1."""

    request_id: str
    place: int


@dataclass(frozen=True, slots=True)
class RankFloor:
    """Chair: give a waiting request a priority (0 to 9); it goes behind the last one of the same or a higher."""

    request_id: str
    priority: int


@dataclass(frozen=True, slots=True)
class DenyFloor:
    """Chair: not this one."""

    request_id: str


@dataclass(frozen=True, slots=True)
class ExtendFloor:
    """Chair: more time for the turn in progress."""

    request_id: str
    seconds: int


@dataclass(frozen=True, slots=True)
class ReleaseFloor:
    """The speaker's room ends the turn (released), or the chair does (revoked)."""

    request_id: str
