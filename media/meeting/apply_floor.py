"""How an event of the floor changes the state: turns, the queue's order, and time that stands still."""

from dataclasses import replace
from datetime import datetime
from typing import Any, assert_never

from desktop_app.domain.faults import PeerFault
from media.meeting import events as ev
from media.meeting.apply_stage import site_of, with_sites
from media.meeting.model import FloorRequest, FloorStatus, MeetingState


def floor_changed(state: MeetingState, event: ev.FloorEvent) -> MeetingState:
    """Raises PeerFault("event-misplaced") for a request or site that is not there."""
    if isinstance(event, ev.FloorRequested):
        asked = FloorRequest(
            event.request_id,
            event.unit_path,
            event.member_id,
            event.member_name,
            FloorStatus.PENDING,
            event.at,
            purpose=event.purpose,
            sector=event.sector,
            note=event.note,
            priority=event.priority,
        )
        return replace(state, floor=(*state.floor, asked))
    # From the end: a long meeting's log is mostly about the latest requests.
    turn = next((one for one in reversed(state.floor) if one.request_id == event.request_id), None)
    if turn is None:
        raise PeerFault("event-misplaced", request=event.request_id)
    match event:
        case ev.FloorAccepted():
            return _queued(_with_turn(state, turn, status=FloorStatus.ACCEPTED), turn.request_id)
        case ev.FloorGranted():
            return _granted(state, turn, event)
        case ev.FloorDenied():
            return _over(state, turn, FloorStatus.DENIED, event.at)
        case ev.FloorCancelled():
            return _over(state, turn, FloorStatus.CANCELLED, event.at)
        case ev.FloorExtended():
            return _with_turn(state, turn, limit_seconds=turn.limit_seconds + event.seconds)
        case ev.FloorReleased():
            return _over(state, turn, FloorStatus.RELEASED, event.at)
        case ev.FloorRevoked():
            return _over(state, turn, FloorStatus.REVOKED, event.at)
        case ev.FloorSuspended():
            return _with_turn(state, turn, status=FloorStatus.SUSPENDED, paused_at=turn.paused_at or event.at)
        case ev.FloorResumed():
            resumed = _counted(turn, event.at)
            paused_at = event.at if state.paused_at is not None else None
            return _with_turn(
                state,
                turn,
                status=FloorStatus.GRANTED,
                paused_at=paused_at,
                paused_seconds=resumed,
            )
        case ev.FloorHeld():
            return _with_turn(state, turn, status=FloorStatus.PENDING, place=0)
        case ev.FloorMoved():
            return _queued(state, turn.request_id, event.place)
        case ev.FloorRanked():
            return _queued(_with_turn(state, turn, priority=event.priority), turn.request_id)
        case _:
            assert_never(event)


def turns_paused(state: MeetingState, at: datetime) -> MeetingState:
    """The meeting is paused: the time of the turn in progress stands still."""
    turn = state.speaking
    return state if turn is None else _with_turn(state, turn, paused_at=turn.paused_at or at)


def turns_resumed(state: MeetingState, at: datetime) -> MeetingState:
    turn = state.speaking
    if turn is None or turn.paused_at is None:
        return state
    return _with_turn(state, turn, paused_at=None, paused_seconds=_counted(turn, at))


def without_waiting(state: MeetingState, at: datetime) -> MeetingState:
    """The meeting is over: who still waited is cancelled."""
    floor = tuple(
        replace(turn, status=FloorStatus.CANCELLED, ended_at=at, place=0)
        if turn.status in (FloorStatus.PENDING, FloorStatus.ACCEPTED)
        else turn
        for turn in state.floor
    )
    return replace(state, floor=floor)


def _granted(state: MeetingState, turn: FloorRequest, event: ev.FloorGranted) -> MeetingState:
    state = with_sites(state, replace(site_of(state, turn.unit_path), muted=False, mute_reason=""))
    return _with_turn(
        state,
        turn,
        status=FloorStatus.GRANTED,
        granted_at=event.at,
        limit_seconds=event.limit_seconds,
        speech_no=event.speech_no,
        interposed=event.interposed,
        place=0,
    )


def _over(state: MeetingState, turn: FloorRequest, status: FloorStatus, at: datetime) -> MeetingState:
    seconds = _counted(turn, at)
    return _with_turn(state, turn, status=status, ended_at=at, place=0, paused_at=None, paused_seconds=seconds)


def _counted(turn: FloorRequest, at: datetime) -> int:
    """Seconds its time stood still up to now."""
    if turn.paused_at is None:
        return turn.paused_seconds
    return turn.paused_seconds + max(0, round((at - turn.paused_at).total_seconds()))


def _queued(state: MeetingState, request_id: str, place: int | None = None) -> MeetingState:
    """The queue with this request at `place`, or behind the last one of the same or a higher priority; renumbered."""
    indices = {one.request_id: at for at, one in enumerate(state.floor) if one.status is FloorStatus.ACCEPTED}
    if request_id not in indices:
        raise PeerFault("event-misplaced", request=request_id)
    turn = state.floor[indices[request_id]]
    others = sorted((state.floor[at] for at in indices.values()), key=lambda one: one.place or len(state.floor))
    others.remove(turn)
    if place is None:
        ahead = [at for at, one in enumerate(others, start=1) if one.priority >= turn.priority]
        at = ahead[-1] if ahead else 0
    else:
        at = max(0, min(place - 1, len(others)))
    floor = list(state.floor)
    for number, one in enumerate((*others[:at], turn, *others[at:]), start=1):
        if one.place != number:
            floor[indices[one.request_id]] = replace(one, place=number)
    return replace(state, floor=tuple(floor))


def _with_turn(state: MeetingState, turn: FloorRequest, **changes: Any) -> MeetingState:
    at = len(state.floor) - 1
    while state.floor[at] is not turn:
        at -= 1
    return replace(state, floor=(*state.floor[:at], replace(turn, **changes), *state.floor[at + 1 :]))
