"""Every screen in its states: `python tests/ui/gallery.py [OUT] [--only TEXT] [--quick]` (make screenshots).

Both languages, light and dark, 1366x768 and 3840x2160 at its scale, a pair at 1440x900; a picture of each, a contact
sheet of each screen, and the exit code 1 where the geometry of one of them does not hold (`geometry.faults`). The
screens are the real windows with their view models over a real store; what a center, a camera or a person would do is
done by hand.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from drawn import HD
from geometry import ROOM_FLOOR, faults, flashes, room_sizes
from hosting_scenes import DIALOGS, ROOMS
from office_scenes import SCENES, Scene, shown_windows
from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication, QWidget
from scenes_readiness import UNITS
from session_scenes import SESSION_SCENES

from ui.i18n import set_language
from ui.models.app_model import Look
from ui.theme import Scheme, TextSize, start_theme, theme

LANGUAGES = ("zh_CN", "en")
SCHEMES = (Scheme.LIGHT, Scheme.DARK)
SMALL, DESK, UHD = (1366, 768), (1440, 900), (3840, 2160)
SCALES = {SMALL: 1.0, DESK: 1.0, UHD: 2.0}
SHEET_COLUMNS, SHEET_WIDTH = 4, 760
EVERY: dict[str, Callable[[Any], None]] = {**SCENES, **SESSION_SCENES}


@dataclass(frozen=True)
class Pose:
    """How a screen is looked at."""

    language: str = "zh_CN"
    scheme: Scheme = Scheme.LIGHT
    size: tuple[int, int] = SMALL

    @property
    def title(self) -> str:
        return f"{self.language}-{self.scheme.value}-{self.size[0]}"


QUICK = (Pose("zh_CN"), Pose("en", Scheme.DARK))
POSES = (
    *(Pose(*one) for one in itertools.product(LANGUAGES, SCHEMES, (SMALL, UHD))),
    *(replace(one, size=DESK) for one in QUICK),
)


def names() -> list[str]:
    """Every scene there is: of the operator's window, of the room's display, of dialogs by themselves."""
    return [*EVERY, *ROOMS, *(name for name in DIALOGS if "menu" not in name)]


@contextmanager
def posed(name: str, pose: Pose) -> Iterator[list[QWidget]]:
    """The windows of a scene, laid out and shown."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        raise SystemExit("no application")
    gc.collect()  # the windows of the pose before
    theme().choose(pose.scheme, TextSize.STANDARD, SCALES[pose.size])
    set_language(pose.language)
    if name not in EVERY:
        window = {**ROOMS, **DIALOGS}[name](pose.scheme)
        if name in ROOMS:
            window.resize(*pose.size)
        window.show()
        _settle(app)
        yield [window]
        window.close()
        window.deleteLater()
    else:
        with tempfile.TemporaryDirectory() as folder:
            look = Look(pose.language, pose.scheme.value)
            shown = {"receipts": []} if name.startswith("sync") else {}
            scene = Scene(Path(folder), look, UNITS.get(name, HD), **shown)
            scene.window.resize(*pose.size)
            scene.window.show()
            EVERY[name](scene)
            _settle(app)
            try:
                yield shown_windows(scene)
            finally:
                scene.close()
    app.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _settle(app: QApplication) -> None:
    for _ in range(8):
        app.processEvents()
        time.sleep(0.004)


@contextmanager
def _broken(found: list[str]) -> Iterator[None]:
    """What goes wrong within a slot, where Qt only prints it, is a fault of the screen."""
    before = sys.excepthook

    def told(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        found.append(f"broken: {kind.__name__} {error}")
        before(kind, error, trace)

    sys.excepthook = told
    try:
        yield
    finally:
        sys.excepthook = before


def look_at(name: str, pose: Pose, keep: Callable[[QImage, str], object] = lambda _image, _title: None) -> list[str]:
    """Show a scene, hand each of its pictures to `keep`, and say what is wrong with it."""
    found: list[str] = []
    sizes: list[float] = []
    with _broken(found), flashes(found), room_sizes(sizes), posed(name, pose) as windows:
        for number, window in enumerate(windows):
            keep(window.grab().toImage(), f"{name}-{pose.title}{f'-{number}' if number else ''}")
            if name not in ROOMS:
                found += faults(window)
    if name in ROOMS and min(sizes, default=ROOM_FLOOR) < ROOM_FLOOR - 0.5:
        found.append(f"too small: type of {min(sizes):.0f} px on a 1080-line screen, the least is {ROOM_FLOOR}")
    return [f"{name} {pose.title}: {one}" for one in found]


def sheet(pictures: list[Path]) -> QImage:
    """All pictures of one screen beside each other, each with its name."""
    tall = 460
    rows = -(-len(pictures) // SHEET_COLUMNS)
    whole = QImage(SHEET_COLUMNS * SHEET_WIDTH, rows * tall, QImage.Format.Format_RGB32)
    whole.fill(QColor("#20262B"))
    painter = QPainter(whole)
    painter.setPen(QColor("#FFFFFF"))
    for number, path in enumerate(pictures):
        left, top = number % SHEET_COLUMNS * SHEET_WIDTH, number // SHEET_COLUMNS * tall
        image = QImage(str(path)).scaled(
            SHEET_WIDTH - 12, tall - 34, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        painter.drawImage(left + 6, top + 26, image)
        painter.drawText(QRect(left + 6, top, SHEET_WIDTH, 24), Qt.AlignmentFlag.AlignVCenter, path.stem)
    painter.end()
    return whole


def main() -> int:
    """1 where something is wrong with the geometry of a screen."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", nargs="?", type=Path, default=Path("screenshots-out"))
    parser.add_argument("--only", default="", help="scenes whose name holds this")
    parser.add_argument("--quick", action="store_true", help="the small size, one scheme for each language")
    parser.add_argument("--screen", default="", help=argparse.SUPPRESS)
    parser.add_argument("--wide", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.screen:
        return _draw(options.screen, options)
    screens = sorted({_screen(name) for name in names() if options.only in name})
    parts = list(itertools.product(screens, (SMALL,) if options.quick else SCALES))
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        told = list(pool.map(lambda part: _drawn(*part, options), parts))
    found = [line for lines, _ in told for line in lines]
    (options.out / "geometry.txt").write_text("\n".join(found) + "\n", "utf-8")
    print("\n".join(found))
    pictures = _sheets(options.out, screens)
    print(f"{pictures} pictures of {len(screens)} screens in {options.out}; {len(found)} faults of geometry")
    broken = [screen for (screen, _), (_, ended) in zip(parts, told, strict=True) if ended not in (0, 1)]
    if broken:
        print(f"not drawn to the end: {', '.join(broken)}")
    return 1 if found or broken else 0


def _screen(name: str) -> str:
    return name.partition("-")[0]


def _drawn(screen: str, size: tuple[int, int], options: argparse.Namespace) -> tuple[list[str], int]:
    """One screen's scenes on a display of one size, in a process of their own: the faults, and how it ended."""
    command = [sys.executable, __file__, str(options.out), "--screen", screen, "--only", options.only]
    command += ["--wide", str(size[0]), *(["--quick"] if options.quick else [])]
    display = {"name": "display", "x": 0, "y": 0, "width": size[0], "height": size[1]}
    display |= {"logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "display.json"
        config.write_text(json.dumps({"screens": [display]}), "utf-8")
        env = {**os.environ, "QT_QPA_PLATFORM": f"offscreen:configfile={config}"}
        ended = subprocess.run(command, capture_output=True, text=True, env=env)
    return [line for line in ended.stdout.splitlines() if line], ended.returncode


def _draw(screen: str, options: argparse.Namespace) -> int:
    """What that process does: pictures, and a line for each fault."""
    app = QApplication([])
    gc.disable()  # as in the program: no window ends while Qt goes through all of them
    start_theme(app, Scheme.LIGHT)
    found: list[str] = []
    for name in (one for one in names() if _screen(one) == screen and options.only in one):
        for pose in QUICK if options.quick else POSES:
            if pose.size[0] == options.wide:
                found += look_at(name, pose, lambda image, title: image.save(str(options.out / f"{title}.png")))
    print("\n".join(found))
    return 1 if found else 0


def _sheets(out: Path, screens: list[str]) -> int:
    """A contact sheet of each screen; how many pictures there are."""
    _app = QApplication([])  # letters are drawn
    taken = sorted(path for path in out.glob("*.png") if not path.name.startswith("sheet-"))
    for screen in screens:
        if own := [path for path in taken if _screen(path.stem) == screen]:
            sheet(own).save(str(out / f"sheet-{screen}.png"))
    return len(taken)


if __name__ == "__main__":
    raise SystemExit(main())
