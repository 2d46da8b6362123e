"""A chair conducts from one screen, under the real rules of the meeting."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from conducted import Conducted
from drawn import BL, GD, HD, HZ, NAMES, NINE, NOW, busy_state
from meeting_states import LC, XN
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QLineEdit, QWidget

from media.meeting import commands as ask
from media.meeting.model import FloorStatus, MeetingState
from media.meeting.roll_call import RollManner, RollStatus
from media.meeting.stage import Layout
from media.peers.ladder import Step
from ui.meeting.banner import MeetingBanner
from ui.meeting.keys import MEETING_KEYS
from ui.meeting.meeting_view import MeetingView
from ui.models.hosting_model import HostingModel
from ui.models.meeting_rights import Act
from ui.picture.geometry import GridLayout


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


def test_nine_sites_and_their_hosting_model_agree(qtbot: Any) -> None:
    center = Conducted(GD, NINE, busy_state(NINE, GD, XN, LC))
    hosting = HostingModel(center.model)
    assert hosting.may_be_delegated("100000/440000/441400/")
    assert not hosting.may_be_delegated(XN)
