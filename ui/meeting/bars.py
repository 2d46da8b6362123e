"""Thin painted parts of these pages: a bar of coloured shares, and a one-line notice that never changes its height."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from ui.theme import theme
from ui.widgets import ElidedText, Icon, flush


class ShareBar(QWidget):
    """Shares of a whole side by side, each in a token's colour; what is left over is the sunken ground."""

    def __init__(self, height: int = 7) -> None:
        super().__init__()
        self._shares: list[tuple[float, str]] = []
        self.setFixedHeight(theme().px(height))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_shares(self, shares: Sequence[tuple[float, str]]) -> None:
        """(share from 0 to 1, token) from left to right."""
        if list(shares) != self._shares:
            self._shares = list(shares)
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        k = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        whole = QPainterPath()
        radius = self.height() / 2
        whole.addRoundedRect(QRectF(self.rect()), radius, radius)
        painter.fillPath(whole, k.color("sunken"))
        painter.setClipPath(whole)
        left, gap = 0.0, k.px(2) if len(self._shares) > 1 else 0
        for share, token in self._shares:
            width = self.width() * share
            if width > 0:
                painter.fillRect(QRectF(left, 0, max(1.0, width - gap), self.height()), k.color(token))
            left += width
        painter.end()


class Strip(QFrame):
    """A tinted block of a fixed height: icon, a bold line, a second one, and actions; long lines end in “…”."""

    def __init__(self, icon_name: str, tone: str, actions: Sequence[QPushButton] = (), *, lines: int = 2) -> None:
        super().__init__()
        k = theme()
        self.setProperty("role", "notice")
        self.setProperty("tone", tone)
        row = QHBoxLayout(self)
        row.setContentsMargins(k.px(16), k.px(7), k.px(14), k.px(7))
        row.setSpacing(k.px(12))
        row.addWidget(Icon(icon_name, "ink2" if tone == "neutral" else tone, 22), 0, Qt.AlignmentFlag.AlignVCenter)
        words = QVBoxLayout()
        flush(words, 1)
        self._title = ElidedText("", "body", "ink" if tone == "neutral" else tone, bold=True)
        self._text = ElidedText("", "small", "ink2")
        words.addStretch(1)
        words.addWidget(self._title)
        words.addWidget(self._text)
        words.addStretch(1)
        if lines == 1:
            self._text.hide()
        row.addLayout(words, 1)
        for action in actions:
            row.addWidget(action, 0, Qt.AlignmentFlag.AlignVCenter)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_text(self, title: str, text: str = "") -> None:
        self._title.set_text(title)
        self._text.set_text(text)
        self.setAccessibleName(f"{title} {text}".strip())
