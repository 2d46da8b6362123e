"""A call of 1280x720 whose line is narrowed and widened again: what becomes of the voice and of the picture.

Ours goes through a hub, and the line is the receiver's (`narrow_up` has the sender's); Chromium's goes from peer to
peer over the same link. The queue of the line is 0.4 s, the round trip 60 ms.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

import desktop_app.demo
from bench.link import Conditions, Link
from bench.media.page import Page
from bench.rows import Row, at_most, not_above_peer
from media.capture.sounds import SoundFileSource
from media.engine.layers import Demand
from tests.media.rig import MEETING, Room, until

HTML = Path(__file__).with_name("narrow.html")
SPEECH = Path(desktop_app.demo.__file__).parent / "sounds" / "speech-a.opus"
WIDE = Conditions(delay=0.03, jitter=0.01)
CELLS = {f"{kbits} kbit/s": Conditions(delay=0.03, jitter=0.01, rate=kbits * 1000.0) for kbits in (300, 600, 1000)}
NARROW_FOR = 12.0
WIDE_FOR = 14.0
LOOK = 0.25
FLUENT = 20.0
"""Pictures a second with which a picture counts as being back."""


@dataclass(frozen=True)
class Told:
    """Counters of the receiver at one moment, in seconds."""

    at: float
    frames: int
    lines: int
    due: int
    concealed: int


@dataclass(frozen=True)
class Course:
    """One cell."""

    narrowed: float
    widened: float
    told: Sequence[Told]
    bits: int
    """Of the picture, in the second before it was narrowed."""

    def between(self, begin: float, end: float) -> list[Told]:
        return [each for each in self.told if begin <= each.at <= end]

    @property
    def concealed(self) -> float:
        """Percent of the voice that was made up, from the second second of the narrowing to its end."""
        part = self.between(self.narrowed + 1, self.widened)
        due = part[-1].due - part[0].due
        return round(100 * (part[-1].concealed - part[0].concealed) / due, 2) if due else 100.0

    @property
    def fps(self) -> float:
        """Over the last ten seconds of the narrowing."""
        part = self.between(self.widened - 10, self.widened)
        return round((part[-1].frames - part[0].frames) / (part[-1].at - part[0].at), 1)

    @property
    def back(self) -> float | None:
        """Seconds from the widening until a second of fluent picture is over."""
        part = self.between(self.widened, float("inf"))
        for index, each in enumerate(part):
            for later in part[index:]:
                if later.at - each.at >= 1:
                    if (later.frames - each.frames) / (later.at - each.at) >= FLUENT:
                        return round(later.at - self.widened, 1)
                    break
        return None

    @property
    def full(self) -> float | None:
        """Seconds from the widening until the picture has 720 lines again."""
        part = self.between(self.widened, float("inf"))
        return next((round(each.at - self.widened, 1) for each in part if each.lines >= 720), None)


class Drifting:
    """A camera of 1280x720 in which everything moves: bands of 8 lines, grey, that drift by 9 pixels a picture. The
    page draws the same for Chromium."""

    paced = False

    def __init__(self) -> None:
        self._pictures = [self._made(number) for number in range(256 // 3)]
        self._number = 0

    def _made(self, number: int) -> av.VideoFrame:
        picture = av.VideoFrame(1280, 720, "yuv420p")
        grey, *colours = picture.planes
        row = bytes(16 + (at // 3 + number * 3) % 256 * 219 // 255 for at in range(grey.line_size + 97))
        begins = (line // 8 * 13 % 97 for line in range(grey.height))
        grey.update(b"".join(row[begin : begin + grey.line_size] for begin in begins))
        for each in colours:
            each.update(bytes([128]) * each.buffer_size)
        return picture

    def open(self) -> None: ...

    def read(self) -> av.VideoFrame:
        self._number += 1
        return self._pictures[self._number % len(self._pictures)]

    def close(self) -> None: ...


async def ours(conditions: Conditions, *, up: bool = False) -> Course:
    """`up`: the line is that of the terminal that is seen, not of the one that sees."""
    room = Room()
    await room.open()
    link = Link(WIDE, WIDE)
    number = await link.open(("127.0.0.1", room.port.address[1]))
    far = room.join("a/", through=None if up else lambda port: number)
    near = room.join(
        "b/", picture=Drifting(), sound=SoundFileSource(SPEECH), through=(lambda port: number) if up else None
    )
    following = asyncio.ensure_future(follow(room))
    try:
        for terminal in (far, near):
            await terminal.media.start()
        far.see(near, width=1280, height=720)
        room.hub.set_on_air(MEETING, frozenset({near.site}))
        near.media.set_on_air(True)
        far.media.set_speakers(frozenset({near.site}))
        await until(lambda: far.media.stats().sites[near.site].height == 720, within=20)
        await asyncio.sleep(6)
        told: list[Told] = []
        bits = far.media.stats().sites[near.site].bitrate
        narrowed = time.monotonic()
        link.set(conditions)
        widened = narrowed + NARROW_FOR
        is_wide = False
        while (now := time.monotonic()) < widened + WIDE_FOR:
            if now >= widened and not is_wide:
                is_wide = True
                link.set(WIDE)
            site = far.media.stats().sites[near.site]
            told.append(Told(now, site.frames, site.height, site.audio_due, site.audio_concealed))
            await asyncio.sleep(LOOK)
        return Course(narrowed, widened, told, bits)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        link.close()
        await room.close()


async def follow(room: Room) -> None:
    """What the center does: each site hears what the others show of it."""
    while True:
        found = room.hub.demand(MEETING)
        for terminal in room.terminals:
            main, thumb = found.get(terminal.site, [0, 0])
            terminal.media.set_demand(Demand(main, bool(thumb)), standby=True)
        await asyncio.sleep(0.02)


async def chromium() -> dict[str, Course]:
    found: dict[str, Course] = {}

    async def take(request: Request) -> Response:
        for cell, each in json.loads(await request.body()).items():
            found[cell] = Course(each["narrowed"], each["widened"], [Told(**one) for one in each["told"]], each["bits"])
        return PlainTextResponse("")

    async def widen(request: Request) -> Response:
        page.links[request.query_params["cell"]].set(WIDE)
        return PlainTextResponse("")

    routes = [Route("/found", take, methods=["POST"]), Route("/widen", widen, methods=["POST"])]
    cells = {name: (conditions, 1) for name, conditions in CELLS.items()}
    page = Page(HTML, cells, routes, cells=",".join(cells), narrow=str(NARROW_FOR), wide=str(WIDE_FOR))
    await page.show((NARROW_FOR + WIDE_FOR + 10) * len(CELLS) + 30)
    return found


def rows() -> list[Row]:
    """Each cell: voice and picture while it is narrow, and how long they take after it."""
    theirs = asyncio.run(chromium())
    found = []
    for name, conditions in CELLS.items():
        mine, peer = asyncio.run(ours(conditions)), theirs.get(name)
        found += compared(name, mine, *((peer.concealed, peer.fps, peer.back) if peer is not None else 3 * (None,)))
        sent = round(peer.bits / 1000) if peer is not None else None
        found.append(Row(f"720p call, {name}: the picture before it, kbit/s", round(mine.bits / 1000), sent))
    return found


def compared(name: str, mine: Course, concealed: float | None, fps: float | None, back: float | None) -> list[Row]:
    """The rows of a cell beside the peer's figures."""
    return [
        not_above_peer(concealed_row(name), mine.concealed, concealed),
        Row(fps_row(name), mine.fps, fps),
        at_most(back_row(name), mine.back, 10, back),
        Row(f"720p call, {name} widened: 720 lines again, s", mine.full),
    ]


def concealed_row(name: str) -> str:
    return f"720p call, {name}: voice concealed, %"


def fps_row(name: str) -> str:
    return f"720p call, {name}: pictures a second"


def back_row(name: str) -> str:
    return f"720p call, {name} widened: picture back, s"
