"""四级标: four rising bars, filled 1 (county) to 4 (national). The logo, and the sign before every site's name.

Never a signal strength. Drawn on whole device pixels without antialiasing.
"""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from desktop_app.domain.units import Level
from ui.theme import theme
from ui.widgets.labels import ElidedText

BARS = 4


def bars_filled(level: Level) -> int:
    """County 1, city 2, province 3, national 4."""
    return BARS + 1 - int(level)


def paint_level_mark(painter: QPainter, rect: QRect, filled: int, full: QColor, faint: QColor) -> None:
    """Draw the mark into `rect` (its height counts; the width is 1.1 of it)."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(Qt.PenStyle.NoPen)
    height = rect.height()
    bar = max(2, round(height * 0.2))
    gap = max(1, round(height * 0.1))
    for index in range(BARS):
        tall = round(height * (0.4 + 0.2 * index))
        painter.setBrush(full if index < filled else faint)
        painter.drawRect(rect.left() + index * (bar + gap), rect.top() + height - tall, bar, tall)
    painter.restore()


class LevelMark(QWidget):
    """The mark of one level; decorative beside a name, so it is no stop for the keyboard."""

    def __init__(self, level: Level, height: int = 16, *, on_rail: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filled = bars_filled(level)
        self._height = theme().px(height)
        self._on_rail = on_rail
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        bar, gap = max(2, round(self._height * 0.2)), max(1, round(self._height * 0.1))
        return QSize(BARS * bar + (BARS - 1) * gap, self._height)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        k = theme()
        if self._on_rail:
            paint_level_mark(painter, self.rect(), 3, QColor("#FFFFFF"), k.color("gold"))
        else:
            paint_level_mark(painter, self.rect(), self._filled, k.color("accent"), k.color("line"))
        painter.end()


class SiteName(QWidget):
    """The level mark and the site's name, eliding at its end."""

    def __init__(
        self,
        level: Level,
        name: str,
        role: str = "body",
        tone: str = "ink",
        *,
        bold: bool | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme().px(8))
        row.addWidget(LevelMark(level), 0, Qt.AlignmentFlag.AlignVCenter)
        self._name = ElidedText(name, role, tone, bold=bold)
        row.addWidget(self._name, 1)
        self.setAccessibleName(name)
