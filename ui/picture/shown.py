"""A tile on the page: where it lies, its source, the picture in hand."""

from dataclasses import dataclass

from PySide6.QtGui import QImage

from media.frames import Frame, FrameSource
from ui.picture.geometry import TileBox
from ui.picture.tile import Tile


@dataclass(slots=True)
class Shown:
    """The frame keeps its memory alive for the image."""

    tile: Tile
    boxes: TileBox
    source: FrameSource | None
    frame: Frame | None = None
    image: QImage | None = None
    seen: bool = False
    """There has been a picture."""
    waits_since: float = 0.0
    """Since when there is none, in monotonic seconds."""
    dark: bool = False
    """It was waited for long enough."""

    def take(self, frame: Frame | None) -> None:
        """From now on this is the picture; None: there is none."""
        self.frame = frame
        if frame is None:
            self.image = None
            return
        self.image = QImage(frame.plane, frame.width, frame.height, frame.stride, QImage.Format.Format_RGB32)
        self.seen = True
