"""What it costs to receive, decode and paint many pictures at a time: a terminal's media and grid beside Chromium.

The same hub forwards the same encoded pictures to both, one after the other. Cores are what the kernel counted for the
whole process tree (user and system), memory is each page's share of it (PSS).
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import av
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bench.media.page import Page
from bench.media.priority import go_first
from bench.rows import Row, at_most
from desktop_app.domain.clock import SystemClock
from desktop_app.domain.ids import UnitPath
from desktop_app.platform import processor_seconds
from media.codecs.vp8 import CLOCK, Vp8Encoder
from media.doors.sessions import reached_at
from media.engine.hub_engine import HubEngine, read_announcement
from media.engine.layers import Layer
from media.peers.publishing import Publishing
from media.sdp import read_description
from tests.media.rig import MEETING, until
from tests.media.test_hub_process import SECRET, Launcher

HTML = Path(__file__).with_name("tiles.html")
SECONDS = 12.0
FRAME = 200
"""Lines of a window that are Chromium's own."""
LOOPED = 100
"""Pictures of each site, over and over; the first is a whole one."""


@dataclass(frozen=True)
class Wall:
    """So many sites of that size; `window` is a grid in which a tile asks for just that."""

    sites: int
    width: int
    height: int
    fps: int
    bitrate: int
    layer: Layer
    window: tuple[int, int]

    @property
    def name(self) -> str:
        return f"{self.sites} x {self.width}x{self.height}@{self.fps}"


WALLS = (
    Wall(9, 640, 360, 25, 600_000, Layer.MAIN, (1940, 1220)),
    Wall(16, 320, 180, 15, 120_000, Layer.THUMB, (1310, 910)),
)


@dataclass(frozen=True)
class Cost:
    cores: float
    megabytes: float
    fps: float
    """Pictures painted a second, of each site."""


def moving_pictures(wall: Wall) -> list[bytes]:
    """Encoded pictures of a texture that drifts."""
    encoder = Vp8Encoder(wall.width, wall.height, fps=wall.fps, bitrate=wall.bitrate)
    frames = []
    for number in range(LOOPED):
        picture = av.VideoFrame(wall.width, wall.height, "yuv420p")
        for plane in picture.planes:
            moving = plane.line_size // 3
            row = bytes((at * 3 + number * 2) & 0xFF if at < moving else 90 for at in range(plane.line_size))
            plane.update(b"".join(row[line % 61 :] + row[: line % 61] for line in range(plane.height)))
        frames.append(encoder.encode(picture, number * CLOCK // wall.fps, keyframe=number == 0))
    return frames


class Studio:
    """All sites of a wall, sending."""

    def __init__(self, wall: Wall, engine: HubEngine) -> None:
        self.sites = [UnitPath(f"{number:02}/") for number in range(wall.sites)]
        self._wall, self._engine = wall, engine
        self._senders: list[Publishing] = []
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        frames = moving_pictures(self._wall)
        for site in self.sites:
            sender = Publishing("127.0.0.1", SystemClock(), lambda layer: None)
            answer = await self._engine.publish(MEETING, site, sender.offer())
            await sender.connect(read_description(answer))
            self._senders.append(sender)
            while site not in (await self._engine.seated(MEETING))[0]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await self._engine.offer_layers(MEETING, site, frozenset({self._wall.layer}))
        self._task = asyncio.ensure_future(self._send(frames))

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.gather(*(sender.close() for sender in self._senders))

    async def _send(self, frames: list[bytes]) -> None:
        began, number, fps = time.monotonic(), 0, self._wall.fps
        while True:
            for place, sender in enumerate(self._senders):
                at = number + place * LOOPED // len(self._senders)
                sender.send_picture(frames[at % LOOPED], number * CLOCK // fps, self._wall.layer)
                if number % fps == 0:
                    sender.report()
            number += 1
            await asyncio.sleep(max(0.0, began + number / fps - time.monotonic()))


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            for child in (task / "children").read_text().split():
                found += tree(int(child))
        except OSError:
            continue
    return found


def taken(pids: list[int]) -> float:
    """Seconds of processor."""
    return sum(map(processor_seconds, pids))


def megabytes(pids: list[int]) -> float:
    total = 0
    for pid in pids:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += int(next(line for line in rollup.splitlines() if line.startswith("Pss:")).split()[1])
    return total / 1000


async def cost_of(wall: Wall, pid: int, painted: Callable[[], Awaitable[int]]) -> Cost:
    """After the pictures flow and a few seconds to settle."""
    pids = tree(pid)
    async with asyncio.timeout(60):
        while await painted() < wall.sites * wall.fps * 3:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    pids = tree(pid)
    cpu, frames, began = taken(pids), await painted(), time.monotonic()
    await asyncio.sleep(SECONDS)
    took = time.monotonic() - began
    return Cost((taken(pids) - cpu) / took, megabytes(pids), (await painted() - frames) / took / wall.sites)


async def of_ours(wall: Wall, launcher: Launcher) -> Cost:
    width, height = wall.window
    asked = {"announce": str(launcher.settings.announce), "secret": SECRET.hex(), "sites": wall.sites}
    viewer = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bench.media.tiles_viewer", json.dumps({**asked, "width": width, "height": height})),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    ask, answers = viewer.stdin, viewer.stdout
    if ask is None or answers is None:
        raise RuntimeError("the viewer has no pipes")
    go_first()
    tile = json.loads(await answers.readline())[0]
    told: dict[str, object] = {}

    async def painted() -> int:
        ask.write(b"\n")
        told.update(json.loads(await answers.readline()))
        return int(str(told["painted"]))

    try:
        cost = await cost_of(wall, viewer.pid, painted)
        print(f"  ours: tiles of {tile}, pictures of {told['heights']} lines")
        return cost
    finally:
        viewer.kill()
        await viewer.wait()


async def of_chromium(wall: Wall, engine: HubEngine, sites: list[UnitPath]) -> Cost:
    seen = {"painted": 0, "seen": 0}
    watcher = UnitPath("chromium/")

    async def watch(request: Request) -> Response:
        offer = (await request.body()).decode()
        return PlainTextResponse(reached_at(await engine.subscribe(MEETING, watcher, offer), "127.0.0.1"))

    async def show(request: Request) -> Response:
        while watcher not in (await engine.seated(MEETING))[1]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        for number, site in enumerate(sites):
            await engine.switch(MEETING, watcher, str(number), site, wall.height)
        return PlainTextResponse("")

    async def told(request: Request) -> Response:
        seen.update(await request.json())
        return PlainTextResponse("")

    async def painted() -> int:
        return seen["painted"]

    routes = [
        Route("/watch", watch, methods=["POST"]),
        Route("/show", show, methods=["POST"]),
        Route("/told", told, methods=["POST"]),
    ]
    query = {"sites": str(wall.sites), "width": str(wall.width), "height": str(wall.height)}
    # Its own frame takes a part of the window; a picture outside of the view would not be painted at all.
    page = Page(HTML, {}, routes, [f"--window-size={wall.window[0]},{wall.window[1] + FRAME}"], **query)
    showing = asyncio.ensure_future(page.show(SECONDS + 90))
    try:
        await until(lambda: seen["painted"] > 0 or showing.done(), within=60)
        if showing.done():
            showing.result()
        browser = next(pid for pid in tree(os.getpid()) if is_chromium(pid))
        cost = await cost_of(wall, browser, painted)
        if seen["seen"] != wall.sites:
            raise RuntimeError(f"only {seen['seen']} of Chromium's pictures were in view")
        return cost
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)


def is_chromium(pid: int) -> bool:
    try:
        return "chrom" in Path(f"/proc/{pid}/comm").read_text()
    except OSError:
        return False


async def measure(wall: Wall) -> tuple[Cost, Cost]:
    with tempfile.TemporaryDirectory() as name:
        launcher = Launcher(Path(name))
        await launcher.start()
        await until(lambda: read_announcement(launcher.settings.announce) is not None)
        engine = launcher.engine()
        await engine.open()
        await engine.create_room(MEETING)
        studio = Studio(wall, engine)
        try:
            await studio.open()
            ours = await of_ours(wall, launcher)
            return ours, await of_chromium(wall, engine, studio.sites)
        finally:
            await studio.close()
            await engine.close()
            await launcher.end()


def rows() -> list[Row]:
    """Cores and memory of each wall, ours beside Chromium's process tree."""
    found = []
    for wall in WALLS:
        ours, chromium = asyncio.run(measure(wall))
        for who, cost in (("ours", ours), ("Chromium", chromium)):
            print(
                f"  {wall.name}, {who}: {cost.cores:.3f} cores, {cost.megabytes:.0f} MB, {cost.fps:.1f} pictures/s each"
            )
        for what, mine, theirs, goal in (
            ("cores", ours.cores, chromium.cores, 0.6),
            ("memory, MB", ours.megabytes, chromium.megabytes, 0.4),
        ):
            row = at_most(f"receive, decode, paint {wall.name}: {what}", round(mine, 3), round(goal * theirs, 3))
            found.append(Row(row.row, row.ours, round(theirs, 3), f"<= {goal} x peer", row.holds))
    return found
