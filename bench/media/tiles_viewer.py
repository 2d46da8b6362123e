"""The viewing terminal of `bench.media.tiles`, as a process of its own: its media and its grid, nothing else.

Its one argument is JSON: the hub's announce file and secret, the number of sites and the size of their tiles. It prints
a line with the pictures painted a second whenever it is asked by a line on standard input.
"""

import asyncio
import json
import os
import sys
import threading
import time
from pathlib import Path

import av
from PySide6.QtWidgets import QApplication

from desktop_app.domain.clock import SystemClock
from desktop_app.domain.ids import UnitPath
from desktop_app.domain.units import Level
from media.capture.sounds import SilenceSource
from media.engine.hub_engine import HubEngine
from media.engine.layers import NOBODY
from media.frames import FrameSlot
from media.thread import MediaThread
from tests.media.rig import EngineSignal, Terminal
from ui.picture.grid import VideoGrid
from ui.picture.tile import Tile
from ui.theme import Scheme, TextSize, start_theme


class StillSource:
    """A camera that nobody looks at."""

    paced = True

    def __init__(self) -> None:
        self._picture = av.VideoFrame(640, 360, "yuv420p")

    def open(self) -> None: ...

    def read(self) -> av.VideoFrame:
        time.sleep(0.5)
        return self._picture

    def close(self) -> None: ...


def main(asked: dict[str, object]) -> int:
    app = QApplication([])
    start_theme(app, Scheme.LIGHT, TextSize.STANDARD)
    thread = MediaThread()
    thread.start()
    site = UnitPath("viewer/")
    sites = [UnitPath(f"{number:02}/") for number in range(int(str(asked["sites"])))]

    async def begin() -> Terminal:
        engine = HubEngine(
            announce=Path(str(asked["announce"])),
            secret=bytes.fromhex(str(asked["secret"])),
            start=None,
            monotonic=time.monotonic,
        )
        await engine.open()
        terminal = Terminal(site, EngineSignal(engine, site), StillSource(), SilenceSource())
        terminal.media.set_demand(NOBODY, standby=False)
        terminal.media.show(sites)
        await terminal.media.start()
        return terminal

    terminal = thread.run(begin()).result()
    painted = [0]

    def count(_site: str, _number: int) -> None:
        painted[0] += 1

    grid = VideoGrid(lambda path: terminal.media.source(UnitPath(path)), SystemClock(), count)
    grid.resize(int(str(asked["width"])), int(str(asked["height"])))
    grid.set_tiles([Tile(path, path, Level.COUNTY) for path in sites])
    grid.show()
    shown = terminal.media.source(sites[0])
    print(json.dumps([list(shown.wanted) if isinstance(shown, FrameSlot) else []]), flush=True)

    def answer() -> None:
        for _ in sys.stdin:
            heights = sorted({each.height for each in terminal.media.stats().sites.values()})
            print(json.dumps({"painted": painted[0], "heights": heights}), flush=True)
        os._exit(0)

    threading.Thread(target=answer, daemon=True).start()
    asyncio.set_event_loop(None)
    return app.exec()


if __name__ == "__main__":
    raise SystemExit(main(json.loads(sys.argv[1])))
