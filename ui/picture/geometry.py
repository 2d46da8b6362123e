"""Where the tiles of the grid lie. Pure arithmetic in integer logical pixels; nothing here knows Qt or a frame.

A tile is a picture with its caption band below it, never over it (the name plates of a room stand at the bottom of the
picture). A picture may lose at most 15 % of one side to cropping; beyond that it is shown whole on a dark ground.
"""

from dataclasses import dataclass
from enum import StrEnum

ASPECT = 16 / 9
CROP = 0.15
STRIP = 6
PAGES = (9, 16)
"""A terminal receives sixteen pictures at a time."""


class GridLayout(StrEnum):
    """均分: all alike. 主讲: one large picture and a strip of the others."""

    EQUAL = "equal"
    SPEAKER = "speaker"


@dataclass(frozen=True, slots=True)
class Metrics:
    """Lengths that follow the text size: the gap between tiles and the caption's height, large and in the strip."""

    gap: int = 10
    caption: int = 40
    caption_small: int = 32


STANDARD = Metrics()


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; `right` and `bottom` are one past the last pixel."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height

    def holds(self, x: float, y: float) -> bool:
        return self.x <= x < self.right and self.y <= y < self.bottom


@dataclass(frozen=True, slots=True)
class TileBox:
    """One tile: the whole, its picture, its caption band."""

    whole: Box
    picture: Box
    caption: Box

    @classmethod
    def of(cls, whole: Box, caption: int) -> "TileBox":
        picture = Box(whole.x, whole.y, whole.width, whole.height - caption)
        return cls(whole, picture, Box(whole.x, picture.bottom, whole.width, caption))


def page_size(count: int) -> int:
    """How many tiles share a page: 9 or 16."""
    return next((size for size in PAGES if count <= size), PAGES[-1])


def columns_for(count: int, width: int, height: int, m: Metrics) -> int:
    """The number of columns that gives the largest pictures."""
    best, best_width = 1, 0.0
    for columns in range(1, count + 1):
        rows = -(-count // columns)
        cell_width = (width - m.gap * (columns - 1)) / columns
        cell_height = (height - m.gap * (rows - 1)) / rows - m.caption
        shown = min(cell_width, cell_height * ASPECT)
        if shown > best_width + 0.5:
            best, best_width = columns, shown
    return best


def tile_boxes(layout: GridLayout, count: int, width: int, height: int, metrics: Metrics = STANDARD) -> list[TileBox]:
    """The boxes of `count` tiles in reading order; with `SPEAKER` the first is the large one."""
    if count <= 0 or width <= 0 or height <= 0:
        return []
    if layout is GridLayout.SPEAKER and count > 1:
        return _speaker(count, width, height, metrics)
    return _equal(count, width, height, metrics)


def _equal(count: int, width: int, height: int, m: Metrics) -> list[TileBox]:
    caption = m.caption
    columns = columns_for(count, width, height, m)
    rows = -(-count // columns)
    cell_width = (width - m.gap * (columns - 1)) // columns
    cell_height = (height - m.gap * (rows - 1)) // rows
    # A tile is never taller than its picture needs: what is left over stays empty around the block of tiles.
    tallest = round(cell_width / ASPECT / (1 - CROP)) + caption
    tile_height = max(caption + 1, min(cell_height, tallest))
    widest = round((tile_height - caption) * ASPECT / (1 - CROP))
    tile_width = max(1, min(cell_width, widest))
    block_width = columns * tile_width + m.gap * (columns - 1)
    block_height = rows * tile_height + m.gap * (rows - 1)
    x0, y0 = (width - block_width) // 2, (height - block_height) // 2
    boxes = []
    for index in range(count):
        row, column = divmod(index, columns)
        in_row = min(columns, count - row * columns)
        indent = (columns - in_row) * (tile_width + m.gap) // 2 if rows > 1 and count <= 4 else 0
        x, y = x0 + indent + column * (tile_width + m.gap), y0 + row * (tile_height + m.gap)
        boxes.append(TileBox.of(Box(x, y, tile_width, tile_height), caption))
    return boxes


def _speaker(count: int, width: int, height: int, m: Metrics) -> list[TileBox]:
    others = min(count - 1, STRIP)
    strip_width = (width - m.gap * (STRIP - 1)) // STRIP
    strip_width = max(strip_width, min(200, (width - m.gap * (others - 1)) // others))
    strip_height = min(round(strip_width / ASPECT) + m.caption_small, height // 3)
    large_height = height - strip_height - m.gap
    large = _equal(1, width, large_height, m)[0]
    row_width = others * strip_width + m.gap * (others - 1)
    x0 = (width - row_width) // 2
    boxes = [large]
    for index in range(others):
        whole = Box(x0 + index * (strip_width + m.gap), height - strip_height, strip_width, strip_height)
        boxes.append(TileBox.of(whole, m.caption_small))
    return boxes


def wanted_size(box: Box, ratio: float) -> tuple[int, int]:
    """Device pixels to ask a 16:9 source for, even: covering the box while that crops at most 15 %, else inside it."""
    width, height = box.width * ratio, box.height * ratio
    if width <= 0 or height <= 0:
        return 0, 0
    cover_width, cover_height = max(width, height * ASPECT), max(height, width / ASPECT)
    if width / cover_width < 1 - CROP or height / cover_height < 1 - CROP:
        cover_width, cover_height = min(width, height * ASPECT), min(height, width / ASPECT)
    return _even(cover_width), _even(cover_height)


def placed(box: Box, width: int, height: int) -> tuple[Box, tuple[float, float, float, float]]:
    """Where a picture of `width` by `height` goes in `box`, and which part of it (x, y, width, height) is shown."""
    scale = max(box.width / width, box.height / height)
    part_width, part_height = box.width / scale, box.height / scale
    if part_width / width >= 1 - CROP - 0.01 and part_height / height >= 1 - CROP - 0.01:
        return box, ((width - part_width) / 2, (height - part_height) / 2, part_width, part_height)
    scale = min(box.width / width, box.height / height)
    shown_width, shown_height = round(width * scale), round(height * scale)
    x, y = box.x + (box.width - shown_width) // 2, box.y + (box.height - shown_height) // 2
    return Box(x, y, shown_width, shown_height), (0.0, 0.0, float(width), float(height))


def _even(value: float) -> int:
    return max(2, round(value / 2) * 2)
