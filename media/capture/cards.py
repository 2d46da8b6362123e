"""The QR code of a member's card before the room's camera: what it says, once for each time it is held there."""

import threading
import time
from collections.abc import Callable

import av
from av.video.reformatter import VideoReformatter

from desktop_app.domain.faults import Fault, HostFault
from media.capture.sources import PICTURE_FPS, PictureSource
from media.selftest.devices import camera_of

LOOKS_PER_SECOND = 8
WIDEST = 960
"""Pixels: a card that fills a fifth of the picture still has three for each of its squares."""
AGAIN_AFTER = 3.0
"""Seconds without a card after which it counts as held there anew."""
LONGEST = 200
"""Characters: no card says more."""


class CardCamera:
    """`camera` names the camera as the settings do, when reading starts."""

    def __init__(self, camera: Callable[[], str]) -> None:
        self._camera = camera
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, read: Callable[[str], object], failed: Callable[[Fault], object]) -> None:
        """Look from now on; both are called on a thread of its own, `failed` once and at the end."""
        self.stop()
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(self._stopping, read, failed), name="card-reader", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Let go of the camera; idempotent."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stopping.set()
            if thread is not threading.current_thread():
                thread.join(5)

    def _run(self, stopping: threading.Event, read: Callable[[str], object], failed: Callable[[Fault], object]) -> None:
        camera = camera_of(self._camera())
        if camera is None:
            failed(HostFault("cards-no-camera"))
            return
        try:
            camera.open()
            _watch(camera, stopping, read)
        except HostFault as fault:
            failed(fault)
        finally:
            camera.close()


def _watch(camera: PictureSource, stopping: threading.Event, read: Callable[[str], object]) -> None:
    seen: dict[str, float] = {}
    looked = 0.0
    reader = CodeReader()
    while not stopping.is_set():
        picture = camera.read()
        now = time.monotonic()
        if now - looked >= 1 / LOOKS_PER_SECOND:
            looked = now
            for text in reader.texts(picture):
                if now - seen.get(text, -AGAIN_AFTER) >= AGAIN_AFTER:
                    read(text)
                seen[text] = now
        if not camera.paced:
            stopping.wait(1 / PICTURE_FPS)


class CodeReader:
    """Finds QR codes in pictures."""

    def __init__(self) -> None:
        self._reformat = VideoReformatter().reformat

    def texts(self, picture: av.VideoFrame) -> list[str]:
        """What the codes of a picture say; empty ones and long ones are none."""
        import zxingcpp  # a wheel of its own, only needed where cards are read

        width, height = picture.width, picture.height
        if width > WIDEST:
            width, height = WIDEST, round(height * WIDEST / width)
        grey = self._reformat(picture, width=width, height=height, format="gray")
        stride = grey.planes[0].line_size
        data = memoryview(bytes(grey.planes[0])).cast("B", (height, stride))
        found = zxingcpp.read_barcodes(data, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]))
        return [one.text.strip() for one in found if 0 < len(one.text.strip()) <= LONGEST]
