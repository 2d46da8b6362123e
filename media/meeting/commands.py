"""What a site asks of the meeting. A command is a wish; only `decide` makes it an event or refuses it.

On the wire a command is a JSON object `{"kind": "<kind>", ...fields}`; see docs/protocol.md.
"""

from dataclasses import dataclass

from desktop_app.domain.ids import MeetingId, UnitPath
from desktop_app.domain.meetings import MeetingMode
from media.meeting.model import AgendaPoint


@dataclass(frozen=True, slots=True)
class Schedule:
    """Fix (or, before it opens, change) title, mode, host, guests and agenda."""

    meeting_id: MeetingId
    title: str
    mode: MeetingMode
    host: UnitPath
    invited: tuple[UnitPath, ...]
    agenda: tuple[AgendaPoint, ...]


@dataclass(frozen=True, slots=True)
class Join:
    """Enter with the room of one's unit. The first join of the host opens the meeting."""

    site_name: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave on purpose, or (from the server) because nothing was heard from the site."""

    lost: bool = False


@dataclass(frozen=True, slots=True)
class RequestChair:
    """Ask for the one token; granted at once where nobody holds it or its holder is away past the grace."""


@dataclass(frozen=True, slots=True)
class ReleaseChair:
    """Give the token back to the host."""


@dataclass(frozen=True, slots=True)
class RequestFloor:
    """Ask to speak, for a named member of one's own room."""

    request_id: str
    member_id: str
    member_name: str


@dataclass(frozen=True, slots=True)
class CancelFloor:
    """Withdraw one's own room's request while it waits."""

    request_id: str


@dataclass(frozen=True, slots=True)
class GrantFloor:
    """Chair: let this member speak now; a turn in progress ends with it."""

    request_id: str
    limit_seconds: int


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


@dataclass(frozen=True, slots=True)
class PointAgenda:
    """Chair: go to this item; the one before it ends."""

    number: int


@dataclass(frozen=True, slots=True)
class Mute:
    """Chair: close the microphone of one site, or of all but the chair's own (`unit_path` None)."""

    unit_path: UnitPath | None
    muted: bool = True


@dataclass(frozen=True, slots=True)
class End:
    """Chair: end the meeting for all."""


@dataclass(frozen=True, slots=True)
class Tick:
    """The server's own: time has passed; due changes (the chair's grace) are decided."""


Command = (
    Schedule
    | Join
    | Leave
    | RequestChair
    | ReleaseChair
    | RequestFloor
    | CancelFloor
    | GrantFloor
    | DenyFloor
    | ExtendFloor
    | ReleaseFloor
    | PointAgenda
    | Mute
    | End
    | Tick
)

__all__ = [*(command.__name__ for command in Command.__args__), "Command"]
