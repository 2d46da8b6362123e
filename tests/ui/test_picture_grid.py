"""The video grid and the drawn card."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from drawn import NOW, HeldClock
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from desktop_app.domain.units import Level
from media.frames import Frame, FrameSlot
from ui.picture.card import CardPainter
from ui.picture.geometry import CROP, Box, GridLayout, placed, tile_boxes, wanted_size
from ui.picture.grid import DARK_S, SILENT_S, VideoGrid
from ui.picture.painted import PaintLog
from ui.picture.tile import PictureState, Tag, Tile

SITES = ("a/", "b/", "c/", "d/")


class Wall:
    """A grid of four sites whose slots a test fills."""

    def __init__(self, qtbot: Any) -> None:
        self.clock = HeldClock()
        self.slots = {path: FrameSlot() for path in SITES}
        self.painted: list[tuple[str, int]] = []
        self.grid = VideoGrid(self.slots.get, self.clock, lambda path, number: self.painted.append((path, number)))
        qtbot.addWidget(self.grid)
        self.grid.resize(800, 600)
        self.tiles = [Tile(path, f"会场{path}", Level.COUNTY, state_title="正在接入") for path in SITES]
        self.grid.set_tiles(self.tiles)
        self.grid.show()

    def put(self, path: str, number: int, color: str = "#336699") -> None:
        width, height = self.slots[path].wanted
        image = QImage(width or 16, height or 9, QImage.Format.Format_RGB32)
        image.fill(QColor(color))
        plane = memoryview(bytes(image.constBits()))
        at = self.clock.monotonic()
        self.slots[path].put(Frame(plane, image.width(), image.height(), image.bytesPerLine(), at, number))


@pytest.fixture
def wall(qtbot: Any) -> Wall:
    return Wall(qtbot)


def test_only_the_tile_with_a_new_picture_is_painted_and_each_picture_is_reported(wall: Wall, qtbot: Any) -> None:
    wall.put("a/", 1)
    qtbot.waitUntil(lambda: ("a/", 1) in wall.painted, timeout=2_000)
    wall.painted.clear()
    wall.put("b/", 1)
    qtbot.waitUntil(lambda: ("b/", 1) in wall.painted, timeout=2_000)
    assert {path for path, _ in wall.painted} == {"b/"}


def test_a_source_is_told_the_pixels_of_its_tile_and_nothing_while_hidden(wall: Wall) -> None:
    width, height = wall.slots["a/"].wanted
    assert width > 300
    assert abs(width / height - 16 / 9) < 0.02
    wall.grid.hide()
    assert {slot.wanted for slot in wall.slots.values()} == {(0, 0)}
    wall.grid.show()
    assert wall.slots["a/"].wanted == (width, height)


def test_a_minimised_window_asks_for_no_pixels(wall: Wall, qtbot: Any) -> None:
    before = wall.slots["a/"].wanted
    wall.grid.showMinimized()
    qtbot.waitUntil(lambda: wall.slots["a/"].wanted == (0, 0), timeout=5_000)
    wall.grid.showNormal()
    qtbot.waitUntil(lambda: wall.slots["a/"].wanted == before, timeout=5_000)


def test_a_site_that_left_the_page_asks_for_no_pixels(wall: Wall) -> None:
    wall.grid.set_tiles(wall.tiles[:3])
    assert wall.slots["d/"].wanted == (0, 0)
    assert wall.slots["c/"].wanted[0] > 0


def test_a_picture_that_stands_still_for_three_seconds_gives_way_to_the_reason(wall: Wall, qtbot: Any) -> None:
    wall.put("a/", 1, "#00FF00")
    qtbot.waitUntil(lambda: ("a/", 1) in wall.painted, timeout=2_000)
    middle = wall.grid._shown[0].boxes.picture
    point = (middle.x + 20, middle.y + middle.height - 20)
    assert wall.grid.grab().toImage().pixelColor(*point) == QColor("#00FF00")
    wall.clock.move(SILENT_S + 0.1)
    qtbot.waitUntil(lambda: wall.grid._shown[0].image is None, timeout=2_000)
    assert wall.grid.grab().toImage().pixelColor(*point) != QColor("#00FF00")


def test_a_click_selects_and_never_does_more(wall: Wall, qtbot: Any) -> None:
    box = wall.grid._shown[2].boxes.whole
    with qtbot.waitSignal(wall.grid.selected, timeout=1_000) as heard:
        QTest.mouseClick(
            wall.grid, Qt.MouseButton.LeftButton, pos=wall.grid.rect().topLeft() + _point(box.x + 5, box.y + 5)
        )
    assert heard.args == ["c/"]


def test_arrows_walk_the_grid(wall: Wall) -> None:
    seen = []
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Up):
        QTest.keyClick(wall.grid, key)
        seen.append(wall.grid.selection)
    assert seen == ["a/", "b/", "d/", "c/", "a/"]


def test_the_speaker_layout_has_one_large_tile_and_pages_of_six(wall: Wall) -> None:
    wall.grid.set_layout(GridLayout.SPEAKER, "c/")
    assert wall.grid.tiles[0].unit_path == "c/"
    large, small = wall.grid._shown[0].boxes, wall.grid._shown[1].boxes
    assert large.picture.width > 2.5 * small.picture.width
    assert wall.slots["c/"].wanted[0] > 2 * wall.slots["a/"].wanted[0]


def test_a_changed_caption_is_taken_up_without_losing_the_picture(wall: Wall, qtbot: Any) -> None:
    wall.put("a/", 1)
    qtbot.waitUntil(lambda: ("a/", 1) in wall.painted, timeout=2_000)
    tiles = [Tile("a/", "会场a/", Level.COUNTY, on_air=True, state=PictureState.OFFLINE), *wall.tiles[1:]]
    wall.grid.set_tiles(tiles)
    assert wall.grid._shown[0].image is not None
    assert wall.grid.tiles[0].on_air


def test_a_new_picture_leaves_the_border_the_corners_and_the_words_of_its_tile_as_they_were(
    wall: Wall, qtbot: Any
) -> None:
    on_air = replace(wall.tiles[0], on_air=True, tags=(Tag("star", "主讲", "onair"),))
    wall.grid.set_tiles([on_air, replace(on_air, unit_path="b/"), *wall.tiles[2:]])
    for path in ("b/", "d/"):
        wall.grid.select(path)
        for number, color in ((1, "#AA3322"), (2, "#FFFFFF"), (3, "#2244AA")):
            wall.painted.clear()
            for site in SITES:
                wall.put(site, number, color)
            qtbot.waitUntil(lambda n=number: {(site, n) for site in SITES} <= set(wall.painted), timeout=20_000)
        handle = wall.grid.windowHandle()
        on_screen = handle.screen().grabWindow(wall.grid.winId()).toImage().convertToFormat(QImage.Format.Format_RGB32)
        whole = wall.grid.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        assert on_screen.size() == whole.size()
        assert on_screen == whole


def _point(x: int, y: int) -> Any:
    from PySide6.QtCore import QPoint

    return QPoint(x, y)


@pytest.mark.parametrize("count", range(1, 26))
@pytest.mark.parametrize("layout", list(GridLayout))
def test_tiles_never_overlap_and_stay_inside(count: int, layout: GridLayout) -> None:
    boxes = tile_boxes(layout, count, 827, 585)
    wholes = [box.whole for box in boxes]
    for box in wholes:
        assert box.x >= 0
        assert box.y >= 0
        assert box.right <= 827
        assert box.bottom <= 585
    for one, box in enumerate(wholes):
        for other in wholes[one + 1 :]:
            assert box.right <= other.x or other.right <= box.x or box.bottom <= other.y or other.bottom <= box.y


@pytest.mark.parametrize("size", [(400, 225), (400, 250), (400, 400), (800, 200)])
def test_a_picture_loses_at_most_fifteen_percent_of_a_side_or_is_shown_whole(size: tuple[int, int]) -> None:
    box = Box(0, 0, *size)
    width, height = wanted_size(box, 1.5)
    shown, (_, _, part_width, part_height) = placed(box, width, height)
    assert part_width / width >= 1 - CROP - 0.02
    assert part_height / height >= 1 - CROP - 0.02
    assert shown.width <= box.width
    assert shown.height <= box.height


def test_painted_pictures_are_counted_per_second() -> None:
    log = PaintLog()
    for number in range(1, 101):
        log.painted("a/", number, 10 + number * 0.04)
        log.painted("a/", number, 10 + number * 0.04 + 0.01)
    assert log.frames("a/") == 100
    assert log.fps("a/", 14.0) == pytest.approx(25, abs=1)
    assert log.fps("b/", 14.0) == 0


def test_no_two_pictures_of_the_card_are_alike_and_the_bytes_are_those_of_the_size() -> None:
    card = CardPainter("惠东县政协", Level.COUNTY)
    shots = [card.paint(640, 360, NOW + timedelta(seconds=n / 25)) for n in range(60)]
    assert {len(shot) for shot in shots} == {640 * 360 * 4}
    assert all(one != other for one, other in itertools.pairwise(shots))


def test_the_card_can_be_drawn_away_from_the_qt_thread() -> None:
    import threading

    drawn: list[bytes] = []
    card = CardPainter("惠东县政协", Level.COUNTY)
    now = datetime(2026, 11, 20, 7, 0, 0, 300_000, tzinfo=UTC)
    thread = threading.Thread(target=lambda: drawn.append(card.paint(640, 360, now)))
    thread.start()
    thread.join(10)
    assert drawn == [card.paint(640, 360, now)]


def test_a_site_that_sends_no_picture_says_so_after_a_while_and_only_while_media_flows(wall: Wall, qtbot: Any) -> None:
    flowing = [replace(tile, dark_title="没有收到画面") for tile in wall.tiles]
    wall.grid.set_tiles(flowing)
    wall.put("a/", 1)
    qtbot.waitUntil(lambda: wall.grid._shown[0].image is not None, timeout=2_000)
    for step in range(2, 6):
        wall.clock.move(DARK_S / 4 + 0.1)
        wall.put("a/", step)
        qtbot.waitUntil(lambda n=step: ("a/", n) in wall.painted, timeout=2_000)
    qtbot.waitUntil(lambda: wall.grid._shown[1].dark, timeout=2_000)
    assert not wall.grid._shown[0].dark
    assert "没有收到画面" in _items(wall.grid)[1]
    wall.grid.set_tiles(wall.tiles)
    qtbot.waitUntil(lambda: not wall.grid._shown[1].dark, timeout=2_000)


def test_a_screen_reader_finds_a_list_of_the_sites_with_name_state_and_place(wall: Wall) -> None:
    wall.grid.set_tiles([replace(wall.tiles[0], spoken="惠东县政协，县级，正在播出"), *wall.tiles[1:]])
    assert _items(wall.grid)[0] == "惠东县政协，县级，正在播出，第 1 个共 4 个"
    assert len(_items(wall.grid)) == 4
    wall.grid.set_tiles(wall.tiles[:2])
    assert [said[-10:] for said in _items(wall.grid)] == ["第 1 个共 2 个", "第 2 个共 2 个"]


def _items(widget: QWidget) -> list[str]:
    """What assistive technology is told of the children of a widget."""
    told = QAccessible.queryAccessibleInterface(widget)
    return [told.child(n).text(QAccessible.Text.Name) for n in range(told.childCount())]
