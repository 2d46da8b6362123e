"""What the center makes of a command: events, or a refusal with a stable id. Pure: no clock, no I/O, no chance.

Who may do what (DESIGN section 3): the chair token is one; the host's site holds it from the opening. Only its
holder, or a provincial operator whose unit the host belongs to, grants, denies, extends, revokes, points the agenda,
mutes and ends. A room asks, withdraws and releases only for itself. An empty list means that all is already so.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from desktop_app.domain.ids import UnitPath
from desktop_app.domain.limits import SITES
from media.meeting import commands as cmd
from media.meeting import events as ev
from media.meeting import floor
from media.meeting.case import CENTER, REFUSALS, WAITING, Case, Decision, Refusal, Rules, SiteActor
from media.meeting.model import FloorStatus, MeetingPhase, MeetingState

__all__ = ["CENTER", "REFUSALS", "Decision", "Refusal", "Rules", "SiteActor", "decide"]


def decide(
    state: MeetingState, command: cmd.Command, actor: SiteActor, now: datetime, rules: Rules | None = None
) -> Decision:
    """The events this command makes of this state at this time, or why it may not."""
    case = Case(state, actor, now, rules or Rules())
    if isinstance(command, cmd.Tick):
        return _tick(case)
    if isinstance(command, cmd.Schedule):
        return _schedule(case, command)
    if state.phase is MeetingPhase.NONE:
        return Refusal("meeting-unknown")
    if isinstance(command, cmd.Leave):
        return _leave(case, command)
    if state.phase is MeetingPhase.ENDED:
        return [] if isinstance(command, cmd.End) else Refusal("meeting-ended")
    if isinstance(command, cmd.Join):
        return _join(case, command)
    if state.phase is not MeetingPhase.OPEN:
        return Refusal("meeting-not-open")
    if not case.is_joined:
        return Refusal("not-joined")
    if isinstance(command, _CHAIRS_OWN) and not case.conducts:
        return Refusal("chair-only")
    return _IN_SESSION[type(command)](case, command)


def _schedule(case: Case, command: cmd.Schedule) -> Decision:
    state = case.state
    if not case.actor.center or command.meeting_id != state.meeting_id:
        return Refusal("command-not-allowed")
    if state.phase is MeetingPhase.ENDED:
        return Refusal("meeting-ended")
    if state.phase is MeetingPhase.OPEN:
        return Refusal("meeting-already-open")
    asked = (command.title, command.mode, command.host, command.invited, command.agenda)
    if state.phase is MeetingPhase.SCHEDULED and asked == (
        state.title,
        state.mode,
        state.host,
        state.invited,
        state.agenda,
    ):
        return []
    return [ev.Scheduled(case.now, *asked)]


def _join(case: Case, command: cmd.Join) -> Decision:
    state, actor, now = case.state, case.actor, case.now
    path = actor.unit_path
    if not case.is_invited:
        return Refusal("not-invited")
    known = state.sites.get(path)
    if known is not None and known.online:
        if known.device != actor.device:
            return Refusal("site-in-use", {"site": known.name})
        if known.name == command.site_name:
            return []
    elif known is None and len(state.sites) >= SITES:
        return Refusal("meeting-full", {"sites": SITES})
    events: list[ev.Event] = [ev.SiteJoined(now, path, command.site_name, actor.device)]
    if state.phase is MeetingPhase.SCHEDULED:
        if path == state.host:
            events += [ev.Opened(now), ev.ChairPassed(now, path, ev.ChairCause.OPENED)]
    elif path == state.chair:
        if state.chair_grace_until is not None:
            events.append(ev.ChairBack(now))
    elif path == state.host and state.chair is None:
        events.append(ev.ChairPassed(now, path, ev.ChairCause.RETURNED))
    return events


def _leave(case: Case, command: cmd.Leave) -> Decision:
    state, now, path = case.state, case.now, case.actor.unit_path
    if command.lost and not case.actor.center:
        return Refusal("command-not-allowed")
    site = state.sites.get(path)
    if site is None or not site.online or state.phase is MeetingPhase.ENDED:
        return []
    if site.device != case.actor.device:
        return Refusal("not-joined")
    events: list[ev.Event] = [ev.SiteLeft(now, path, command.lost)]
    if state.phase is not MeetingPhase.OPEN:
        return events
    if not command.lost:
        for turn in state.floor:
            if turn.unit_path == path and turn.status is FloorStatus.GRANTED:
                events.append(ev.FloorReleased(now, turn.request_id))
            elif turn.unit_path == path and turn.status in WAITING:
                events.append(ev.FloorCancelled(now, turn.request_id))
    if path == state.chair:
        if command.lost or path == state.host:
            events.append(ev.ChairAway(now, now + case.rules.grace))
        else:
            events.append(ev.ChairPassed(now, _heir(case), ev.ChairCause.RELEASED))
    return events


def _heir(case: Case) -> UnitPath | None:
    """Where the token goes when it comes back: to the host, or nowhere where the host is away or gave it back."""
    host = case.state.host
    return host if host != case.state.chair and case.is_online(host) else None


def _tick(case: Case) -> Decision:
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
    if state.chair_grace_until is not None and state.chair_grace_until <= now:
        events.append(ev.ChairPassed(now, _heir(case), ev.ChairCause.RETURNED))
    return events


def _request_chair(case: Case, command: cmd.RequestChair) -> Decision:
    state, now, path = case.state, case.now, case.actor.unit_path
    if state.chair == path:
        return []
    if state.chair is None:
        return [ev.ChairPassed(now, path, ev.ChairCause.REQUESTED)]
    if state.chair_grace_until is not None:
        if state.chair_grace_until <= now:
            return [ev.ChairPassed(now, path, ev.ChairCause.REQUESTED)]
        if case.is_provincial or case.is_sub_chair_of_chair:
            return [ev.ChairPassed(now, path, ev.ChairCause.TAKEN_OVER)]
    holder = state.sites[state.chair]
    return Refusal("chair-held", {"site": holder.name, "unit_path": holder.unit_path})


def _release_chair(case: Case, command: cmd.ReleaseChair) -> Decision:
    if case.state.chair != case.actor.unit_path:
        return Refusal("chair-not-yours")
    return [ev.ChairPassed(case.now, _heir(case), ev.ChairCause.RELEASED)]


def _point_agenda(case: Case, command: cmd.PointAgenda) -> Decision:
    if all(item.number != command.number for item in case.state.agenda):
        return Refusal("agenda-unknown", {"number": command.number})
    return [] if command.number == case.state.agenda_at else [ev.AgendaPointed(case.now, command.number)]


def _mute(case: Case, command: cmd.Mute) -> Decision:
    state = case.state
    if command.unit_path is None:
        chosen = [site for path, site in state.sites.items() if path != state.chair]
    elif command.unit_path in state.sites:
        chosen = [state.sites[command.unit_path]]
    else:
        return Refusal("site-unknown")
    if not command.muted:
        locked = [site for site in chosen if state.microphone_locked(site.unit_path)]
        if locked:
            return Refusal("microphone-locked", {"site": locked[0].name})
    changing = tuple(sorted(site.unit_path for site in chosen if site.muted is not command.muted))
    return [ev.SitesMuted(case.now, changing, command.muted)] if changing else []


def _end(case: Case, command: cmd.End) -> Decision:
    turn = case.state.speaking
    last: list[ev.Event] = [ev.FloorRevoked(case.now, turn.request_id, ev.RevokeCause.END)] if turn else []
    return [*last, ev.Ended(case.now)]


_CHAIRS_OWN = (cmd.GrantFloor, cmd.DenyFloor, cmd.ExtendFloor, cmd.PointAgenda, cmd.Mute, cmd.End)
_IN_SESSION: dict[type, Callable[[Case, Any], Decision]] = {
    cmd.RequestChair: _request_chair,
    cmd.ReleaseChair: _release_chair,
    cmd.RequestFloor: floor.request_floor,
    cmd.CancelFloor: floor.cancel_floor,
    cmd.GrantFloor: floor.grant_floor,
    cmd.DenyFloor: floor.deny_floor,
    cmd.ExtendFloor: floor.extend_floor,
    cmd.ReleaseFloor: floor.release_floor,
    cmd.PointAgenda: _point_agenda,
    cmd.Mute: _mute,
    cmd.End: _end,
}
