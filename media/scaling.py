"""Fitting pictures: into the sending size with bars, into a tile without any."""

from fractions import Fraction

import av
from av.filter import Graph
from av.video.reformatter import Interpolation, VideoReformatter

from media.frames import Frame


def fit(width: int, height: int, into: tuple[int, int]) -> tuple[int, int]:
    """The largest size of the same shape within `into`, at least 2 by 2."""
    scale = min(into[0] / width, into[1] / height)
    return max(2, round(width * scale)), max(2, round(height * scale))


class TileScaler:
    """One tile's scaler: a picture becomes a BGRA frame that fits the tile. One thread at a time."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()
        self._number = 0

    def frame(self, picture: av.VideoFrame, tile: tuple[int, int], now: float) -> Frame:
        width, height = fit(picture.width, picture.height, tile)
        scaled = self._reformatter.reformat(
            picture, width, height, "bgra", interpolation=Interpolation.FAST_BILINEAR, threads=1
        )
        plane = scaled.planes[0]
        self._number += 1
        return Frame(memoryview(plane), width, height, plane.line_size, now, self._number)


class SendScaler:
    """Makes any picture yuv420p of the sending size, with black bars where its shape differs."""

    def __init__(self, width: int, height: int) -> None:
        self.size = (width, height)
        self._reformatter = VideoReformatter()
        self._last: tuple[av.VideoFrame, av.VideoFrame] | None = None
        """The picture scaled last, as it came and as it left: a slow file repeats its pictures."""
        self._bars: tuple[tuple[int, int, str], Graph] | None = None

    def picture(self, picture: av.VideoFrame) -> av.VideoFrame:
        if self._last is None or self._last[0] is not picture:
            self._last = (picture, self._scale(picture))
        return self._last[1]

    def _scale(self, picture: av.VideoFrame) -> av.VideoFrame:
        width, height = self.size
        if fit(picture.width, picture.height, self.size) == self.size:
            return self._reformatter.reformat(
                picture, width, height, "yuv420p", interpolation=Interpolation.FAST_BILINEAR, threads=1
            )
        key = (picture.width, picture.height, picture.format.name)
        if self._bars is None or self._bars[0] != key:
            self._bars = (key, self._graph(picture))
        graph = self._bars[1]
        picture.pts = None
        graph.push(picture)
        padded = graph.pull()
        if not isinstance(padded, av.VideoFrame):
            raise TypeError("the scaling graph yields pictures")
        return padded

    def _graph(self, picture: av.VideoFrame) -> Graph:
        width, height = self.size
        graph = Graph()
        source = graph.add_buffer(
            width=picture.width, height=picture.height, format=picture.format, time_base=Fraction(1, 90_000)
        )
        scale = graph.add("scale", f"{width}:{height}:force_original_aspect_ratio=decrease:flags=fast_bilinear")
        shape = graph.add("format", "pix_fmts=yuv420p")
        pad = graph.add("pad", f"{width}:{height}:(ow-iw)/2:(oh-ih)/2")
        sink = graph.add("buffersink")
        source.link_to(scale)
        scale.link_to(shape)
        shape.link_to(pad)
        pad.link_to(sink)
        graph.configure()
        return graph
