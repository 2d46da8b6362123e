"""Opens, pages through and closes every screen, round after round, in one process: `python tests/ui/soak.py`.

The last part of `make soak`. The screens are the gallery's: the real windows with their view models over a real store.
Meanwhile a thread makes the pictures and as much garbage as a meeting's does. Each round says what the process holds
then: a main window that was closed keeps some of it (a terminal has one in its life). Exit code 1 where something is
broken; a crash tells its stacks.
"""

from __future__ import annotations

import argparse
import faulthandler
import gc
import itertools
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import gallery
import seated
import session_scenes
from gallery import EVERY, POSES, Pose, posed
from hosting_scenes import DIALOGS, HOSTED, LECTURES, ROLLS, ROOMS
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QWidget

from desktop_app.terminal.played import resident_bytes
from media.frames import Frame, FrameSlot
from ui.garbage import Garbage
from ui.models.pages import Page
from ui.shell.window import MainWindow
from ui.theme import Scheme, start_theme

FPS = 25
LIVES = 50
"""Pictures after which what the thread made lies about."""


class Pictures:
    """A thread that makes every place's pictures, of the size its tile wants, as the one of the media does."""

    def __init__(self) -> None:
        self._slots: list[FrameSlot] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pictures", daemon=True)
        self._thread.start()

    def slot(self) -> FrameSlot:
        made = FrameSlot()
        self._slots.append(made)
        return made

    def forget(self) -> None:
        """The screens they were for are closed."""
        self._slots = []

    def close(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        lying: deque[list[Any]] = deque(maxlen=LIVES)
        for number in itertools.count(1):
            if self._ended.wait(1 / FPS):
                return
            for slot in self._slots:
                width, height = slot.wanted
                plane = memoryview(bytes([number % 200, 90, 60, 255]) * (width * height))
                slot.put(Frame(plane, width, height, width * 4, 0.0, number) if width else None)
            ring: list[Any] = [{"number": each} for each in range(1_000)]
            ring.append(ring)
            lying.append(ring)


class Moving:
    """A `FrameSource` of the thread, where the drawn rooms of the gallery stand still."""

    def __init__(self, slot: FrameSlot, at: Callable[[], float]) -> None:
        self._slot, self._at = slot, at

    def want(self, width: int, height: int) -> None:
        self._slot.want(width, height)

    def latest(self) -> Frame | None:
        frame = self._slot.latest()
        return None if frame is None else replace(frame, at=self._at())


@contextmanager
def opened(name: str, pose: Pose) -> Iterator[list[QWidget]]:
    """One of the gallery's scenes, or of hosting's."""
    if name in HELD:
        window = HELD[name](pose.scheme)
        window.resize(*pose.size)
        window.show()
        yield [window]
        window.close()
        window.deleteLater()
        return
    with posed(name, pose) as windows:
        yield windows


HELD: dict[str, Callable[[Scheme], QWidget]] = {**LECTURES, **ROLLS, **HOSTED}
NAMES = [*EVERY, *ROOMS, *HELD, *(name for name in DIALOGS if "menu" not in name)]


def turn_through(windows: list[QWidget], app: QApplication) -> int:
    """Every page that whoever sits there may see; how many those were."""
    turned = 0
    for window in windows:
        if isinstance(window, MainWindow) and window.app.operator is not None:
            for page in Page:
                window.app.go(page)
                for _ in range(2):
                    app.processEvents()
                turned += window.app.page is page
        window.grab()
    return turned


def sweep(app: QApplication) -> None:
    """What a closed window leaves behind: the actions of pages that were not in its bar when it ended."""
    for left in app.topLevelWidgets():
        left.deleteLater()
    app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    app.processEvents()


def soak(app: QApplication, names: list[str], rounds: int, until: float) -> int:
    pictures = Pictures()

    def source(_people: int, _wall: str, at: Callable[[], float]) -> Moving:
        return Moving(pictures.slot(), at)

    broken: list[str] = []
    for module in (session_scenes, seated):
        module.DrawnSource = source  # type: ignore[attr-defined,misc,assignment]  # pictures of a thread of their own
    opens = pages = 0
    began = time.monotonic()
    for number in range(rounds):
        for place, name in enumerate(names):
            pose = POSES[(place + number) % len(POSES)]
            with gallery._broken(broken), opened(name, pose) as windows:
                pages += turn_through(windows, app)
            opens += 1
            pictures.forget()
            sweep(app)
            if broken:
                print(name, pose.title, *broken, sep="\n", flush=True)
                return 1
        gc.collect()
        print(
            f"round {number + 1}: {opens} windows, {pages} pages, {(resident_bytes() or 0) / 2**20:.0f} MB, "
            f"{len(gc.get_objects())} objects, "
            f"{threading.active_count()} threads, {time.monotonic() - began:.0f} s",
            flush=True,
        )
        if time.monotonic() > until:
            break
    pictures.close()
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3600.0, help="begin no round after so many")
    parser.add_argument("--only", default="", help="screens whose name holds this")
    parser.add_argument("--automatic", action="store_true", help="with Python's own collector, as before")
    options = parser.parse_args()
    faulthandler.enable()
    app = QApplication([])
    start_theme(app, Scheme.LIGHT)
    if not options.automatic:
        Garbage(app)
    names = [name for name in NAMES if options.only in name]
    return soak(app, names, options.rounds, time.monotonic() + options.seconds)


if __name__ == "__main__":
    raise SystemExit(main())
