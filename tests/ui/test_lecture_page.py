"""A room that follows a lecture: the locked microphone says why, and questions are asked for members who are there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from drawn import NINE, NOW
from meeting_states import ASKED, GD, GRANTED, LC, LESSON, XN
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel
from seated import Seat

from desktop_app.domain.faults import Fault
from media.meeting import commands as ask
from media.meeting.model import FloorStatus
from ui.meeting.lecture_view import LectureView
from ui.models.hosting_model import HostingModel
from ui.models.lecture_model import LectureMic, LectureModel, QuestionState
from ui.models.meeting_rights import Act
from ui.picture.grid import VideoGrid


class Hall:
    """兴宁市 in the audience of a lecture that 广东省 gives."""

    def __init__(self, own: Any = XN) -> None:
        self.seat = Seat(own, NINE)
        self.model = LectureModel(self.seat.model)


@pytest.fixture
def hall(qapp: QApplication) -> Hall:
    return Hall()


def active(view: LectureView, qtbot: Any) -> None:
    """Shown, with the keys."""
    with qtbot.waitActive(view, timeout=2_000):
        view.show()
        view.activateWindow()


def words(view: LectureView) -> str:
    return "\n".join(label.text() for label in view.findChildren(QLabel) if label.isVisibleTo(view))


def test_only_the_audience_of_a_lecture_gets_this_page(hall: Hall) -> None:
    hall.seat.enter(LESSON)
    assert hall.model.listening
    lecturer = Hall(GD)
    lecturer.seat.enter(LESSON)
    assert not lecturer.model.listening
    hall.seat.model.set_provincial(True)
    assert not hall.model.listening, "a provincial operator conducts"


def test_the_locked_microphone_says_why_and_what_to_do(hall: Hall, qtbot: Any) -> None:
    hall.seat.enter(LESSON)
    view = LectureView(hall.model, hall.seat.clock, HostingModel(hall.seat.model))
    qtbot.addWidget(view)
    assert hall.model.mic is LectureMic.LOCKED
    assert "麦克风已由主会场锁定" in words(view)
    assert "请在右侧登记" in words(view)


def test_once_allowed_the_card_names_who_may_speak_and_the_room_may_close_it(hall: Hall, qtbot: Any) -> None:
    hall.seat.enter(GRANTED)
    view = LectureView(hall.model, hall.seat.clock, HostingModel(hall.seat.model))
    qtbot.addWidget(view)
    active(view, qtbot)
    assert "请委员07发言" in words(view)
    assert hall.model.mic is LectureMic.OPEN
    QTest.keyClick(view, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: hall.model.mic is LectureMic.CLOSED_HERE, timeout=1_000)
    assert "本会场麦克风关着" in words(view)
    hall.model.end_question()
    assert hall.seat.live.asked == [ask.ReleaseFloor("r7")]


def test_only_members_who_signed_in_can_be_asked_for(hall: Hall) -> None:
    hall.seat.enter(LESSON)
    signed = {row["member"] for row in hall.seat.records.rows["attendance"] if row["status"] == "present"}
    assert {one.member_id for one in hall.model.members} == signed
    absent = next(one.member_id for one in hall.seat.model.people if not one.signed_in)
    with pytest.raises(Fault, match="member-not-signed-in"):
        hall.model.ask(absent)
    assert hall.seat.live.asked == []


def test_a_question_is_asked_by_keyboard_alone(hall: Hall, qtbot: Any) -> None:
    hall.seat.enter(LESSON)
    view = LectureView(hall.model, hall.seat.clock, HostingModel(hall.seat.model))
    qtbot.addWidget(view)
    active(view, qtbot)
    QTest.keyClick(view, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    box = view.findChild(QComboBox)
    assert box is not None
    assert box.currentIndex() == -1, "nobody is chosen before the clerk chooses"
    QTest.keyClick(box, Qt.Key.Key_Down)
    name = box.currentText().split(" ")[0]
    QTest.keyClick(box, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: bool(hall.seat.live.asked), timeout=1_000)
    asked = hall.seat.live.asked[0]
    assert isinstance(asked, ask.RequestFloor)
    assert asked.member_name == name
    assert box.currentIndex() == -1


def test_each_question_says_how_far_it_is(hall: Hall) -> None:
    hall.seat.enter(ASKED)
    assert [(one.member_name, one.state, one.position) for one in hall.model.questions] == [
        ("委员19", QuestionState.WAITING, 2),
        ("委员02", QuestionState.ASKED, 0),
    ]
    hall.model.withdraw(hall.model.questions[0])
    assert hall.seat.live.asked == [ask.CancelFloor("r19")]
    declined = tuple(replace(turn, status=FloorStatus.DENIED) for turn in ASKED.floor)
    hall.seat.model.take_state(replace(ASKED, floor=declined, seq=41), None)
    assert {one.state for one in hall.model.questions} == {QuestionState.DECLINED}


def test_a_question_written_down_offline_is_sent_once_when_the_link_returns(hall: Hall) -> None:
    hall.seat.enter(LESSON).cut()
    member = hall.model.members[2]
    hall.model.ask(member.member_id)
    with pytest.raises(Fault, match="floor-already-asked"):
        hall.model.ask(member.member_id)
    assert [(one.member_name, one.state) for one in hall.model.questions] == [(member.name, QuestionState.KEPT)]
    assert hall.seat.live.asked == []
    hall.seat.model.take_link(True)
    hall.seat.model.take_state(replace(LESSON, seq=41), None)
    asked = [command for command in hall.seat.live.asked if isinstance(command, ask.RequestFloor)]
    assert [command.member_id for command in asked] == [member.member_id]


def test_a_question_kept_here_can_be_withdrawn_before_it_is_sent(hall: Hall) -> None:
    hall.seat.enter(LESSON).cut()
    hall.model.ask(hall.model.members[0].member_id)
    hall.model.withdraw(hall.model.questions[0])
    hall.seat.model.take_link(True)
    assert hall.seat.live.asked == []


def test_the_picture_is_the_lecturers_and_while_a_question_is_asked_the_askers(hall: Hall, qtbot: Any) -> None:
    hall.seat.enter(LESSON)
    view = LectureView(hall.model, hall.seat.clock, HostingModel(hall.seat.model))
    qtbot.addWidget(view)
    view.show()
    assert [tile.unit_path for tile in view.grid.tiles] == [GD]
    hall.seat.model.take_state(GRANTED, None)
    assert [tile.unit_path for tile in view.grid.tiles] == [XN, GD]
    assert GRANTED.floor[0].granted_at is not None
    assert GRANTED.floor[0].granted_at < NOW
    aired = next(path for path in NINE if path not in (GD, XN, LC))
    hall.seat.model.take_state(replace(LESSON, broadcast=aired), None)
    assert [tile.unit_path for tile in view.grid.tiles] == [aired, GD]


def test_a_provincial_operator_conducts_without_the_chair_and_only_below_the_own_province(hall: Hall) -> None:
    seat = Seat(GD, NINE)
    seat.enter(replace(LESSON, host=XN, chair=XN, floor=ASKED.floor))
    assert seat.model.right(Act.GRANT).reason == "why.chair-only"
    seat.model.set_provincial(True)
    assert seat.model.right(Act.GRANT).allowed
    assert not seat.model.right(Act.RELEASE_CHAIR).allowed
    county = Seat(XN, NINE)
    county.model.set_provincial(True)
    county.enter(replace(LESSON, host=GD, chair=GD))
    assert not county.model.right(Act.END).allowed


def test_the_lecture_page_that_nobody_sees_takes_no_picture_from_the_meeting_page(hall: Hall, qtbot: Any) -> None:
    hall.seat.enter(LESSON)
    model = hall.seat.model
    behind = LectureView(hall.model, hall.seat.clock, HostingModel(model))
    qtbot.addWidget(behind)
    front = VideoGrid(model.source, hall.seat.clock)
    qtbot.addWidget(front)
    front.resize(640, 480)
    front.set_tiles(behind.grid.tiles)
    front.show()
    assert min(hall.seat.live.source(GD).wanted) > 0
    hall.seat.model.take_state(GRANTED, None)
    assert [tile.unit_path for tile in behind.grid.tiles] == [XN, GD]
    assert min(hall.seat.live.source(GD).wanted) > 0
