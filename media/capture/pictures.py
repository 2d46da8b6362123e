"""Sources of pictures: a camera, a looped file, a drawn card."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import av
from av.container import InputContainer

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import HostFault
from media.capture.sources import PICTURE_FPS, PICTURE_SIZE, CardPainter


class CameraSource:
    """A camera through V4L2, or DirectShow on Windows. `device` is empty for the first one."""

    paced = True

    def __init__(self, device: str = "") -> None:
        self._device = device
        self._container: InputContainer | None = None
        self._pictures: Iterator[av.VideoFrame] = iter(())

    def open(self) -> None:
        device = self._device or _first_camera()
        if device is None:
            raise HostFault("camera-missing")
        width, height = PICTURE_SIZE
        windows = sys.platform == "win32"
        try:
            self._container = av.open(
                f"video={device}" if windows else device,
                format="dshow" if windows else "v4l2",
                options={"framerate": str(PICTURE_FPS), "video_size": f"{width}x{height}"},
                timeout=(5.0, 3.0),
            )
            self._pictures = self._container.decode(video=0)
        except (FileNotFoundError, av.FFmpegError, OSError) as err:
            self.close()
            busy = isinstance(err, PermissionError) or getattr(err, "errno", None) == 16  # EBUSY
            raise HostFault("camera-busy" if busy else "camera-missing", device=device) from err

    def read(self) -> av.VideoFrame:
        try:
            return next(self._pictures)
        except (StopIteration, av.FFmpegError, OSError) as err:
            raise HostFault("camera-lost", device=self._device) from err

    def close(self) -> None:
        if self._container is not None:
            self._container.close()
            self._container = None


def _first_camera() -> str | None:
    if sys.platform == "win32":
        found = av.enumerate_input_devices("dshow")
        return next((each.name for each in found if "video" in str(each.media_types)), None)
    return next((str(path) for path in sorted(Path("/dev").glob("video*"))), None)


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
