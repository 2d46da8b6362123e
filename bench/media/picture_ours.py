"""Our picture: a drawn camera with its pictures' numbers in a row of blocks, sent by one terminal and seen by another.

What is kept is when each number was drawn and when the grid's clock took it for painting.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import av

from bench.link import Conditions, Link
from bench.media.picture_seen import Seen
from desktop_app.domain.ids import UnitPath
from media.capture.pictures import bgra_picture
from media.capture.sources import PICTURE_FPS
from media.engine.room import MediaEngine
from media.frames import FrameSource
from media.metronome import Metronome
from tests.media.rig import MEETING, EngineSignal, Room, Terminal, until

WIDTH, HEIGHT, BITS, BLOCK = 640, 360, 12, 40
PAINT_EVERY = 0.016
"""The grid's clock (`ui.picture.grid`)."""
WARM = 6.0


class NumberedCamera:
    """Draws a picture every 40 ms; `drawn` is when each number was."""

    paced = True

    def __init__(self) -> None:
        self.drawn: dict[int, float] = {}
        self._number = 0
        self._due = 0.0
        self._rows = [bytes((x * 3 + y * 5) & 0xFF for x in range(WIDTH) for _ in range(4)) for y in range(64)]

    def open(self) -> None:
        self._due = time.monotonic()

    def read(self) -> av.VideoFrame:
        self._due += 1 / PICTURE_FPS
        time.sleep(max(0.0, self._due - time.monotonic()))
        self._number = (self._number + 1) % (1 << BITS)
        line = b"".join((b"\xff" if self._number >> bit & 1 else b"\0") * 4 * BLOCK for bit in range(BITS))
        rows = [line.ljust(4 * WIDTH, b"\x80")] * BLOCK
        rows += [self._rows[(y + self._number * 2) % 64] for y in range(HEIGHT - BLOCK)]
        self.drawn[self._number] = time.monotonic()
        return bgra_picture(b"".join(rows), WIDTH, HEIGHT)

    def close(self) -> None: ...


class Painter:
    """The grid's clock over one tile: when which number was painted."""

    def __init__(self, tile: FrameSource, camera: NumberedCamera) -> None:
        self.painted: list[tuple[float, float]] = []
        self._tile = tile
        self._camera = camera
        self._last = 0
        self._metronome = Metronome(PAINT_EVERY, self._paint, monotonic=time.monotonic, name="painter")
        tile.want(WIDTH, HEIGHT)

    def start(self) -> None:
        self._metronome.start()

    def stop(self) -> None:
        self._metronome.stop()

    def _paint(self) -> None:
        frame = self._tile.latest()
        if frame is None or frame.number == self._last:
            return
        self._last = frame.number
        now = time.monotonic()
        line = bytes(frame.plane[frame.stride * BLOCK // 2 : frame.stride * BLOCK // 2 + 4 * WIDTH])
        number = sum(1 << bit for bit in range(BITS) if line[4 * (bit * BLOCK + BLOCK // 2)] > 127)
        self.painted.append((now, now - self._camera.drawn.get(number, now + 1)))


async def over_a_line(conditions: Conditions, seed: int, seconds: float) -> Seen:
    """From a terminal behind a bad line, through a hub."""
    link, room, camera = Link(conditions.lossless(), conditions.lossless(), seed), Room(), NumberedCamera()
    await room.open()
    try:
        port = await link.open(room.port.address)
        near = room.join("a/", picture=camera, through=lambda _: port)
        far = room.join("b/")
        for each in (near, far):
            await each.media.start()

        async def begin() -> None:
            link.set(conditions)

        return await _look(near, far, camera, begin, seconds)
    finally:
        await room.close()
        link.close()


async def through_an_engine(engine: MediaEngine, seconds: float) -> Seen:
    """From terminal to terminal in a room of an engine that is open."""
    camera = NumberedCamera()
    near = Terminal(UnitPath("a/"), EngineSignal(engine, UnitPath("a/")), camera)
    far = Terminal(UnitPath("b/"), EngineSignal(engine, UnitPath("b/")))
    await until(lambda: engine.connected, within=20)
    await engine.create_room(MEETING)
    await near.media.start()
    await until(lambda: near.media.stats().up, within=20)
    await asyncio.sleep(1)

    async def begin() -> None:
        await asyncio.sleep(0)

    try:
        return await _look(near, far, camera, begin, seconds, comes=far.media.start)
    finally:
        await near.media.stop()
        await far.media.stop()


async def _look(
    near: Terminal,
    far: Terminal,
    camera: NumberedCamera,
    begin: Callable[[], Awaitable[None]],
    seconds: float,
    comes: Callable[[], Awaitable[None]] | None = None,
) -> Seen:
    """`comes`: the one who looks only now enters the room."""
    clicked = time.monotonic()
    painter = Painter(far.media.source(near.site), camera)
    far.media.show([near.site])
    if comes is not None:
        await comes()
    painter.start()
    try:
        await until(lambda: bool(painter.painted), within=30)
        first = painter.painted[0][0] - clicked
        await asyncio.sleep(WARM - 1)
        await begin()
        await asyncio.sleep(1)
        begun = time.monotonic()
        await asyncio.sleep(seconds)
        return Seen(first, begun, seconds, [each for each in painter.painted if each[0] >= begun])
    finally:
        painter.stop()
