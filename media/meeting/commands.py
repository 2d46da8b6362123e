"""What a site asks of the meeting. A command is a wish; only `decide` makes it an event or refuses it.

On the wire a command is a JSON object `{"kind": "<kind>", ...fields}`; see docs/protocol/meeting.md, where a table says
who may, when, and what the refused one reads. Fields are added with a default, never renamed or removed.
"""

from dataclasses import dataclass
from datetime import datetime

from desktop_app.domain.ids import MeetingId, UnitPath
from desktop_app.domain.meetings import MeetingMode
from media.meeting.model import AgendaPoint, FloorPurpose
from media.meeting.roll_call import DeviceHealth, RollManner
from media.meeting.stage import Layout


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
class Join:
    """Enter with the room of one's unit. The first join of the host opens the meeting; a locked one is knocked at."""

    site_name: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave on purpose, or (from the server) because nothing was heard from the site."""

    lost: bool = False


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
class Lock:
    """Chair: nobody comes in who was not in before, or let them again."""

    locked: bool = True


@dataclass(frozen=True, slots=True)
class Admit:
    """Chair: let a site in that knocks, that will come to the locked meeting, or that was removed."""

    unit_path: UnitPath


@dataclass(frozen=True, slots=True)
class Remove:
    """Chair: out with this site; it gets nothing of the meeting until it is admitted again."""

    unit_path: UnitPath
    reason: str = ""


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
class Record:
    """Chair: record the meeting from now on, or stop."""

    recording: bool


@dataclass(frozen=True, slots=True)
class Consent:
    """One's own room agrees to be recorded, or does not; it may change its mind."""

    given: bool


@dataclass(frozen=True, slots=True)
class OpenRollCall:
    """Chair: call the roll of these sites, or of all but the chair's own (empty), in the order of the units."""

    manner: RollManner
    timeout_seconds: int = 60
    """Electronic: after this long it closes by itself."""
    unit_paths: tuple[UnitPath, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerRollCall:
    """One's own room is here; by voice only while it is called. Devices and link as the terminal finds them."""

    camera: DeviceHealth = DeviceHealth.UNKNOWN
    microphone: DeviceHealth = DeviceHealth.UNKNOWN
    speaker: DeviceHealth = DeviceHealth.UNKNOWN
    delay_ms: int = 0
    loss_permille: int = 0
    expected: int = 0
    present: int = 0
    remark: str = ""


@dataclass(frozen=True, slots=True)
class CallSite:
    """Chair, by voice: call this site, for the first time or again; its microphone opens."""

    unit_path: UnitPath


@dataclass(frozen=True, slots=True)
class MarkRollCall:
    """Chair: this site has answered, or has not, and may be marked otherwise later."""

    unit_path: UnitPath
    answered: bool
    remark: str = ""


@dataclass(frozen=True, slots=True)
class PauseRollCall:
    """Chair, by voice: stop calling for a while, or go on."""

    paused: bool = True


@dataclass(frozen=True, slots=True)
class CloseRollCall:
    """Chair: that was the roll; who has not answered is written down as such."""


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
    | TakeChair
    | ReleaseChair
    | Delegate
    | RequestFloor
    | CancelFloor
    | GrantFloor
    | AssignFloor
    | DenyFloor
    | HoldFloor
    | MoveFloor
    | RankFloor
    | ExtendFloor
    | ReleaseFloor
    | PointAgenda
    | Mute
    | Lock
    | Admit
    | Remove
    | Broadcast
    | SelectView
    | Poll
    | SetLayout
    | TypeCaption
    | SendMessage
    | SetBudget
    | ExtendMeeting
    | Pause
    | Resume
    | Record
    | Consent
    | OpenRollCall
    | AnswerRollCall
    | CallSite
    | MarkRollCall
    | PauseRollCall
    | CloseRollCall
    | End
    | Tick
)

__all__ = [*(command.__name__ for command in Command.__args__), "Command"]
