"""Who comes in and who goes: join, leave, lock, admit, remove. Pure, part of `decide`."""

from desktop_app.domain.ids import UnitPath
from desktop_app.domain.limits import SITES
from media.meeting import commands as cmd
from media.meeting import events as ev
from media.meeting.case import TURNS, WAITING, Case, Decision, Refusal
from media.meeting.chair import heir
from media.meeting.floor import going_on
from media.meeting.model import MeetingPhase
from media.meeting.slides import taken_away


def join(case: Case, command: cmd.Join) -> Decision:
    state, actor, now = case.state, case.actor, case.now
    path = actor.unit_path
    if not case.is_invited:
        return Refusal("not-invited")
    removal = state.removal(path)
    if removal is not None:
        return Refusal("site-removed", {"reason": removal.reason})
    known = state.sites.get(path)
    if known is not None and known.online:
        if known.device != actor.device:
            return Refusal("site-in-use", {"site": known.name})
        if known.name == command.site_name:
            return []
    elif known is None:
        if len(state.sites) >= SITES:
            return Refusal("meeting-full", {"sites": SITES})
        if _is_locked_out(case):
            return _knock(case, command)
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


def _is_locked_out(case: Case) -> bool:
    state, path = case.state, case.actor.unit_path
    return state.locked and path != state.host and path not in state.admitted and not case.is_provincial


def _knock(case: Case, command: cmd.Join) -> Decision:
    """It waits in the lobby; whoever joins again from the same device has knocked already."""
    waiting = case.state.lobby.get(case.actor.unit_path)
    if waiting is not None:
        if waiting.device != case.actor.device:
            return Refusal("site-in-use", {"site": waiting.name})
        return []
    return [ev.SiteKnocked(case.now, case.actor.unit_path, command.site_name, case.actor.device)]


def leave(case: Case, command: cmd.Leave) -> Decision:
    state, now, path = case.state, case.now, case.actor.unit_path
    if command.lost and not case.actor.center:
        return Refusal("command-not-allowed")
    if state.phase is MeetingPhase.ENDED:
        return []
    knocking = state.lobby.get(path)
    if knocking is not None:
        return [ev.SiteTurnedAway(now, path)] if knocking.device == case.actor.device else Refusal("not-joined")
    site = state.sites.get(path)
    if site is None or not site.online:
        return []
    if site.device != case.actor.device:
        return Refusal("not-joined")
    events: list[ev.Event] = [ev.SiteLeft(now, path, command.lost)]
    if state.phase is not MeetingPhase.OPEN:
        return events
    if not command.lost:
        events += _gives_up(case, path)
        if path == state.shares:
            events += taken_away(case)
    if path == state.chair:
        if command.lost or path == state.host:
            events.append(ev.ChairAway(now, now + case.rules.grace))
        else:
            events.append(ev.ChairPassed(now, heir(case), ev.ChairCause.RELEASED))
    return events


def lock(case: Case, command: cmd.Lock) -> Decision:
    """Unlocking lets in whoever knocks."""
    state, now = case.state, case.now
    if command.locked is state.locked:
        return []
    events: list[ev.Event] = [ev.MeetingLocked(now, command.locked)]
    if not command.locked:
        events += [ev.SiteJoined(now, path, site.name, site.device) for path, site in state.lobby.items()]
    return events


def admit(case: Case, command: cmd.Admit) -> Decision:
    state, now, path = case.state, case.now, command.unit_path
    if path != state.host and path not in state.invited and path not in state.sites and path not in state.lobby:
        return Refusal("site-unknown")
    knocking = state.lobby.get(path)
    if knocking is not None:
        return [ev.SiteAdmitted(now, path), ev.SiteJoined(now, path, knocking.name, knocking.device)]
    if state.removal(path) is None and (path in state.sites or path in state.admitted):
        return []
    return [ev.SiteAdmitted(now, path)]


def remove(case: Case, command: cmd.Remove) -> Decision:
    state, path = case.state, command.unit_path
    if path == state.chair or path == case.actor.unit_path or path == state.host:
        return Refusal("chair-stays")
    if state.removal(path) is not None:
        return []
    if path not in (*state.invited, *state.sites, *state.lobby):
        return Refusal("site-unknown")
    return removed(case, path, command.reason)


def removed(case: Case, path: UnitPath, reason: str) -> list[ev.Event]:
    """The site is out, and so is whatever it held or waited for."""
    state, now = case.state, case.now
    events: list[ev.Event] = [ev.SiteRemoved(now, path, reason), *_gives_up(case, path)]
    if path in state.sub_chairs:
        events.append(ev.SubChairsSet(now, (path,), False))
    if path == state.broadcast:
        events.append(ev.BroadcastSet(now, None))
    if state.slide is not None and state.slide.presenter == path:
        events += taken_away(case)
    if path == state.chair:
        events.append(ev.ChairPassed(now, heir(case), ev.ChairCause.RELEASED))
    return events


def _gives_up(case: Case, path: UnitPath) -> list[ev.Event]:
    """Its turn is released, its waiting requests are cancelled; a turn it interrupted goes on."""
    state, now = case.state, case.now
    events: list[ev.Event] = []
    for turn in state.floor:
        if turn.unit_path == path and turn.status in TURNS:
            events.append(ev.FloorReleased(now, turn.request_id))
        elif turn.unit_path == path and turn.status in WAITING:
            events.append(ev.FloorCancelled(now, turn.request_id))
    speaking, suspended = state.speaking, state.suspended
    if speaking is not None and speaking.unit_path == path and suspended is not None and suspended.unit_path != path:
        events += going_on(case)
    return events
