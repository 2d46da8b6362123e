"""A chair orders the queue, shares out the time to speak, asks all sites a question, and chooses what others see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from conducted import Conducted
from drawn import BL, GD, HD, HZ, NAMES, busy_state
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QDialog, QFrame, QLabel, QLineEdit, QSpinBox, QWidget

from desktop_app.domain.meetings import MeetingMode
from desktop_app.domain.units import Level
from media.meeting import commands as ask
from media.meeting.inquiry import Stance
from media.meeting.model import FloorPurpose, FloorStatus, MeetingState
from media.meeting.picture import shown
from ui.meeting.banner import MeetingBanner
from ui.meeting.budget_dialog import BudgetDialog
from ui.meeting.inquiry_card import AnswersDialog, InquiryCard
from ui.meeting.meeting_view import MeetingView
from ui.meeting.poll_dialog import PollDialog
from ui.meeting.preview_dialog import PreviewDialog
from ui.meeting.site_dialog import SiteDialog
from ui.models.meeting_rows import QueueRow
from ui.widgets import Button


class Desk:
    """A terminal in a meeting of four sites that 惠东县 conducts, and its screen."""

    def __init__(self, qtbot: Any, own: Any = HD, state: MeetingState | None = None) -> None:
        self.center = Conducted(own, NAMES, state or busy_state(NAMES, HD, BL, None))
        self.model = self.center.model
        self.view = MeetingView(self.model, slides=self.center.seat.slides)
        qtbot.addWidget(self.view)
        self.view.resize(1440, 844)
        with qtbot.waitActive(self.view, timeout=20_000):
            self.view.show()
            self.view.activateWindow()
        self.hosting = self.view.hosting

    @property
    def state(self) -> MeetingState:
        return self.center.state

    def row(self, place: int) -> QueueRow:
        return self.model.queue[place - 1]

    def acts(self, place: int) -> dict[str, QAction]:
        """What the menu beside a request offers."""
        menu = self.view._floor.queue.menu_of(self.row(place))
        return {action.text(): action for action in menu.actions() if action.text()}

    def close(self) -> None:
        self.view.close()
        self.center.seat.slides.close()


@pytest.fixture
def desks(qtbot: Any) -> Iterator[Callable[..., Desk]]:
    made: list[Desk] = []

    def make(*args: Any, **how: Any) -> Desk:
        made.append(Desk(qtbot, *args, **how))
        return made[-1]

    yield make
    for desk in made:
        desk.close()


@pytest.fixture
def desk(desks: Callable[..., Desk]) -> Desk:
    return desks()


def answering(act: Callable[[QDialog], object], kind: type[QDialog]) -> None:
    """What is done with the dialog that opens next."""

    def go() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, kind)
        act(dialog)

    QTimer.singleShot(0, go)


def press(parent: QWidget, words: str) -> None:
    next(one for one in parent.findChildren(Button) if one.accessibleName() == words and one.isVisible()).click()


def names(desk: Desk) -> list[str]:
    return [row.member_name for row in desk.model.queue if not row.held]


def test_the_order_of_the_queue_is_changed_from_the_menu_beside_a_request(desk: Desk) -> None:
    before = names(desk)
    desk.acts(2)["上移一位"].trigger()
    assert names(desk) == before[::-1]
    assert not desk.acts(1)["上移一位"].isEnabled()
    assert not desk.acts(2)["下移一位"].isEnabled()
    desk.acts(2)["优先发言"].trigger()
    assert names(desk) == before, "whoever is preferred comes before all others"
    assert [turn.priority for turn in desk.state.queue] == [9, 0]
    desk.acts(1)["取消优先"].trigger()
    assert [turn.priority for turn in desk.state.queue] == [0, 0]


def test_a_question_is_interposed_and_the_turn_goes_on_with_its_time(desk: Desk) -> None:
    speaker = desk.model.speaking
    assert speaker is not None
    desk.center.passes(10)
    spoken = speaker.spoken_seconds(desk.model.center_now)
    desk.acts(1)["插问（现在的发言随后接着讲）"].trigger()
    assert desk.state.suspended is not None
    assert desk.state.suspended.request_id == speaker.request_id
    desk.center.passes(40)
    desk.model.release()
    assert desk.model.turn is not None
    assert desk.model.speaking is not None
    assert desk.model.speaking.request_id == speaker.request_id
    assert desk.model.turn.spoken == spoken, "its time stood still"


def test_a_request_can_be_declined_and_who_waits_for_nothing_reads_why(desk: Desk) -> None:
    desk.acts(1)["不同意发言"].trigger()
    assert desk.state.floor[1].status is FloorStatus.DENIED
    desk.model.release()
    interpose = desk.acts(1)["插问（现在的发言随后接着讲）"]
    assert not interpose.isEnabled()
    assert interpose.toolTip() == "现在没有人发言"


def test_a_budget_is_set_shows_what_is_left_and_limits_the_turn(desk: Desk, qtbot: Any) -> None:
    dialog = BudgetDialog(desk.hosting.queue, desk.view, GD)
    qtbot.addWidget(dialog)
    boxes = dialog.findChildren(QSpinBox)
    assert len(boxes) == 5, "four levels and the site"
    boxes[1].setValue(5)
    boxes[4].setValue(2)
    press_ok(dialog)
    assert {(one.unit_path, one.level, one.seconds) for one in desk.state.budgets} == {(None, 2, 300), (GD, 0, 120)}
    assert desk.hosting.queue.left(GD) == 120
    rows = [frame.accessibleName() for frame in desk.view._floor.queue.findChildren(QFrame)]
    assert any("余 02:00" in row for row in rows)
    row = next(row for row in desk.model.queue if row.unit_path == GD)
    desk.model.grant(row.request_id)
    assert desk.model.speaking is not None
    assert desk.model.speaking.limit_seconds == 120
    desk.center.passes(150)
    desk.model.release()
    assert [(one.unit_path, one.spent, one.left) for one in desk.hosting.queue.budgets][-1] == (GD, 150, 0)


def press_ok(dialog: QDialog) -> None:
    dialog.show()
    press(dialog, "确定")


def test_a_budget_that_is_used_up_refuses_in_words_and_can_be_passed_over(desk: Desk) -> None:
    told: list[Any] = []
    desk.model.noticed.connect(told.append)
    desk.hosting.queue.set_budget(None, Level.PROVINCE, 1)
    row = next(row for row in desk.model.queue if row.unit_path == GD)
    desk.model.grant(row.request_id)
    desk.center.passes(70)
    desk.center.does(GD, ask.RequestFloor("again", "p9", "委员09"))
    desk.model.grant("again")
    QApplication.processEvents()
    assert desk.center.refused == ["budget-spent"]
    place = next(row.position for row in desk.model.queue if row.request_id == "again")
    desk.acts(place)["时长已用完，仍然准许"].trigger()
    assert desk.model.speaking is not None
    assert desk.model.speaking.request_id == "again"


def test_all_sites_are_asked_and_the_count_stands_on_every_screen(desk: Desk, qtbot: Any) -> None:
    def ask_it(dialog: QDialog) -> None:
        edit = dialog.findChild(QLineEdit)
        assert edit is not None
        edit.setText("是否同意先行试点")
        QTest.keyClick(edit, Qt.Key.Key_Return)

    answering(ask_it, QDialog)
    QTest.keyClick(desk.view, Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier)
    assert desk.state.inquiry is not None
    key = desk.state.inquiry.inquiry_id
    card = desk.view.findChild(InquiryCard)
    assert card is not None
    assert card.isVisible()
    desk.center.does(GD, ask.AnswerInquiry(key, Stance.AGREE))
    desk.center.does(HZ, ask.AnswerInquiry(key, Stance.OTHER, "先做测算"))
    assert "赞成\u00a01 · 其他意见\u00a01 · 弃权\u00a00 · 未答\u00a01" in card.accessibleName()
    answers = AnswersDialog(desk.hosting.inquiry, None)
    qtbot.addWidget(answers)
    assert any(label.text() == "先做测算" for label in answers.findChildren(QLabel))
    desk.view._host_menu.ask_inquiry()
    assert desk.state.inquiry is None
    assert card.isVisible(), "the result stays to be read"


def test_a_room_that_is_asked_answers_from_its_banner_and_may_say_otherwise(desks: Callable[..., Desk]) -> None:
    room = desks(GD)
    room.center.does(HD, ask.OpenInquiry("q1", "是否同意先行试点"))
    banner = room.view.findChild(MeetingBanner)
    assert banner is not None
    assert banner.kind == "inquiry"
    press(banner, "赞成")
    assert room.hosting.inquiry.tally.agree == 1
    assert banner.kind != "inquiry"
    card = room.view.findChild(InquiryCard)
    assert card is not None
    other = next(action for action in card._own._menu.actions() if action.text() == "弃权")  # type: ignore[union-attr]  # it has a menu
    other.trigger()
    assert (room.hosting.inquiry.tally.agree, room.hosting.inquiry.tally.abstain) == (0, 1)
    assert not room.center.refused


def test_polling_goes_round_one_citys_sites_at_the_pace_that_was_set(desk: Desk, qtbot: Any) -> None:
    dialog = PollDialog(desk.hosting, desk.view)
    qtbot.addWidget(dialog)
    dialog._sites.setCurrentIndex(1)
    dialog._seconds.setValue(25)
    box = dialog.findChild(QCheckBox)
    assert box is not None
    box.setChecked(True)
    dialog.show()
    press(dialog, "开始轮询")
    polling = desk.state.polling
    assert polling is not None
    assert (polling.unit_paths, polling.interval_seconds, polling.everyone) == ((HZ, BL), 25, True)


def test_the_chair_chooses_what_another_room_sees_and_lets_it_follow_again(desk: Desk) -> None:
    desk.view.grid.select(GD)
    menu = desk.view._stage.menu

    def choose(dialog: QDialog) -> None:
        edit = dialog.findChild(QLineEdit)
        assert edit is not None
        edit.setText("博罗")
        QTest.keyClick(edit, Qt.Key.Key_Return)

    menu.fill()
    answering(choose, SiteDialog)
    next(action for action in menu.actions() if action.text() == "让该会场选看").trigger()
    assert desk.state.sites[GD].view == BL
    assert shown(replace(desk.state, floor=()), GD, desk.model.center_now) == BL
    menu.fill()
    next(action for action in menu.actions() if action.text() == "该会场恢复跟随会议").trigger()
    assert desk.state.sites[GD].view is None


def test_all_are_muted_with_a_reason_that_they_read(desk: Desk) -> None:
    def write(dialog: QDialog) -> None:
        edit = dialog.findChild(QLineEdit)
        assert edit is not None
        edit.setText("请先静听领导讲话")
        QTest.keyClick(edit, Qt.Key.Key_Return)

    answering(write, QDialog)
    desk.view._host_menu.ask_mute_all()
    assert {site.mute_reason for path, site in desk.state.sites.items() if path != HD} == {"请先静听领导讲话"}


def test_a_question_in_a_lecture_is_looked_at_before_it_goes_on_every_screen(desks: Callable[..., Desk]) -> None:
    state = busy_state(NAMES, HD, BL, None)
    question = replace(
        state.floor[1], purpose=FloorPurpose.QUESTION, place=1, sector="教育界", note="县一级数据人才不足怎么办？"
    )
    desk = desks(HD, replace(state, mode=MeetingMode.LECTURE, floor=(question,)))
    seen: list[str] = []

    def look(dialog: QDialog) -> None:
        seen.extend(label.text() for label in dialog.findChildren(QLabel))
        seen.append("granted" if desk.model.speaking is not None else "waits")
        dialog.reject()

    answering(look, PreviewDialog)
    QTest.keyClick(desk.view, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    assert seen[-1] == "waits"
    assert any("教育界" in word and question.member_name in word for word in seen)
    assert "县一级数据人才不足怎么办？" in seen
    assert desk.model.speaking is None, "Esc grants nothing"
    answering(lambda dialog: dialog.accept(), PreviewDialog)
    desk.view.grant_first()
    assert desk.model.speaking is not None
    assert desk.state.sites_on_air == {question.unit_path}, "a lecture has one source"


def test_every_further_act_is_grey_with_its_reason_for_a_room_that_does_not_conduct(desks: Callable[..., Desk]) -> None:
    room = desks(GD)
    menu = room.view._host_menu
    menu.fill()
    by_words = {action.text().partition("\t")[0]: action for action in menu.actions()}
    for words in ("发起征询", "发言时长", "轮询设置", "放映课件", "全体静音并说明原因"):
        assert not by_words[words].isEnabled()
        assert by_words[words].toolTip() == "由主席会场（惠东县政协）操作"
