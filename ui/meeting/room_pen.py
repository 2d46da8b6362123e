"""What the room's screen is painted with: lengths of a 1080-line screen, words that fit or end in “…”, cards, bars."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPainterPath

from ui.theme import theme
from ui.theme.fonts import SANS, SERIF
from ui.theme.icons import pixmap
from ui.theme.tokens import DARK, Tokens

LINES = 1080
LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
CENTER = Qt.AlignmentFlag.AlignCenter


class RoomPen:
    """Draws for one size of screen in one scheme; every length given to it is that of a 1080-line screen."""

    def __init__(self, size: QSize, tokens: Tokens = DARK) -> None:
        self._k = size.height() / LINES
        self._size = size
        self._wide = size.width() / self._k
        self._c = tokens

    def _panel(self, p: QPainter, x: float, y: float, wide: float, high: float) -> QRect:
        """A card; what is inside of its padding."""
        box = self._box(x, y, wide, high)
        p.setPen(self._color("line"))
        p.setBrush(self._color("surface"))
        p.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), self._px(8), self._px(8))
        return box.adjusted(self._px(32), self._px(22), -self._px(32), -self._px(22))

    def _bar(self, p: QPainter, track: QRectF, share: float, token: str) -> None:
        whole = QPainterPath()
        whole.addRoundedRect(track, track.height() / 2, track.height() / 2)
        p.fillPath(whole, self._color("line"))
        p.save()
        p.setClipPath(whole)
        p.fillRect(QRectF(track.left(), track.top(), track.width() * share, track.height()), self._color(token))
        p.restore()

    def _line(
        self, p: QPainter, box: QRect, top: float, high: float, text: str, size: int, token: str, *, bold: bool = False
    ) -> None:
        self._words(p, QRect(box.left(), box.top() + self._px(top), box.width(), self._px(high)), text, size, token,
                    LEFT, bold)  # fmt: skip

    def _words(
        self,
        p: QPainter,
        box: QRect,
        text: str,
        size: int,
        token: str,
        flags: Qt.AlignmentFlag,
        bold: bool = False,
        *,
        serif: bool = False,
        least: int = 0,
    ) -> None:
        """One line: smaller where it does not fit, down to `least` (else 36, or its own size), then elided."""
        least = least or min(size, 36)
        while size > least and self._advance(text, size, bold=bold, serif=serif) - 3 > box.width():
            size -= 2
        style = self._font(size, bold=bold, serif=serif)
        p.setFont(style)
        p.setPen(self._color(token))
        shown = QFontMetrics(style).elidedText(text, Qt.TextElideMode.ElideRight, box.width())
        p.drawText(box, int(flags), shown)

    def _paragraph(self, p: QPainter, box: QRect, text: str, most: int = 72, flags: Qt.AlignmentFlag = CENTER) -> None:
        """Several lines, as large as they fit between `most` and 40."""
        how = int(flags) | int(Qt.TextFlag.TextWordWrap)
        size = most
        while size > 40 and QFontMetrics(self._font(size, bold=True)).boundingRect(box, how, text).height() > (
            box.height()
        ):
            size -= 4
        p.setFont(self._font(size, bold=True))
        p.setPen(self._color("ink"))
        p.drawText(box, how, text)

    def _icon(self, p: QPainter, name: str, color: str, left: int, middle: int, size: int) -> None:
        drawn = pixmap(name, color, max(1, round(size * self._k / theme().scale)))
        side = self._px(size)
        p.drawPixmap(QRect(left, middle - side // 2, side, side), drawn)

    def _font(self, size: int, *, bold: bool = False, serif: bool = False) -> QFont:
        made = QFont()
        made.setFamilies(SERIF if serif else SANS)
        made.setPixelSize(max(1, self._px(size)))
        made.setBold(bold)
        return made

    def _advance(self, text: str, size: int, *, bold: bool = False, serif: bool = False) -> int:
        """The room a line needs, with a hair to spare: eliding rounds up where measuring rounds down."""
        return QFontMetrics(self._font(size, bold=bold, serif=serif)).horizontalAdvance(text) + 3

    def _whole(self) -> QRect:
        return QRect(0, 0, self._size.width(), self._size.height())

    def _box(self, x: float, y: float, wide: float, high: float) -> QRect:
        return QRect(self._px(x), self._px(y), self._px(wide), self._px(high))

    def _px(self, length: float) -> int:
        return round(length * self._k)

    def _color(self, token: str) -> QColor:
        return QColor(token if token.startswith("#") else getattr(self._c, token))
