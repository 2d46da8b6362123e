"""The floor: who may speak, in the states of BFCP (RFC 8855). Pure, part of `decide`.

Preconditions checked before: the meeting is open, the asker's room is in it, and for what is the chair's own, the asker
conducts.
"""

from desktop_app.domain.limits import FLOOR_REQUESTS, FLOOR_REQUESTS_PER_SITE
from media.meeting import commands as cmd
from media.meeting import events as ev
from media.meeting.case import WAITING, Case, Decision, Refusal
from media.meeting.model import FloorStatus


def request_floor(case: Case, command: cmd.RequestFloor) -> Decision:
    state, now, path = case.state, case.now, case.actor.unit_path
    if case.request(command.request_id) is not None:
        return Refusal("floor-already-asked", {"member": command.member_name})
    open_requests = [one for one in state.floor if one.status in (*WAITING, FloorStatus.GRANTED)]
    own = [one for one in open_requests if one.unit_path == path]
    if any(one.member_id == command.member_id for one in own):
        return Refusal("floor-already-asked", {"member": command.member_name})
    if len(own) >= FLOOR_REQUESTS_PER_SITE or len(open_requests) >= FLOOR_REQUESTS:
        return Refusal("floor-queue-full", {"waiting": len(open_requests)})
    return [
        ev.FloorRequested(now, command.request_id, path, command.member_id, command.member_name),
        ev.FloorAccepted(now, command.request_id),
    ]


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
    state, now = case.state, case.now
    turn = case.request(command.request_id)
    if turn is None:
        return Refusal("floor-unknown")
    if turn.status is FloorStatus.GRANTED:
        return []
    if turn.status not in WAITING:
        return Refusal("floor-not-waiting", {"member": turn.member_name})
    if not case.is_online(turn.unit_path):
        return Refusal("site-away", {"site": state.sites[turn.unit_path].name})
    events: list[ev.Event] = []
    speaking = state.speaking
    if speaking is not None:
        events.append(ev.FloorRevoked(now, speaking.request_id, ev.RevokeCause.NEXT))
    speech_no = 1 + max((one.speech_no for one in state.floor), default=0)
    events.append(ev.FloorGranted(now, turn.request_id, command.limit_seconds, speech_no))
    return events


def deny_floor(case: Case, command: cmd.DenyFloor) -> Decision:
    turn = case.request(command.request_id)
    if turn is None:
        return Refusal("floor-unknown")
    if turn.status is FloorStatus.DENIED:
        return []
    if turn.status not in WAITING:
        return Refusal("floor-not-waiting", {"member": turn.member_name})
    return [ev.FloorDenied(case.now, turn.request_id)]


def extend_floor(case: Case, command: cmd.ExtendFloor) -> Decision:
    turn = case.request(command.request_id)
    if turn is None:
        return Refusal("floor-unknown")
    if turn.status is not FloorStatus.GRANTED:
        return Refusal("floor-not-speaking", {"member": turn.member_name})
    return [ev.FloorExtended(case.now, turn.request_id, command.seconds)]


def release_floor(case: Case, command: cmd.ReleaseFloor) -> Decision:
    turn = case.request(command.request_id)
    if turn is None:
        return Refusal("floor-unknown")
    is_own = turn.unit_path == case.actor.unit_path
    if not is_own and not case.conducts:
        return Refusal("floor-not-yours")
    if turn.status in (FloorStatus.RELEASED, FloorStatus.REVOKED):
        return []
    if turn.status is not FloorStatus.GRANTED:
        return Refusal("floor-not-speaking", {"member": turn.member_name})
    if is_own:
        return [ev.FloorReleased(case.now, turn.request_id)]
    return [ev.FloorRevoked(case.now, turn.request_id, ev.RevokeCause.CHAIR)]
