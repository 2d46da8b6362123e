"""The floor: who may speak, in the states of BFCP (RFC 8855). Pure, part of `decide`.

Preconditions checked before: the meeting is open and the asker's room is in it. The chair decides about every request;
a sub-chair about those of the sites under it, as long as no other site has the floor, and never in a lecture.
"""

from desktop_app.domain.ids import UnitPath
from desktop_app.domain.limits import FLOOR_REQUESTS, FLOOR_REQUESTS_PER_SITE
from desktop_app.domain.meetings import MeetingMode
from media.meeting import budgets
from media.meeting import commands as cmd
from media.meeting import events as ev
from media.meeting.case import TURNS, WAITING, Case, Decision, Refusal
from media.meeting.model import FloorPurpose, FloorRequest, FloorStatus

HIGHEST_PRIORITY = 9
QUESTION_PRIORITY = 1
"""Questions go before speeches."""


def request_floor(case: Case, command: cmd.RequestFloor) -> Decision:
    if command.purpose is FloorPurpose.ASSIGNED:
        return Refusal("command-not-allowed")
    refusal = _refused_request(case, command.request_id, case.actor.unit_path, command.member_id, command.member_name)
    if refusal is not None:
        return refusal
    priority = QUESTION_PRIORITY if command.purpose is FloorPurpose.QUESTION else 0
    return [
        ev.FloorRequested(
            case.now,
            command.request_id,
            case.actor.unit_path,
            command.member_id,
            command.member_name,
            command.purpose,
            command.sector,
            command.note,
            priority,
        ),
        ev.FloorAccepted(case.now, command.request_id),
    ]


def _refused_request(case: Case, request_id: str, path: UnitPath, member_id: str, member_name: str) -> Refusal | None:
    if case.request(request_id) is not None:
        return Refusal("floor-already-asked", {"member": member_name})
    open_requests = [one for one in case.state.floor if one.status in (*WAITING, *TURNS)]
    own = [one for one in open_requests if one.unit_path == path]
    if any(one.member_id == member_id for one in own):
        return Refusal("floor-already-asked", {"member": member_name})
    if len(own) >= FLOOR_REQUESTS_PER_SITE or len(open_requests) >= FLOOR_REQUESTS:
        return Refusal("floor-queue-full", {"waiting": len(open_requests)})
    return None


def cancel_floor(case: Case, command: cmd.CancelFloor) -> Decision:
    turn = case.request(command.request_id)
    if turn is None:
        return Refusal("floor-unknown")
    if turn.unit_path != case.actor.unit_path:
        return Refusal("floor-not-yours")
    if turn.status is FloorStatus.CANCELLED:
        return []
    if turn.status not in WAITING:
        return Refusal("floor-not-waiting", {"member": turn.member_name})
    return [ev.FloorCancelled(case.now, turn.request_id)]


def grant_floor(case: Case, command: cmd.GrantFloor) -> Decision:
    turn = _led(case, command.request_id)
    if isinstance(turn, Refusal):
        return turn
    if turn.status is FloorStatus.GRANTED:
        return []
    if turn.status not in WAITING:
        return Refusal("floor-not-waiting", {"member": turn.member_name})
    if command.interpose and case.state.speaking is None:
        return Refusal("floor-not-interposed")
    return _given(case, turn.request_id, turn.unit_path, command.limit_seconds, command.over_budget, command.interpose)


def assign_floor(case: Case, command: cmd.AssignFloor) -> Decision:
    """点名发言: the member is called on and speaks."""
    path = command.unit_path
    if not _may_lead(case, path):
        return Refusal("chair-only")
    if path not in case.state.sites:
        return Refusal("site-unknown")
    refusal = _refused_request(case, command.request_id, path, command.member_id, command.member_name)
    if refusal is not None:
        return refusal
    given = _given(case, command.request_id, path, command.limit_seconds, command.over_budget, interpose=False)
    if isinstance(given, Refusal):
        return given
    asked = ev.FloorRequested(
        case.now,
        command.request_id,
        path,
        command.member_id,
        command.member_name,
        FloorPurpose.ASSIGNED,
        command.sector,
    )
    return [asked, *given]


def _given(
    case: Case, request_id: str, path: UnitPath, limit_seconds: int, over_budget: bool, interpose: bool
) -> Decision:
    """The floor goes here: whoever had it ends, or waits where a question is interposed."""
    state, now = case.state, case.now
    if state.paused_at is not None:
        return Refusal("meeting-paused")
    site = state.sites[path]
    if not site.online:
        return Refusal("site-away", {"site": site.name})
    speaking, suspended = state.speaking, state.suspended
    if not case.conducts:
        taken = next(
            (turn for turn in (speaking, suspended) if turn is not None and not case.leads(turn.unit_path)), None
        )
        if taken is not None:
            return Refusal("floor-taken", {"member": taken.member_name})
    left = None if over_budget else budgets.left(state, path, now)
    if left is not None:
        if left == 0:
            return Refusal("budget-spent", {"site": site.name})
        limit_seconds = min(limit_seconds or left, left)
    events: list[ev.Event] = []
    if speaking is not None:
        if interpose and suspended is None:
            events.append(ev.FloorSuspended(now, speaking.request_id))
        else:
            events.append(ev.FloorRevoked(now, speaking.request_id, ev.RevokeCause.NEXT))
    if suspended is not None and not interpose:
        events.append(ev.FloorRevoked(now, suspended.request_id, ev.RevokeCause.NEXT))
    speech_no = 1 + max((one.speech_no for one in state.floor), default=0)
    return [*events, ev.FloorGranted(now, request_id, limit_seconds, speech_no, interpose)]


def deny_floor(case: Case, command: cmd.DenyFloor) -> Decision:
    turn = _led(case, command.request_id)
    if isinstance(turn, Refusal):
        return turn
    if turn.status is FloorStatus.DENIED:
        return []
    if turn.status not in WAITING:
        return Refusal("floor-not-waiting", {"member": turn.member_name})
    return [ev.FloorDenied(case.now, turn.request_id)]


def hold_floor(case: Case, command: cmd.HoldFloor) -> Decision:
    turn = _led(case, command.request_id)
    if isinstance(turn, Refusal):
        return turn
    if turn.status not in WAITING:
        return Refusal("floor-not-waiting", {"member": turn.member_name})
    if (turn.status is FloorStatus.PENDING) is command.held:
        return []
    held = ev.FloorHeld if command.held else ev.FloorAccepted
    return [held(case.now, turn.request_id)]


def move_floor(case: Case, command: cmd.MoveFloor) -> Decision:
    turn = case.request(command.request_id)
    if turn is None:
        return Refusal("floor-unknown")
    if turn.status is not FloorStatus.ACCEPTED:
        return Refusal("floor-not-waiting", {"member": turn.member_name})
    place = max(1, min(command.place, len(case.state.queue)))
    return [] if turn.place == place else [ev.FloorMoved(case.now, turn.request_id, place)]


def rank_floor(case: Case, command: cmd.RankFloor) -> Decision:
    turn = case.request(command.request_id)
    if turn is None:
        return Refusal("floor-unknown")
    if turn.status is not FloorStatus.ACCEPTED:
        return Refusal("floor-not-waiting", {"member": turn.member_name})
    if command.priority > HIGHEST_PRIORITY:
        return Refusal("field-invalid", {"field": "priority"})
    if turn.priority == command.priority:
        return []
    return [ev.FloorRanked(case.now, turn.request_id, command.priority)]


def extend_floor(case: Case, command: cmd.ExtendFloor) -> Decision:
    turn = _led(case, command.request_id)
    if isinstance(turn, Refusal):
        return turn
    if turn.status not in TURNS:
        return Refusal("floor-not-speaking", {"member": turn.member_name})
    return [ev.FloorExtended(case.now, turn.request_id, command.seconds)]


def release_floor(case: Case, command: cmd.ReleaseFloor) -> Decision:
    turn = case.request(command.request_id)
    if turn is None:
        return Refusal("floor-unknown")
    is_own = turn.unit_path == case.actor.unit_path
    if not is_own and not _may_lead(case, turn.unit_path):
        return Refusal("floor-not-yours")
    if turn.status in (FloorStatus.RELEASED, FloorStatus.REVOKED):
        return []
    if turn.status not in TURNS:
        return Refusal("floor-not-speaking", {"member": turn.member_name})
    ended: ev.Event = ev.FloorRevoked(case.now, turn.request_id, ev.RevokeCause.CHAIR)
    if is_own:
        ended = ev.FloorReleased(case.now, turn.request_id)
    return [ended, *(going_on(case) if turn.status is FloorStatus.GRANTED else [])]


def going_on(case: Case) -> list[ev.Event]:
    """The turn that was interrupted by the one that ends now."""
    turn = case.state.suspended
    return [] if turn is None else [ev.FloorResumed(case.now, turn.request_id)]


def _led(case: Case, request_id: str) -> FloorRequest | Refusal:
    """The request, where the asker may decide about it."""
    turn = case.request(request_id)
    if turn is None:
        return Refusal("floor-unknown" if case.conducts or case.is_sub_chair else "chair-only")
    return turn if _may_lead(case, turn.unit_path) else Refusal("chair-only")


def _may_lead(case: Case, path: UnitPath) -> bool:
    return case.conducts or (case.leads(path) and case.state.mode is not MeetingMode.LECTURE)
