"""One tile of the grid: what it shows and how it is painted. No timer, no source, no state of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPainterPath, QPen, QPixmap

from desktop_app.domain.units import Level
from ui.picture.geometry import Box, TileBox, placed
from ui.theme import font, theme
from ui.theme.icons import pixmap
from ui.widgets.level_mark import bars_filled, paint_level_mark

CAMERA_OFF_GROUND = "#33424D"
DARK_TAG = QColor(16, 23, 29, 225)
STRIPE = 4
"""Width of the border of what is on air."""
CHOSEN = 2.5
"""Of what is selected."""


class PictureState(StrEnum):
    """What stands in the picture's place while there is no picture."""

    CONNECTING = "connecting"
    OFFLINE = "offline"
    CAMERA_OFF = "camera-off"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class Tag:
    """A word over the top of the picture: icon, text, and its tone (onair, shilv, accent or dark)."""

    icon: str
    text: str
    tone: str


@dataclass(frozen=True, slots=True)
class Tile:
    """All that is painted of a site besides its picture. Texts are ready to show."""

    unit_path: str
    name: str
    level: Level
    detail: str = ""
    state: PictureState = PictureState.CONNECTING
    state_title: str = ""
    state_again: str = ""
    """The title where there had been a picture before; empty for the same."""
    state_text: str = ""
    dark_title: str = ""
    """What stands there once no picture came for a while although the connection carries; empty: it goes on waiting."""
    dark_text: str = ""
    on_air: bool = False
    mic_icon: str = "microphone-off"
    mic_token: str = "ink3"
    mic_open: bool = False
    tags: tuple[Tag, ...] = ()
    spoken: str = ""
    """What a screen reader says, without the position."""


def rect(box: Box) -> QRect:
    return QRect(box.x, box.y, box.width, box.height)


Line = tuple[int, int, QColor]
"""One line around a tile: how far inside, how wide, in which colour."""


@dataclass(frozen=True, slots=True)
class _Border:
    """From outside to inside; `left` and `right` are the upper corners, squares of `size`."""

    lines: tuple[Line, ...]
    size: int
    left: QPixmap
    right: QPixmap


class TilePainter:
    """Paints tiles with the theme in force; build a new one when the theme changes."""

    def __init__(self) -> None:
        k = theme()
        self._radius = k.px(6)
        self._borders: dict[tuple[bool, bool, float], _Border] = {}
        self._name, self._name_small = font("body", bold=True), font("small", bold=True)
        self._detail, self._tag, self._title = font("small"), font("chip", bold=True), font("body", bold=True)

    def picture(self, painter: QPainter, boxes: TileBox, image: QImage) -> None:
        """The picture alone, cropped a little or whole on a dark ground; `upper` goes around it."""
        box, (x, y, width, height) = placed(boxes.picture, image.width(), image.height())
        target = rect(box)
        if box != boxes.picture:
            painter.fillRect(rect(boxes.picture), QColor(theme().tokens.sunken if theme().tokens.dark else "#10171D"))
        ratio = painter.device().devicePixelRatio()
        exact = round(box.width * ratio) == round(width) and round(box.height * ratio) == round(height)
        if exact and ratio == 1:  # whole pixels: a copy, four times cheaper than a transformation
            painter.drawImage(target.topLeft(), image, QRect(round(x), round(y), box.width, box.height))
        else:
            painter.setRenderHint(
                QPainter.RenderHint.SmoothPixmapTransform, not exact and image.width() < box.width * ratio
            )
            painter.drawImage(QRectF(target), image, QRectF(x, y, width, height))

    def placeholder(self, painter: QPainter, tile: Tile, boxes: TileBox, *, again: bool, dark: bool = False) -> None:
        """An icon and two lines in the picture's place; `again` where there had been one, `dark` where none comes."""
        if dark:
            tile = replace(tile, state=PictureState.CAMERA_OFF, state_title=tile.dark_title, state_text=tile.dark_text)
            again = False
        k = theme()
        box = rect(boxes.picture)
        off = tile.state is PictureState.CAMERA_OFF
        painter.fillRect(box, QColor(CAMERA_OFF_GROUND) if off else k.color("sunken"))
        ink, ink2 = (QColor("#E9EFF2"), QColor("#B9C6CE")) if off else (k.color("ink"), k.color("ink2"))
        name, token = {
            PictureState.OFFLINE: ("lan-disconnect", "zheshi"),
            PictureState.CAMERA_OFF: ("video-off-outline", "#E9EFF2"),
            PictureState.AWAY: ("seat-outline", "ink3"),
        }.get(tile.state, ("dots-horizontal", "ink3"))
        big = boxes.picture.height > k.px(130)
        size = 34 if big else 22
        mark = pixmap(name, token, size)
        title_height = QFontMetrics(self._title).height()
        text_height = QFontMetrics(self._detail).height() if tile.state_text and big else 0
        total = k.px(size) + k.px(8) + title_height + (k.px(2) + text_height if text_height else 0)
        y = box.center().y() - total // 2
        painter.drawPixmap(box.center().x() - k.px(size) // 2, y, mark)
        y += k.px(size) + k.px(8)
        painter.setFont(self._title)
        painter.setPen(ink)
        self._line(
            painter,
            QRect(box.left() + k.px(8), y, box.width() - k.px(16), title_height),
            tile.state_again if again and tile.state_again else tile.state_title,
        )
        if text_height:
            painter.setFont(self._detail)
            painter.setPen(ink2)
            y += title_height + k.px(2)
            self._line(painter, QRect(box.left() + k.px(8), y, box.width() - k.px(16), text_height), tile.state_text)

    def caption(self, painter: QPainter, tile: Tile, boxes: TileBox) -> None:
        """The band below the picture: level mark, name, who speaks, microphone."""
        k = theme()
        box = rect(boxes.caption)
        ground = k.color("onair") if tile.on_air else k.color("surface")
        self._band(painter, box, ground)
        white = QColor("#FFFFFF")
        ink = white if tile.on_air else k.color("ink")
        ink2 = QColor("#FBE8E6") if tile.on_air else k.color("ink2")
        pad = k.px(10)
        mark = QRect(box.left() + pad, box.center().y() - k.px(7), k.px(18), k.px(16))
        bar_on = white if tile.on_air else k.color("accent")
        bar_off = QColor(255, 255, 255, 90) if tile.on_air else k.color("line")
        paint_level_mark(painter, mark, bars_filled(tile.level), bar_on, bar_off)
        name_font = self._name if boxes.caption.height >= k.px(38) else self._name_small
        mic_x = box.right() - pad - k.px(18) + 1
        left, right = mark.right() + k.px(9), mic_x - k.px(8)
        if tile.mic_open or QFontMetrics(name_font).horizontalAdvance(tile.name) <= right - left:
            mic = pixmap(tile.mic_icon, "#FFFFFF" if tile.on_air else tile.mic_token, 18)
            painter.drawPixmap(mic_x, box.center().y() - k.px(9) + 1, mic)
        else:  # closed is what is usual: the name is worth more
            right = box.right() - k.px(6)
        painter.setFont(name_font)
        painter.setPen(ink)
        metrics = QFontMetrics(name_font)
        name = metrics.elidedText(tile.name, Qt.TextElideMode.ElideRight, max(0, right - left))
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRect(left, box.top(), right - left, box.height()), middle, name)
        left += metrics.horizontalAdvance(name) + k.px(9)
        if tile.detail and right - left > k.px(36):
            painter.setFont(self._detail)
            painter.setPen(ink2)
            shown = QFontMetrics(self._detail).elidedText(tile.detail, Qt.TextElideMode.ElideRight, right - left)
            painter.drawText(QRect(left, box.top(), right - left, box.height()), middle, shown)

    def upper(self, painter: QPainter, tile: Tile, boxes: TileBox, *, selected: bool) -> None:
        """What lies over the picture: its tags, and the tile's border as far as the picture goes. It is painted with
        every picture: the sides are filled, and the round corners drawn once and copied."""
        if tile.tags:
            self._tags(painter, tile, boxes)
        border, box = self._border(painter, on_air=tile.on_air, selected=selected), boxes.picture
        for inset, width, color in border.lines:
            painter.fillRect(box.x + border.size, box.y + inset, box.width - 2 * border.size, width, color)
            tall = box.height - border.size
            painter.fillRect(box.x + inset, box.y + border.size, width, tall, color)
            painter.fillRect(box.right - inset - width, box.y + border.size, width, tall, color)
        painter.drawPixmap(box.x, box.y, border.left)
        painter.drawPixmap(box.right - border.size, box.y, border.right)

    def lower(self, painter: QPainter, tile: Tile, boxes: TileBox, *, selected: bool) -> None:
        """The tile's border as far as the caption goes."""
        border = self._border(painter, on_air=tile.on_air, selected=selected)
        painter.save()
        painter.setClipRect(rect(boxes.caption), Qt.ClipOperation.IntersectClip)
        self._outlines(painter, QRectF(rect(boxes.whole)), border.lines)
        painter.restore()

    def _tags(self, painter: QPainter, tile: Tile, boxes: TileBox) -> None:
        """The words over the top left of the picture."""
        k = theme()
        metrics = QFontMetrics(self._tag)
        inset = k.px(9)
        x, y = boxes.picture.x + inset, boxes.picture.y + inset
        height = metrics.height() + k.px(6)
        for tag in tile.tags:
            width = k.px(8) + k.px(16) + k.px(5) + metrics.horizontalAdvance(tag.text) + k.px(8)
            if x + width > boxes.picture.right - inset:
                break
            ground, ink = self._tag_colors(tag.tone)
            path = QPainterPath()
            path.addRoundedRect(QRectF(x, y, width, height), k.px(4), k.px(4))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            painter.fillPath(path, ground)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.drawPixmap(x + k.px(8), y + (height - k.px(16)) // 2, pixmap(tag.icon, ink, 16))
            painter.setFont(self._tag)
            painter.setPen(QColor(ink))
            text_box = QRect(x + k.px(29), y, width, height)
            painter.drawText(text_box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, tag.text)
            x += width + k.px(7)

    @staticmethod
    def _tag_colors(tone: str) -> tuple[QColor, str]:
        # Tags lie on a picture, which is neither light nor dark: they keep the light scheme's pale grounds.
        return {
            "onair": (QColor("#C42B20"), "#FFFFFF"),
            "shilv": (QColor("#E0F1E9"), "#1A6747"),
            "accent": (QColor("#E2EBF4"), "#1F4A78"),
        }.get(tone, (DARK_TAG, "#FFFFFF"))

    def _band(self, painter: QPainter, box: QRect, ground: QColor) -> None:
        painter.fillRect(box, theme().color("win"))
        path = QPainterPath()
        path.addRoundedRect(QRectF(box.adjusted(0, -self._radius * 2, 0, 0)), self._radius, self._radius)
        painter.save()
        painter.setClipRect(box, Qt.ClipOperation.IntersectClip)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.fillPath(path, ground)
        painter.restore()

    def _border(self, painter: QPainter, *, on_air: bool, selected: bool) -> "_Border":
        """Hairline, the red of 播出, the selection's accent."""
        ratio = painter.device().devicePixelRatio()
        key = (on_air, selected, ratio)
        found = self._borders.get(key)
        if found is None:
            k = theme()
            stripe = k.px(STRIPE) if on_air else 0
            lines = [(0, stripe, k.color("onair_line")) if on_air else (0, 1, k.color("line"))]
            if selected:
                lines.append((stripe, k.px(CHOSEN), QColor("#FFFFFF") if on_air else k.color("focus")))
            size = lines[-1][0] + self._radius
            left, right = (self._corner(size, ratio, lines, at) for at in (0, -3 * size))
            found = self._borders[key] = _Border(tuple(lines), size, left, right)
        return found

    def _corner(self, size: int, ratio: float, lines: Sequence[Line], at: int) -> QPixmap:
        """An upper corner of a tile that begins at `at`: around it the window's colour, in it nothing."""
        drawn = QPixmap(round(size * ratio), round(size * ratio))
        drawn.setDevicePixelRatio(ratio)
        drawn.fill(Qt.GlobalColor.transparent)
        painter = QPainter(drawn)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        tile = QRectF(at, 0, 4 * size, 4 * size)
        around, inside = QPainterPath(), QPainterPath()
        around.addRect(tile)
        inside.addRoundedRect(tile, self._radius, self._radius)
        painter.fillPath(around - inside, theme().color("win"))
        self._outlines(painter, tile, lines)
        painter.end()
        return drawn

    def _outlines(self, painter: QPainter, box: QRectF, lines: Sequence[Line]) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for inset, width, color in lines:
            self._outline(painter, box.adjusted(inset, inset, -inset, -inset), color, width)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _outline(self, painter: QPainter, box: QRectF, color: QColor, width: float) -> None:
        """A rounded border: sides as filled rectangles and four small arcs; one stroked path costs far more."""
        r, half = float(self._radius), width / 2
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for side in (
            QRectF(box.left() + r, box.top(), box.width() - 2 * r, width),
            QRectF(box.left() + r, box.bottom() - width, box.width() - 2 * r, width),
            QRectF(box.left(), box.top() + r, width, box.height() - 2 * r),
            QRectF(box.right() - width, box.top() + r, width, box.height() - 2 * r),
        ):
            painter.fillRect(side, color)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        across = 2 * (r - half)
        left, right = box.left() + half, box.right() - half - across
        top, bottom = box.top() + half, box.bottom() - half - across
        for x, y, start in ((right, top, 0), (left, top, 90), (left, bottom, 180), (right, bottom, 270)):
            painter.drawArc(QRectF(x, y, across, across), start * 16, 90 * 16)

    @staticmethod
    def _line(painter: QPainter, box: QRect, text: str) -> None:
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, shown)
