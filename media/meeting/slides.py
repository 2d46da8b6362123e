"""课件: whose pages the screens show. The file is at each site already; its hash and a number travel. Pure.

A site's shared screen is shown by the same rules: its document is `SCREEN`, and its pictures travel as media."""

import re

from desktop_app.domain.meetings import MeetingMode
from media.meeting import commands as cmd
from media.meeting import events as ev
from media.meeting.case import Case, Decision, Refusal
from media.meeting.stage import SCREEN, Layout

PAGES = 2_000
"""Pages of one document."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


def point_slide(case: Case, command: cmd.PointSlide) -> Decision:
    """The chair's, and outside of lectures the room's whose member speaks. Whoever shows a page may take it away."""
    state, path = case.state, case.actor.unit_path
    turn, shown = state.speaking, state.slide
    speaks = turn is not None and turn.unit_path == path and state.mode is not MeetingMode.LECTURE
    if not command.document:
        if shown is None:
            return []
        allowed = case.conducts or speaks or shown.presenter == path
        return taken_away(case) if allowed else Refusal("slides-not-yours")
    if not case.conducts and not speaks:
        return Refusal("slides-not-yours")
    if command.document != SCREEN and not _SHA256.fullmatch(command.document):
        return Refusal("field-invalid", {"field": "document"})
    if not 1 <= command.page <= command.pages <= PAGES:
        return Refusal("field-invalid", {"field": "page"})
    asked = (command.document, command.page, command.pages, command.title)
    same = shown is not None and asked == (shown.document, shown.page, shown.pages, shown.title)
    if same and (command.document != SCREEN or state.shares == path):
        return []
    pointed: list[ev.Event] = [ev.SlidePointed(case.now, path, *asked)]
    if shown is None and state.layout is not Layout.CONTENT:
        pointed.append(ev.LayoutSet(case.now, Layout.CONTENT))
    return pointed


def taken_away(case: Case) -> list[ev.Event]:
    """No page any more, and the screens are divided as they were before there was one; nothing where none is shown."""
    shown = case.state.slide
    if shown is None:
        return []
    events: list[ev.Event] = [ev.SlidePointed(case.now, shown.presenter, "")]
    if case.state.layout is Layout.CONTENT:
        events.append(ev.LayoutSet(case.now, Layout.SPEAKER))
    return events
