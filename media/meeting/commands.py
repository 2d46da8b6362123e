"""What a site asks of the meeting. A command is a wish; only `decide` makes it an event or refuses it.

On the wire a command is a JSON object `{"kind": "<kind>", ...fields}`; see docs/protocol/meeting.md, where a table says
who may, when, and what the refused one reads. Fields are added with a default, never renamed or removed.
"""

from media.meeting.course_commands import (
    Delegate,
    End,
    ExtendMeeting,
    Mute,
    Pause,
    PointAgenda,
    ReleaseChair,
    RequestChair,
    Resume,
    Schedule,
    TakeChair,
    Tick,
)
from media.meeting.door_commands import Admit, Join, Leave, Lock, Remove
from media.meeting.floor_commands import (
    AssignFloor,
    CancelFloor,
    DenyFloor,
    ExtendFloor,
    GrantFloor,
    HoldFloor,
    MoveFloor,
    RankFloor,
    ReleaseFloor,
    RequestFloor,
)
from media.meeting.roll_commands import (
    AnswerRollCall,
    CallSite,
    CloseRollCall,
    MarkRollCall,
    OpenRollCall,
    PauseRollCall,
)
from media.meeting.stage_commands import (
    AnswerInquiry,
    Broadcast,
    CloseInquiry,
    Consent,
    OpenInquiry,
    PointSlide,
    Poll,
    Record,
    SelectView,
    SendMessage,
    SetBudget,
    SetLayout,
    TypeCaption,
)

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
    | PointSlide
    | OpenInquiry
    | AnswerInquiry
    | CloseInquiry
    | OpenRollCall
    | AnswerRollCall
    | CallSite
    | MarkRollCall
    | PauseRollCall
    | CloseRollCall
    | End
    | Tick
)

__all__ = [
    "Admit",
    "AnswerInquiry",
    "AnswerRollCall",
    "AssignFloor",
    "Broadcast",
    "CallSite",
    "CancelFloor",
    "CloseInquiry",
    "CloseRollCall",
    "Command",
    "Consent",
    "Delegate",
    "DenyFloor",
    "End",
    "ExtendFloor",
    "ExtendMeeting",
    "GrantFloor",
    "HoldFloor",
    "Join",
    "Leave",
    "Lock",
    "MarkRollCall",
    "MoveFloor",
    "Mute",
    "OpenInquiry",
    "OpenRollCall",
    "Pause",
    "PauseRollCall",
    "PointAgenda",
    "PointSlide",
    "Poll",
    "RankFloor",
    "Record",
    "ReleaseChair",
    "ReleaseFloor",
    "Remove",
    "RequestChair",
    "RequestFloor",
    "Resume",
    "Schedule",
    "SelectView",
    "SendMessage",
    "SetBudget",
    "SetLayout",
    "TakeChair",
    "Tick",
    "TypeCaption",
]
