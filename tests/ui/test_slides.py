"""Slides: turned for everybody at once, made here at the size they are shown at, and never the end of the program."""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from conducted import Conducted
from drawn import BL, GD, HD, NAMES, NINE, busy_state
from meeting_states import BUSY, BUSY_PAGE, LATE_PAGE, LESSON_PAGE, XN
from placed import PlacedMaterial, drawn_pdf
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QListWidget
from seated import Seat

from desktop_app.domain.faults import OperatorError, PeerFault
from media.meeting import commands as ask
from media.meeting.stage import Layout
from ui.meeting.lecture_view import LectureView
from ui.meeting.material_dialog import MaterialDialog
from ui.meeting.meeting_view import MeetingView
from ui.meeting.room_window import RoomWindow
from ui.models.hosting_model import HostingModel
from ui.models.lecture_model import LectureModel
from ui.models.meeting_news import Notice
from ui.models.room_model import RoomContent, RoomModel, RoomScene
from ui.models.slide_model import SlideModel, SlideState
from ui.picture.pages import ON_PAGES_THREAD, PageKey, render
from ui.widgets import Button

WAIT = 20_000
BAR = 0xFF1F4A78
"""The colour of the edge of every drawn page."""


@pytest.fixture
def seats(qapp: QApplication) -> Iterator[list[Any]]:
    """Whatever has slides: their threads end with the test."""
    made: list[Any] = []
    yield made
    for one in made:
        one.slides.close()


def seated(seats: list[Any], state: Any, own: Any = XN) -> Seat:
    seat = Seat(own, NINE).place(state)
    seats.append(seat)
    return seat.enter(state)


def shown(model: SlideModel, qtbot: Any, width: int = 640, height: int = 360) -> QImage:
    """The page, once it is made at this size."""

    def there() -> bool:
        picture = model.picture(width, height)
        return picture is not None and max(picture.width() / width, picture.height() / height) > 0.99

    qtbot.waitUntil(there, timeout=WAIT)
    picture = model.picture(width, height)
    assert picture is not None
    return picture


class Lectern:
    """惠东县 in the chair, with a file of its own, under the real rules."""

    def __init__(self, qtbot: Any, seats: list[Any]) -> None:
        self.qtbot = qtbot
        self.center = Conducted(HD, NAMES, busy_state(NAMES, HD, BL, None))
        self.seat = self.center.seat
        seats.append(self.seat)
        self.desk, self.slides = self.seat.desk, self.seat.slides
        self.desk.put("县域医疗.pdf", drawn_pdf(5))
        self.notices: list[Notice] = []
        self.center.model.noticed.connect(self.notices.append)

    def present(self) -> None:
        material = self.slides.material()
        material.load()
        self.slides.present(material.slides[0])
        material.close()
        self.qtbot.waitUntil(lambda: self.slides.slide is not None, timeout=WAIT)


@pytest.fixture
def lectern(qtbot: Any, seats: list[Any]) -> Lectern:
    return Lectern(qtbot, seats)


def test_the_chair_shows_a_file_turns_its_pages_and_takes_it_away(lectern: Lectern) -> None:
    lectern.present()
    slide = lectern.center.state.slide
    assert slide is not None
    assert (slide.page, slide.pages, slide.title) == (1, 5, "县域医疗")
    assert lectern.center.state.layout is Layout.CONTENT
    lectern.slides.turn(1)
    lectern.slides.go(4)
    assert lectern.center.state.slide is not None
    assert lectern.center.state.slide.page == 4
    lectern.slides.go(6)
    lectern.slides.turn(9)
    assert lectern.center.state.slide.page == 4, "there is no such page"
    lectern.slides.stop()
    assert lectern.center.state.slide is None
    assert not lectern.center.refused


def test_a_page_is_on_the_screen_well_within_two_seconds_of_the_turn(lectern: Lectern, qtbot: Any) -> None:
    lectern.present()
    shown(lectern.slides, qtbot)
    lags = []
    for page in (2, 3, 4, 5):
        began = time.monotonic()
        lectern.slides.go(page)
        shown(lectern.slides, qtbot)
        lags.append(time.monotonic() - began)
        assert lectern.slides.lag_s is not None
    assert statistics.median(lags) < 3 * 2.0


def test_pages_are_made_off_the_window_thread_and_at_the_size_they_are_shown_at(
    lectern: Lectern, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = set()

    def content(sha256: str) -> bytes:
        threads.add(threading.current_thread())
        return PlacedMaterial.content(lectern.desk, sha256)

    monkeypatch.setattr(lectern.desk, "content", content)
    lectern.present()
    small, large = shown(lectern.slides, qtbot, 320, 180), shown(lectern.slides, qtbot, 1264, 712)
    assert small.width() in range(316, 322)
    assert large.height() in range(706, 714)
    assert threads
    assert threading.main_thread() not in threads
    assert small.pixel(1, 90) == BAR
    assert large.pixel(2, 300) == BAR


def test_a_late_comer_sees_the_page_that_is_shown_now(seats: list[Any], qtbot: Any) -> None:
    seat = seated(seats, LESSON_PAGE)
    assert seat.slides.page == 2
    shown(seat.slides, qtbot)
    assert seat.slides.state is SlideState.SHOWN
    assert seat.desk.followed[-1] == ("m", LESSON_PAGE.slide.document if LESSON_PAGE.slide else "")


def test_a_room_without_the_file_says_so_and_shows_it_as_soon_as_it_came(seats: list[Any], qtbot: Any) -> None:
    seat = seated(seats, LATE_PAGE)
    assert seat.slides.picture(640, 360) is None
    qtbot.waitUntil(lambda: seat.slides.state is SlideState.FETCHING, timeout=WAIT)
    seat.model.take_link(False)
    assert seat.slides.state is SlideState.WAITING
    seat.model.take_link(True)
    seat.desk.arrive()
    shown(seat.slides, qtbot)
    assert seat.slides.state is SlideState.SHOWN


def test_a_room_may_look_at_another_page_and_go_back_to_the_lecturers(seats: list[Any], qtbot: Any) -> None:
    seat = seated(seats, LESSON_PAGE)
    seat.slides.look(1)
    assert (seat.slides.page, seat.slides.follows) == (3, False)
    seat.slides.look(5)
    assert seat.slides.page == 3, "the last page"
    seat.slides.follow()
    assert (seat.slides.page, seat.slides.follows) == (2, True)
    seat.slides.look(-1)
    seat.slides.look(1)
    assert seat.slides.follows, "back on the lecturer's page by turning"
    assert not seat.live.asked, "nobody else's page was turned"


def test_the_rooms_screen_stays_with_the_lecturer_while_the_operator_looks_around(seats: list[Any], qtbot: Any) -> None:
    seat = seated(seats, LESSON_PAGE)
    follow = dict.fromkeys((2, 3))
    for page in follow:
        seat.slides.look(page - seat.slides.page)
        follow[page] = shown(seat.slides, qtbot, 640, 360)
    assert follow[2] != follow[3]
    assert seat.slides.page == 3
    assert seat.slides.picture(640, 360, follow=True) == follow[2]


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\nno more than that", b"\x00" * 5_000])
def test_what_is_no_pdf_is_said_to_be_unreadable_and_the_meeting_goes_on(
    seats: list[Any], qtbot: Any, content: bytes
) -> None:
    seat = Seat(XN, NINE)
    seats.append(seat)
    slide = LESSON_PAGE.slide
    assert slide is not None
    seat.desk.put("damaged.pdf", content, sha256=slide.document)
    seat.enter(LESSON_PAGE)
    seat.slides.picture(640, 360)
    qtbot.waitUntil(lambda: seat.slides.state is SlideState.UNREADABLE, timeout=WAIT)


def on_the_pages_thread(act: Callable[[], object]) -> None:
    """PDFium allows one thread, in a test too."""
    ON_PAGES_THREAD.submit(act).result()


def test_a_page_that_the_file_does_not_have_is_a_fault_like_any_other(qapp: QApplication) -> None:
    content = drawn_pdf(2)
    on_the_pages_thread(lambda: of_two_pages(content))


def of_two_pages(content: bytes) -> None:
    document = pypdfium2.PdfDocument(content)
    with pytest.raises(PeerFault, match="slides-unreadable"):
        render(document, PageKey("x", 3, 640, 360))
    assert render(document, PageKey("x", 2, 1, 1)).width() >= 1
    document.close()


def test_damaged_files_are_only_ever_a_fault(qapp: QApplication) -> None:
    """200 files with a few wrong bytes, or cut off somewhere."""
    whole = drawn_pdf(2)
    on_the_pages_thread(lambda: damaged(whole))


def damaged(whole: bytes) -> None:
    chance = random.Random(20261122)
    for _ in range(200):
        wrong = bytearray(whole)
        for _ in range(chance.randint(1, 12)):
            wrong[chance.randrange(len(wrong))] = chance.randrange(256)
        if chance.random() < 0.4:
            del wrong[chance.randrange(len(wrong)) :]
        try:
            document = pypdfium2.PdfDocument(bytes(wrong))
        except pypdfium2.PdfiumError:
            continue
        with suppress(PeerFault):
            assert not render(document, PageKey("x", 1, 64, 36)).isNull()
        document.close()


def test_an_operator_sees_the_slides_above_the_speaker_and_turns_them_by_keyboard(lectern: Lectern, qtbot: Any) -> None:
    view = MeetingView(lectern.center.model, slides=lectern.slides)
    qtbot.addWidget(view)
    view.resize(1440, 844)
    with qtbot.waitActive(view, timeout=WAIT):
        view.show()
        view.activateWindow()
    stage = view._stage
    assert stage.pane is not None
    assert not stage.pane.isVisible()
    lectern.present()
    assert stage.pane.isVisible()
    assert view.grid.tiles[0].unit_path == str(lectern.center.model.large)
    QTest.keyClick(view, Qt.Key.Key_PageDown, Qt.KeyboardModifier.ControlModifier)
    assert lectern.center.state.slide is not None
    assert lectern.center.state.slide.page == 2
    assert stage.pane.canvas.accessibleName().startswith("课件，第 2 页，共 5 页")
    QTest.keyClick(view, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    assert not stage.pane.isVisible(), "the operator's own choice"
    QTest.keyClick(view, Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    assert stage.pane.isVisible()
    view.close()


def test_an_audience_sees_slides_large_and_the_lecturer_beside_the_questions(seats: list[Any], qtbot: Any) -> None:
    seat = seated(seats, LESSON_PAGE)
    view = LectureView(LectureModel(seat.model), seat.clock, HostingModel(seat.model), slides=seat.slides)
    qtbot.addWidget(view)
    view.resize(1366, 712)
    view.show()
    assert view.pane is not None
    assert view.pane.isVisible()
    assert view.grid.mapTo(view, QPoint()).x() > view.pane.mapTo(view, QPoint()).x() + view.pane.width()
    assert view.grid.height() < view.pane.height() / 2
    view._choice._choose("speaker")
    assert not view.pane.isVisible()
    qtbot.waitUntil(lambda: view.grid.width() > 600, timeout=WAIT)
    seat.model.take_state(BUSY, None)
    assert not view._choice.isVisible()
    view.close()


def test_the_room_reads_the_page_the_speaker_and_the_time(seats: list[Any], qtbot: Any) -> None:
    seat = seated(seats, BUSY_PAGE)
    model = RoomModel(seat.model, seat.services, slides=seat.slides)
    assert model.scene is RoomScene.CONTENT
    window = RoomWindow(model, seat.clock)
    qtbot.addWidget(window)
    window.resize(1920, 1080)
    window.show()
    frame, small = window._painter.frame, window._painter.small_frame

    def edge_is_painted() -> bool:
        return window.grab().toImage().pixel(frame.x + 6, frame.y + frame.height // 2) == BAR

    qtbot.waitUntil(edge_is_painted, timeout=WAIT)
    source = seat.live.sources["local"]
    assert source.wanted == (small.width, small.height), "the speaker beside it, no larger than it is painted"
    seat.model.take_state(BUSY, None)
    assert model.scene is RoomScene.RUNNING
    model.close()


def test_a_room_may_choose_the_slides_although_the_meeting_shows_the_pictures(seats: list[Any]) -> None:
    seat = seated(seats, replace(BUSY_PAGE, layout=Layout.GALLERY_2))
    model = RoomModel(seat.model, seat.services, slides=seat.slides)
    assert model.scene is RoomScene.RUNNING
    model.show(RoomContent.MATERIAL)
    assert model.scene is RoomScene.CONTENT
    model.close()


def test_files_are_added_seen_coming_and_shown_from_one_dialog(lectern: Lectern, qtbot: Any, tmp_path: Path) -> None:
    late = lectern.desk.put("还在路上.pdf", drawn_pdf(2), late=True)
    dialog = MaterialDialog(lectern.slides.material(), None, lectern.slides)  # it goes by itself once it is answered
    files = dialog.findChild(QListWidget)
    assert files is not None
    assert files.count() == 2
    files.setCurrentRow(1)
    show = next(button for button in dialog.findChildren(Button) if button.accessibleName() == "放映")
    assert not show.isEnabled(), "it is not here yet"
    lectern.desk.arrive()
    qtbot.waitUntil(show.isEnabled, timeout=WAIT)
    path = tmp_path / "新课件.pdf"
    path.write_bytes(drawn_pdf(1))
    dialog._model.place(path)
    assert files.count() == 3
    lectern.desk.fault = OperatorError("attachment-kind", file="x.exe")
    dialog._model.place(path)
    assert dialog._notice.isVisibleTo(dialog)
    files.setCurrentRow(1)
    show.click()
    qtbot.waitUntil(lambda: lectern.center.state.slide is not None, timeout=WAIT)
    assert lectern.center.state.slide is not None
    assert lectern.center.state.slide.document == late
    assert not lectern.desk.heard or len(lectern.desk.heard) == 1, "the dialog hears no more"


def test_who_may_not_turn_pages_reads_why(seats: list[Any], qtbot: Any) -> None:
    seat = seated(seats, BUSY, own=GD)
    told: list[Notice] = []
    seat.model.noticed.connect(told.append)
    assert seat.slides.right.allowed
    guest = seated(seats, LESSON_PAGE)
    assert not guest.slides.right.allowed
    assert guest.slides.right.reason == "why.chair-only"
    guest.model.noticed.connect(told.append)
    guest.slides.stop()
    assert [notice.fault.id for notice in told if notice.fault is not None] == ["act-not-allowed"]
    assert not any(isinstance(asked, ask.PointSlide) for asked in guest.live.asked)
