"""A chair conducts from one screen, under the real rules of the meeting."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conducted import Conducted
from drawn import BL, GD, HD, HZ, NAMES, NINE, NOW, busy_state
from openpyxl import load_workbook
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QLineEdit, QListView, QWidget
from screenshots_hosting import DEAD, LC, PROVINCE, XN, big_meeting

from media.meeting import commands as ask
from media.meeting.model import FloorStatus, MeetingState
from media.meeting.roll_call import RollManner, RollStatus
from media.meeting.stage import Layout
from media.peers.ladder import Step
from ui.i18n import set_language
from ui.meeting.banner import MeetingBanner
from ui.meeting.keys import MEETING_KEYS
from ui.meeting.meeting_view import MeetingView
from ui.meeting.roll_view import RollCallView
from ui.models.hosting_model import HostingModel
from ui.models.meeting_names import MeetingNames
from ui.models.meeting_rights import Act
from ui.models.roll_model import RollCallModel, RollStage
from ui.models.roll_rows import Answer, RollFilter, shown
from ui.picture.geometry import GridLayout
from ui.theme import Scheme, start_theme


@pytest.fixture(autouse=True)
def _themed(qapp: QApplication) -> Iterator[None]:
    start_theme(qapp, Scheme.LIGHT)
    yield
    set_language("zh_CN")


def chaired() -> MeetingState:
    return busy_state(NAMES, HD, BL, None)


class Desk:
    """惠东县 in the chair of four sites, with its screen."""

    def __init__(self, qtbot: Any, own: Any = HD, state: MeetingState | None = None) -> None:
        self.qtbot = qtbot
        self.center = Conducted(own, NAMES, state or chaired())
        self.model = self.center.model
        self.view = MeetingView(self.model)
        qtbot.addWidget(self.view)
        self.hosting = self.view.hosting

    @property
    def state(self) -> MeetingState:
        return self.center.state

    def open(self) -> Desk:
        self.view.resize(1440, 844)
        with self.qtbot.waitActive(self.view, timeout=2_000):
            self.view.show()
            self.view.activateWindow()
        return self

    def words(self) -> str:
        found = [label.text() for label in self.view.findChildren(QLabel) if label.isVisibleTo(self.view)]
        names = [part.accessibleName() for part in self.view.findChildren(QWidget) if part.isVisibleTo(self.view)]
        return "\n".join([*found, *names])

    def answers(self, text: str = "") -> None:
        """The next dialog is filled in and confirmed, as soon as it is open."""

        def fill() -> None:
            dialog = QApplication.activeModalWidget()
            if dialog is None:
                QTimer.singleShot(20, fill)
                return
            assert isinstance(dialog, QDialog)
            line = dialog.findChild(QLineEdit)
            if line is not None and text:
                line.setText(text)
            dialog.accept()

        QTimer.singleShot(20, fill)


@pytest.fixture
def desk(qtbot: Any) -> Desk:
    return Desk(qtbot)


def test_a_held_request_keeps_its_words_and_goes_back_to_the_end_of_the_queue(desk: Desk) -> None:
    first = desk.model.queue[0]
    desk.model.hold(first.request_id)
    assert [(row.member_name, row.held) for row in desk.model.queue] == [("委员08", False), ("委员05", True)]
    assert "恢复" in desk.words()
    desk.model.hold(first.request_id, False)
    assert [(row.member_name, row.held) for row in desk.model.queue] == [("委员08", False), ("委员05", False)]


def test_a_locked_meeting_keeps_a_stranger_at_the_door_until_it_is_admitted(qtbot: Any) -> None:
    state = chaired()
    sites = {path: one for path, one in state.sites.items() if path != HZ}
    desk = Desk(qtbot, HD, replace(state, sites=sites, floor=())).open()
    QTest.keyClick(desk.view, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert desk.state.locked
    assert desk.center.does(HZ, ask.Join("惠州市政协")) == []
    assert [name for _, name in desk.hosting.knocking] == ["惠州市政协"]
    assert "惠州市政协请求进入" in desk.words()
    QTest.keyClick(desk.view, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert desk.state.sites[HZ].online
    assert desk.hosting.knocking == []


def test_whoever_is_removed_is_out_and_comes_back_only_when_let_in(desk: Desk) -> None:
    desk.view.grid.select(BL)
    desk.answers("设备故障，请先检修")
    desk.view._stage.menu.ask_remove()
    row = next(row for row in desk.model.roster if row.unit_path == BL)
    assert row.removed
    assert desk.state.removal(BL) is not None
    assert desk.center.does(BL, ask.Join("博罗县政协")) == ["site-removed"]
    desk.hosting.admit(BL)
    assert desk.center.does(BL, ask.Join("博罗县政协")) == []
    assert desk.state.sites[BL].online


def test_removing_asks_first_and_enter_does_not_do_it(desk: Desk, qtbot: Any) -> None:
    desk.view.grid.select(BL)
    seen: list[bool] = []

    def press() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QDialog)
        QTest.keyClick(dialog.findChild(QLineEdit), Qt.Key.Key_Return)
        seen.append(desk.state.removal(BL) is None)
        dialog.reject()

    QTimer.singleShot(100, press)
    desk.view._stage.menu.ask_remove()
    assert seen == [True]
    assert desk.state.removal(BL) is None


def test_nobody_goes_on_air_by_a_click_but_by_a_look_and_a_confirmation(desk: Desk) -> None:
    desk.open()
    desk.view.grid.select(GD)
    assert desk.state.broadcast is None
    desk.answers()
    QTest.keyClick(desk.view, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert desk.state.broadcast == GD
    assert desk.model.broadcast == GD
    assert desk.model.large == GD
    desk.view._acts()["Ctrl+B"]()
    assert desk.state.broadcast is None


def test_a_room_reads_why_its_microphone_was_closed(qtbot: Any) -> None:
    desk = Desk(qtbot, BL)
    told: list[Any] = []
    desk.model.noticed.connect(told.append)
    assert desk.center.does(HD, ask.Mute(BL, True, "有回声")) == []
    assert [(one.key, one.values) for one in told] == [("news.muted-why", ("有回声",))]


def test_polling_shows_one_site_after_the_other_and_stops_with_the_same_key(desk: Desk) -> None:
    desk.open()
    QTest.keyClick(desk.view, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    polling = desk.state.polling
    assert polling is not None
    assert set(polling.unit_paths) == {GD, HZ, BL}
    first = desk.model.large
    desk.center.passes(polling.interval_seconds + 1)
    assert desk.model.large != first
    QTest.keyClick(desk.view, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    assert desk.state.polling is None


def test_select_view_is_this_screens_own(desk: Desk) -> None:
    desk.center.model.take_state(replace(desk.state, floor=(), seq=41), None)
    desk.center.state = replace(desk.state, floor=())
    desk.hosting.select_view(GD)
    assert desk.hosting.own_view == GD
    assert desk.model.large == GD
    assert desk.state.sites[BL].view is None
    desk.hosting.select_view(None)
    assert desk.hosting.own_view is None


def test_the_chairs_layout_holds_on_every_screen_until_somebody_chooses_another(qtbot: Any) -> None:
    desk = Desk(qtbot, BL)
    assert desk.view.grid._layout is GridLayout.EQUAL
    assert desk.center.does(HD, ask.SetLayout(Layout.GALLERY_2)) == []
    assert desk.view.grid._per_page == 4
    assert desk.center.does(HD, ask.SetLayout(Layout.SPEAKER)) == []
    assert desk.view.grid._layout is GridLayout.SPEAKER
    desk.view.set_layout(GridLayout.EQUAL)
    desk.view.refresh()
    assert desk.view.grid._layout is GridLayout.EQUAL


def test_a_caption_stands_below_the_pictures_and_an_empty_one_takes_it_away(desk: Desk) -> None:
    desk.open()
    desk.hosting.caption("省卫生健康委回应：编制周转池  年底前出台")
    assert "编制周转池 年底前出台" in desk.words()
    desk.hosting.caption("")
    assert desk.state.caption is None
    assert not desk.model.right(Act.GRANT).reason


def test_a_message_reaches_the_chair_alone_and_is_told(qtbot: Any) -> None:
    desk = Desk(qtbot)
    told: list[Any] = []
    desk.model.noticed.connect(told.append)
    assert desk.center.does(BL, ask.SendMessage("m1", "听不清")) == []
    assert [(one.key, one.values) for one in told] == [("news.message", ("博罗县政协", "听不清"))]
    assert [row.text for row in desk.hosting.messages] == ["听不清"]
    other = Desk(qtbot, GD, desk.state)
    assert other.hosting.messages == []


def test_a_member_who_did_not_ask_is_called_to_speak(desk: Desk) -> None:
    desk.hosting.assign(GD, "委员21")
    turn = desk.state.speaking
    assert turn is not None
    assert (turn.member_name, turn.unit_path, turn.status) == ("委员21", GD, FloorStatus.GRANTED)


def test_a_pause_stops_the_timer_and_closes_every_microphone(desk: Desk) -> None:
    before = desk.model.turn
    assert before is not None
    desk.hosting.pause()
    desk.center.passes(90)
    after = desk.model.turn
    assert after is not None
    assert after.spoken == before.spoken
    assert desk.state.sites_on_air == frozenset()
    assert desk.view._banner.kind == "paused"
    desk.hosting.resume()
    assert desk.state.sites_on_air
    assert desk.view._banner.kind == ""


def test_a_room_on_a_slow_line_reads_that_the_pictures_gave_way_for_the_sound(desk: Desk) -> None:
    live: Any = desk.model._live
    desk.model.take_media(True)
    for step, words in (
        (Step.THUMB, "网络较慢：画面已缩小，声音优先"),
        (Step.PAUSED, "网络较慢：部分画面已暂停，声音优先"),
        (Step.AUDIO, "网络很慢：画面已暂停，只保留声音"),
    ):
        live.line = step
        desk.model.tick()
        assert desk.view._banner.kind == "narrow"
        assert words in desk.view.findChild(MeetingBanner).findChildren(QWidget)[0].accessibleName()
    live.line = Step.MAIN
    desk.model.tick()
    assert desk.view._banner.kind == ""


def test_extending_moves_the_planned_end(desk: Desk) -> None:
    desk.hosting.extend_meeting()
    assert desk.state.planned_end is not None
    assert (desk.state.planned_end - NOW).total_seconds() == 900


def test_every_room_is_asked_for_its_consent_to_a_recording_and_shows_that_it_runs(qtbot: Any) -> None:
    desk = Desk(qtbot, BL)
    assert desk.center.does(HD, ask.Record(True)) == []
    assert desk.view._banner.kind == "consent"
    assert "会议正在录制" in desk.words()
    desk.hosting.consent(False)
    assert desk.view._banner.kind == ""
    assert desk.hosting.consents == (0, 1)
    assert desk.state.recording_since is not None


def test_a_city_conducts_its_counties_once_the_chair_lets_it(qtbot: Any) -> None:
    desk = Desk(qtbot, HZ, busy_state(NAMES, GD, HD, None))
    request = next(row for row in desk.model.queue if row.unit_path in (HD, BL))
    assert not desk.model.right(Act.HOLD).allowed
    assert desk.center.does(GD, ask.Delegate(HZ, True)) == []
    assert desk.model.right(Act.HOLD).allowed
    desk.model.hold(request.request_id)
    assert desk.center.refused == []
    assert not desk.model.right(Act.END).allowed


def test_an_absent_chair_is_taken_over_by_the_city_above_within_the_grace(qtbot: Any) -> None:
    desk = Desk(qtbot, HZ)
    assert not desk.model.right(Act.TAKE_CHAIR).allowed
    assert desk.center.does(HD, ask.Leave()) == []
    assert desk.view._banner.kind == "chair-away"
    desk.hosting.take_chair()
    assert desk.state.chair == HZ
    county = Desk(qtbot, BL)
    county.center.does(HD, ask.Leave())
    assert county.model.right(Act.TAKE_CHAIR).reason == "why.grace-runs"


def test_a_room_answers_an_electronic_roll_call_with_one_key(qtbot: Any) -> None:
    desk = Desk(qtbot, BL).open()
    assert desk.center.does(HD, ask.OpenRollCall(RollManner.ELECTRONIC, 60)) == []
    assert desk.view._banner.kind == "electronic"
    assert "剩余 01:00" in desk.view.findChild(MeetingBanner).findChildren(QWidget)[0].accessibleName()
    QTest.keyClick(desk.view, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    roll = desk.state.roll_calls[-1]
    answer = roll.answer_of(BL)
    assert answer is not None
    assert answer.status is RollStatus.ANSWERED
    assert desk.view._banner.kind == ""


def test_every_key_of_f1_does_something_and_no_key_is_missing_from_it(desk: Desk) -> None:
    bound = set(desk.view._acts())
    assert bound == {keys for keys, _ in MEETING_KEYS}
    shortcuts = {one.key().toString() for one in desk.view.findChildren(QShortcut)}
    assert len(shortcuts) >= len(bound)


def test_every_control_of_the_operator_view_has_an_accessible_name(desk: Desk) -> None:
    desk.view.grid.select(GD)
    desk.open()
    from PySide6.QtWidgets import QAbstractButton

    nameless = [
        type(button).__name__
        for button in desk.view.findChildren(QAbstractButton)
        if button.isVisibleTo(desk.view) and not (button.accessibleName() or button.text()).strip()
        and type(button).__name__ != "QToolButton"
    ]  # fmt: skip
    assert nameless == []


# 145 sites


def test_with_145_sites_a_change_is_on_the_screen_at_once_and_only_what_is_seen_is_painted(qtbot: Any) -> None:
    center = Conducted(GD, PROVINCE, big_meeting())
    view = MeetingView(center.model)
    qtbot.addWidget(view)
    view.resize(1440, 844)
    view.show()
    QApplication.processEvents()
    paths = [path for path in PROVINCE if path not in (GD, *DEAD)]
    spent = []
    for path in paths[:30]:
        begun = time.perf_counter()
        center.model.mute(path)
        QApplication.processEvents()
        spent.append(time.perf_counter() - begun)
    assert center.refused == []
    assert statistics.median(spent) < 0.06
    listed = view._roster.findChild(QListView)
    assert listed.model().rowCount() == len(PROVINCE)
    assert len(view.grid.tiles) <= 25


def test_a_site_is_found_by_the_initials_of_its_name_and_chosen_with_enter(qtbot: Any) -> None:
    center = Conducted(GD, PROVINCE, big_meeting())
    center.model._names = MeetingNames(initials={str(XN): "xn", str(LC): "lc"})
    view = MeetingView(center.model)
    qtbot.addWidget(view)
    with qtbot.waitActive(view, timeout=2_000):
        view.show()
        view.activateWindow()
    QTest.keyClick(view, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    box = QApplication.focusWidget()
    assert isinstance(box, QLineEdit)
    QTest.keyClicks(box, "xn")
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert view.grid.selection == XN


def test_the_lost_sites_are_one_press_away(qtbot: Any) -> None:
    center = Conducted(GD, PROVINCE, big_meeting())
    view = MeetingView(center.model)
    qtbot.addWidget(view)
    view._roster._toggle_lost()
    assert {row.unit_path for row in view._roster._rows.rows} == set(DEAD)
    view._roster._toggle_lost()
    assert len(view._roster._rows.rows) == len(PROVINCE)


# The roll call


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
    assert caller.model.written == str(tmp_path / "roll.xlsx")
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


def test_nine_sites_and_their_hosting_model_agree(qtbot: Any) -> None:
    center = Conducted(GD, NINE, busy_state(NINE, GD, XN, LC))
    hosting = HostingModel(center.model)
    assert hosting.may_be_delegated("100000/440000/441400/")
    assert not hosting.may_be_delegated(XN)
