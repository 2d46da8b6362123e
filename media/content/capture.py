"""The shared screen's thread: read, compare, scale, encode. What does not change costs hardly a bit."""

import threading
import time
from collections.abc import Callable

import av

from desktop_app.domain.faults import Fault, HostFault
from media.capture.sources import PictureSource
from media.capture.worker import CaptureThread
from media.codecs.vp8 import CLOCK, Vp8Encoder
from media.content.screens import CONTENT_FPS
from media.scaling import SendScaler, fit

LARGEST = (1920, 1080)
BITS = (250_000, 1_500_000)
"""Bit/s: the least, and as many as it likes."""
SHARPENED = 4
"""Pictures after the last change that make a still one sharp."""
SHARPEN_EVERY = 0.5
ALIVE_EVERY = 1.0
"""Seconds between two pictures of a still page: some hundred bytes, which tell a receiver that it is still shown."""
BREATH = 2.0
"""Times as long as a picture took to make pass before the next: at least half of a core is left."""
TRY_AGAIN = 0.5
GONE_AFTER = 3.0
"""Seconds without a picture after which whoever shares is told."""


class ContentCapture:
    """`start` and `stop` from one thread; the rest from any."""

    def __init__(
        self, source: PictureSource, on_frame: Callable[[bytes, int], object], on_fault: Callable[[Fault], object]
    ) -> None:
        """`on_frame` gets a VP8 frame and its time in 1/90,000 s, both on the capture's thread."""
        self.bits = BITS[1]
        self.size = (0, 0)
        self.sent = 0
        self._source, self._on_frame, self._on_fault = source, on_frame, on_fault
        self._whole = threading.Event()
        self._thread = CaptureThread("content-capture", self._run)
        self._encoder: Vp8Encoder | None = None
        self._made_for: tuple[tuple[int, int], int] = ((0, 0), 0)
        self._scaler = SendScaler(2, 2)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Waits for its thread."""
        self._thread.stop()

    def want_keyframe(self) -> None:
        """Make the next picture a whole one, and soon."""
        self._whole.set()

    def _run(self) -> None:
        began = seen = time.monotonic()
        is_open = is_told = False
        before, still, sent_at, rest_until = b"", 0, 0.0, 0.0
        stopping = self._thread.stopping
        try:
            while not stopping.is_set():
                try:
                    if not is_open:
                        self._source.open()
                        is_open = True
                    picture = self._source.read()
                except HostFault as fault:
                    self._source.close()
                    is_open = False
                    if not is_told and time.monotonic() - seen > GONE_AFTER:
                        is_told = True
                        self._on_fault(fault)
                    stopping.wait(TRY_AGAIN)
                    continue
                now = seen = time.monotonic()
                is_told = False
                if not self._source.paced:
                    stopping.wait(1 / CONTENT_FPS)
                if now < rest_until:
                    continue
                content = bytes(picture.planes[0])
                if content != before:
                    before, still = content, 0
                elif not self._whole.is_set() and now - sent_at < (SHARPEN_EVERY if still < SHARPENED else ALIVE_EVERY):
                    continue
                else:
                    still = 0 if self._whole.is_set() else still + 1
                self._send(picture, round((now - began) * CLOCK))
                sent_at = time.monotonic()
                rest_until = now + BREATH * (sent_at - now)
        finally:
            self._source.close()

    def _send(self, picture: av.VideoFrame, timestamp: int) -> None:
        width, height = fit(picture.width, picture.height, LARGEST)
        size = (min(width, picture.width) & ~1, min(height, picture.height) & ~1)
        if self._encoder is None or self._made_for != (size, self.bits):
            self._made_for = (size, self.bits)
            self._encoder = Vp8Encoder(*size, fps=CONTENT_FPS, bitrate=self.bits)
            self._scaler = SendScaler(*size)
            self.size = size
        whole = self._whole.is_set()
        self._whole.clear()
        frame = self._encoder.encode(self._scaler.picture(picture), timestamp, keyframe=whole)
        if frame:
            self.sent += 1
            self._on_frame(frame, timestamp)
        elif whole:
            self._whole.set()
