"""What can be shared of this desktop, and its pictures: through X11 or GDI, by FFmpeg.

Under Wayland no program may read the screen by itself, and what the desktop's portal would give needs PipeWire; that is
said (`screen-forbidden`), and an X11 session helps.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import av
from av.container import InputContainer

from desktop_app.domain.faults import HostFault
from media.content.windows_x11 import windows as x11_windows
from media.frames import Frame
from media.scaling import TileScaler

CONTENT_FPS = 10
THUMBNAIL = (320, 180)


@dataclass(frozen=True, slots=True)
class Shareable:
    """A screen, by its native pixels; or a window, by the system's number for it."""

    title: str
    window: int = 0
    left: int = 0
    top: int = 0
    width: int = 0
    height: int = 0


def check_desktop(environ: Mapping[str, str] = os.environ) -> None:
    """Raises HostFault (screen-forbidden) where nothing of this desktop can be shared."""
    if sys.platform == "win32":
        return
    if environ.get("XDG_SESSION_TYPE") == "wayland" or not environ.get("DISPLAY"):
        raise HostFault("screen-forbidden")


def windows(own: frozenset[int] = frozenset()) -> list[Shareable]:
    """The windows that a person sees, but for `own`."""
    if sys.platform == "win32":
        return [Shareable(title, number) for number, title in _win32_windows() if number not in own]
    return [Shareable(each.title, each.number) for each in x11_windows() if each.number not in own]


def _win32_windows() -> list[tuple[int, str]]:
    import ctypes

    user = getattr(ctypes, "windll").user32  # noqa: B009 - there only on Windows
    found: list[tuple[int, str]] = []

    def take(window: int, _: int) -> bool:
        length = user.GetWindowTextLengthW(window)
        if length and user.IsWindowVisible(window) and not user.IsIconic(window):
            text = ctypes.create_unicode_buffer(length + 1)
            user.GetWindowTextW(window, text, length + 1)
            found.append((window, text.value))
        return True

    make = getattr(ctypes, "WINFUNCTYPE")  # noqa: B009
    user.EnumWindows(make(ctypes.c_bool, ctypes.c_void_p, ctypes.c_void_p)(take), 0)
    return found


class ScreenSource:
    """Pictures of a screen or a window, ten a second, with the pointer. For one thread at a time."""

    paced = True

    def __init__(self, what: Shareable, fps: int = CONTENT_FPS) -> None:
        self._what, self._fps = what, fps
        self._container: InputContainer | None = None
        self._pictures: Iterator[av.VideoFrame] = iter(())

    def open(self) -> None:
        """Raises HostFault (screen-forbidden; screen-gone where the window is closed or minimised)."""
        check_desktop()
        what = self._what
        options = {"framerate": str(self._fps), "draw_mouse": "1"}
        if sys.platform == "win32":
            name, form = (f"hwnd={what.window}" if what.window else "desktop"), "gdigrab"
            places = {"offset_x": str(what.left), "offset_y": str(what.top)}
        else:
            name, form = os.environ["DISPLAY"], "x11grab"
            places = {"grab_x": str(what.left), "grab_y": str(what.top)}
            if what.window:
                options["window_id"] = str(what.window)
        if not what.window:
            options |= {**places, "video_size": f"{what.width}x{what.height}"}
        try:
            self._container = av.open(name, format=form, options=options)
            self._pictures = self._container.decode(video=0)
        except (av.FFmpegError, OSError, ValueError) as err:
            self.close()
            raise HostFault("screen-gone", title=what.title) from err

    def read(self) -> av.VideoFrame:
        """Raises HostFault (screen-gone), also where a window has another size now: open it anew."""
        try:
            return next(self._pictures)
        except (StopIteration, av.FFmpegError, OSError) as err:
            raise HostFault("screen-gone", title=self._what.title) from err

    def close(self) -> None:
        self._pictures = iter(())
        if self._container is not None:
            self._container.close()
            self._container = None


def thumbnail(what: Shareable) -> Frame | None:
    """A small picture of it; None where it shows nothing now."""
    source = ScreenSource(what)
    try:
        source.open()
        return TileScaler().frame(source.read(), THUMBNAIL, 0.0)
    except HostFault:
        return None
    finally:
        source.close()
