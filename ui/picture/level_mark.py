"""四级标: four rising bars, filled from 1 (county) to 4 (national). Drawn on whole device pixels, never antialiased."""

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QPainter

from desktop_app.domain.units import Level

BARS = 4


def filled_bars(level: Level) -> int:
    """How many bars are filled: the national level has all four."""
    return BARS + 1 - int(level)


def draw_level_mark(painter: QPainter, box: QRect, level: Level, filled: QColor, empty: QColor) -> None:
    """Paint the mark into `box`, in the painter's own coordinates; the bars stand on its bottom edge."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    gap = max(1, round(box.width() / 12))
    bar = max(1, (box.width() - gap * (BARS - 1)) // BARS)
    for index in range(BARS):
        height = max(2, round(box.height() * (index + 1) / BARS))
        x = box.left() + index * (bar + gap)
        painter.fillRect(x, box.bottom() + 1 - height, bar, height, filled if index < filled_bars(level) else empty)
    painter.restore()
