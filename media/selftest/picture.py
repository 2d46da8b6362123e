"""The camera: that it opens, how many pictures a second it brings, and that they show something."""

import time
from dataclasses import dataclass

from av.video.reformatter import VideoReformatter

from desktop_app.domain.faults import HostFault
from media.capture.sources import PICTURE_FPS, PictureSource

LOOK_SECONDS = 1.2
WARM_UP = 4
"""Pictures that a camera may need until its exposure is right."""
DARK = 20.0
"""Mean grey of 255 below which a lens is covered, or the room is dark."""


@dataclass(frozen=True, slots=True)
class PictureReport:
    """What was found."""

    fault: HostFault | None = None
    width: int = 0
    height: int = 0
    fps: float = 0.0
    brightness: float = 0.0
    """Mean grey of the last picture, 0 to 255."""

    @property
    def dark(self) -> bool:
        return self.fault is None and self.brightness < DARK


def look_at_camera(camera: PictureSource) -> PictureReport:
    """Look for about a second; the camera is let go of again."""
    reformat = VideoReformatter().reformat
    try:
        camera.open()
    except HostFault as fault:
        return PictureReport(fault)
    try:
        picture = camera.read()
        began, count = time.monotonic(), 0
        while time.monotonic() - began < LOOK_SECONDS or count < WARM_UP:
            if not camera.paced:
                time.sleep(1 / PICTURE_FPS)
            picture = camera.read()
            count += 1
        seconds = time.monotonic() - began
        small = reformat(picture, width=32, height=18, format="gray")
        plane = small.planes[0]
        data, stride = bytes(plane), plane.line_size
        grey = [value for line in range(18) for value in data[line * stride : line * stride + 32]]
        return PictureReport(None, picture.width, picture.height, count / seconds, sum(grey) / len(grey))
    except HostFault as fault:
        return PictureReport(fault)
    finally:
        camera.close()
