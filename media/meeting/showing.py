"""What the chair shows and all may say besides the floor: pictures, captions, messages, budgets, recording. Pure."""

from datetime import timedelta

from desktop_app.domain.ids import UnitPath
from media.meeting import commands as cmd
from media.meeting import events as ev
from media.meeting.case import Case, Decision, Refusal

POLL_SECONDS = range(3, 3601)
MESSAGES_PER_MINUTE = 10
"""Of one site."""


def broadcast(case: Case, command: cmd.Broadcast) -> Decision:
    refusal = _not_here(case, command.unit_path)
    if refusal is not None:
        return refusal
    if command.unit_path == case.state.broadcast:
        return []
    return [ev.BroadcastSet(case.now, command.unit_path)]


def select_view(case: Case, command: cmd.SelectView) -> Decision:
    screen = command.screen or case.actor.unit_path
    if screen != case.actor.unit_path and not case.conducts:
        return Refusal("chair-only")
    site = case.state.sites.get(screen)
    if site is None or (command.source is not None and command.source not in case.state.sites):
        return Refusal("site-unknown")
    return [] if site.view == command.source else [ev.ViewSelected(case.now, screen, command.source)]


def poll(case: Case, command: cmd.Poll) -> Decision:
    polling = case.state.polling
    if not command.unit_paths:
        return [] if polling is None else [ev.PollingSet(case.now, (), 0, False)]
    if command.interval_seconds not in POLL_SECONDS:
        return Refusal("field-invalid", {"field": "interval_seconds"})
    if any(path not in case.state.sites for path in command.unit_paths):
        return Refusal("site-unknown")
    asked = (command.unit_paths, command.interval_seconds, command.everyone)
    if polling is not None and asked == (polling.unit_paths, polling.interval_seconds, polling.everyone):
        return []
    return [ev.PollingSet(case.now, *asked)]


def set_layout(case: Case, command: cmd.SetLayout) -> Decision:
    return [] if command.layout is case.state.layout else [ev.LayoutSet(case.now, command.layout)]


def type_caption(case: Case, command: cmd.TypeCaption) -> Decision:
    """The chair's, and the room's whose member speaks."""
    turn, path = case.state.speaking, case.actor.unit_path
    if not case.conducts and (turn is None or turn.unit_path != path):
        return Refusal("caption-not-yours")
    caption = case.state.caption
    if command.text == ("" if caption is None else caption.text) and (caption is None or caption.unit_path == path):
        return []
    return [ev.Captioned(case.now, path, command.text)]


def send_message(case: Case, command: cmd.SendMessage) -> Decision:
    state, path = case.state, case.actor.unit_path
    if not command.text or not command.message_id:
        return Refusal("field-invalid", {"field": "text" if command.message_id else "message_id"})
    if any(message.message_id == command.message_id for message in state.messages):
        return []
    if command.to is not None and not case.conducts:
        return Refusal("chair-only")
    if command.to is not None and command.to not in state.sites:
        return Refusal("site-unknown")
    recent = [one for one in state.messages if one.sender == path and one.at > case.now - timedelta(minutes=1)]
    if len(recent) >= MESSAGES_PER_MINUTE:
        return Refusal("messages-too-many")
    return [ev.MessageSent(case.now, command.message_id, path, command.to, command.text)]


def set_budget(case: Case, command: cmd.SetBudget) -> Decision:
    state, path = case.state, command.unit_path
    if path is None and command.level not in range(1, 5):
        return Refusal("field-invalid", {"field": "level"})
    if path is not None and path not in (state.host, *state.invited, *state.sites):
        return Refusal("site-unknown")
    level = command.level if path is None else 0
    held = next((one.seconds for one in state.budgets if (one.unit_path, one.level) == (path, level)), 0)
    return [] if held == command.seconds else [ev.BudgetSet(case.now, path, level, command.seconds)]


def record(case: Case, command: cmd.Record) -> Decision:
    if command.recording is (case.state.recording_since is not None):
        return []
    return [ev.RecordingSet(case.now, command.recording)]


def consent(case: Case, command: cmd.Consent) -> Decision:
    own = case.actor.unit_path
    if case.state.sites[own].consent is command.given:
        return []
    return [ev.ConsentGiven(case.now, own, command.given, case.actor.person)]


def _not_here(case: Case, path: UnitPath | None) -> Refusal | None:
    if path is None:
        return None
    site = case.state.sites.get(path)
    if site is None:
        return Refusal("site-unknown")
    return None if site.online else Refusal("site-away", {"site": site.name})
