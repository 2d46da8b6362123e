"""会场点名 from its page: a province calls the roll of 144 sites."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conducted import Conducted
from drawn import GD
from meeting_states import DEAD, LC, PROVINCE, XN, big_meeting
from openpyxl import load_workbook
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from media.meeting import commands as ask
from media.meeting.roll_call import RollManner
from ui.meeting.roll_view import RollCallView
from ui.models.roll_model import RollCallModel, RollStage
from ui.models.roll_rows import Answer, RollFilter, shown


class Caller:
    """The province calls the roll of 144 sites."""

    def __init__(self, qtbot: Any) -> None:
        self.qtbot = qtbot
        self.center = Conducted(GD, PROVINCE, big_meeting())
        self.model = RollCallModel(self.center.model, self.center.seat.services)
        self.view = RollCallView(self.model)
        qtbot.addWidget(self.view)

    def open(self) -> Caller:
        self.view.resize(1360, 844)
        with self.qtbot.waitActive(self.view, timeout=2_000):
            self.view.show()
            self.view.activateWindow()
        return self


@pytest.fixture
def caller(qtbot: Any) -> Caller:
    return Caller(qtbot)


def test_a_roll_call_by_voice_is_done_with_one_key_a_site_while_the_board_has_the_focus(caller: Caller) -> None:
    caller.open()
    caller.model.start(RollManner.VOICE)
    first = caller.model.current
    assert first is not None
    assert caller.center.state.called_site == first.unit_path
    QTest.keyClick(caller.view, Qt.Key.Key_Space)
    assert caller.model.current == first, "not while another part has the focus"
    caller.view.board.setFocus()
    QTest.keyClick(caller.view.board, Qt.Key.Key_Space)
    second = caller.model.current
    assert second is not None
    assert second.unit_path != first.unit_path
    QTest.keyClick(caller.view.board, Qt.Key.Key_N)
    assert (caller.model.tally.present, caller.model.tally.no_answer) == (1, 1)
    QTest.keyClick(caller.view.board, Qt.Key.Key_Backspace)
    assert caller.model.current is not None
    assert caller.model.current.unit_path == second.unit_path
    QTest.keyClick(caller.view.board, Qt.Key.Key_R)
    roll = caller.model.now
    assert roll is not None
    assert roll.times_called(second.unit_path) == 3
    QTest.keyClick(caller.view.board, Qt.Key.Key_Space)
    assert (caller.model.tally.present, caller.model.tally.no_answer) == (2, 0)


def test_sites_without_a_connection_are_counted_apart_and_cost_no_time(caller: Caller) -> None:
    caller.model.start(RollManner.VOICE)
    while caller.model.current is not None and caller.model.tally.waiting > 1:
        caller.model.answer(present=True)
    caller.model.answer(present=True)
    tally = caller.model.tally
    assert (tally.present, tally.offline, tally.no_answer, tally.waiting) == (141, 3, 0, 0)
    assert caller.center.refused == []
    caller.model.finish()
    assert caller.model.stage is RollStage.FINISHED
    assert {tile.unit_path for tile in shown(caller.model.tiles, RollFilter.MISSING)} == set(DEAD)


def test_a_roll_call_pauses_and_goes_on_where_it_was(caller: Caller) -> None:
    caller.model.start(RollManner.VOICE)
    caller.model.answer(present=True)
    current = caller.model.current
    caller.model.pause()
    assert caller.model.stage is RollStage.PAUSED
    caller.view._press("present")
    assert caller.model.tally.present == 1
    caller.model.resume()
    assert caller.model.current is not None
    assert current is not None
    assert caller.model.current.unit_path == current.unit_path


def test_an_electronic_roll_call_counts_who_answers_and_closes_by_itself(caller: Caller) -> None:
    caller.model.start(RollManner.ELECTRONIC)
    answering = [path for path in PROVINCE if path not in (GD, *DEAD)][:-10]
    for path in answering:
        assert caller.center.does(path, ask.AnswerRollCall()) == []
    assert caller.model.left == 55
    caller.center.passes(56)
    assert caller.model.stage is RollStage.FINISHED
    tally = caller.model.tally
    assert (tally.present, tally.no_answer, tally.offline, tally.waiting) == (len(answering), 10, 3, 0)
    assert sum(one.tally.total for one in caller.model.cities) == 144


def test_the_cities_add_up_and_are_in_administrative_order(caller: Caller) -> None:
    caller.model.start(RollManner.VOICE)
    names = [one.name for one in caller.model.cities]
    assert names[:3] == ["全国", "广州市", "韶关市"]
    assert all(
        one.tally.total == one.tally.present + one.tally.missing + one.tally.waiting for one in caller.model.cities
    )


def test_the_exported_board_says_what_the_screen_says(caller: Caller, tmp_path: Path) -> None:
    caller.model.start(RollManner.VOICE)
    for _ in range(40):
        caller.model.answer(present=True)
    caller.model.answer(present=False)
    caller.model.finish()
    caller.model.export(tmp_path / "roll.xlsx")
    assert caller.model.fault is None
    assert caller.model.written == tmp_path / "roll.xlsx"
    book = load_workbook(tmp_path / "roll.xlsx")
    rows = list(book["点名表"].iter_rows(values_only=True))
    header = next(n for n, row in enumerate(rows) if row[0] == "序号")
    body = [row for row in rows[header + 1 :] if isinstance(row[0], int)]
    assert len(body) == 144
    words = [row[3] for row in body]
    tally = caller.model.tally
    counts = (words.count("已到"), words.count("未应答"), words.count("网络断开"))
    assert counts == (tally.present, tally.no_answer, tally.offline)
    assert body[0][5] == "广东省政协"
    total = list(book["按市汇总"].iter_rows(values_only=True))[-1]
    assert total[:3] == ("合计", 144, tally.present)


def test_who_does_not_conduct_sees_the_board_and_reads_why_it_may_not_call(qtbot: Any) -> None:
    center = Conducted(XN, PROVINCE, big_meeting())
    model = RollCallModel(center.model, center.seat.services)
    view = RollCallView(model)
    qtbot.addWidget(view)
    words = "\n".join(label.text() for label in view.findChildren(QLabel) if label.isVisibleTo(view))
    assert "由主席会场（广东省政协）操作" in words
    model.start(RollManner.VOICE)
    assert model.stage is RollStage.IDLE
    assert model.fault is not None


def test_the_board_is_a_list_for_a_screen_reader(caller: Caller) -> None:
    caller.open()
    caller.model.start(RollManner.VOICE)
    tiles = caller.model.tiles
    place = next(n for n, tile in enumerate(tiles) if tile.unit_path == LC)
    assert caller.view.board.spoken(place) == f"龙川县政协，县级，待点，网络断开，第 {place + 1} 个共 144 个"
    called = next(n for n, tile in enumerate(tiles) if tile.answer is Answer.CALLED)
    assert "正在点名" in caller.view.board.spoken(called)


def test_another_round_begins_anew_and_the_one_before_stays_in_the_log(caller: Caller) -> None:
    caller.model.start(RollManner.ELECTRONIC)
    caller.model.finish()
    caller.model.anew()
    assert caller.model.stage is RollStage.IDLE
    assert caller.model.tally.waiting == 144
    caller.model.start(RollManner.VOICE)
    assert len(caller.center.state.roll_calls) == 2
    assert caller.model.stage is RollStage.RUNNING
