"""The site card: what a room without a camera sends. Level mark, name of the unit, a running clock.

It is drawn on a QImage, which Qt allows on any thread; nothing here touches a widget, a pixmap or the event loop.
The card of one second is drawn once, and on it moves a bar that goes through the width in two seconds: no two pictures
in a row are alike, so that whoever watches sees at once that the picture is alive.
"""

from datetime import datetime

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QLinearGradient, QPainter

from desktop_app.domain.clock import BEIJING
from desktop_app.domain.units import Level
from ui.widgets.level_mark import bars_filled, paint_level_mark

SWEEP_S = 2.0
SANS = ["Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei UI", "Microsoft YaHei"]
SERIF = ["Noto Serif CJK SC", "Source Han Serif SC", "SimSun", *SANS]
TOP, BOTTOM = QColor("#2A4A63"), QColor("#172B3B")
INK, INK2, GOLD, TRACK = QColor("#F2F6F8"), QColor("#B4C6D4"), QColor("#E3BE78"), QColor("#3A5468")


class CardPainter:
    """Paints the card of one site. One instance per publishing thread: it keeps the last second's picture."""

    def __init__(self, name: str, level: Level, note: str = "") -> None:
        self._name, self._level, self._note = name, level, note
        self._second: tuple[int, int, datetime] | None = None
        self._base = QImage()

    def paint(self, width: int, height: int, now: datetime) -> bytes:
        """One picture, `width * height * 4` bytes BGRA without padding; `now` is aware."""
        # The view that constBits gives does not keep the image alive: it needs a name until the bytes are copied.
        picture = self.image(width, height, now)
        return bytes(picture.constBits())

    def image(self, width: int, height: int, now: datetime) -> QImage:
        """The same as a QImage (Format_RGB32)."""
        local = now.astimezone(BEIJING)
        second = (width, height, local.replace(microsecond=0))
        if second != self._second:
            self._base = self._draw(width, height, f"{local:%H:%M:%S}")
            self._second = second
        picture = self._base.copy()
        painter = QPainter(picture)
        self._sweep(painter, width, height, (local.second % 2 + local.microsecond / 1e6) / SWEEP_S)
        painter.end()
        return picture

    def _draw(self, width: int, height: int, clock: str) -> QImage:
        picture = QImage(width, height, QImage.Format.Format_RGB32)
        painter = QPainter(picture)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        ground = QLinearGradient(QPointF(0, 0), QPointF(0, height))
        ground.setColorAt(0, TOP)
        ground.setColorAt(1, BOTTOM)
        painter.fillRect(0, 0, width, height, ground)
        unit = height / 360
        tall = round(48 * unit)
        mark = QRect(round((width - tall * 1.1) / 2), round(54 * unit), round(tall * 1.1), tall)
        paint_level_mark(painter, mark, bars_filled(self._level), GOLD, TRACK)
        self._text(painter, SERIF, 40 * unit, INK, QRectF(0, 112 * unit, width, 64 * unit), self._name, width * 0.92)
        if self._note:
            self._text(painter, SANS, 17 * unit, INK2, QRectF(0, 172 * unit, width, 30 * unit), self._note, width * 0.9)
        self._text(painter, SANS, 60 * unit, INK, QRectF(0, 206 * unit, width, 84 * unit), clock, width * 0.9)
        painter.end()
        return picture

    @staticmethod
    def _text(
        painter: QPainter, families: list[str], size: float, ink: QColor, box: QRectF, text: str, room: float
    ) -> None:
        font = QFont()
        font.setFamilies(families)
        font.setBold(True)
        font.setPixelSize(max(6, round(size)))
        painter.setFont(font)
        wide = painter.fontMetrics().horizontalAdvance(text)
        if wide > room:
            font.setPixelSize(max(6, int(font.pixelSize() * room / wide)))
            painter.setFont(font)
        painter.setPen(ink)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    @staticmethod
    def _sweep(painter: QPainter, width: int, height: int, at: float) -> None:
        unit = height / 360
        left, track = width * 0.2, width * 0.6
        thick = max(2.0, 6 * unit)
        y = 310 * unit
        painter.fillRect(QRectF(left, y, track, thick), TRACK)
        length = 72 * unit
        start = left + (track + length) * at - length
        shown = QRectF(start, y, length, thick).intersected(QRectF(left, y, track, thick))
        painter.fillRect(shown, GOLD)
