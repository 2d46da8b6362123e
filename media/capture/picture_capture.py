"""The picture's thread: read, scale, show, encode; the card stands in while the device is away.

A picture is scaled once to the larger of the sizes that are sent; the thumb is made of that.
"""

import logging
import threading
import time

import av

from desktop_app.domain.faults import HostFault
from media.capture.encodings import THUMB, Encoding, PicturePlan, main_encoding
from media.capture.sources import PICTURE_FPS, PICTURE_SIZE, TRY_AGAIN, CaptureSink, PictureSource
from media.capture.worker import CaptureThread
from media.codecs.vp8 import CLOCK as PICTURE_CLOCK
from media.codecs.vp8 import Vp8Encoder
from media.engine.layers import Layer
from media.frames import FrameSlot
from media.scaling import SendScaler, TileScaler

log = logging.getLogger(__name__)


class PictureCapture:
    """The picture's thread: read, scale, show, encode. `plan` and `sending` may be set from any thread."""

    def __init__(self, source: PictureSource, stand_in: PictureSource, preview: FrameSlot) -> None:
        self.sending = False
        """Whether anyone receives; otherwise nothing is encoded."""
        self.is_held = False
        """So much waits for the line that another picture would only be late."""
        self.left_out = 0.0
        """The share of the main pictures of the last second that were too much, for their bits or for the line."""
        self.plan = PicturePlan(main_encoding(PICTURE_SIZE[1]), THUMB)
        self.sent = 0
        self.fps = 0.0
        self._source = source
        self._stand_in = stand_in
        self._preview = preview
        self._keyframes = {layer: threading.Event() for layer in Layer}
        self._again = threading.Event()
        self._opened_at = 0.0
        self._thread = CaptureThread("picture-capture", self._run)
        self._sink: CaptureSink | None = None

    def start(self, sink: CaptureSink) -> None:
        self._sink = sink
        self._thread.start()

    def stop(self) -> None:
        self._thread.stop()

    def choose_again(self) -> None:
        """Open the source anew: another device may be meant now. Callable from any thread."""
        self._again.set()

    def want_keyframe(self, layer: Layer | None = None) -> None:
        """Make the next picture a whole one, of this layer or of all; callable from any thread."""
        for each in Layer if layer is None else (layer,):
            self._keyframes[each].set()

    def _run(self) -> None:
        scaler = SendScaler(*PICTURE_SIZE)
        encoders = {layer: _LayerEncoder(layer) for layer in Layer}
        tile = TileScaler()
        number = 0
        source = self._open()
        retry_at = time.monotonic() + TRY_AGAIN
        began = due = counted_at = time.monotonic()
        counted = 0
        try:
            while not self._thread.stopping.is_set():
                now = time.monotonic()
                if self._again.is_set():
                    self._again.clear()
                    source.close()
                    source = self._open()
                if source is self._stand_in and self._source is not self._stand_in and now >= retry_at:
                    source = self._try_again(source)
                    retry_at = time.monotonic() + TRY_AGAIN
                try:
                    picture = source.read()
                except HostFault as fault:
                    source = self._lose(source, fault)
                    continue
                number += 1
                plan = _plan_within(self.plan, picture.height) if self.sending else PicturePlan(None, None)
                largest = plan.main or plan.thumb
                if largest is not None and scaler.size != (largest.width, largest.height):
                    scaler = SendScaler(largest.width, largest.height)
                if largest is not None or min(self._preview.wanted) > 0:
                    picture = scaler.picture(picture)
                    self._show(tile, picture)
                timestamp = round((time.monotonic() - began) * PICTURE_CLOCK)
                for layer, encoding in ((Layer.MAIN, plan.main), (Layer.THUMB, plan.thumb)):
                    self._encode(encoders[layer], encoding, picture, timestamp, number)
                if now - counted_at >= 1:
                    self.fps = (self.sent - counted) / (now - counted_at)
                    counted, counted_at = self.sent, now
                if not source.paced:
                    due = max(due + 1 / PICTURE_FPS, time.monotonic() - 2 / PICTURE_FPS)
                    self._thread.stopping.wait(max(0.0, due - time.monotonic()))
        finally:
            source.close()

    def _open(self) -> PictureSource:
        try:
            self._source.open()
        except HostFault as fault:
            return self._fall_back(self._source, fault)
        self._opened_at = time.monotonic()
        return self._source

    def _lose(self, source: PictureSource, fault: HostFault) -> PictureSource:
        """Another device may be there already; one that breaks as soon as it is opened is no other."""
        if source is self._source and time.monotonic() - self._opened_at > TRY_AGAIN:
            source.close()
            try:
                source.open()
            except HostFault:
                return self._fall_back(source, fault)
            self._opened_at = time.monotonic()
            return source
        return self._fall_back(source, fault)

    def _fall_back(self, source: PictureSource, fault: HostFault) -> PictureSource:
        log.warning("the picture source is away: %s", fault)
        source.close()
        if self._sink is not None:
            self._sink.on_fault(fault)
        if source is self._stand_in:
            self._thread.stopping.wait(TRY_AGAIN)
        self._stand_in.open()
        return self._stand_in

    def _try_again(self, source: PictureSource) -> PictureSource:
        try:
            self._source.open()
        except HostFault:
            return source
        source.close()
        self._opened_at = time.monotonic()
        log.info("the picture source is back")
        return self._source

    def _encode(
        self, encoder: "_LayerEncoder", encoding: Encoding | None, picture: av.VideoFrame, timestamp: int, number: int
    ) -> None:
        if encoding is None:
            encoder.rest()
        elif number % encoding.every == 0:
            frame = b""
            if not self.is_held:
                wanted = self._keyframes[encoder.layer]
                keyframe = wanted.is_set()
                wanted.clear()
                frame = encoder.encode(encoding, picture, timestamp, keyframe=keyframe)
            if frame and self._sink is not None:
                self._sink.on_picture(encoder.layer, frame, timestamp)
                self.sent += encoding.every == 1 or self.plan.main is None
            if encoder.layer is Layer.MAIN:
                self.left_out += ((not frame) - self.left_out) / PICTURE_FPS

    def _show(self, tile: TileScaler, picture: av.VideoFrame) -> None:
        wanted = self._preview.wanted
        if min(wanted) > 0:
            self._preview.put(tile.frame(picture, wanted, time.monotonic()))


class _LayerEncoder:
    """One layer's encoder, made anew for another size or bit rate, and after a rest; it then begins with a whole
    picture."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self._encoding: Encoding | None = None
        self._encoder: Vp8Encoder | None = None
        self._scaler: SendScaler | None = None

    def rest(self) -> None:
        """Nothing of it is sent for a while."""
        self._encoding = self._encoder = None

    def encode(self, encoding: Encoding, picture: av.VideoFrame, timestamp: int, *, keyframe: bool) -> bytes:
        size = (encoding.width, encoding.height)
        if self._encoder is None or encoding != self._encoding:
            fps = PICTURE_FPS // encoding.every
            self._encoding, self._encoder = encoding, Vp8Encoder(*size, fps=fps, bitrate=encoding.bitrate)
        if (picture.width, picture.height) != size:
            if self._scaler is None or self._scaler.size != size:
                self._scaler = SendScaler(*size)
            picture = self._scaler.picture(picture)
        return self._encoder.encode(picture, timestamp, keyframe=keyframe)


def _plan_within(plan: PicturePlan, height: int) -> PicturePlan:
    """No larger than what the camera gives: a picture that is only blown up costs and shows nothing."""
    if plan.main is None or plan.main.height <= height or plan.main.height <= PICTURE_SIZE[1]:
        return plan
    return PicturePlan(main_encoding(max(height, PICTURE_SIZE[1]), plan.main.bitrate), plan.thumb)
