"""What this site may do in the meeting now, and why not. The center decides; this only says it beforehand."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from desktop_app.domain.ids import UnitPath
from desktop_app.domain.meetings import MeetingMode
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
    TAKE_CHAIR = "take-chair"
    DELEGATE = "delegate"
    ASSIGN = "assign"
    LOCK = "lock"
    ADMIT = "admit"
    REMOVE = "remove"
    BROADCAST = "broadcast"
    POLL = "poll"
    LAYOUT = "layout"
    SELECT_VIEW = "select-view"
    CAPTION = "caption"
    MESSAGE = "message"
    EXTEND_MEETING = "extend-meeting"
    PAUSE = "pause"
    RECORD = "record"
    CONSENT = "consent"
    ROLL_CALL = "roll-call"
    ANSWER = "answer"
    ORDER = "order"
    INTERPOSE = "interpose"
    BUDGET = "budget"
    SLIDES = "slides"
    INQUIRE = "inquire"
    TAKE_STANCE = "take-stance"


@dataclass(frozen=True, slots=True)
class Right:
    """Allowed, or a reason: the key of a sentence in `meeting.toml` and its values."""

    allowed: bool
    reason: str = ""
    values: tuple[str, ...] = ()


ALLOWED = Right(True)
FLOOR_ACTS = (Act.GRANT, Act.HOLD, Act.EXTEND, Act.ASSIGN, Act.INTERPOSE)
"""What a sub-chair may do too, for the sites under it."""
CHAIR_ACTS = (
    *FLOOR_ACTS,
    Act.POINT_AGENDA,
    Act.MUTE,
    Act.MUTE_ALL,
    Act.END,
    Act.DELEGATE,
    Act.LOCK,
    Act.ADMIT,
    Act.REMOVE,
    Act.BROADCAST,
    Act.POLL,
    Act.LAYOUT,
    Act.EXTEND_MEETING,
    Act.PAUSE,
    Act.RECORD,
    Act.ROLL_CALL,
    Act.ORDER,
    Act.BUDGET,
    Act.SLIDES,
    Act.INQUIRE,
)


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
        if own in state.sub_chairs and state.mode is not MeetingMode.LECTURE:
            found.update(dict.fromkeys((*FLOOR_ACTS, Act.MUTE), ALLOWED))
        elif level_of(own) is Level.CITY:
            found[Act.MUTE] = ALLOWED
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
            found[Act.GRANT] = Right(False, "why.queue-empty")
        if not (state.queue or state.held):
            found[Act.HOLD] = Right(False, "why.queue-empty")
        if not state.agenda:
            found[Act.POINT_AGENDA] = Right(False, "why.no-agenda")
        if len([site for site in state.sites.values() if site.online and site.unit_path != own]) == 0:
            found[Act.MUTE_ALL] = Right(False, "why.alone")
    turn = state.speaking
    if turn is None:
        found[Act.RELEASE] = found[Act.EXTEND] = Right(False, "why.nobody-speaks")
    elif not is_chair and turn.unit_path != own:
        led = own in state.sub_chairs and is_within(turn.unit_path, own)
        if not led:
            found[Act.RELEASE] = Right(False, "why.other-turn", (name_of(turn.unit_path),))
    if not is_chair and (turn is None or turn.unit_path != own):
        found[Act.CAPTION] = Right(False, "why.caption-not-yours")
    if turn is None:
        found[Act.INTERPOSE] = Right(False, "why.nobody-speaks")
    elif turn.unit_path == own and not is_chair and state.mode is not MeetingMode.LECTURE:
        found[Act.SLIDES] = ALLOWED
    if state.inquiry is None or own not in state.inquiry.unit_paths:
        found[Act.TAKE_STANCE] = Right(False, "why.no-inquiry")
    found[Act.TAKE_CHAIR] = _take_over(state, own, provincial=provincial)
    if state.paused_at is not None:
        found[Act.GRANT] = found[Act.ASSIGN] = found[Act.INTERPOSE] = Right(False, "why.paused")
    return found


def _take_over(state: MeetingState, own: UnitPath, *, provincial: bool) -> Right:
    """Within the grace only who stands above the absent holder may take the chair over."""
    if state.chair is None or state.chair_grace_until is None or state.chair == own:
        return Right(False, "why.nothing-to-take")
    above = level_of(own) is Level.CITY and is_within(state.chair, own)
    return ALLOWED if above or conducts(state, own, provincial=provincial) else Right(False, "why.grace-runs")


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
    if right.allowed and not conducts(state, own, provincial=provincial):
        below = is_within(target, own) and target != state.chair
        right = right if below else Right(False, "why.not-below", (name_of(target),))
    if right.allowed and (site is None or not site.online):
        return Right(False, "why.site-away", (name_of(target),))
    return right


def waiting_for(state: MeetingState, member_id: str) -> FloorRequest | None:
    """The request with which this member already waits or speaks."""
    busy = (FloorStatus.PENDING, FloorStatus.ACCEPTED, FloorStatus.GRANTED, FloorStatus.SUSPENDED)
    return next((turn for turn in state.floor if turn.member_id == member_id and turn.status in busy), None)
