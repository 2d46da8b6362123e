"""A thin bar that says how much of something is done; its words stand beside it."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.theme import theme

HEIGHT = 6


class ProgressLine(QWidget):
    """`set_share` with 0 to 1."""

    def __init__(self, tone: str = "shiqing", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tone = tone
        self._share = 0.0
        self.setFixedHeight(theme().px(HEIGHT))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def share(self) -> float:
        return self._share

    def set_share(self, share: float, name: str = "") -> None:
        """`name` is what a screen reader says of it."""
        self._share = min(1.0, max(0.0, share))
        self.setAccessibleName(name)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        k, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        whole = QRectF(self.rect())
        painter.setBrush(k.color("sunken"))
        painter.drawRoundedRect(whole, whole.height() / 2, whole.height() / 2)
        if self._share > 0:
            done = QRectF(0, 0, max(whole.height(), whole.width() * self._share), whole.height())
            painter.setBrush(k.color(self._tone))
            painter.drawRoundedRect(done, whole.height() / 2, whole.height() / 2)
        painter.end()
