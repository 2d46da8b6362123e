"""The picture's thread: read, scale, show, encode; the card stands in while the device is away."""

import logging
import threading
import time

import av

from desktop_app.domain.faults import HostFault
from media.capture.sources import PICTURE_FPS, PICTURE_SIZE, TRY_AGAIN, CaptureSink, PictureSource
from media.codecs.vp8 import CLOCK as PICTURE_CLOCK
from media.codecs.vp8 import Vp8Encoder
from media.frames import FrameSlot
from media.scaling import SendScaler, TileScaler

log = logging.getLogger(__name__)


class PictureCapture:
    """The picture's thread: read, scale, show, encode."""

    def __init__(self, source: PictureSource, stand_in: PictureSource, preview: FrameSlot, bitrate: int) -> None:
        self.sending = False
        """Whether anyone receives; otherwise nothing is encoded."""
        self.sent = 0
        self.fps = 0.0
        self._source = source
        self._stand_in = stand_in
        self._preview = preview
        self._bitrate = bitrate
        self._keyframe = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._sink: CaptureSink | None = None

    def start(self, sink: CaptureSink) -> None:
        self._sink = sink
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="picture-capture", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def want_keyframe(self) -> None:
        """Make the next picture a whole one; callable from any thread."""
        self._keyframe.set()

    def _run(self) -> None:
        encoder = _PictureEncoder(self._bitrate)
        tile = TileScaler()
        source = self._open()
        retry_at = time.monotonic() + TRY_AGAIN
        began = due = counted_at = time.monotonic()
        counted = 0
        try:
            while not self._stopping.is_set():
                now = time.monotonic()
                if source is self._stand_in and self._source is not self._stand_in and now >= retry_at:
                    source = self._try_again(source)
                    retry_at = time.monotonic() + TRY_AGAIN
                try:
                    picture = encoder.fit(source.read())
                except HostFault as fault:
                    source = self._fall_back(source, fault)
                    continue
                self._show(tile, picture)
                if self.sending and self._sink is not None:
                    keyframe = self._keyframe.is_set()
                    self._keyframe.clear()
                    timestamp = round((time.monotonic() - began) * PICTURE_CLOCK)
                    if frame := encoder.encode(picture, timestamp, keyframe=keyframe):
                        self._sink.on_picture(frame, timestamp)
                        self.sent += 1
                if now - counted_at >= 1:
                    self.fps = (self.sent - counted) / (now - counted_at)
                    counted, counted_at = self.sent, now
                if not source.paced:
                    due = max(due + 1 / PICTURE_FPS, time.monotonic() - 2 / PICTURE_FPS)
                    self._stopping.wait(max(0.0, due - time.monotonic()))
        finally:
            source.close()

    def _open(self) -> PictureSource:
        try:
            self._source.open()
        except HostFault as fault:
            return self._fall_back(self._source, fault)
        return self._source

    def _fall_back(self, source: PictureSource, fault: HostFault) -> PictureSource:
        log.warning("the picture source is away: %s", fault)
        source.close()
        if self._sink is not None:
            self._sink.on_fault(fault)
        if source is self._stand_in:
            self._stopping.wait(TRY_AGAIN)
        self._stand_in.open()
        return self._stand_in

    def _try_again(self, source: PictureSource) -> PictureSource:
        try:
            self._source.open()
        except HostFault:
            return source
        source.close()
        log.info("the picture source is back")
        return self._source

    def _show(self, tile: TileScaler, picture: av.VideoFrame) -> None:
        wanted = self._preview.wanted
        if min(wanted) > 0:
            self._preview.put(tile.frame(picture, wanted, time.monotonic()))


class _PictureEncoder:
    """Scaler and encoder of the sending size."""

    def __init__(self, bitrate: int) -> None:
        width, height = PICTURE_SIZE
        self.fit = SendScaler(width, height).picture
        self.encode = Vp8Encoder(width, height, fps=PICTURE_FPS, bitrate=bitrate).encode
