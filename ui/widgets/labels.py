"""Text on the screen: one label class that takes its size and colour by name, and one line that knows how to elide."""

import itertools

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QResizeEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from ui.theme import font, theme

_DANGLING = "（《“、，：·( "


class Text(QLabel):
    """A label: `role` of the type scale, `tone` a token. A wrapped one never gets less height than its text needs."""

    def __init__(
        self,
        text: str = "",
        role: str = "body",
        tone: str = "ink",
        *,
        bold: bool | None = None,
        wrap: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(font(role, bold=bold))
        self.set_tone(tone)
        if wrap:
            self.setWordWrap(True)
            policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)
            self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)

    def set_tone(self, tone: str) -> None:
        """Colour by token."""
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.WindowText, theme().color(tone))
        self.setPalette(palette)

    def setText(self, text: str) -> None:
        super().setText(text)
        self._keep_height()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keep_height()

    def heightForWidth(self, width: int) -> int:
        """Of the words alone: QLabel never goes below the minimum that it once had."""
        if not self.wordWrap() or width <= 0:
            return super().heightForWidth(width)
        flags = int(Qt.TextFlag.TextWordWrap) | int(self.alignment())
        return self.fontMetrics().boundingRect(QRect(0, 0, width, 1 << 20), flags, self.text()).height()

    def _keep_height(self) -> None:
        if self.wordWrap() and self.width() > 0:
            needed = self.heightForWidth(self.width())
            if needed > 0 and self.minimumHeight() != needed:
                self.setFixedHeight(needed)


class ElidedText(QWidget):
    """Text that ends in “…” where it must; the whole of it is its tooltip and accessible name.

    One line, or as many as it needs up to `lines`. `mode` middle is for file names. It asks for its full width and
    gives way down to a few characters.
    """

    def __init__(
        self,
        text: str = "",
        role: str = "body",
        tone: str = "ink",
        *,
        bold: bool | None = None,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        lines: int = 1,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setFont(font(role, bold=bold))
        self._tone = tone
        self._mode = mode
        self._lines = lines
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.set_text(text)

    @property
    def text(self) -> str:
        return self._text

    def set_text(self, text: str) -> None:
        self._text = text
        self.setAccessibleName(text)
        self.updateGeometry()
        self._keep_height()
        self.update()

    def set_tone(self, tone: str) -> None:
        self._tone = tone
        self.update()

    def shown(self) -> str:
        """What fits; a line feed between lines."""
        return "\n".join(self._broken())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keep_height()

    def _keep_height(self) -> None:
        if self._lines > 1 and self.width() > 0:
            needed = len(self._broken()) * self.fontMetrics().height()
            if self.minimumHeight() != needed:
                self.setFixedHeight(needed)

    def _broken(self) -> list[str]:
        """The text in lines; the last one allowed takes all that is left, elided."""
        if self._lines == 1:
            return [self._elided(self._text)]
        layout = QTextLayout(self._text, self.font())
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.beginLayout()
        starts: list[int] = []
        while len(starts) < self._lines and (line := layout.createLine()).isValid():
            line.setLineWidth(self.width())
            starts.append(line.textStart())
        layout.endLayout()
        whole = [self._text[at:upto].rstrip() for at, upto in itertools.pairwise(starts)]
        return [*whole, self._elided(self._text[starts[-1] :])] if starts else [""]

    def _elided(self, text: str) -> str:
        shown = self.fontMetrics().elidedText(text, self._mode, self.width())
        if shown != text and shown.endswith("…"):
            shown = shown[:-1].rstrip(_DANGLING) + "…"
        return shown

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._text) + 2, metrics.height())

    def minimumSizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(min(self.sizeHint().width(), metrics.height() * 3), metrics.height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(theme().color(self._tone))
        shown = self.shown()
        self.setToolTip(self._text if "…" in shown and shown != self._text else "")
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)
        painter.end()
