"""How loud a microphone is: twenty-four segments that light up."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.theme import theme

SEGMENTS = 24


class LevelMeter(QWidget):
    """0 to 1, from left to right."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._lit = 0
        self.setAccessibleName(name)
        self.setFixedHeight(theme().px(16))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def lit(self) -> int:
        """Segments that are lit now."""
        return self._lit

    def set_level(self, level: float) -> None:
        lit = round(min(1.0, max(0.0, level)) * SEGMENTS)
        if lit != self._lit:
            self._lit = lit
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        k, painter = theme(), QPainter(self)
        step = self.width() / SEGMENTS
        for number in range(SEGMENTS):
            box = QRectF(number * step, 0, step - k.px(2), self.height())
            painter.fillRect(box, k.color("shilv" if number < self._lit else "sunken"))
        painter.end()
