"""Paints a page of tiles, as little of it as changed: mostly that is new pictures, and nothing around them."""

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtGui import QPainter, QRegion

from ui.picture.shown import Shown
from ui.picture.tile import TilePainter, rect
from ui.theme import theme


class PaintListener(Protocol):
    """Is told, on the Qt thread and inside the paint event, which frame of which site was painted."""

    def __call__(self, unit_path: str, number: int) -> None: ...


class PagePainter:
    """With the theme in force; `restyle` takes up another one."""

    def __init__(self, painted: PaintListener | None) -> None:
        self._painted = painted
        self._tiles = TilePainter()

    def restyle(self) -> None:
        self._tiles = TilePainter()

    def paint(self, painter: QPainter, region: QRegion, page: Sequence[Shown], selection: str) -> None:
        """All of the region, and nothing outside of it."""
        pictures = [shown for shown in page if region.intersects(rect(shown.boxes.picture))]
        rest = QRegion(region)
        for shown in pictures:
            rest -= rect(shown.boxes.picture)
        if not rest.isEmpty():
            pictures = [shown for shown in pictures if not rest.intersects(rect(shown.boxes.whole))]
            self._paint_more(painter, rest, page, selection)
        for shown in pictures:
            # A clip of one rectangle: with the region of all new pictures Qt goes line by line instead of copying.
            painter.setClipRect(rect(shown.boxes.picture))
            self._picture(painter, shown, selected=shown.tile.unit_path == selection)

    def _paint_more(self, painter: QPainter, region: QRegion, page: Sequence[Shown], selection: str) -> None:
        """The ground, and the tiles of which this is more than the picture."""
        ground = QRegion(region)
        for shown in page:
            ground -= rect(shown.boxes.whole)
        painter.save()
        painter.setClipRegion(ground)
        painter.fillRect(ground.boundingRect(), theme().color("win"))
        painter.restore()
        for shown in page:
            if region.intersects(rect(shown.boxes.whole)):
                selected = shown.tile.unit_path == selection
                self._picture(painter, shown, selected=selected)
                if region.intersects(rect(shown.boxes.caption)):
                    self._tiles.caption(painter, shown.tile, shown.boxes)
                    self._tiles.lower(painter, shown.tile, shown.boxes, selected=selected)

    def _picture(self, painter: QPainter, shown: Shown, *, selected: bool) -> None:
        if shown.image is not None and shown.frame is not None:
            self._tiles.picture(painter, shown.boxes, shown.image)
            if self._painted is not None:
                self._painted(shown.tile.unit_path, shown.frame.number)
        else:
            self._tiles.placeholder(painter, shown.tile, shown.boxes, again=shown.seen, dark=shown.dark)
        self._tiles.upper(painter, shown.tile, shown.boxes, selected=selected)
