"""Sources of pictures: a camera, a looped file, a drawn card."""

import errno
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
from av.container import InputContainer

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import HostFault
from media.capture.sources import PICTURE_FPS, PICTURE_SIZE, CardPainter, PictureSource
from media.devices.cameras import cameras


class ChosenPicture:
    """Whatever `make` names each time it is opened: the choice may change while a meeting runs."""

    def __init__(self, make: Callable[[], PictureSource]) -> None:
        self._make = make
        self._source: PictureSource | None = None

    @property
    def paced(self) -> bool:
        return self._source is not None and self._source.paced

    def open(self) -> None:
        source = self._make()
        source.open()
        self._source = source

    def read(self) -> av.VideoFrame:
        if self._source is None:
            raise HostFault("camera-lost")
        return self._source.read()

    def close(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            source.close()


OFFERS = {
    "v4l2": (
        {"input_format": "mjpeg", "video_size": "1280x720"},
        {"input_format": "yuyv422", "video_size": "1280x720"},
        {"input_format": "yuyv422", "video_size": "640x360"},
        {"video_size": "640x360"},
        {},
    ),
    "dshow": ({"video_size": "1280x720"}, {"video_size": "640x360"}, {"video_size": "640x480"}, {}),
}
"""What a camera is asked for, best first. Without compression a large picture is often too slow for USB."""
SLOWEST = 20
"""Pictures a second below which the next offer is tried."""


class CameraSource:
    """A camera through V4L2, or DirectShow on Windows, at the best of `OFFERS` that it keeps up with. `device` is empty
    for the first one."""

    paced = True

    def __init__(self, device: str = "") -> None:
        self._device = device
        self._container: InputContainer | None = None
        self._pictures: Iterator[av.VideoFrame] = iter(())

    def open(self) -> None:
        device = self._device or next((each.id for each in cameras()), None)
        if device is None:
            raise HostFault("camera-missing")
        windows = sys.platform == "win32"
        fault: Exception | None = None
        for offer in OFFERS["dshow" if windows else "v4l2"]:
            try:
                container = av.open(
                    f"video={device}" if windows else device,
                    format="dshow" if windows else "v4l2",
                    options={"framerate": str(PICTURE_FPS), **offer},
                    timeout=(5.0, 3.0),
                )
            except (FileNotFoundError, PermissionError) as err:
                fault = err
                break
            except (av.FFmpegError, OSError) as err:
                fault = err
                if getattr(err, "errno", None) == errno.EBUSY:
                    break
                continue
            if "video_size" in offer and _is_slow(container):
                container.close()
                continue
            container.streams.video[0].thread_count = 1
            self._container, self._pictures = container, container.decode(video=0)
            return
        busy = isinstance(fault, PermissionError) or getattr(fault, "errno", None) == errno.EBUSY
        raise HostFault("camera-busy" if busy else "camera-missing", device=device) from fault

    def read(self) -> av.VideoFrame:
        try:
            return next(self._pictures)
        except (StopIteration, av.FFmpegError, OSError) as err:
            raise HostFault("camera-lost", device=self._device) from err

    def close(self) -> None:
        if self._container is not None:
            self._container.close()
            self._container = None


def _is_slow(container: InputContainer) -> bool:
    rate = container.streams.video[0].average_rate
    return rate is not None and rate < SLOWEST


class FileSource:
    """A video file, played at its own speed and begun again at its end."""

    paced = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self._container: InputContainer | None = None
        self._pictures: Iterator[av.VideoFrame] = iter(())
        self._began = 0.0
        self._last: av.VideoFrame | None = None

    def open(self) -> None:
        try:
            self._container = av.open(str(self._path))
            if not self._container.streams.video:
                raise HostFault("picture-unreadable", path=str(self._path))
            self._container.streams.video[0].thread_count = 1
            self._pictures = self._container.decode(video=0)
            self._last = next(self._pictures)
        except (OSError, av.FFmpegError, StopIteration) as err:
            self.close()
            raise HostFault("picture-unreadable", path=str(self._path)) from err
        self._began = time.monotonic() - (self._last.time or 0.0)

    def read(self) -> av.VideoFrame:
        """The picture that is due now."""
        position = time.monotonic() - self._began
        try:
            while self._last is None or (self._last.time or 0.0) < position:
                self._last = next(self._pictures)
        except StopIteration:
            self.close()
            self.open()
        except (OSError, av.FFmpegError) as err:
            raise HostFault("picture-unreadable", path=str(self._path)) from err
        if self._last is None:
            raise HostFault("picture-unreadable", path=str(self._path))
        return self._last

    def close(self) -> None:
        self._pictures = iter(())
        if self._container is not None:
            self._container.close()
            self._container = None


def bgra_picture(drawn: bytes, width: int, height: int) -> av.VideoFrame:
    """A picture of BGRA lines without padding; raises ValueError where there are too few bytes."""
    picture = av.VideoFrame(width, height, "bgra")
    plane = picture.planes[0]
    if plane.line_size != width * 4:
        drawn = b"".join(
            drawn[at : at + width * 4].ljust(plane.line_size, b"\0") for at in range(0, len(drawn), width * 4)
        )
    plane.update(drawn)
    return picture


class CardSource:
    """The drawn site card."""

    paced = False

    def __init__(self, painter: CardPainter, clock: Clock) -> None:
        self._painter = painter
        self._clock = clock

    def open(self) -> None:
        """A card is always there."""

    def read(self) -> av.VideoFrame:
        width, height = PICTURE_SIZE
        return bgra_picture(self._painter.paint(width, height, self._clock.now()), width, height)

    def close(self) -> None:
        """Nothing is held."""
