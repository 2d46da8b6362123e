"""A QR code, painted on whole pixels: black on white in either scheme, with the quiet margin that readers need."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.theme import theme

QUIET = 4
"""Modules of white around the code (ISO/IEC 18004)."""
Matrix = tuple[tuple[bool, ...], ...]


def matrix_of(text: str) -> Matrix:
    """The modules of the code, True where dark; a quarter of it may be covered."""
    import segno  # not before a code is shown

    code = segno.make(text, error="q", micro=False, boost_error=False)
    return tuple(tuple(bool(module) for module in row) for row in code.matrix)


def paint_code(painter: QPainter, box: QRect, matrix: Matrix) -> None:
    """As large as fits into the box in whole pixels, in its middle, on a white ground."""
    side = len(matrix) + 2 * QUIET
    pixel = max(1, min(box.width(), box.height()) // side)
    left = box.left() + (box.width() - pixel * side) // 2
    top = box.top() + (box.height() - pixel * side) // 2
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.fillRect(QRect(left, top, pixel * side, pixel * side), QColor("#FFFFFF"))
    painter.setBrush(QColor("#000000"))
    for y, row in enumerate(matrix, start=QUIET):
        for x, dark in enumerate(row, start=QUIET):
            if dark:
                painter.drawRect(left + x * pixel, top + y * pixel, pixel, pixel)
    painter.restore()


class QrCode(QWidget):
    """One code; `name` says to a screen reader what it is for."""

    def __init__(self, size: int = 168) -> None:
        super().__init__()
        self._text = ""
        self._matrix: Matrix = ()
        self._side = theme().px(size)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedSize(QSize(self._side, self._side))

    def show_text(self, text: str, name: str) -> None:
        """Another code, where the text is another."""
        if text != self._text:
            self._text = text
            self._matrix = matrix_of(text) if text else ()
            self.setAccessibleName(name)
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._matrix:
            paint_code(painter, self.rect(), self._matrix)
        else:
            painter.fillRect(self.rect(), theme().color("sunken"))
        painter.end()
