"""The video grid: one widget that paints every tile, and repaints only those that have a new picture.

A source leaves its latest frame in a slot, already scaled to the size asked for here; a precise timer looks into the
slots. No signal is ever sent per frame. Tiles on another page, and all while the grid is hidden or its window is
minimised, ask for 0 by 0 pixels.
"""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QWidget

from desktop_app.domain.clock import Clock
from media.frames import FrameSource
from ui.i18n import t
from ui.picture.geometry import STRIP, GridLayout, Metrics, page_size, tile_boxes, wanted_size
from ui.picture.page_painter import PagePainter, PaintListener
from ui.picture.shown import Shown
from ui.picture.spots import Spots
from ui.picture.tile import PictureState, Tile, rect
from ui.theme import font, theme

TICK_MS = 16
"""A picture waits half of it on average: at 33 ms that was most of what camera to paint takes on a good line."""
SILENT_S = 3.0
"""A picture stands still for this long, then its place says why."""
DARK_S = 8.0
"""How long a picture that ought to come is waited for before its place says that there is none."""
SourceOf = Callable[[str], FrameSource | None]


class VideoGrid(QWidget):
    """Tiles in equal parts, or one large with a strip of the others."""

    selected = Signal(str)
    activated = Signal(str)
    page_changed = Signal(int, int)

    def __init__(
        self, source_of: SourceOf, clock: Clock, painted: PaintListener | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._source_of, self._clock = source_of, clock
        self._tiles: list[Tile] = []
        self._shown: list[Shown] = []
        self._layout, self._large = GridLayout.EQUAL, ""
        self._selection = ""
        self._page = 0
        self._per_page: int | None = None
        self._empty = ""
        self._minimized = False
        self._painter = PagePainter(painted)
        self._timer = QTimer(self, interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._look)
        self._spots = Spots(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(240, 180)

    # What is shown

    def set_tiles(self, tiles: Sequence[Tile]) -> None:
        """The sites in the order of the grid. Sources are asked for again, so that a returned site is picked up."""
        if list(tiles) == self._tiles and all(s.source is not None for s in self._shown):
            return
        same = [(t.unit_path, t.state) for t in tiles] == [(t.unit_path, t.state) for t in self._tiles]
        self._tiles = list(tiles)
        if self._selection and self._selection not in {tile.unit_path for tile in tiles}:
            self._selection = ""
            self.selected.emit("")
        if same and all(s.source is not None for s in self._shown):
            by_path = {tile.unit_path: tile for tile in tiles}
            for shown in self._shown:
                if shown.tile != by_path[shown.tile.unit_path]:
                    if bool(shown.tile.dark_title) != bool(by_path[shown.tile.unit_path].dark_title):
                        self._wait_anew(shown)
                    shown.tile = by_path[shown.tile.unit_path]
                    self.update(rect(shown.boxes.whole))
            self._spots.name(self._spoken())
            return
        self._arrange()

    def set_layout(self, layout: GridLayout, large: str = "") -> None:
        """均分, or 主讲 with `large` as the large tile."""
        if (layout, large) != (self._layout, self._large):
            self._layout, self._large, self._page = layout, large, 0
            self._arrange()

    def set_page_size(self, tiles: int | None) -> None:
        """So many tiles on a page of equal parts; None: as many as make a good page."""
        if tiles != self._per_page:
            self._per_page, self._page = tiles, 0
            self._arrange()

    def _page_size(self) -> int:
        return self._per_page or page_size(len(self._tiles))

    def set_empty_text(self, text: str) -> None:
        """The sentence shown while there is no tile."""
        if text != self._empty:
            self._empty = text
            self.update()

    def select(self, unit_path: str) -> None:
        """Select a tile (clicking never puts a site on air)."""
        if unit_path == self._selection:
            return
        for shown in self._shown:
            if shown.tile.unit_path in (unit_path, self._selection):
                self.update(rect(shown.boxes.whole))
        self._selection = unit_path
        self.selected.emit(unit_path)

    @property
    def selection(self) -> str:
        return self._selection

    @property
    def tiles(self) -> list[Tile]:
        """The tiles of this page, in order."""
        return [shown.tile for shown in self._shown]

    @property
    def pages(self) -> int:
        per_page = STRIP if self._layout is GridLayout.SPEAKER else self._page_size()
        count = len(self._tiles) - (1 if self._layout is GridLayout.SPEAKER else 0)
        return max(1, -(-count // per_page))

    def caption_top(self) -> int:
        """Where the captions of the lowest row begin; the lower edge where there are none."""
        return max((shown.boxes.caption.y for shown in self._shown), default=self.height())

    def turn_page(self, by: int) -> None:
        """Show the next or the previous page."""
        page = min(max(0, self._page + by), self.pages - 1)
        if page != self._page:
            self._page = page
            self._arrange()

    def restyle(self) -> None:
        """Take up a changed theme."""
        self._painter.restyle()
        self._arrange()

    def _ordered(self) -> list[Tile]:
        if self._layout is not GridLayout.SPEAKER or not self._large:
            return self._tiles
        return sorted(self._tiles, key=lambda tile: tile.unit_path != self._large)

    def _arrange(self) -> None:
        ordered = self._ordered()
        self._page = min(self._page, self.pages - 1)
        if self._layout is GridLayout.SPEAKER:
            first, others = ordered[:1], ordered[1:]
            tiles = [*first, *others[self._page * STRIP : (self._page + 1) * STRIP]]
        else:
            size = self._page_size()
            tiles = ordered[self._page * size : (self._page + 1) * size]
        k = theme()
        metrics = Metrics(gap=k.px(10), caption=k.px(40), caption_small=k.px(32))
        boxes = tile_boxes(self._layout, len(tiles), self.width(), self.height(), metrics)
        before = {shown.tile.unit_path: shown for shown in self._shown}
        self._shown = []
        now = self._clock.monotonic()
        for tile, box in zip(tiles, boxes, strict=False):
            old = before.pop(tile.unit_path, None)
            source = self._source_of(tile.unit_path)
            kept = old if old is not None and old.source is source else None
            if kept is not None:
                waited = (kept.waits_since, kept.dark) if kept.tile.state is tile.state else (now, False)
                self._shown.append(Shown(tile, box, source, kept.frame, kept.image, kept.seen, *waited))
            else:
                seen = old.seen if old is not None else False
                self._shown.append(Shown(tile, box, source, seen=seen, waits_since=now))
        for gone in before.values():
            if gone.source is not None:
                gone.source.want(0, 0)
        self._ask()
        self._spots.place([rect(shown.boxes.whole) for shown in self._shown], self._spoken())
        self.page_changed.emit(self._page, self.pages)
        self.update()

    def _spoken(self) -> list[str]:
        """What a screen reader says of each tile of the page: the site, no picture, its place."""
        said = []
        for index, shown in enumerate(self._shown):
            words = shown.tile.spoken or shown.tile.name
            dark = f"{t('call.comma')}{shown.tile.dark_title}" if shown.dark else ""
            said.append(t("say.place", words + dark, self._place(index), len(self._tiles)))
        return said

    def _place(self, index: int) -> int:
        """Which of all the sites this tile of the page is, from 1."""
        if self._layout is GridLayout.SPEAKER:
            return self._page * STRIP + index + 1 if index else 1
        return self._page * self._page_size() + index + 1

    def _wait_anew(self, shown: Shown) -> None:
        shown.waits_since, shown.dark = self._clock.monotonic(), False

    def _ask(self) -> None:
        """Tell every source on the page its size in device pixels; nothing while the grid is hidden."""
        ratio = self.devicePixelRatioF()
        self._minimized = self.window().isMinimized()
        for shown in self._shown:
            if shown.source is None:
                continue
            live = self.isVisible() and not self._minimized and shown.tile.state is not PictureState.AWAY
            shown.source.want(*(wanted_size(shown.boxes.picture, ratio) if live else (0, 0)))

    # Pictures

    def _look(self) -> None:
        if self.window().isMinimized() != self._minimized:
            self._ask()
        now = self._clock.monotonic()
        for shown in self._shown:
            frame = shown.source.latest() if shown.source is not None else None
            if frame is not None and now - frame.at > SILENT_S:
                frame = None
            if frame is None and shown.image is None:
                self._note_dark(shown, now)
            if frame is shown.frame:
                continue
            if frame is not None and shown.frame is not None and frame.number == shown.frame.number:
                continue
            shown.take(frame)
            self._wait_anew(shown)
            self.update(rect(shown.boxes.picture))

    def _note_dark(self, shown: Shown, now: float) -> None:
        dark = bool(shown.tile.dark_title) and now - shown.waits_since > DARK_S
        if dark != shown.dark:
            shown.dark = dark
            self._spots.name(self._spoken())
            self.update(rect(shown.boxes.picture))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._painter.paint(painter, event.region(), self._shown, self._selection)
        if not self._shown and self._empty:
            painter.setFont(font("body"))
            painter.setPen(theme().color("ink2"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._empty)
        painter.end()

    # Window

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()
        self._arrange()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()
        self._ask()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.DevicePixelRatioChange):
            self.restyle()

    # Selection

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self.select(self._tile_at(event.position().toPoint()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        path = self._tile_at(event.position().toPoint())
        if path:
            self.activated.emit(path)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        paths = [shown.tile.unit_path for shown in self._shown]
        steps = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}
        if key in steps and paths:
            at = paths.index(self._selection) + steps[Qt.Key(key)] if self._selection in paths else 0
            self.select(paths[min(max(0, at), len(paths) - 1)])
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and paths:
            self._step_row(down=key == Qt.Key.Key_Down)
        elif key == Qt.Key.Key_PageDown:
            self.turn_page(1)
        elif key == Qt.Key.Key_PageUp:
            self.turn_page(-1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._selection:
            self.activated.emit(self._selection)
        else:
            super().keyPressEvent(event)

    def _step_row(self, *, down: bool) -> None:
        here = next((s for s in self._shown if s.tile.unit_path == self._selection), self._shown[0])
        middle = here.boxes.whole.x + here.boxes.whole.width // 2
        rows = [
            s
            for s in self._shown
            if (s.boxes.whole.y > here.boxes.whole.y) == down and s.boxes.whole.y != here.boxes.whole.y
        ]
        if rows:
            edge = (min if down else max)(s.boxes.whole.y for s in rows)
            row = [s for s in rows if s.boxes.whole.y == edge]
            nearest = min(row, key=lambda s: abs(s.boxes.whole.x + s.boxes.whole.width // 2 - middle))
            self.select(nearest.tile.unit_path)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if not self._selection and self._shown and event.reason() is Qt.FocusReason.TabFocusReason:
            self.select(self._shown[0].tile.unit_path)

    def _tile_at(self, point: QPoint) -> str:
        for shown in self._shown:
            if shown.boxes.whole.holds(point.x(), point.y()):
                return shown.tile.unit_path
        return ""
