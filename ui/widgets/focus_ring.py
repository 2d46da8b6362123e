"""The focus ring: one overlay per window, for focus that came by the keyboard and never for a click.

Inputs show focus by their own border; the ring is for everything else.
"""

from PySide6.QtCore import QPoint, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from ui.theme import theme

_OWN_BORDER = (QLineEdit, QComboBox, QAbstractSpinBox, QPlainTextEdit, QTextEdit, QAbstractItemView)
_GAP, _WIDTH, _FOLLOW_MS = 2.0, 2.5, 60


class FocusRing(QWidget):
    """Lies over a window and follows the focused widget. The window calls `by_keyboard` when Tab moves the focus."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._target: QWidget | None = None
        self._keyboard = False
        self._place = QRect()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()
        self._follow = QTimer(self)
        self._follow.setInterval(_FOLLOW_MS)
        self._follow.timeout.connect(self._settle)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._focus_changed)

    def by_keyboard(self) -> None:
        """The focus change that comes next was asked for by a key."""
        self._keyboard = True

    def _focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        keyboard, self._keyboard = self._keyboard, False
        mine = new is not None and new.window() is self.window() and not isinstance(new, _OWN_BORDER)
        self._target = new if keyboard and mine else None
        if self._target is None:
            self._follow.stop()
            self.hide()
            return
        self._follow.start()
        self._settle()

    def _settle(self) -> None:
        target = self._target
        if target is None or not target.isVisible() or QApplication.focusWidget() is not target:
            self._target = None
            self._follow.stop()
            self.hide()
            return
        place = QRect(target.mapTo(self.window(), QPoint(0, 0)), target.size())
        margin = theme().px(_GAP + _WIDTH) + 1
        place = place.adjusted(-margin, -margin, margin, margin)
        if place != self._place or self.isHidden():
            self._place = place
            self.setGeometry(place)
            self.raise_()
            self.show()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = theme().px(_WIDTH)
        painter.setPen(QPen(theme().color("focus"), width))
        radius = theme().px(8)
        inset = width / 2 + 0.5
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), radius, radius)
        painter.end()
