"""How an event changes the state. Both ends run exactly this; it decides nothing and reads no clock."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, assert_never

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import UnitPath
from media.meeting import events as ev
from media.meeting.model import FloorRequest, FloorStatus, MeetingPhase, MeetingState, Site


def apply(state: MeetingState, event: ev.Event) -> MeetingState:
    """The state after this event, its `seq` one higher.

    Raises PeerFault("event-misplaced") for an event that cannot follow this state, which only a broken log holds.
    """
    return replace(_changed(state, event), seq=state.seq + 1)


def replay(state: MeetingState, events: Iterable[ev.Event]) -> MeetingState:
    """The state after all of them."""
    for event in events:
        state = apply(state, event)
    return state


def _changed(state: MeetingState, event: ev.Event) -> MeetingState:
    match event:
        case ev.Scheduled():
            return replace(
                state,
                phase=MeetingPhase.SCHEDULED,
                title=event.title,
                mode=event.mode,
                host=event.host,
                invited=event.invited,
                agenda=event.agenda,
            )
        case ev.Opened():
            return replace(state, phase=MeetingPhase.OPEN, opened_at=event.at)
        case ev.SiteJoined():
            known = state.sites.get(event.unit_path)
            muted = known is not None and known.muted
            site = Site(event.unit_path, event.name, event.device, online=True, since=event.at, muted=muted)
            return _with_sites(state, site)
        case ev.SiteLeft():
            return _with_sites(state, replace(_site(state, event.unit_path), online=False, since=event.at))
        case ev.ChairPassed():
            if event.unit_path is not None:
                state = _with_sites(state, replace(_site(state, event.unit_path), muted=False))
            return replace(state, chair=event.unit_path, chair_grace_until=None)
        case ev.ChairAway():
            return replace(state, chair_grace_until=event.until)
        case ev.ChairBack():
            return replace(state, chair_grace_until=None)
        case ev.AgendaPointed():
            return _at_agenda(state, event.number, event.at)
        case ev.SitesMuted():
            changed = (replace(_site(state, path), muted=event.muted) for path in event.unit_paths)
            return _with_sites(state, *changed)
        case ev.Ended():
            return _ended(state, event.at)
        case _:
            return _floor_changed(state, event)


def _floor_changed(
    state: MeetingState,
    event: (
        ev.FloorRequested
        | ev.FloorAccepted
        | ev.FloorGranted
        | ev.FloorDenied
        | ev.FloorCancelled
        | ev.FloorExtended
        | ev.FloorReleased
        | ev.FloorRevoked
    ),
) -> MeetingState:
    if isinstance(event, ev.FloorRequested):
        asked = FloorRequest(
            event.request_id, event.unit_path, event.member_id, event.member_name, FloorStatus.PENDING, event.at
        )
        return replace(state, floor=(*state.floor, asked))
    turn = next((one for one in state.floor if one.request_id == event.request_id), None)
    if turn is None:
        raise PeerFault("event-misplaced", request=event.request_id)
    match event:
        case ev.FloorAccepted():
            return _with_turn(state, turn, status=FloorStatus.ACCEPTED)
        case ev.FloorGranted():
            state = _with_sites(state, replace(_site(state, turn.unit_path), muted=False))
            return _with_turn(
                state,
                turn,
                status=FloorStatus.GRANTED,
                granted_at=event.at,
                limit_seconds=event.limit_seconds,
                speech_no=event.speech_no,
            )
        case ev.FloorDenied():
            return _with_turn(state, turn, status=FloorStatus.DENIED, ended_at=event.at)
        case ev.FloorCancelled():
            return _with_turn(state, turn, status=FloorStatus.CANCELLED, ended_at=event.at)
        case ev.FloorExtended():
            return _with_turn(state, turn, limit_seconds=turn.limit_seconds + event.seconds)
        case ev.FloorReleased():
            return _with_turn(state, turn, status=FloorStatus.RELEASED, ended_at=event.at)
        case ev.FloorRevoked():
            return _with_turn(state, turn, status=FloorStatus.REVOKED, ended_at=event.at)
        case _:
            assert_never(event)


def _site(state: MeetingState, unit_path: UnitPath) -> Site:
    site = state.sites.get(unit_path)
    if site is None:
        raise PeerFault("event-misplaced", site=unit_path)
    return site


def _with_sites(state: MeetingState, *sites: Site) -> MeetingState:
    return replace(state, sites={**state.sites, **{site.unit_path: site for site in sites}})


def _with_turn(state: MeetingState, turn: FloorRequest, **changes: Any) -> MeetingState:
    changed = replace(turn, **changes)
    return replace(state, floor=tuple(changed if one is turn else one for one in state.floor))


def _at_agenda(state: MeetingState, number: int, at: datetime) -> MeetingState:
    """Going back to an item keeps its first start; what counts as its end is its last."""
    if all(item.number != number for item in state.agenda):
        raise PeerFault("event-misplaced", agenda=number)
    agenda = tuple(
        replace(item, started_at=item.started_at or at, ended_at=None)
        if item.number == number
        else replace(item, ended_at=at)
        if item.number == state.agenda_at
        else item
        for item in state.agenda
    )
    return replace(state, agenda=agenda, agenda_at=number)


def _ended(state: MeetingState, at: datetime) -> MeetingState:
    floor = tuple(
        replace(turn, status=FloorStatus.CANCELLED, ended_at=at)
        if turn.status in (FloorStatus.PENDING, FloorStatus.ACCEPTED)
        else turn
        for turn in state.floor
    )
    agenda = tuple(replace(item, ended_at=at) if item.number == state.agenda_at else item for item in state.agenda)
    return replace(state, phase=MeetingPhase.ENDED, ended_at=at, floor=floor, agenda=agenda, chair_grace_until=None)
