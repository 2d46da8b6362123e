"""How an event changes the state. Both ends run exactly this; it decides nothing and reads no clock."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import UnitPath
from media.meeting import events as ev
from media.meeting.apply_floor import floor_changed, turns_paused, turns_resumed, without_waiting
from media.meeting.apply_stage import roll_changed, site_of, stage_changed, with_sites
from media.meeting.model import AgendaPoint, MeetingPhase, MeetingState, Site
from media.meeting.stage import Removal


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
    if isinstance(event, ev.DoorEvent):
        return _door_changed(state, event)
    if isinstance(event, ev.FloorEvent):
        return floor_changed(state, event)
    if isinstance(event, ev.StageEvent):
        return stage_changed(state, event)
    if isinstance(event, ev.RollEvent):
        return roll_changed(state, event)
    return _course_changed(state, event)


def _course_changed(state: MeetingState, event: ev.CourseEvent) -> MeetingState:
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
                planned_end=event.planned_end,
            )
        case ev.ScheduleChanged():
            return _rescheduled(state, event)
        case ev.Opened():
            return replace(state, phase=MeetingPhase.OPEN, opened_at=event.at)
        case ev.ChairPassed():
            if event.unit_path is not None:
                state = with_sites(state, replace(site_of(state, event.unit_path), muted=False, mute_reason=""))
            return replace(state, chair=event.unit_path, chair_grace_until=None)
        case ev.ChairAway():
            return replace(state, chair_grace_until=event.until)
        case ev.ChairBack():
            return replace(state, chair_grace_until=None)
        case ev.SubChairsSet():
            kept = tuple(path for path in state.sub_chairs if path not in event.unit_paths)
            return replace(state, sub_chairs=(*kept, *event.unit_paths) if event.delegated else kept)
        case ev.AgendaPointed():
            return _at_agenda(state, event.number, event.at)
        case ev.SitesMuted():
            reason = event.reason if event.muted else ""
            changed = (
                replace(site_of(state, path), muted=event.muted, mute_reason=reason) for path in event.unit_paths
            )
            return with_sites(state, *changed)
        case ev.MeetingExtended():
            return replace(state, planned_end=event.until)
        case ev.MeetingPaused():
            return turns_paused(replace(state, paused_at=event.at), event.at)
        case ev.MeetingResumed():
            return turns_resumed(replace(state, paused_at=None), event.at)
        case ev.Ended():
            return _ended(state, event.at)
        case _:
            assert_never(event)


def _door_changed(state: MeetingState, event: ev.DoorEvent) -> MeetingState:
    match event:
        case ev.SiteJoined():
            known = state.sites.get(event.unit_path)
            came = Site(event.unit_path, event.name, event.device, online=True, since=event.at)
            if known is not None:  # what the chair and the room had set stays as it was
                came = replace(known, name=event.name, device=event.device, online=True, since=event.at)
            return with_sites(_left_lobby(state, event.unit_path), came)
        case ev.SiteLeft():
            return with_sites(state, replace(site_of(state, event.unit_path), online=False, since=event.at))
        case ev.MeetingLocked():
            return replace(state, locked=event.locked, admitted=() if event.locked else state.admitted)
        case ev.SiteKnocked():
            waiting = Site(event.unit_path, event.name, event.device, online=True, since=event.at)
            return replace(state, lobby={**state.lobby, event.unit_path: waiting})
        case ev.SiteTurnedAway():
            return _left_lobby(state, event.unit_path)
        case ev.SiteAdmitted():
            return replace(
                state,
                admitted=(*(path for path in state.admitted if path != event.unit_path), event.unit_path),
                removed=tuple(removal for removal in state.removed if removal.unit_path != event.unit_path),
            )
        case ev.SiteRemoved():
            state = _left_lobby(state, event.unit_path)
            site = state.sites.get(event.unit_path)
            if site is not None and site.online:
                state = with_sites(state, replace(site, online=False, since=event.at))
            return replace(
                state,
                admitted=tuple(path for path in state.admitted if path != event.unit_path),
                removed=(
                    *(removal for removal in state.removed if removal.unit_path != event.unit_path),
                    Removal(event.unit_path, event.reason, event.at),
                ),
            )
        case _:
            assert_never(event)


def _left_lobby(state: MeetingState, unit_path: UnitPath) -> MeetingState:
    if unit_path not in state.lobby:
        return state
    return replace(state, lobby={path: site for path, site in state.lobby.items() if path != unit_path})


def _rescheduled(state: MeetingState, event: ev.ScheduleChanged) -> MeetingState:
    """What an item already has of times it keeps; the current item stays current under its new number."""
    known = {item.item_id: item for item in state.agenda}
    current = next((item.item_id for item in state.agenda if item.number == state.agenda_at), None)

    def with_times(item: AgendaPoint) -> AgendaPoint:
        old = known.get(item.item_id)
        return item if old is None else replace(item, started_at=old.started_at, ended_at=old.ended_at)

    return replace(
        state,
        title=event.title,
        invited=event.invited,
        agenda=tuple(with_times(item) for item in event.agenda),
        agenda_at=next((item.number for item in event.agenda if item.item_id == current), 0),
        planned_end=event.planned_end,
    )


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
    agenda = tuple(replace(item, ended_at=at) if item.number == state.agenda_at else item for item in state.agenda)
    return without_waiting(
        replace(
            state,
            phase=MeetingPhase.ENDED,
            ended_at=at,
            agenda=agenda,
            chair_grace_until=None,
            paused_at=None,
            lobby={},
            polling=None,
            recording_since=None,
            slide=None,
        ),
        at,
    )
