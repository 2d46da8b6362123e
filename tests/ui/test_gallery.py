"""The screens of a session in each of their states: nothing cut off, nothing on each other, all within the keyboard's
reach. The other screens are in `test_shell_geometry` and `test_hosting_geometry`."""

from __future__ import annotations

import pytest
from gallery import LANGUAGES, QUICK, Pose, look_at, posed
from geometry import ROOM_FLOOR, faults, flashes, room_sizes
from hosting_scenes import ROOMS
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget
from session_scenes import SESSION_SCENES

from ui.i18n import t
from ui.meeting.control_bar import ControlBar
from ui.picture.grid import VideoGrid
from ui.widgets import Text


@pytest.mark.parametrize("number", range(len(SESSION_SCENES)), ids=list(SESSION_SCENES))
def test_a_screen_of_a_session_holds_in_this_state(number: int) -> None:
    """One language each, in turn: every screen is looked at in both, in one state or another."""
    name = list(SESSION_SCENES)[number]
    assert look_at(name, QUICK[number % 2]) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_room_that_came_first_reads_what_it_waits_for(language: str) -> None:
    with posed("meeting-waiting", Pose(language)) as windows:
        bar = next(bar for bar in windows[0].findChildren(ControlBar) if bar.isVisible())
        assert bar._why.shown().replace("\n", "").replace(" ", "") == t("why.not-open").replace(" ", "")
        grid = next(grid for grid in windows[0].findChildren(VideoGrid) if grid.isVisible())
        assert [tile.state_title for tile in grid._tiles] == [t("tile.waiting")]


@pytest.mark.parametrize("name", ROOMS)
def test_the_rooms_words_are_large_enough_to_be_read_from_six_metres(name: str) -> None:
    assert look_at(name, QUICK[0]) == []


def test_a_window_with_mistakes_is_told_each_of_them(qapp: QApplication) -> None:
    window = QWidget()
    column = QVBoxLayout(window)
    tight = QLabel("一句放不下的话，因为它比给它的地方长得多")
    tight.setFixedWidth(40)
    column.addWidget(tight)
    unnamed, skipped = QPushButton(""), QPushButton("到不了")
    skipped.setFocusPolicy(skipped.focusPolicy().NoFocus)
    row = QHBoxLayout()
    row.addWidget(unnamed)
    column.addLayout(row)
    box = QWidget()
    inner = QVBoxLayout(box)
    inner.addWidget(skipped)
    column.addWidget(box)
    above = QLabel("压在上面", window)
    above.setGeometry(tight.x(), 0, 200, 400)
    window.resize(300, 200)
    window.show()
    qapp.processEvents()
    above.setGeometry(window.rect())
    kinds = {one.partition(":")[0] for one in faults(window)}
    assert kinds == {"cut off", "on each other", "nameless", "out of reach"}
    window.close()


def test_a_part_that_is_shown_before_it_lies_in_a_window_is_seen(qapp: QApplication) -> None:
    found: list[str] = []
    with flashes(found):
        homeless = Text("一句话")
        homeless.setVisible(True)
    homeless.hide()
    assert len(found) == 1


def test_type_that_is_too_small_for_the_room_is_seen() -> None:
    from ui.meeting.room_pen import RoomPen

    sizes: list[float] = []
    with room_sizes(sizes):
        RoomPen(QSize(3840, 2160))._font(ROOM_FLOOR - 4)
    assert min(sizes) < ROOM_FLOOR
