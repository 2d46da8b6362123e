"""A screen or a window as content: found, watched, encoded when it changes, carried to the other sites."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

import av
import pytest

from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import Fault, HostFault
from desktop_app.domain.ids import UnitPath
from media.capture.pictures import bgra_picture
from media.codecs.vp8 import Vp8Decoder
from media.content.capture import SHARPENED, ContentCapture
from media.content.screens import ScreenSource, Shareable, check_desktop, thumbnail, windows
from media.content.sharing import ContentMedia
from media.engine.content import content_of, presenter_of
from media.transport.relay import Relay
from tests.media.rig import MEETING, Room, until

CLOCK = SystemClock()
PATIENCE = 20
WINDOW = """
import sys
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QWidget
app = QApplication(sys.argv)
window = QWidget()
window.setWindowTitle("履职报告 2026")
palette = window.palette()
palette.setColor(QPalette.ColorRole.Window, QColor(200, 30, 40))
window.setPalette(palette)
window.setGeometry(40, 50, 401, 301)
window.show()
app.exec()
"""
needs_xvfb = pytest.mark.skipif(
    which("Xvfb") is None or sys.platform != "linux",
    reason="Xvfb is not installed (sh installer/setup.sh test, as root)",
)


class Page:
    """A screen that changes when it is told to, and may go away."""

    paced = True

    def __init__(self, width: int = 1280, height: int = 720) -> None:
        self.width, self.height, self.shade, self.is_there = width, height, 40, True

    def open(self) -> None:
        if not self.is_there:
            raise HostFault("screen-gone", title="page")

    def read(self) -> av.VideoFrame:
        time.sleep(0.02)
        self.open()
        line = bytes([self.shade, 90, 160, 255]) * self.width
        return bgra_picture(line * self.height, self.width, self.height)

    def close(self) -> None:
        """Nothing is held."""


class Watch:
    """A capture and what it made."""

    def __init__(self, page: Page) -> None:
        self.frames: list[bytes] = []
        self.faults: list[Fault] = []
        self.capture = ContentCapture(page, lambda frame, _at: self.frames.append(frame), self.faults.append)
        self.capture.start()


async def test_a_still_page_is_made_sharp_and_then_costs_hardly_a_bit_until_it_changes():
    page = Page()
    watch = Watch(page)
    await until(lambda: len(watch.frames) > SHARPENED, within=PATIENCE)
    count, began = len(watch.frames), time.monotonic()
    await until(lambda: len(watch.frames) >= count + 3, within=PATIENCE)
    assert time.monotonic() - began > 1.5, "a picture a second, so that its tile is not taken for a dead one"
    assert max(map(len, watch.frames[count:])) < 2_000
    count = len(watch.frames)
    page.shade = 200
    await until(lambda: max(map(len, watch.frames[count:]), default=0) > 2_000, within=PATIENCE)
    watch.capture.stop()
    decoder = Vp8Decoder()
    pictures = [decoder.decode(frame) for frame in watch.frames]
    assert {(each.width, each.height) for each in pictures if each is not None} == {(1280, 720)}


async def test_who_comes_late_gets_a_whole_picture_of_a_still_page():
    watch = Watch(Page())
    await until(lambda: len(watch.frames) > SHARPENED, within=PATIENCE)
    count = len(watch.frames)
    watch.capture.want_keyframe()
    await until(lambda: len(watch.frames) > count, within=PATIENCE)
    watch.capture.stop()
    assert not watch.frames[count][0] & 1, "a whole picture"


async def test_a_window_may_have_any_size_and_another_one_later():
    page = Page(641, 487)
    watch = Watch(page)
    await until(lambda: len(watch.frames) > 0, within=PATIENCE)
    assert watch.capture.size == (640, 486)
    page.width, page.height = 3000, 1000
    await until(lambda: watch.capture.size == (1920, 640), within=PATIENCE)
    watch.capture.stop()


async def test_a_window_that_is_closed_is_told_once_and_used_again_when_it_is_back(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("media.content.capture.GONE_AFTER", 0.2)
    page = Page()
    watch = Watch(page)
    await until(lambda: len(watch.frames) > 0, within=PATIENCE)
    page.is_there = False
    await until(lambda: [fault.id for fault in watch.faults] == ["screen-gone"], within=PATIENCE)
    count = len(watch.frames)
    page.is_there, page.shade = True, 250
    await until(lambda: len(watch.frames) > count, within=PATIENCE)
    watch.capture.stop()
    assert len(watch.faults) == 1


class HubWay:
    """Signalling of the shared screen straight into the hub."""

    def __init__(self, room: Room, site: UnitPath) -> None:
        self._room, self._site = room, site

    async def publish_content(self, offer: str) -> str:
        return self._room.reachable_hub().publish(MEETING, content_of(self._site), offer)

    async def relay(self) -> Relay | None:
        return None


async def test_the_others_see_the_screen_beside_the_camera_and_a_new_hub_gets_it_again(room: Room):
    one, other = room.join("a/"), room.join("b/")
    await one.media.start()
    await other.media.start()
    screen = content_of(one.site)
    faults: list[Fault] = []
    content = ContentMedia(HubWay(room, one.site), "127.0.0.1", faults.append, CLOCK)
    page = Page()
    await content.start(page)
    try:
        for site, size in ((one.site, (320, 180)), (screen, (1280, 720))):
            other.media.source(site).want(*size)
        other.media.show([screen, one.site])
        await until(lambda: other.media.source(screen).latest() is not None, within=PATIENCE)
        await until(lambda: other.media.source(one.site).latest() is not None, within=PATIENCE)
        assert other.media.stats().sites[screen].height == 720
        await room.kill()
        await room.open()
        page.shade = 220
        seen = other.media.stats().sites[screen].frames
        await until(lambda: other.media.stats().sites[screen].frames > seen, within=PATIENCE)
        assert not faults
    finally:
        await content.stop()


def test_a_shared_screen_is_named_after_its_site():
    site = UnitPath("100000/440000/")
    assert presenter_of(content_of(site)) == site
    assert presenter_of(site) is None


def test_a_desktop_that_lets_nobody_read_its_screen_is_told():
    for environ in ({"XDG_SESSION_TYPE": "wayland", "DISPLAY": ":0"}, {}):
        with pytest.raises(HostFault) as caught:
            check_desktop(environ)
        assert caught.value.id == "screen-forbidden"
    check_desktop({"XDG_SESSION_TYPE": "x11", "DISPLAY": ":0"})


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An X server of the test's own, 1280x720."""
    reader, writer = os.pipe()
    with (tmp_path / "xvfb.log").open("wb") as log:
        child = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x720x24", "-nolisten", "tcp", "-noreset"],
            pass_fds=[writer],
            stdout=log,
            stderr=log,
        )
    os.close(writer)
    with os.fdopen(reader) as told:
        number = told.readline().strip()
    monkeypatch.setenv("DISPLAY", f":{number}")
    monkeypatch.delenv("XDG_SESSION_TYPE", raising=False)
    yield f":{number}"
    child.terminate()
    child.wait(20)


@contextmanager
def shown_window(display: str) -> Iterator[None]:
    """Another program's window, until the block is left."""
    environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
    child = subprocess.Popen([sys.executable, "-c", WINDOW], env=environment)
    try:
        yield
    finally:
        child.terminate()
        child.wait(20)


@needs_xvfb
@pytest.mark.processes
async def test_a_screen_and_a_window_of_a_real_desktop_are_found_and_seen(desktop: str):
    with shown_window(desktop):
        await until(lambda: [each.title for each in windows()] == ["履职报告 2026"], within=PATIENCE)
        window = windows()[0]
        assert windows(own=frozenset({window.window})) == []
        source = ScreenSource(window)
        source.open()
        red: list[bool] = []

        def is_red() -> bool:
            picture = source.read()
            assert (picture.width, picture.height) == (401, 301)
            blue, green, strong = bytes(picture.planes[0])[:3]
            red.append((strong, green, blue) == (200, 30, 40))
            return red[-1]

        await until(is_red, within=PATIENCE)
        source.close()
        screen = Shareable("screen", 0, 0, 0, 1280, 720)
        whole = thumbnail(screen)
        assert whole is not None
        assert (whole.width, whole.height) == (320, 180)
        middle = whole.stride * 45 + 4 * 60
        seen = zip(whole.plane[middle : middle + 3], (40, 30, 200), strict=True)
        assert max(abs(is_now - painted) for is_now, painted in seen) < 9
    assert windows() == []
    with pytest.raises(HostFault) as caught:
        ScreenSource(window).open()
    assert caught.value.id == "screen-gone"
