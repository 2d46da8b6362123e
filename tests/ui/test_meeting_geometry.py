"""The meeting's side column and its notices on the smallest screen: nothing cut off, nothing pushed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from drawn import BL, HD, NAMES, NOW, busy_state
from meeting_window import meeting_window
from PySide6.QtWidgets import QLabel

from desktop_app.domain.faults import OperatorError
from media.meeting.model import AgendaPoint, MeetingState
from ui.i18n import set_language
from ui.meeting.agenda_panel import AgendaPanel
from ui.meeting.meeting_view import MeetingView
from ui.meeting.passing_note import PassingNote
from ui.meeting.speaker_card import SpeakerCard
from ui.models.meeting_model import Notice
from ui.theme import TextSize, theme
from ui.widgets import ElidedText

LONG_TITLE = "关于健全县域医共体人才共管机制、推动优质医疗资源下沉的协商发言"


def long_meeting() -> MeetingState:
    """A turn of nearly two hours with a limit of as many, by a member with a long name."""
    state = busy_state(NAMES, HD, BL, None)
    turn = replace(
        state.floor[0],
        member_name="阿卜杜热西提·麦合木提江",
        granted_at=NOW - timedelta(seconds=5_999),
        limit_seconds=6_000,
    )
    agenda = (AgendaPoint("a1", 1, "SPEECH", LONG_TITLE, 480, started_at=NOW), *state.agenda[1:])
    return replace(state, floor=(turn, *state.floor[1:]), agenda=agenda, agenda_at=1)


@pytest.mark.parametrize("size", [TextSize.STANDARD, TextSize.HUGE])
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_timer_and_the_longest_name_are_read_in_full(qtbot: Any, language: str, size: TextSize) -> None:
    theme().choose(text_size=size)
    set_language(language)
    window = meeting_window(HD, NAMES, long_meeting(), (1366, 768))
    qtbot.addWidget(window)
    card = window.findChild(SpeakerCard)
    assert card is not None
    qtbot.waitUntil(lambda: card.width() > 0 and window.isVisible(), timeout=2_000)
    for label in card.findChildren(QLabel):
        if label.isVisibleTo(window) and label.text():
            assert label.width() >= label.sizeHint().width(), label.text()
    name = card.findChild(ElidedText)
    assert name is not None
    assert name.shown() == "阿卜杜热西提·麦合木提江"


def test_a_long_item_of_the_agenda_takes_a_second_line(qtbot: Any) -> None:
    window = meeting_window(HD, NAMES, long_meeting(), (1440, 900))
    qtbot.addWidget(window)
    panel = window.findChild(AgendaPanel)
    assert panel is not None
    title = panel.findChildren(ElidedText)[0]
    qtbot.waitUntil(lambda: title.height() >= 2 * title.fontMetrics().height(), timeout=2_000)
    assert title.shown().count("\n") == 1
    assert len(title.shown()) > 24
    others = [one for one in panel.findChildren(ElidedText) if one is not title]
    assert {one.height() for one in others} == {title.fontMetrics().height()}


def test_news_moves_nothing_and_goes_by_itself_while_a_fault_stays(qtbot: Any) -> None:
    window = meeting_window(HD, NAMES, busy_state(NAMES, HD, BL, None), (1440, 900))
    qtbot.addWidget(window)
    view = window.findChild(MeetingView)
    assert view is not None
    before = view.grid.geometry()
    view.tell(Notice("news.chair-own", tone="shilv"))
    note = view.findChild(PassingNote)
    assert note is not None
    qtbot.waitUntil(note.isVisible, timeout=2_000)
    assert view.grid.geometry() == before
    assert note.geometry().bottom() <= view.grid.parentWidget().height()
    note._timer.timeout.emit()
    assert not note.isVisible()
    view.tell(Notice(fault=OperatorError("site-unknown"), tone="zhusha"))
    assert note.isVisible()
    assert not note._timer.isActive()
