"""What this site may do in the meeting now, and why not. The center decides; this only says it beforehand."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from desktop_app.domain.ids import UnitPath
from desktop_app.domain.units import Level, is_within, level_of
from media.meeting.model import FloorRequest, FloorStatus, MeetingPhase, MeetingState
from ui.models.meeting_rows import UnitName


class Act(StrEnum):
    """What a person can press in a meeting."""

    REQUEST_CHAIR = "request-chair"
    RELEASE_CHAIR = "release-chair"
    REQUEST_FLOOR = "request-floor"
    GRANT = "grant"
    HOLD = "hold"
    RELEASE = "release"
    EXTEND = "extend"
    POINT_AGENDA = "point-agenda"
    MUTE = "mute"
    MUTE_ALL = "mute-all"
    END = "end"


@dataclass(frozen=True, slots=True)
class Right:
    """Allowed, or a reason: the key of a sentence in `meeting.toml` and its values."""

    allowed: bool
    reason: str = ""
    values: tuple[str, ...] = ()


ALLOWED = Right(True)
CHAIR_ACTS = (Act.GRANT, Act.HOLD, Act.EXTEND, Act.POINT_AGENDA, Act.MUTE, Act.MUTE_ALL, Act.END)


def conducts(state: MeetingState, own: UnitPath, *, provincial: bool) -> bool:
    """Whether `own` conducts: it holds the chair, or seats a provincial operator of the host's own province."""
    above = provincial and level_of(own) <= Level.PROVINCE and is_within(state.host, own)
    return state.chair == own or (above and bool(state.host))


def rights(
    state: MeetingState, own: UnitPath, name_of: UnitName, *, online: bool, provincial: bool = False
) -> Mapping[Act, Right]:
    """The right to every act, for the site `own` that has the control link or has lost it."""
    every = _obstacle(state, own, online=online)
    if every is not None:
        return dict.fromkeys(Act, every)
    found = dict.fromkeys(Act, ALLOWED)
    chair_name = name_of(state.chair) if state.chair is not None else ""
    is_chair = conducts(state, own, provincial=provincial)
    if not is_chair:
        only = Right(False, "why.chair-only", (chair_name,)) if chair_name else Right(False, "why.no-chair")
        found.update(dict.fromkeys((*CHAIR_ACTS, Act.RELEASE_CHAIR), only))
        if state.chair is not None and state.chair_grace_until is None:
            found[Act.REQUEST_CHAIR] = Right(False, "why.chair-held", (chair_name,))
    else:
        if state.chair == own:
            found[Act.REQUEST_CHAIR] = Right(False, "why.chair-own")
        else:
            held = chair_name and state.chair_grace_until is None
            if held:
                found[Act.REQUEST_CHAIR] = Right(False, "why.chair-held", (chair_name,))
            found[Act.RELEASE_CHAIR] = Right(False, "why.chair-only", (chair_name,))
        if state.host == own:
            found[Act.RELEASE_CHAIR] = Right(False, "why.host-keeps")
        if not state.queue:
            found[Act.GRANT] = found[Act.HOLD] = Right(False, "why.queue-empty")
        if not state.agenda:
            found[Act.POINT_AGENDA] = Right(False, "why.no-agenda")
        if len([site for site in state.sites.values() if site.online and site.unit_path != own]) == 0:
            found[Act.MUTE_ALL] = Right(False, "why.alone")
    turn = state.speaking
    if turn is None:
        found[Act.RELEASE] = found[Act.EXTEND] = Right(False, "why.nobody-speaks")
    elif not is_chair and turn.unit_path != own:
        found[Act.RELEASE] = Right(False, "why.other-turn", (name_of(turn.unit_path),))
    return found


def _obstacle(state: MeetingState, own: UnitPath, *, online: bool) -> Right | None:
    if state.phase is MeetingPhase.ENDED:
        return Right(False, "why.ended")
    if not online:
        return Right(False, "why.offline")
    if state.phase is not MeetingPhase.OPEN:
        return Right(False, "why.not-open")
    site = state.sites.get(own)
    if site is None or not site.online:
        return Right(False, "why.not-in")
    return None


def may_mute(
    state: MeetingState, own: UnitPath, target: UnitPath, name_of: UnitName, *, online: bool, provincial: bool = False
) -> Right:
    """Whether this site may close or open the microphone of `target`."""
    right = rights(state, own, name_of, online=online, provincial=provincial)[Act.MUTE]
    site = state.sites.get(target)
    if right.allowed and (site is None or not site.online):
        return Right(False, "why.site-away", (name_of(target),))
    return right


def waiting_for(state: MeetingState, member_id: str) -> FloorRequest | None:
    """The request with which this member already waits or speaks."""
    busy = (FloorStatus.PENDING, FloorStatus.ACCEPTED, FloorStatus.GRANTED)
    return next((turn for turn in state.floor if turn.member_id == member_id and turn.status in busy), None)
