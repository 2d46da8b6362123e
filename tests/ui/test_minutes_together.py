"""Minutes that others have open too: their words come in, their places are seen, and no version is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from drawn import HD
from office_stage import Terminal
from pytestqt.qtbot import QtBot

from desktop_app.domain.meetings import MeetingKind
from sync.documents.live import Colleague
from sync.documents.minutes import MinutesDocument
from sync.log.write import Write
from ui.models.minutes_model import MinutesModel
from ui.models.sync_model import SyncModel
from ui.records.minutes_view import MinutesView


class Line:
    """The live line as the screen asks for it."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.places: list[tuple[str, int]] = []
        self.tell: Callable[[str, tuple[Colleague, ...]], None] = lambda _document, _people: None

    def listen(self, on_people: Callable[[str, tuple[Colleague, ...]], None]) -> None:
        self.tell = on_people

    def open(self, document: str) -> None:
        self.opened.append(document)

    def here(self, block: str, at: int) -> None:
        self.places.append((block, at))


class Desk:
    def __init__(self, folder: Path) -> None:
        self.terminal = Terminal(folder)
        self.line = self.terminal.services.live = Line()
        self.store = self.terminal.store
        self.meeting = self.terminal.meeting("远程协商会", MeetingKind.REMOTE_CONSULT, timedelta(minutes=20))
        self.model = MinutesModel(self.terminal.services)
        self.model.open(self.meeting)


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.model.close()
    made.terminal.close()


def _view(desk: Desk, qtbot: QtBot) -> MinutesView:
    view = MinutesView(desk.model)
    qtbot.addWidget(view)
    view.resize(1300, 700)
    view.show()
    qtbot.waitExposed(view)
    return view


def test_what_comes_live_is_on_the_page_and_the_cursor_stays_at_its_words(desk: Desk, qtbot: QtBot) -> None:
    block = desk.model.add_block("p3", "委员03", HD, text="修建村道")
    desk.model.save_now()
    view = _view(desk, qtbot)
    editor = view._paper.editor
    assert editor is not None
    cursor = editor.textCursor()
    cursor.setPosition(4)
    editor.setTextCursor(cursor)
    other = MinutesDocument.from_updates([desk.store.minutes_state(desk.model.minutes) or b""])
    other.replace(block, 0, 0, "建议")
    desk.store.keep_live("c1", desk.model.minutes, other.take_update() or b"")
    qtbot.waitUntil(lambda: editor.toPlainText() == "建议修建村道")
    assert editor.textCursor().position() == 6


def test_who_is_here_is_named_beside_the_words_and_whoever_was_cut_off_is_said_to_be(desk: Desk, qtbot: QtBot) -> None:
    block = desk.model.add_block("p3", "委员03", HD, text="修建村道")
    desk.model.save_now()
    view = _view(desk, qtbot)
    here = Colleague("d2", "p2", "记录员02", HD, block, 2)
    desk.line.tell(desk.model.minutes, (here,))
    qtbot.waitUntil(lambda: desk.model.here == (here,))
    row = view._paper._rows[block]
    assert (row._others.text, view._others.text) == ("记录员02 在编辑", "记录员02")
    assert row.editor._pins == ((2, False),)
    desk.line.tell(desk.model.minutes, (Colleague("d2", "p2", "记录员02", HD, block, 2, lost=True),))
    qtbot.waitUntil(lambda: row._others.text == "记录员02（断网前）")
    assert row.editor._pins == ((2, True),)
    desk.line.tell("other minutes", ())
    desk.line.tell(desk.model.minutes, ())
    qtbot.waitUntil(lambda: desk.model.here == ())
    assert not row._others.isVisible()


def test_the_own_place_is_told_and_nobody_is_seen_at_a_locked_seat(desk: Desk, qtbot: QtBot) -> None:
    block = desk.model.add_block("p3", "委员03", HD, text="修建村道")
    assert desk.line.opened[-1] == desk.model.minutes
    desk.model.move_to(block, 3)
    assert desk.line.places == [(block, 3)]
    desk.model.sit_down(False)
    assert desk.line.opened[-1] == ""
    desk.model.sit_down(True)
    assert desk.line.opened[-1] == desk.model.minutes
    desk.model.close()
    assert desk.line.opened[-1] == ""


def test_two_versions_of_a_passage_are_marked_shown_side_by_side_and_settled_by_a_choice(
    desk: Desk, qtbot: QtBot
) -> None:
    block = desk.model.add_block("p3", "委员03", HD, text="年底三月前完成")
    desk.model.save_now()
    fields: dict[str, Any] = {
        "meeting": desk.meeting,
        "unit_path": HD,
        "minutes": desk.model.minutes,
        "block": block,
        "mine": "年底前完成",
        "mine_terminal": desk.store.device,
        "mine_unit": HD,
        "theirs": "三月前完成",
        "theirs_terminal": "another",
        "theirs_unit": HD,
        "theirs_at": "2026-11-20T01:00:00.000Z",
        "state": "open",
    }
    desk.store.write(Write("text_conflict", "k", fields, desk.meeting))
    view = _view(desk, qtbot)
    desk.model.load()
    view.refresh()
    assert view._paper._rows[block]._disputed.isVisible()
    model = SyncModel(desk.terminal.services, desk.terminal.app)
    model.load()
    shown = model.conflict
    assert shown is not None
    assert [side.here for side in shown.sides] == [True, False]
    assert shown.can_keep_both
    assert desk.store.status().conflicts == 1
    model.take(shown, shown.sides[1])
    assert model.picture.conflicts == ()
    assert desk.store.get("text_conflict", "k") == {**fields, "pk": "k", "state": "settled", "chosen": "三月前完成"}
    qtbot.waitUntil(lambda: [one.text for one in desk.model.blocks] == ["三月前完成"])
    qtbot.waitUntil(lambda: not desk.model.disputed)
    model.close()
