"""What the center makes of a command: events, or a refusal with a stable id. Pure: no clock, no I/O, no chance.

Who may do what is the table in docs/protocol/meeting.md. The chair token is one; the host's site holds it from the
opening. Its holder, or a provincial operator whose unit the host belongs to, conducts. A room acts only for itself. An
empty list means that all is already so.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from media.meeting import calling, chair, course, door, floor, inquiring, showing, slides
from media.meeting import commands as cmd
from media.meeting.case import CENTER, REFUSALS, Case, Decision, Refusal, Rules, SiteActor
from media.meeting.health import Healths
from media.meeting.model import MeetingPhase, MeetingState

__all__ = ["CENTER", "REFUSALS", "Decision", "Refusal", "Rules", "SiteActor", "decide"]


def decide(
    state: MeetingState,
    command: cmd.Command,
    actor: SiteActor,
    now: datetime,
    rules: Rules | None = None,
    healths: Healths | None = None,
) -> Decision:
    """The events this command makes of this state at this time, or why it may not."""
    case = Case(state, actor, now, rules or Rules(), healths or {})
    if isinstance(command, cmd.Tick):
        return course.tick(case)
    if isinstance(command, cmd.Schedule):
        return course.schedule(case, command)
    if state.phase is MeetingPhase.NONE:
        return Refusal("meeting-unknown")
    if isinstance(command, cmd.Leave):
        return door.leave(case, command)
    if state.phase is MeetingPhase.ENDED:
        return [] if isinstance(command, cmd.End) else Refusal("meeting-ended")
    if isinstance(command, cmd.Join):
        return door.join(case, command)
    if state.phase is not MeetingPhase.OPEN:
        return Refusal("meeting-not-open")
    if not case.is_joined:
        return Refusal("meeting-locked" if actor.unit_path in state.lobby else "not-joined")
    decision, chairs_own = _IN_SESSION[type(command)]
    if chairs_own and not case.conducts:
        return Refusal("chair-only")
    return decision(case, command)


_CHAIR = True
"""Only the chair's; every other decision says itself who may."""
_IN_SESSION: dict[type, tuple[Callable[[Case, Any], Decision], bool]] = {
    cmd.RequestChair: (chair.request_chair, False),
    cmd.TakeChair: (chair.take_chair, False),
    cmd.ReleaseChair: (chair.release_chair, False),
    cmd.Delegate: (chair.delegate, _CHAIR),
    cmd.RequestFloor: (floor.request_floor, False),
    cmd.CancelFloor: (floor.cancel_floor, False),
    cmd.GrantFloor: (floor.grant_floor, False),
    cmd.AssignFloor: (floor.assign_floor, False),
    cmd.DenyFloor: (floor.deny_floor, False),
    cmd.HoldFloor: (floor.hold_floor, False),
    cmd.MoveFloor: (floor.move_floor, _CHAIR),
    cmd.RankFloor: (floor.rank_floor, _CHAIR),
    cmd.ExtendFloor: (floor.extend_floor, False),
    cmd.ReleaseFloor: (floor.release_floor, False),
    cmd.PointAgenda: (course.point_agenda, _CHAIR),
    cmd.Mute: (course.mute, False),
    cmd.Lock: (door.lock, _CHAIR),
    cmd.Admit: (door.admit, _CHAIR),
    cmd.Remove: (door.remove, _CHAIR),
    cmd.Broadcast: (showing.broadcast, _CHAIR),
    cmd.SelectView: (showing.select_view, False),
    cmd.Poll: (showing.poll, _CHAIR),
    cmd.SetLayout: (showing.set_layout, _CHAIR),
    cmd.TypeCaption: (showing.type_caption, False),
    cmd.SendMessage: (showing.send_message, False),
    cmd.SetBudget: (showing.set_budget, _CHAIR),
    cmd.ExtendMeeting: (course.extend_meeting, _CHAIR),
    cmd.Pause: (course.pause, _CHAIR),
    cmd.Resume: (course.resume, _CHAIR),
    cmd.Record: (showing.record, _CHAIR),
    cmd.Consent: (showing.consent, False),
    cmd.PointSlide: (slides.point_slide, False),
    cmd.OpenInquiry: (inquiring.open_inquiry, _CHAIR),
    cmd.AnswerInquiry: (inquiring.answer_inquiry, False),
    cmd.CloseInquiry: (inquiring.close_inquiry, _CHAIR),
    cmd.OpenRollCall: (calling.open_roll_call, _CHAIR),
    cmd.AnswerRollCall: (calling.answer_roll_call, False),
    cmd.CallSite: (calling.call_site, _CHAIR),
    cmd.MarkRollCall: (calling.mark_roll_call, _CHAIR),
    cmd.PauseRollCall: (calling.pause_roll_call, _CHAIR),
    cmd.CloseRollCall: (calling.close_roll_call, _CHAIR),
    cmd.End: (course.end, _CHAIR),
}
