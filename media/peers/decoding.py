"""The picture thread: decodes, scales and leaves the frame in its tile's slot; nothing crosses back per frame."""

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from itertools import pairwise

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import PeerFault
from media.codecs.vp8 import Vp8Decoder
from media.frames import FrameSlot
from media.scaling import TileScaler

log = logging.getLogger(__name__)

BACKLOG = 8
"""Frames of one tile that may wait; beyond that the tile skips to the next keyframe."""
SILENT_FOR = 3.0
"""Seconds without a picture after which a tile shows none."""
FPS_OVER = 2.0
GAP_OVER = 5.0


class Tile:
    """One site's picture, for the whole meeting: its slot, its counters."""

    def __init__(self, on_want: Callable[[], None] = lambda: None) -> None:
        self.slot = FrameSlot(on_want)
        self.frames = 0
        self.height = 0
        self.first_at: float | None = None
        self.lost = 0
        self.keyframe_requests = 0
        self._recent: deque[float] = deque(maxlen=256)

    @property
    def hidden(self) -> bool:
        return min(self.slot.wanted) <= 0

    def painted(self, now: float, height: int) -> None:
        """A picture of so many lines, as it came, is in the slot."""
        self.frames += 1
        self.height = height
        self._recent.append(now)
        if self.first_at is None:
            self.first_at = now

    def fps(self, now: float) -> float:
        return sum(1 for at in list(self._recent) if now - at <= FPS_OVER) / FPS_OVER

    def longest_gap(self, now: float) -> float:
        recent = [at for at in list(self._recent) if now - at <= GAP_OVER]
        return max((after - before for before, after in pairwise([*recent, now])), default=0.0) if recent else 0.0

    def fell_silent(self, now: float) -> bool:
        frame = self.slot.latest()
        return frame is not None and now - frame.at > SILENT_FOR


class TileDecoder:
    """The decoder of what one slot shows now; a new one after each switch. `submitted` and `failed` are the media
    thread's to read, `finished` is written by the picture thread alone."""

    def __init__(self, tile: Tile, clock: Clock) -> None:
        self.tile = tile
        self.submitted = 0
        self.finished = 0
        self.failed = False
        self._clock = clock
        self._decoder = Vp8Decoder()
        self._scaler = TileScaler()

    @property
    def behind(self) -> bool:
        return self.submitted - self.finished > BACKLOG

    def decode(self, frame: bytes, due: float) -> None:
        """On the picture thread; it is to be shown when it is due, in monotonic seconds."""
        try:
            picture = self._decoder.decode(frame)
            wanted = self.tile.slot.wanted
            if picture is not None and min(wanted) > 0:
                now = self._clock.monotonic()
                self.tile.slot.put(self._scaler.frame(picture, wanted, now), due)
                self.tile.painted(now, picture.height)
        except PeerFault:
            self.failed = True
        finally:
            self.finished += 1


class PictureThread:
    """One thread for all tiles of a terminal."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[tuple[TileDecoder, bytes, float] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="pictures", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def submit(self, decoder: TileDecoder, frame: bytes, due: float) -> None:
        decoder.submitted += 1
        self._queue.put((decoder, frame, due))

    def stop(self) -> None:
        """Decode what waits, then end."""
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while (task := self._queue.get()) is not None:
            decoder, frame, due = task
            decoder.decode(frame, due)
