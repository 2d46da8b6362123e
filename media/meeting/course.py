"""The course of a meeting: schedule, agenda, microphones, pause, length, end, and what time brings. Pure."""

from dataclasses import replace
from datetime import timedelta

from desktop_app.domain.ids import UnitPath
from desktop_app.domain.units import is_within
from media.meeting import calling, inquiring
from media.meeting import commands as cmd
from media.meeting import events as ev
from media.meeting.case import Case, Decision, Refusal
from media.meeting.chair import heir
from media.meeting.door import removed
from media.meeting.floor import going_on
from media.meeting.model import AgendaPoint, MeetingPhase
from media.meeting.roll_call import RollClosing

EXTENSION = 24 * 3600
"""Seconds by which a meeting is extended at most at a time."""


def schedule(case: Case, command: cmd.Schedule) -> Decision:
    """Before the opening all of it; afterwards what may still change: guests, agenda, title, planned end."""
    state = case.state
    if not case.actor.center or command.meeting_id != state.meeting_id:
        return Refusal("command-not-allowed")
    if state.phase is MeetingPhase.ENDED:
        return Refusal("meeting-ended")
    if state.phase is MeetingPhase.OPEN:
        return _rescheduled(case, command)
    asked = (command.title, command.mode, command.host, command.invited, command.agenda, command.planned_end)
    held = (state.title, state.mode, state.host, state.invited, state.agenda, state.planned_end)
    if state.phase is MeetingPhase.SCHEDULED and asked == held:
        return []
    return [ev.Scheduled(case.now, *asked), *_guests_changed(case, (command.host, *command.invited))]


def _rescheduled(case: Case, command: cmd.Schedule) -> Decision:
    """An item that was begun stays, whatever the new agenda says; a guest who is uninvited is out.

    The planned end only moves back: what the chair extended is not taken away by an older plan.
    """
    state, now = case.state, case.now
    agenda = _merged(state.agenda, command.agenda)
    invited = tuple(path for path in command.invited if path != state.host)
    planned_end = max((end for end in (state.planned_end, command.planned_end) if end is not None), default=None)
    events: list[ev.Event] = []
    same = [replace(item, started_at=None, ended_at=None) for item in state.agenda] == list(agenda)
    if (command.title, invited, planned_end) != (state.title, state.invited, state.planned_end) or not same:
        events.append(ev.ScheduleChanged(now, command.title, invited, agenda, planned_end))
    elif (command.host, command.mode) != (state.host, state.mode):
        return Refusal("meeting-already-open")
    return [*events, *_guests_changed(case, (state.host, *invited))]


def _guests_changed(case: Case, guests: tuple[UnitPath, ...]) -> list[ev.Event]:
    """Who is there and is no guest any more is out; who is one again may come in again."""
    state = case.state
    events: list[ev.Event] = []
    for path in (state.host, *state.invited):
        if path not in guests and state.removal(path) is None and (path in state.sites or path in state.lobby):
            events += removed(case, path, "")
    again = (path for path in guests if path not in state.invited and state.removal(path))
    return [*events, *(ev.SiteAdmitted(case.now, path) for path in again)]


def _merged(held: tuple[AgendaPoint, ...], asked: tuple[AgendaPoint, ...]) -> tuple[AgendaPoint, ...]:
    """What is asked, and behind it the items that were begun and are not in it any more; without times, renumbered."""
    names = {item.item_id for item in asked}
    kept = [
        replace(item, started_at=None, ended_at=None) for item in held if item.started_at and item.item_id not in names
    ]
    return tuple(replace(item, number=number) for number, item in enumerate((*asked, *kept), start=1))


def point_agenda(case: Case, command: cmd.PointAgenda) -> Decision:
    if all(item.number != command.number for item in case.state.agenda):
        return Refusal("agenda-unknown", {"number": command.number})
    return [] if command.number == case.state.agenda_at else [ev.AgendaPointed(case.now, command.number)]


def mute(case: Case, command: cmd.Mute) -> Decision:
    state = case.state
    if command.unit_path is None:
        within = command.within or ""
        if not case.conducts and (not within or not case.may_mute(command.within or case.actor.unit_path)):
            return Refusal("chair-only")
        spared = (state.chair, None if case.conducts else case.actor.unit_path)  # a city's own stays as it is
        chosen = [site for path, site in state.sites.items() if path not in spared and is_within(path, within)]
    elif not case.may_mute(command.unit_path):
        return Refusal("chair-only")
    elif command.unit_path in state.sites:
        chosen = [state.sites[command.unit_path]]
    else:
        return Refusal("site-unknown")
    if not command.muted:
        locked = [site for site in chosen if state.microphone_locked(site.unit_path)]
        if locked:
            return Refusal("microphone-locked", {"site": locked[0].name})
    changing = tuple(sorted(site.unit_path for site in chosen if site.muted is not command.muted))
    return [ev.SitesMuted(case.now, changing, command.muted, command.reason)] if changing else []


def extend_meeting(case: Case, command: cmd.ExtendMeeting) -> Decision:
    if not 0 < command.seconds <= EXTENSION:
        return Refusal("field-invalid", {"field": "seconds"})
    planned = case.state.planned_end or case.now
    return [ev.MeetingExtended(case.now, planned + timedelta(seconds=command.seconds))]


def pause(case: Case, command: cmd.Pause) -> Decision:
    if case.state.paused_at is not None:
        return []
    return [ev.MeetingPaused(case.now, command.reason)]


def resume(case: Case, command: cmd.Resume) -> Decision:
    return [] if case.state.paused_at is None else [ev.MeetingResumed(case.now)]


def end(case: Case, command: cmd.End) -> Decision:
    state, now = case.state, case.now
    last: list[ev.Event] = [
        ev.FloorRevoked(now, turn.request_id, ev.RevokeCause.END)
        for turn in (state.speaking, state.suspended)
        if turn is not None
    ]
    return [*last, *calling.closed(case, RollClosing.MEETING), *inquiring.closed(case), ev.Ended(now)]


def tick(case: Case) -> Decision:
    """What is due: a turn whose site stays away, the chair's grace, the time of a roll call."""
    state, now = case.state, case.now
    if not case.actor.center:
        return Refusal("command-not-allowed")
    if state.phase is not MeetingPhase.OPEN:
        return []
    events: list[ev.Event] = []
    turn = state.speaking
    if turn is not None:
        site = state.sites[turn.unit_path]
        if not site.online and site.since is not None and site.since + case.rules.grace <= now:
            events.append(ev.FloorRevoked(now, turn.request_id, ev.RevokeCause.AWAY))
            events += going_on(case)
    if state.chair_grace_until is not None and state.chair_grace_until <= now:
        events.append(ev.ChairPassed(now, heir(case), ev.ChairCause.RETURNED))
    roll = state.roll_call
    if roll is not None and roll.closes_at is not None and roll.closes_at <= now:
        events += calling.closed(case, RollClosing.TIME)
    return events
