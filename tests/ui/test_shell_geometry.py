"""No word of the shell is cut off: every page in its states, both languages, the smallest screen, the largest text."""

from collections.abc import Iterator

import pytest
from office_stage import receipt
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QScrollArea, QWidget
from record_scenes import RECORD_SCENES
from screenshots import SCENES, Scene, opened, shown_windows

from ui.models.app_model import Look
from ui.theme import Scheme, TextSize, start_theme, theme
from ui.widgets.row_button import RowButton

SMALL = (1366, 768)
LOOKS = [Look("zh_CN", "light"), Look("en", "dark"), Look("en", "light", "larger")]


@pytest.fixture(autouse=True)
def _themed(qapp: QApplication) -> Iterator[None]:
    start_theme(qapp, Scheme.LIGHT)
    yield
    theme().choose(Scheme.LIGHT, TextSize.STANDARD, 1.0)


def clipped(window: QWidget) -> list[str]:
    """What is shown smaller than its words need, or runs out of the window sideways."""
    found = []
    for widget in [*window.findChildren(QLabel), *window.findChildren(QPushButton)]:
        if not widget.isVisibleTo(window) or not widget.text().strip() or isinstance(widget, RowButton):
            continue
        text = widget.text().strip()[:24]
        needed = widget.sizeHint()
        if isinstance(widget, QLabel) and widget.wordWrap():
            if widget.height() < widget.heightForWidth(widget.width()) - 1:
                found.append(f"{text}: {widget.height()} high, needs {widget.heightForWidth(widget.width())}")
        elif widget.width() < needed.width() - 1 or widget.height() < needed.height() - 1:
            found.append(f"{text}: {widget.size().toTuple()}, needs {needed.toTuple()}")
        place = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())
        room = _room(widget, window)
        if place.left() < room.left() or place.right() > room.right():
            found.append(f"{text}: at {place.getRect()} outside of {room.getRect()}")
    return found


def _room(widget: QWidget, window: QWidget) -> QRect:
    """Where it may lie sideways: the innermost scrolled column, or the window."""
    above = widget.parentWidget()
    while above is not None and above is not window:
        if isinstance(above.parentWidget(), QScrollArea) and above is above.parentWidget().viewport():
            return QRect(above.mapTo(window, QPoint(0, 0)), above.size())
        above = above.parentWidget()
    return window.rect()


CASES = [(name, look) for name in SCENES for look in (LOOKS[2:] if name in RECORD_SCENES else LOOKS)]
"""The pages of records in the look that needs the most room; the others in all."""


@pytest.mark.parametrize(("name", "look"), CASES, ids=lambda one: one if isinstance(one, str) else f"{one.language}")
def test_no_word_is_cut_off(name: str, look: Look) -> None:
    with opened(name, look, SMALL) as scene:
        assert [one for window in shown_windows(scene) for one in clipped(window)] == []


def test_a_long_queue_scrolls_instead_of_squeezing_its_rows(qapp: QApplication) -> None:
    def many(scene: Scene) -> None:
        SCENES["sync-busy"](scene)
        scene.terminal.records._shown["receipts"] = [receipt(200 + number, 4, minutes=1) for number in range(12)]
        scene.work.sync.load()

    SCENES["sync-many"] = many
    try:
        with opened("sync-many", Look("en", "light"), (1366, 768)) as scene:
            rows = scene.window.findChildren(RowButton)
            assert len(rows) > 12
            assert [row.height() - row.sizeHint().height() for row in rows] == [0] * len(rows)
    finally:
        del SCENES["sync-many"]
