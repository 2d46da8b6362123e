"""备会看板, painted: a row for each city, a tile for each site, the problems tinted and in words.

Arrows walk through the tiles, N goes to the next problem, Enter opens a site's history. A changed tile repaints alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop_app.domain.units import Level
from sync.meetings.readiness import City, Ready, SiteReadiness
from ui.i18n import language, t
from ui.models.places import bare_place, place_name, short_place
from ui.picture.spots import Spots
from ui.theme import font, theme
from ui.theme.icons import pixmap

GAP, HIGH, LABEL, BREAK = 4, 46, 96, 1_000
LOOKS = {
    Ready.FAILED: ("zhusha_t", "zhusha", "zhusha"),
    Ready.NOBODY: ("zhusha_t", "zhusha", "zhusha"),
    Ready.UNTESTED: ("sunken", "ctl", "ink2"),
    Ready.STALE: ("sunken", "ctl", "ink2"),
    Ready.ADVICE: ("zheshi_t", "zheshi", "zheshi"),
    Ready.READY: ("surface", "line", "ink"),
}
"""Ground, frame and ink of a tile."""


def cause_word(one: SiteReadiness) -> str:
    """Two or three characters: 话筒, 未检, 无人; empty for a site that is ready."""
    if one.state in (Ready.FAILED, Ready.ADVICE):
        worst = one.tested.worst if one.tested is not None else None
        return t(f"ready.short_{worst.kind}") if worst is not None else t(f"ready.tile_{one.state}")
    return "" if one.state is Ready.READY else t(f"ready.tile_{one.state}")


@dataclass(frozen=True, slots=True)
class _Tile:
    site: SiteReadiness
    box: QRect


class ReadyBoard(QWidget):
    """`chosen` says which tile; `opened` that its history is wanted; `next_problem` that N was pressed."""

    chosen = Signal(str)
    opened = Signal(str)
    next_problem = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._cities: tuple[City, ...] = ()
        self._labels: list[tuple[City, QRect]] = []
        self._tiles: list[_Tile] = []
        self._selection = ""
        self._problems = False
        self._spots = Spots(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)
        self.setAccessibleName(t("ready.board"))

    def show_cities(self, cities: tuple[City, ...], *, problems: bool = False) -> None:
        """These rows in this order; `problems`: they hold nothing else."""
        if cities == self._cities and problems == self._problems:
            return
        before = self._cities
        self._cities, self._problems = cities, problems
        if [_shape(one) for one in before] != [_shape(one) for one in cities]:
            self._arrange()
            return
        by_path = {site.unit_path: site for city in cities for site in city.sites}
        self._labels = [(new, box) for new, (_, box) in zip(cities, self._labels, strict=True)]
        for place, tile in enumerate(self._tiles):
            now = by_path[tile.site.unit_path]
            if now != tile.site:
                self._tiles[place] = _Tile(now, tile.box)
                self.update(tile.box)
        self._spots.name([self.spoken(place) for place in range(len(self._tiles))])
        self.update()

    def select(self, unit_path: str) -> None:
        """Mark a tile."""
        if unit_path != self._selection:
            self._selection = unit_path
            self.update()

    def box_of(self, unit_path: str) -> QRect:
        """Where a site's tile lies; empty where it is not shown."""
        return next((tile.box for tile in self._tiles if tile.site.unit_path == unit_path), QRect())

    def spoken(self, place: int) -> str:
        """龙川，县级，不能开会，麦克风，第 12 个共 120 个."""
        site = self._tiles[place].site
        words = [place_name(site.unit_path), t(f"level.{int(site.level)}"), t(f"ready.state_{site.state}")]
        cause = cause_word(site)
        if cause and site.state in (Ready.FAILED, Ready.ADVICE):
            words.append(cause)
        return t("say.place", t("call.comma").join(words), place + 1, len(self._tiles))

    # Where the tiles lie

    def _arrange(self) -> None:
        k = theme()
        gap, high, label = k.px(GAP), k.px(HIGH), k.px(LABEL)
        metrics = QFontMetrics(font("small", bold=True))
        names = sorted(metrics.horizontalAdvance(_name(one)) for city in self._cities for one in city.sites)
        usual = names[len(names) * 9 // 10] if names else 0
        wide = max(k.px(48), min(usual + k.px(10), k.px(92)))
        columns = 2 if self.width() >= k.px(BREAK) else 1
        span = (self.width() - k.px(24) * (columns - 1)) // columns
        fits = max(1, (span - label + gap) // (wide + gap))
        heights = [-(-len(city.sites) // fits) * (high + gap) + k.px(8) for city in self._cities]
        half, filled = sum(heights) / columns, 0
        self._labels, self._tiles = [], []
        left, top, tallest = 0, 0, 0
        for city, height in zip(self._cities, heights, strict=True):
            if columns > 1 and left == 0 and filled and filled + height / 2 > half:
                left, top = span + k.px(24), 0
            self._labels.append((city, QRect(left, top, span, height)))
            for at, site in enumerate(city.sites):
                row, column = divmod(at, fits)
                box = QRect(left + label + column * (wide + gap), top + k.px(4) + row * (high + gap), wide, high)
                self._tiles.append(_Tile(site, box))
            filled += height
            top += height
            tallest = max(tallest, top)
        self.setMinimumHeight(tallest)
        boxes = [tile.box for tile in self._tiles]
        self._spots.place(boxes, [self.spoken(place) for place in range(len(boxes))])
        self.update()

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(320), self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._arrange()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for city, box in self._labels:
            if event.rect().intersects(box):
                self._paint_label(painter, city, box)
        for tile in self._tiles:
            if event.rect().intersects(tile.box.adjusted(-4, -4, 4, 4)):
                self._paint(painter, tile)
        painter.end()

    def _paint_label(self, painter: QPainter, city: City, box: QRect) -> None:
        k = theme()
        painter.fillRect(QRect(box.left(), box.bottom(), box.width(), 1), k.color("line"))
        wide = k.px(LABEL) - k.px(10)
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        style = font("small", bold=True)
        painter.setFont(style)
        painter.setPen(k.color("ink"))
        name = QFontMetrics(style).elidedText(short_place(city.unit_path), Qt.TextElideMode.ElideRight, wide)
        painter.drawText(QRect(box.left(), box.top() + k.px(6), wide, k.px(22)), flags, name)
        all_ready = city.ready == len(city.sites)
        painter.setFont(font("meta", bold=not all_ready))
        painter.setPen(k.color("ink3" if all_ready else "zheshi"))
        problems = t("ready.city_problems", len(city.sites))
        count = problems if self._problems else t("ready.city", city.ready, len(city.sites))
        painter.drawText(QRect(box.left(), box.top() + k.px(26), wide, k.px(20)), flags, count)

    def _paint(self, painter: QPainter, tile: _Tile) -> None:
        k, site, box = theme(), tile.site, tile.box
        ground, frame, ink = LOOKS[site.state]
        painter.setPen(k.color(frame))
        painter.setBrush(k.color(ground))
        shape = QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(shape, k.px(5), k.px(5))
        if site.state is Ready.STALE:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QBrush(k.color("line"), Qt.BrushStyle.BDiagPattern))
            painter.drawRoundedRect(shape, k.px(5), k.px(5))
        troubled = site.state not in (Ready.READY, Ready.STALE)
        style = font("small", bold=troubled or site.level <= Level.CITY)
        painter.setFont(style)
        painter.setPen(k.color(ink))
        room = box.width() - k.px(4)
        name = QFontMetrics(style).elidedText(_name(site), Qt.TextElideMode.ElideRight, room)
        flags = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(QRect(box.left() + k.px(2), box.top() + k.px(3), room, k.px(21)), flags, name)
        lower = QRect(box.left() + k.px(2), box.top() + k.px(23), room, k.px(20))
        word = cause_word(site)
        if word:
            small = font("meta", bold=True)
            painter.setFont(small)
            painter.drawText(lower, flags, QFontMetrics(small).elidedText(word, Qt.TextElideMode.ElideRight, room))
        else:
            mark = k.px(15)
            painter.drawPixmap(
                lower.center().x() - mark // 2 + 1, lower.center().y() - mark // 2, pixmap("check", "shilv", 15)
            )
        if site.unit_path == self._selection:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(k.color("focus"), k.px(2.5) if self.hasFocus() else k.px(1.5)))
            painter.drawRoundedRect(QRectF(box).adjusted(-1, -1, 1, 1), k.px(6), k.px(6))

    # Hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        found = next((tile for tile in self._tiles if tile.box.contains(point)), None)
        if found is not None:
            self.chosen.emit(found.site.unit_path)

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        if self._selection:
            self.opened.emit(self._selection)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        steps = {Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Down: (0, 1), Qt.Key.Key_Up: (0, -1)}
        if key in steps and self._tiles:
            self.chosen.emit(self._neighbour(*steps[key]).site.unit_path)
        elif key == Qt.Key.Key_N and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.next_problem.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._selection:
            self.opened.emit(self._selection)
        else:
            super().keyPressEvent(event)

    def _neighbour(self, across: int, down: int) -> _Tile:
        """The next tile in the order of the board, or the nearest one of the line below or above."""
        at = next((place for place, tile in enumerate(self._tiles) if tile.site.unit_path == self._selection), -1)
        if at < 0:
            return self._tiles[0]
        if across:
            return self._tiles[min(max(0, at + across), len(self._tiles) - 1)]
        here = self._tiles[at].box.center()
        beyond = [tile for tile in self._tiles if (tile.box.center().y() - here.y()) * down > 0]
        if not beyond:
            return self._tiles[at]
        return min(beyond, key=lambda tile: _distance(tile.box, here.x(), here.y()))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()


def _distance(box: QRect, x: int, y: int) -> int:
    """The nearest line first, then the nearest place in it."""
    return abs(box.center().y() - y) * 4 + abs(box.center().x() - x)


def _shape(city: City) -> tuple[str, Sequence[str]]:
    return city.unit_path, [site.unit_path for site in city.sites]


def _name(site: SiteReadiness) -> str:
    """市级 and 省级 stand for the city's and the province's own room."""
    if site.level <= Level.CITY:
        return t(f"ready.own_{int(site.level)}")
    return site.short if language().startswith("zh") else bare_place(place_name(site.unit_path))
