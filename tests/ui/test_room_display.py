"""The room's second screen: what it says, at which sizes, and that it never covers the operator's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from drawn import NINE
from meeting_states import BEFORE, BUSY, BUSY_PAGE, GD, LC, LONG, XN, late
from PySide6.QtCore import QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication
from seated import Seat

from media.frames import Frame, FrameSlot
from media.meeting.model import MeetingPhase
from media.meeting.stage import Layout
from ui.i18n import set_language
from ui.meeting.room_paint import RoomPainter
from ui.meeting.room_window import RoomWindow
from ui.models.room_model import RoomContent, RoomModel, RoomScene
from ui.models.turn_clock import TurnStage
from ui.picture.shared_source import SharedSource
from ui.services import DoorView
from ui.shell.room_screen import room_screen
from ui.theme.tokens import DARK, LIGHT


class Room:
    """The second screen of 兴宁市 in a drawn meeting of nine sites."""

    def __init__(self) -> None:
        self.seat = Seat(XN, NINE)
        self.model = RoomModel(self.seat.model, self.seat.services)


@pytest.fixture
def room(qapp: QApplication) -> Room:
    return Room()


def test_the_caption_names_the_member_and_not_the_room(room: Room) -> None:
    room.seat.enter(BUSY)
    shown = room.model.picture
    assert shown.scene is RoomScene.RUNNING
    assert shown.caption is not None
    assert (shown.caption.name, shown.caption.site, shown.caption.sector) == ("委员03", "兴宁市政协", "农业和农村界")
    assert shown.on_air
    assert shown.following is not None
    assert shown.following.name == "委员05"


def test_the_room_reads_who_is_here_the_item_and_the_time_left(room: Room) -> None:
    room.seat.enter(BUSY)
    shown = room.model.picture
    assert (shown.tally.present, shown.tally.expected) == (27, 42)
    assert (shown.agenda_at, shown.agenda_count, shown.agenda_title) == (2, 4, "市县会场发言")
    assert shown.agenda_next == "省直部门回应"
    assert shown.turn is not None
    assert shown.turn.left == 222
    room.seat.clock.move(50)
    shown = room.model.picture
    assert shown.turn is not None
    assert shown.turn.stage is TurnStage.WARN_LONG, "the room is warned as the operator is"


def test_a_signature_at_the_door_reaches_the_rooms_screen(room: Room, qtbot: Any) -> None:
    room.seat.enter(BUSY)
    before = room.model.picture.tally.present
    signed = {row["member"] for row in room.seat.records.rows["attendance"]}
    member = next(row["member"] for row in room.seat.records.rows["roster_entry"] if row["member"] not in signed)
    room.seat.records.rows["attendance"].append(
        {**room.seat.records.rows["attendance"][0], "pk": "new", "member": member, "status": "present"}
    )
    room.seat.records.tell({("sign_in", "new")})
    qtbot.waitUntil(lambda: room.model.picture.tally.present == before + 1, timeout=3_000)


def test_before_the_meeting_the_room_counts_down(room: Room) -> None:
    room.seat.enter(BEFORE)
    assert room.model.picture.scene is RoomScene.WAITING
    assert room.model.picture.starts_in == 480
    room.seat.clock.move(600)
    assert room.model.picture.starts_in == 0


def test_a_cut_freezes_the_picture_for_three_seconds_and_then_says_so(room: Room) -> None:
    room.seat.enter(BUSY)
    room.seat.model.take_link(False)
    room.seat.model.take_media(False)
    room.seat.clock.move(2)
    assert room.model.scene is RoomScene.RUNNING
    room.seat.clock.move(2)
    assert room.model.scene is RoomScene.OFFLINE
    room.seat.model.take_link(True)
    assert room.model.scene is RoomScene.RUNNING


def test_privacy_comes_before_everything_and_shows_nobody(room: Room, qtbot: Any) -> None:
    room.seat.enter(BUSY)
    window = RoomWindow(room.model, room.seat.clock)
    qtbot.addWidget(window)
    window.show()
    source = room.seat.live.sources["local"]
    assert source.wanted[0] > 0
    room.model.show(RoomContent.HIDDEN)
    assert room.model.scene is RoomScene.HIDDEN
    assert source.wanted == (0, 0), "a hidden screen decodes nothing"
    room.seat.cut()
    assert room.model.scene is RoomScene.HIDDEN


def test_the_plate_is_for_whoever_speaks_and_a_notice_needs_words(room: Room) -> None:
    room.seat.enter(BUSY)
    room.model.show(RoomContent.NOTICE, "   ")
    assert room.model.scene is RoomScene.RUNNING
    room.model.show(RoomContent.PLATE)
    assert room.model.scene is RoomScene.PLATE
    room.seat.model.take_state(replace(BUSY, floor=(), seq=41), None)
    assert room.model.scene is RoomScene.RUNNING
    room.model.show(RoomContent.NOTICE, "休息十五分钟")
    assert (room.model.scene, room.model.picture.notice) == (RoomScene.NOTICE, "休息十五分钟")


def test_the_picture_follows_whoever_is_on_air(room: Room, qtbot: Any) -> None:
    room.seat.enter(BUSY)
    window = RoomWindow(room.model, room.seat.clock)
    qtbot.addWidget(window)
    window.show()
    assert room.seat.live.sources["local"].wanted[0] > 0
    room.seat.model.take_state(replace(BUSY, floor=(), seq=41), None)
    assert room.seat.live.sources["local"].wanted == (0, 0)
    assert room.seat.live.sources[GD].wanted[0] > 0
    qtbot.waitUntil(lambda: window._image is not None, timeout=2_000)


def test_an_end_is_said_to_the_room(room: Room) -> None:
    room.seat.enter(BUSY)
    room.seat.model.state = replace(BUSY, phase=MeetingPhase.ENDED)
    assert room.model.scene is RoomScene.ENDED


def test_one_site_shown_in_two_places_is_decoded_once_at_the_larger_size() -> None:
    slot = FrameSlot()
    shared = SharedSource(slot)
    grid, big = shared.view(), shared.view()
    grid.want(380, 214)
    big.want(1264, 712)
    assert slot.wanted == (1264, 712)
    big.want(0, 0)
    assert slot.wanted == (380, 214)
    frame = Frame(memoryview(bytes(16)), 2, 2, 8, 1.0, 1)
    slot.put(frame)
    assert grid.latest() is big.latest() is frame


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080), (3840, 2160), (1280, 1024)])
def test_sizes_follow_the_height_and_nothing_leaves_the_screen(qtbot: Any, size: tuple[int, int]) -> None:
    painter = RoomPainter(QSize(*size))
    frame = painter.frame
    assert frame.x >= 0
    assert frame.right < size[0]
    assert frame.bottom < size[1]
    assert frame.height == pytest.approx(712 * size[1] / 1080, abs=2)
    assert painter._font(36).pixelSize() == round(36 * size[1] / 1080)


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_long_name_stands_on_two_lines_and_stays_above_the_floor_of_36_pixels(
    room: Room, qtbot: Any, language: str
) -> None:
    set_language(language)
    turn = replace(BUSY.floor[0], member_name="阿卜杜热西提·麦合木提江")
    room.seat.enter(replace(BUSY, floor=(turn, *BUSY.floor[1:])))
    window = RoomWindow(room.model, room.seat.clock)
    qtbot.addWidget(window)
    window.resize(1920, 1080)
    window.show()
    drawn: list[tuple[str, int, int]] = []

    def note(_p: Any, box: QRect, text: str, size: int, *how: Any, **more: Any) -> None:
        bold, serif = len(how) > 2 and how[2], more.get("serif", False)
        least = more.get("least") or min(size, 36)
        while size > least and painter._advance(text, size, bold=bold, serif=serif) > box.width() + 3:
            size -= 2
        drawn.append((text, size, painter._advance(text, size, bold=bold, serif=serif) - box.width()))

    painter = window._painter
    painter._words = note  # type: ignore[method-assign]  # its words are heard here
    window.grab()
    assert [text for text, _, over in drawn if over > 3] == []
    assert min(size for text, size, _ in drawn if "麦克风" not in text and "Micro" not in text) >= 36


class Monitor:
    """A screen at a place."""

    def __init__(self, *place: int) -> None:
        self._place = QRect(*place)

    def geometry(self) -> QRect:
        return self._place


def test_the_rooms_screen_is_never_the_operators() -> None:
    own, second = Monitor(0, 0, 1440, 900), Monitor(1440, 0, 1920, 1080)
    mirrored = Monitor(0, 0, 1440, 900)
    assert room_screen([own, second], own) is second
    assert room_screen([second, own], own) is second
    assert room_screen([own], own) is None
    assert room_screen([own, mirrored], own) is None, "a mirrored screen shows the operator's work"
    assert room_screen([own], None) is None


def test_the_display_takes_neither_focus_nor_mouse(room: Room, qtbot: Any) -> None:
    window = RoomWindow(room.model, room.seat.clock)
    qtbot.addWidget(window)
    assert window.focusPolicy() is Qt.FocusPolicy.NoFocus
    assert window.testAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    assert window.windowFlags() & Qt.WindowType.WindowDoesNotAcceptFocus
    assert window.cursor().shape() is Qt.CursorShape.BlankCursor
    assert window.windowTitle() == "会场大屏"


def test_the_red_of_on_air_is_the_only_solid_red(room: Room, qtbot: Any) -> None:
    room.seat.enter(BUSY)
    window = RoomWindow(room.model, room.seat.clock)
    qtbot.addWidget(window)
    window.resize(1920, 1080)
    window.show()
    frame = window._painter.frame
    shot = window.grab().toImage()
    assert shot.pixelColor(frame.x + 6, frame.bottom - 60) == QColor("#C42B20")
    room.seat.model.take_state(replace(BUSY, floor=(), chair=LC, seq=41), None)
    assert not room.model.picture.on_air


class OpenDoor(QObject):
    """A `DoorModel` whose code is on the screen."""

    changed = Signal()
    possible = True

    def __init__(self) -> None:
        super().__init__()
        self.view: DoorView | None = None
        self.opened: list[str] = []

    def open(self, meeting: str, _title: str) -> None:
        self.opened.append(meeting)
        self.view = DoorView("http://192.168.1.20:8480/s/7QK2M9XA", 50)
        self.changed.emit()


def test_the_sign_in_code_fills_the_rooms_screen_while_the_door_is_open(qtbot: Any) -> None:
    seat, door = Seat(XN, NINE), OpenDoor()
    model = RoomModel(seat.model, seat.services, door=door)  # type: ignore[arg-type]  # all of a door that it asks for
    seat.enter(BUSY)
    model.show(RoomContent.SIGN_IN)
    assert door.opened == ["m"]
    assert (model.scene, model.picture.code) == (RoomScene.SIGN_IN, "http://192.168.1.20:8480/s/7QK2M9XA")
    window = RoomWindow(model, seat.clock)
    qtbot.addWidget(window)
    window.resize(1920, 1080)
    window.show()
    shot = window.grab().toImage()
    assert shot.pixelColor(100, 200) == QColor("#FFFFFF"), "the quiet margin of the code"
    door.view = None
    door.changed.emit()
    assert model.scene is RoomScene.RUNNING
    model.close()


def test_the_rooms_display_has_a_scheme_of_its_own_and_changes_at_once(room: Room, qtbot: Any) -> None:
    room.seat.enter(BUSY)
    window = RoomWindow(room.model, room.seat.clock)
    qtbot.addWidget(window)
    window.resize(960, 540)
    window.show()
    ground = window.grab().toImage().pixelColor(5, 530)
    assert ground == QColor(DARK.sunken)
    room.model.choose_light(True)
    assert window.grab().toImage().pixelColor(5, 530) == QColor(LIGHT.win)


SCENES = {
    "busy": (BUSY, RoomContent.PICTURE),
    "over": (late(BUSY, 260), RoomContent.PICTURE),
    "long": (LONG, RoomContent.PICTURE),
    "slides": (BUSY_PAGE, RoomContent.PICTURE),
    "long-slides": (replace(LONG, slide=BUSY_PAGE.slide, layout=Layout.CONTENT), RoomContent.PICTURE),
    "before": (BEFORE, RoomContent.PICTURE),
    "plate": (LONG, RoomContent.PLATE),
    "notice": (BUSY, RoomContent.NOTICE),
    "sign-in": (BUSY, RoomContent.SIGN_IN),
    "hidden": (BUSY, RoomContent.HIDDEN),
}
STATUS = 28
"""Lines of 1080 for the one status line; nobody has to act on it."""
ACTED_ON = 36
HIGH_MM = {55: 685.0, 65: 809.0}
"""How high a 16:9 screen of so many inches is."""


@pytest.mark.parametrize("lines", [1080, 2160])
@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("scene", SCENES)
def test_everything_is_read_from_six_metres(
    qtbot: Any, monkeypatch: pytest.MonkeyPatch, scene: str, language: str, lines: int
) -> None:
    """A character wants about 1/200 of the distance at best and 1/270 at least (13 minutes of arc)."""
    set_language(language)
    state, content = SCENES[scene]
    seat, door = Seat(XN, NINE), OpenDoor()
    model = RoomModel(seat.model, seat.services, slides=seat.slides, door=door)  # type: ignore[arg-type]  # all of a door that it asks for
    seat.place(state).enter(state)
    model.show(content, "会议休息十五分钟，请各会场于 11:00 前回到座位。")
    painter = RoomPainter(QSize(lines * 16 // 9, lines), DARK)
    sizes: dict[str, int] = {}

    class Canvas(QPainter):
        def drawText(self, *how: Any) -> Any:
            words = how[-1]
            if words.strip():
                sizes[words] = min(self.font().pixelSize(), sizes.get(words, 10_000))
            return super().drawText(*how)

    image = QImage(QSize(lines * 16 // 9, lines), QImage.Format.Format_RGB32)
    canvas = Canvas(image)
    painter.paint(canvas, model.picture, None, None)
    canvas.end()
    seat.slides.close()
    model.close()
    scale = lines / 1080
    status = {words for words in sizes if "麦克风" in words or "icrophone" in words}
    assert sizes
    assert min(sizes.values()) >= STATUS * scale
    small = {words: size for words, size in sizes.items() if words not in status and size < ACTED_ON * scale}
    assert small == {}
    for inches, high in HIGH_MM.items():
        smallest = min(size for words, size in sizes.items() if words not in status)
        assert smallest / lines * high >= 6_000 / 270, f"{inches} inches"
