"""点名: opening, calling, answering, closing. Pure, part of `decide`; the data and the tally are in `roll_call`."""

from datetime import timedelta

from desktop_app.domain.ids import UnitPath
from media.meeting import commands as cmd
from media.meeting import events as ev
from media.meeting.case import Case, Decision, Refusal
from media.meeting.health import Health
from media.meeting.roll_call import DeviceHealth, RollAnswer, RollCall, RollClosing, RollManner, RollPhase, RollStatus

TIMEOUT_SECONDS = range(5, 3601)
ROLL_CALLS = 50
"""Rounds in one meeting."""


def open_roll_call(case: Case, command: cmd.OpenRollCall) -> Decision:
    state, now = case.state, case.now
    if state.roll_call is not None:
        return Refusal("roll-call-running")
    if len(state.roll_calls) >= ROLL_CALLS:
        return Refusal("roll-calls-too-many")
    if command.manner is RollManner.ELECTRONIC and command.timeout_seconds not in TIMEOUT_SECONDS:
        return Refusal("field-invalid", {"field": "timeout_seconds"})
    known = tuple(dict.fromkeys((state.host, *state.invited, *state.sites)))
    called = tuple(dict.fromkeys(command.unit_paths))
    if any(path not in known for path in called):
        return Refusal("site-unknown")
    if not called:
        called = tuple(sorted(path for path in known if path != state.chair and state.removal(path) is None))
    if not called:
        return Refusal("site-unknown")
    is_electronic = command.manner is RollManner.ELECTRONIC
    closes_at = now + timedelta(seconds=command.timeout_seconds) if is_electronic else None
    opened = ev.RollCallOpened(
        now,
        len(state.roll_calls) + 1,
        command.manner,
        called,
        case.actor.unit_path,
        case.actor.person,
        closes_at,
    )
    return [opened]


def answer_roll_call(case: Case, command: cmd.AnswerRollCall) -> Decision:
    roll = _running(case)
    if isinstance(roll, Refusal):
        return roll
    own = case.actor.unit_path
    if own not in roll.unit_paths:
        return Refusal("roll-call-not-called")
    known = roll.answer_of(own)
    if known is not None and known.status is RollStatus.ANSWERED:
        return []
    if roll.phase is RollPhase.PAUSED:
        return Refusal("roll-call-paused")
    if roll.manner is RollManner.VOICE and roll.calling != own:
        return Refusal("roll-call-not-called")
    answer = RollAnswer(
        own,
        RollStatus.ANSWERED,
        case.now,
        case.actor.person,
        own,
        camera=command.camera,
        microphone=command.microphone,
        speaker=command.speaker,
        delay_ms=command.delay_ms,
        loss_permille=command.loss_permille,
        expected=command.expected,
        present=command.present,
        remark=command.remark,
    )
    events: list[ev.Event] = [ev.RollAnswered(case.now, answer)]
    if roll.manner is RollManner.ELECTRONIC and roll.awaited() == (own,):
        events.append(ev.RollCallClosed(case.now, RollClosing.COMPLETE, (), ()))
    return events


def call_site(case: Case, command: cmd.CallSite) -> Decision:
    roll = _by_voice(case)
    if isinstance(roll, Refusal):
        return roll
    if roll.phase is RollPhase.PAUSED:
        return Refusal("roll-call-paused")
    if case.state.paused_at is not None:
        return Refusal("meeting-paused")
    if command.unit_path not in roll.unit_paths:
        return Refusal("roll-call-not-called")
    return [ev.RollSiteCalled(case.now, command.unit_path)]


def mark_roll_call(case: Case, command: cmd.MarkRollCall) -> Decision:
    """The operator's word; who is not connected cannot have answered and cannot have failed to."""
    roll = _by_voice(case)
    if isinstance(roll, Refusal):
        return roll
    path = command.unit_path
    if path not in roll.unit_paths:
        return Refusal("roll-call-not-called")
    online = case.is_online(path)
    if command.answered and not online:
        site = case.state.sites.get(path)
        return Refusal("site-away", {"site": path if site is None else site.name})
    missing = RollStatus.NO_ANSWER if online else RollStatus.OFFLINE
    status = RollStatus.ANSWERED if command.answered else missing
    known = roll.answer_of(path)
    if known is not None and (known.status, known.remark) == (status, command.remark) and roll.calling != path:
        return []
    said = case.healths.get(path, Health()) if online else Health()
    answer = RollAnswer(
        path,
        status,
        case.now,
        case.actor.person,
        case.actor.unit_path,
        online=online,
        camera=said.camera,
        microphone=DeviceHealth.OK if command.answered else said.microphone,  # it was heard
        speaker=said.speaker,
        delay_ms=said.delay_ms,
        loss_permille=said.loss_permille,
        remark=command.remark,
    )
    return [ev.RollAnswered(case.now, answer)]


def pause_roll_call(case: Case, command: cmd.PauseRollCall) -> Decision:
    roll = _by_voice(case)
    if isinstance(roll, Refusal):
        return roll
    if (roll.phase is RollPhase.PAUSED) is command.paused:
        return []
    return [ev.RollCallPaused(case.now) if command.paused else ev.RollCallResumed(case.now)]


def close_roll_call(case: Case, command: cmd.CloseRollCall) -> Decision:
    roll = _running(case)
    if isinstance(roll, Refusal):
        return [] if case.state.roll_calls else roll
    return closed(case, RollClosing.CHAIR)


def closed(case: Case, cause: RollClosing) -> list[ev.Event]:
    """The end of the running roll call; nothing where none runs."""
    roll = case.state.roll_call
    if roll is None:
        return []
    awaited = roll.awaited()
    missing: tuple[UnitPath, ...] = tuple(path for path in awaited if case.is_online(path))
    return [ev.RollCallClosed(case.now, cause, missing, tuple(path for path in awaited if not case.is_online(path)))]


def _running(case: Case) -> RollCall | Refusal:
    roll = case.state.roll_call
    return Refusal("roll-call-none") if roll is None else roll


def _by_voice(case: Case) -> RollCall | Refusal:
    roll = _running(case)
    if isinstance(roll, RollCall) and roll.manner is not RollManner.VOICE:
        return Refusal("roll-call-not-voice")
    return roll
