"""设置, 声音和画面: what may be chosen, how loud it is, what happens when a device goes away."""

from pathlib import Path
from typing import Any

import pytest
from office_stage import Terminal
from PySide6.QtCore import Qt

from desktop_app.domain.faults import HostFault
from ui.i18n import fault_text, t
from ui.models.meeting_model import MeetingModel
from ui.models.room_devices_model import RoomDevicesModel
from ui.services import DeviceKind
from ui.shell.room_devices_card import RoomDevicesCard


class Page:
    """The card over a room's desk."""

    def __init__(self, folder: Path) -> None:
        self.terminal = Terminal(folder)
        self.desk = self.terminal.room_devices
        self.meeting = MeetingModel(self.terminal.services)
        self.model = RoomDevicesModel(self.terminal.services, self.meeting)
        self.card = RoomDevicesCard(self.model)

    def lines(self, kind: DeviceKind) -> list[str]:
        box = self.card.boxes[kind]
        return [box.itemText(place) for place in range(box.count())]


@pytest.fixture
def page(tmp_path: Path, qtbot: Any) -> Any:
    page = Page(tmp_path)
    qtbot.addWidget(page.card)
    yield page
    page.model.close()
    page.terminal.close()


def test_a_device_that_is_plugged_in_is_in_the_list_at_once(page: Page, qtbot: Any) -> None:
    assert page.lines(DeviceKind.MICROPHONE) == ["自动选择", "会议话筒 1（USB）", "内置模拟话筒", "不用（不发声音）"]
    new = type(page.desk.found[DeviceKind.MICROPHONE][0])("headset", "耳机")
    page.desk.found[DeviceKind.MICROPHONE].append(new)
    page.desk.stir()
    qtbot.waitUntil(lambda: "耳机" in page.lines(DeviceKind.MICROPHONE), timeout=20_000)


def test_what_is_chosen_is_kept_by_its_id(page: Page, qtbot: Any) -> None:
    box = page.card.boxes[DeviceKind.SPEAKER]
    box.setCurrentIndex(2)
    box.activated.emit(2)
    assert page.desk.settings[DeviceKind.SPEAKER].setting == "line"
    assert page.card.boxes[DeviceKind.SPEAKER].currentText() == "内置音频"


def test_a_chosen_device_that_is_away_stays_chosen_and_one_sentence_says_what_is_used(page: Page, qtbot: Any) -> None:
    page.desk.pull_out(DeviceKind.MICROPHONE)
    box = page.card.boxes[DeviceKind.MICROPHONE]
    qtbot.waitUntil(lambda: box.currentText() == "会议话筒 1（USB）（已断开）", timeout=20_000)
    note = page.card._notes[DeviceKind.MICROPHONE]
    assert note.text() == t("set.stands_in", "内置模拟话筒")
    assert not page.card._beside[DeviceKind.MICROPHONE].isHidden()


def test_the_devices_are_open_while_somebody_looks_and_let_go_of_after(page: Page, qtbot: Any) -> None:
    assert page.desk.tried == 0
    page.card.show()
    assert page.desk.tried == 1
    qtbot.waitUntil(lambda: page.card.meter.lit > 10 and page.card.picture.has_picture, timeout=20_000)
    page.desk.level = 0.0
    qtbot.waitUntil(lambda: page.card.meter.lit == 0, timeout=20_000)
    page.card.hide()
    assert page.desk.closed == 1


def test_a_tone_is_played_and_a_loudspeaker_that_does_not_play_it_is_told(page: Page, qtbot: Any) -> None:
    page.card.show()
    qtbot.mouseClick(page.card.tone, Qt.MouseButton.LeftButton)
    assert page.desk.tones == 1
    assert page.model.fault is None
    page.desk.tone_fault = HostFault("speaker-lost")
    qtbot.mouseClick(page.card.tone, Qt.MouseButton.LeftButton)
    assert page.card._fault.text() == fault_text(HostFault("speaker-lost"))
    assert page.card.tone.isEnabled()


def test_one_sentence_tells_of_a_stand_in_and_one_of_the_return(page: Page) -> None:
    told: list[Any] = []
    page.meeting.noticed.connect(told.append)
    page.meeting.take_fault(HostFault("microphone-replaced", device="会议话筒 1", now="内置"))
    page.meeting.take_fault(HostFault("microphone-returned", device="会议话筒 1"))
    assert fault_text(told[0].fault) == "麦克风“会议话筒 1”断开了，会议继续，现在用“内置”。插好后自动换回来。"
    assert t(told[1].key, *told[1].values) == "“会议话筒 1”已接回，重新使用"
    assert len(told) == 2
