"""The board of a roll call: a tile for each site, painted; a changed answer repaints its tile alone.

Arrows walk the board, Enter calls the chosen site. The keys of the caller (Space, N, R, Backspace) are heard only
while the board has the focus: nobody answers for a room by typing elsewhere.
"""

from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop_app.domain.units import Level
from ui.i18n import t
from ui.models.roll_rows import MISSING, Answer, RollTile
from ui.picture.spots import Spots
from ui.theme import font, theme
from ui.theme.icons import pixmap
from ui.widgets.level_mark import bars_filled, paint_level_mark

GAP, LOW, HIGH = 6, 40, 58
KEYS = {
    Qt.Key.Key_Space: "present",
    Qt.Key.Key_N: "no-answer",
    Qt.Key.Key_R: "again",
    Qt.Key.Key_Backspace: "back",
    Qt.Key.Key_Return: "call",
    Qt.Key.Key_Enter: "call",
}
ICONS = {
    Answer.PRESENT: ("check", "shilv"),
    Answer.NO_ANSWER: ("phone-missed-outline", "zheshi"),
    Answer.OFFLINE: ("lan-disconnect", "zheshi"),
    Answer.CALLED: ("volume-high", "on_accent"),
}


class RollBoard(QWidget):
    """`pressed` says which key was meant: present, no-answer, again, back or call; `chosen` which tile."""

    pressed = Signal(str)
    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._tiles: list[RollTile] = []
        self._boxes: list[QRect] = []
        self._selection = ""
        self._room = 0
        self._spots = Spots(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)
        self.setAccessibleName(t("roll.board"))

    @property
    def selection(self) -> str:
        return self._selection

    def show_tiles(self, tiles: Sequence[RollTile]) -> None:
        """These sites in this order."""
        before, self._tiles = self._tiles, list(tiles)
        if [one.unit_path for one in before] != [one.unit_path for one in tiles]:
            if self._selection not in {tile.unit_path for tile in tiles}:
                self._selection = ""
            self._arrange()
            return
        changed = [place for place, (old, new) in enumerate(zip(before, self._tiles, strict=True)) if old != new]
        for place in changed:
            self.update(self._boxes[place])
        if changed:
            self._spots.name([self.spoken(place) for place in range(len(self._tiles))])

    def select(self, unit_path: str) -> None:
        """Mark a tile, and keep it in sight."""
        if unit_path == self._selection:
            return
        for place, tile in enumerate(self._tiles):
            if tile.unit_path in (unit_path, self._selection):
                self.update(self._boxes[place].adjusted(-4, -4, 4, 4))
        self._selection = unit_path
        self.chosen.emit(unit_path)

    def box_of(self, unit_path: str) -> QRect:
        """Where a site's tile lies."""
        paths: list[str] = [tile.unit_path for tile in self._tiles]
        return self._boxes[paths.index(unit_path)] if unit_path in paths else QRect()

    def spoken(self, place: int) -> str:
        """龙川，县级，未应答，网络断开，第 12 个共 120 个."""
        tile = self._tiles[place]
        words = [tile.name, t(f"level.{int(tile.level)}"), t(f"roll.{tile.answer.value}")]
        if not tile.online and tile.answer is not Answer.OFFLINE:
            words.append(t("roll.offline"))
        return t("say.place", t("call.comma").join(words), place + 1, len(self._tiles))

    # Where the tiles lie

    def give_room(self, height: int) -> None:
        """How much can be seen at once: with few sites the tiles are taller."""
        if height != self._room:
            self._room = height
            self._arrange()

    def _arrange(self) -> None:
        k = theme()
        count = len(self._tiles)
        metrics = QFontMetrics(font("body", bold=True))
        widths = sorted(metrics.horizontalAdvance(tile.short) for tile in self._tiles)
        # A few long names are elided rather than making every tile as wide as they are.
        usual = widths[len(widths) * 9 // 10] if widths else 0
        least = usual + k.px(70)
        gap = k.px(GAP)
        columns = max(1, min(count or 1, (self.width() + gap) // (least + gap), 12))
        rows = -(-count // columns) if count else 0
        wide = min((self.width() - gap * (columns - 1)) // columns, k.px(160)) if count else 0
        high = k.px(HIGH)
        if rows:
            high = min(high, max(k.px(LOW), (self._room - gap * (rows - 1)) // rows))
        self._boxes = []
        for place in range(count):
            row, column = divmod(place, columns)
            self._boxes.append(QRect(column * (wide + gap), row * (high + gap), wide, high))
        self._columns = columns
        self.setMinimumHeight(rows * (high + gap) - gap if rows else 0)
        self._spots.place(self._boxes, [self.spoken(place) for place in range(count)])
        self.update()

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(240), self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._arrange()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for tile, box in zip(self._tiles, self._boxes, strict=True):
            if event.rect().intersects(box.adjusted(-4, -4, 4, 4)):
                self._paint(painter, tile, box)
        painter.end()

    def _paint(self, painter: QPainter, tile: RollTile, box: QRect) -> None:
        k = theme()
        ground, frame, ink, mark_on = {
            Answer.PRESENT: ("surface", "line", "ink", "accent"),
            Answer.CALLED: ("accent", "accent", "on_accent", "on_accent"),
            Answer.WAITING: ("sunken", "sunken", "ink2", "ink3"),
        }.get(tile.answer, ("zheshi_t", "zheshi", "zheshi", "zheshi"))
        painter.setPen(k.color(frame))
        painter.setBrush(k.color(ground))
        painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), k.px(6), k.px(6))
        mark = QRect(box.left() + k.px(9), box.center().y() - k.px(7), k.px(18), k.px(15))
        faint = k.color("line")
        if tile.answer is Answer.CALLED:
            faint = k.color("on_accent")
            faint.setAlpha(90)
        paint_level_mark(painter, mark, bars_filled(tile.level), k.color(mark_on), faint)
        right = box.right() - k.px(8)
        sign = ICONS.get(tile.answer)
        if sign is not None:
            right -= k.px(18)
            painter.drawPixmap(right, box.center().y() - k.px(9) + 1, pixmap(sign[0], sign[1], 18))
            right -= k.px(3)
        style = font("body", bold=tile.level <= Level.CITY or tile.answer in (*MISSING, Answer.CALLED))
        painter.setFont(style)
        painter.setPen(k.color(ink))
        left = mark.right() + k.px(6)
        text = QFontMetrics(style).elidedText(tile.short, Qt.TextElideMode.ElideRight, right - left)
        painter.drawText(
            QRect(left, box.top(), right - left, box.height()),
            int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft),
            text,
        )
        if tile.unit_path == self._selection:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            width = k.px(2.5) if self.hasFocus() else k.px(1.5)
            inside = tile.answer is Answer.CALLED
            painter.setPen(QPen(k.color("on_accent" if inside else "focus"), width))
            inset = k.px(3) if inside else 1
            ring = QRectF(box).adjusted(inset, inset, -inset, -inset)
            painter.drawRoundedRect(ring, k.px(5), k.px(5))

    # Hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        for tile, box in zip(self._tiles, self._boxes, strict=True):
            if box.contains(point):
                self.select(tile.unit_path)

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        if self._selection:
            self.pressed.emit("call")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        steps = {
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Down: self._columns,
            Qt.Key.Key_Up: -self._columns,
        }
        if key in steps and self._tiles:
            paths: list[str] = [tile.unit_path for tile in self._tiles]
            at = paths.index(self._selection) + steps[key] if self._selection in paths else 0
            self.select(paths[min(max(0, at), len(paths) - 1)])
        elif key in KEYS and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if not event.isAutoRepeat():
                self.pressed.emit(KEYS[key])
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()
