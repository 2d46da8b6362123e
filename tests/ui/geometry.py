"""What is wrong with a window as it is laid out: words cut off, parts that lie on each other, controls without a name
or out of the keyboard's reach, and words on the room's screen that are too small to be read from six metres."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QFont
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMainWindow,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QTextEdit,
    QWidget,
)

from ui.meeting.room_pen import RoomPen
from ui.widgets import ElidedText
from ui.widgets.row_button import RowButton

CONTROLS = (QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox, QTextEdit, QPlainTextEdit, QAbstractItemView)
ROOM_FLOOR = 24
"""Pixels of a 1080-line screen (18 pt): the least on the room's display."""
LEAST_SHOWN = 0.45
"""How much of an elided line must be left."""
DATE_PARTS = 3
"""How often Tab may stay in one field: the parts of a date."""
TOUCH = 2
"""Pixels by which parts may reach into each other: borders."""


def clipped(window: QWidget) -> list[str]:
    """What is shown smaller than its words need, or runs out of the window sideways."""
    found = []
    for widget in [*_inside(window, QLabel), *_inside(window, QPushButton)]:
        if not isinstance(widget, QLabel | QPushButton) or isinstance(widget, RowButton) or not widget.text().strip():
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


def cramped(window: QWidget) -> list[str]:
    """Lines that end in “…” with less than half of them left, and hints that do not fit their field."""
    found = []
    for line in _inside(window, ElidedText):
        if isinstance(line, ElidedText) and line.text and len(line.shown()) < LEAST_SHOWN * len(line.text):
            found.append(f"{line.text[:24]}: only {line.shown()} is left")
    for field in _inside(window, QLineEdit):
        hint = field.placeholderText() if isinstance(field, QLineEdit) else ""
        if isinstance(field, QLineEdit) and hint and not field.text():
            wide = field.fontMetrics().horizontalAdvance(hint)
            room = field.width() - field.textMargins().left() - field.textMargins().right() - 12
            if wide > room:
                found.append(f"{hint[:24]}: the hint is {wide} wide, its field has {room}")
    return found


def _inside(window: QWidget, kind: type[QWidget] = QWidget) -> Iterator[QWidget]:
    """What is shown in this window itself, not in a dialog over it."""
    for widget in window.findChildren(kind):
        if isinstance(widget, QWidget) and widget.window() is window and widget.isVisibleTo(window):
            yield widget


def _room(widget: QWidget, window: QWidget) -> QRect:
    """Where it may lie sideways: the innermost scrolled column, or the window."""
    above = widget.parentWidget()
    while above is not None and above is not window:
        if isinstance(above.parentWidget(), QScrollArea) and above is above.parentWidget().viewport():
            return QRect(above.mapTo(window, QPoint(0, 0)), above.size())
        above = above.parentWidget()
    return window.rect()


def _leaves(window: QWidget) -> Iterator[tuple[QWidget, QRect]]:
    """Every part that shows something itself, and where it is seen."""
    for widget in _inside(window):
        words = isinstance(widget, QLabel | ElidedText) and bool(
            widget.text.strip() if isinstance(widget, ElidedText) else widget.text().strip()
        )
        if not (words or isinstance(widget, CONTROLS)):
            continue
        seen = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())
        above = widget.parentWidget()
        while above is not None and above is not window:
            seen = seen.intersected(QRect(above.mapTo(window, QPoint(0, 0)), above.size()))
            above = above.parentWidget()
        if seen.width() > 0 and seen.height() > 0:
            yield widget, seen


def overlapping(window: QWidget) -> list[str]:
    """Pairs of parts of which neither holds the other and that lie on each other."""
    found = []
    leaves = list(_leaves(window))
    for number, (one, place) in enumerate(leaves):
        for other, there in leaves[number + 1 :]:
            shared = place.intersected(there)
            if shared.width() <= TOUCH or shared.height() <= TOUCH:
                continue
            if one.isAncestorOf(other) or other.isAncestorOf(one):
                continue
            found.append(f"{_called(one)} {place.getRect()} and {_called(other)} {there.getRect()}")
    return found


def _called(widget: QWidget) -> str:
    text = getattr(widget, "text", "")
    words = text() if callable(text) else text
    return f"{type(widget).__name__} “{(words or widget.accessibleName()).strip()[:20]}”"


def _controls(window: QWidget) -> Iterable[QWidget]:
    for widget in _inside(window):
        own = isinstance(widget, CONTROLS) or bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
        part_of_another = isinstance(widget.parentWidget(), QComboBox | QAbstractSpinBox | QLineEdit)
        if own and not part_of_another and not isinstance(widget, QScrollArea | QMenu | QHeaderView):
            yield widget


def nameless(window: QWidget) -> list[str]:
    """Controls that a screen reader has no word for."""
    found = []
    for widget in _controls(window):
        face = QAccessible.queryAccessibleInterface(widget)
        name = widget.accessibleName() or (face.text(QAccessible.Text.Name) if face is not None else "")
        if not name.strip():
            found.append(f"{_called(widget)} at {widget.mapTo(window, QPoint(0, 0)).toTuple()}")
    return found


def out_of_reach(window: QWidget) -> list[str]:
    """Enabled controls to which no number of Tabs leads, and that no arrow key of a neighbour reaches."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        return []
    if app.activeModalWidget() not in (None, window):
        return []
    window.activateWindow()
    app.processEvents()
    reached: list[QWidget] = []
    stayed = 0
    for _ in range(400):
        QTest.keyClick(app.focusWidget() or window, Qt.Key.Key_Tab)
        now = app.focusWidget()
        stayed = stayed + 1 if reached and now is reached[-1] else 0
        if now is None or stayed > DATE_PARTS or (now in reached and not stayed):
            break
        if not stayed:
            reached.append(now)
    if not reached and next(iter(_controls(window)), None) is not None:
        return ["nothing takes the keyboard"]
    found = []
    for widget in _controls(window):
        if not isinstance(widget, CONTROLS) or not widget.isEnabled() or widget in reached:
            continue
        proxied = widget.focusProxy() in reached
        within = any(one.isAncestorOf(widget) or widget.isAncestorOf(one) for one in reached)
        beside = any(one.parentWidget() is widget.parentWidget() and type(one) is type(widget) for one in reached)
        if not (proxied or within or beside or _has_key(widget)):
            found.append(_called(widget))
    return found


def _has_key(widget: QWidget) -> bool:
    """A key of its own, told in its tooltip or on it."""
    return isinstance(widget, QAbstractButton) and not widget.shortcut().isEmpty()


@contextmanager
def room_sizes(found: list[float]) -> Iterator[None]:
    """Within, every size of type that the room's display is painted with is noted, in lines of a 1080-line screen."""
    patch = pytest.MonkeyPatch()
    real = RoomPen._font

    def noting(pen: RoomPen, size: int, **how: bool) -> QFont:
        style = real(pen, size, **how)
        found.append(style.pixelSize() / pen._k if style.pixelSize() > 0 else float(size))
        return style

    patch.setattr(RoomPen, "_font", noting)
    try:
        yield
    finally:
        patch.undo()


@contextmanager
def flashes(found: list[str]) -> Iterator[None]:
    """Within, a part that is shown before it lies in a window is noted: for a moment it is a window of its own, and
    takes the keyboard away."""
    patch = pytest.MonkeyPatch()
    real = QWidget.setVisible

    def noting(widget: QWidget, visible: bool) -> None:
        homeless = widget.parentWidget() is None and not isinstance(widget, QMainWindow | QDialog | QMenu)
        own = type(widget).__module__.startswith("ui.") and not type(widget).__name__.endswith("Window")
        if visible and homeless and own:
            found.append(f"shown before it lies in a window: {_called(widget)}")
        real(widget, visible)

    patch.setattr(QWidget, "setVisible", noting)
    try:
        yield
    finally:
        patch.undo()


def faults(window: QWidget) -> list[str]:
    """All of it, each with what kind it is."""
    checks = (
        ("cut off", clipped),
        ("cramped", cramped),
        ("on each other", overlapping),
        ("nameless", nameless),
        ("out of reach", out_of_reach),
    )
    return [f"{kind}: {one}" for kind, check in checks for one in check(window)]
