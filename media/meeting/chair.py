"""主席: who holds the one token, and what happens to it while its holder is away. Pure, part of `decide`."""

from desktop_app.domain.ids import UnitPath
from desktop_app.domain.units import Level, level_of
from media.meeting import commands as cmd
from media.meeting import events as ev
from media.meeting.case import Case, Decision, Refusal


def request_chair(case: Case, command: cmd.RequestChair) -> Decision:
    state, now, path = case.state, case.now, case.actor.unit_path
    if state.chair == path:
        return []
    if state.chair is None:
        return [ev.ChairPassed(now, path, ev.ChairCause.REQUESTED)]
    if state.chair_grace_until is not None:
        if state.chair_grace_until <= now:
            return [ev.ChairPassed(now, path, ev.ChairCause.REQUESTED)]
        if case.may_take_over:
            return [ev.ChairPassed(now, path, ev.ChairCause.TAKEN_OVER)]
    return _held(case)


def take_chair(case: Case, command: cmd.TakeChair) -> Decision:
    """As `request_chair`, but explicit: refused where the holder is not the absent one the taker sees."""
    state, now, path = case.state, case.now, case.actor.unit_path
    if state.chair == path:
        return []
    if state.chair != command.holder:
        return Refusal("chair-moved")
    if state.chair_grace_until is None:
        return _held(case)
    if state.chair_grace_until > now and not case.may_take_over:
        return _held(case)
    return [ev.ChairPassed(now, path, ev.ChairCause.TAKEN_OVER)]


def release_chair(case: Case, command: cmd.ReleaseChair) -> Decision:
    if case.state.chair != case.actor.unit_path:
        return Refusal("chair-not-yours")
    return [ev.ChairPassed(case.now, heir(case), ev.ChairCause.RELEASED)]


def delegate(case: Case, command: cmd.Delegate) -> Decision:
    state = case.state
    if command.unit_path is None:
        known = (state.host, *state.invited)
        cities = tuple(sorted({path for path in known if level_of(path) is Level.CITY}))
    elif level_of(command.unit_path) is not Level.CITY or command.unit_path not in (state.host, *state.invited):
        return Refusal("site-unknown")
    else:
        cities = (command.unit_path,)
    changing = tuple(path for path in cities if (path in state.sub_chairs) is not command.delegated)
    return [ev.SubChairsSet(case.now, changing, command.delegated)] if changing else []


def heir(case: Case) -> UnitPath | None:
    """Where the token goes when it comes back: to the host, or nowhere where the host is away or gave it back."""
    host = case.state.host
    return host if host != case.state.chair and case.is_online(host) else None


def _held(case: Case) -> Refusal:
    holder = case.state.sites[case.state.chair or UnitPath("")]
    return Refusal("chair-held", {"site": holder.name, "unit_path": holder.unit_path})
