"""How long a picture takes to become the other size, from the tile's wish to the first picture of that size."""

import asyncio
import statistics

from bench.media.narrow import Drifting, follow
from bench.rows import Row, at_most
from tests.media.rig import Room, Terminal, until

TIMES = 10
SIZES = ((1280, 720), (300, 168))


async def measure() -> list[float]:
    """Seconds of each switch, up and down in turn, through a hub."""
    room = Room()
    await room.open()
    viewer, site = room.join("a/"), room.join("b/", picture=Drifting())
    following = asyncio.ensure_future(follow(room))
    try:
        for terminal in (viewer, site):
            await terminal.media.start()
        viewer.see(site, width=300, height=168)
        await until(lambda: viewer.frames(site) > 10, within=20)
        took = []
        for number in range(2 * TIMES):
            width, height = SIZES[number % 2]
            wanted = 720 if height == 720 else 180
            viewer.media.source(site.site).want(width, height)
            took.append(await _until_shown(viewer, site, wanted))
            await asyncio.sleep(0.5)
        return took
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await room.close()


async def _until_shown(viewer: Terminal, site: Terminal, lines: int) -> float:
    return await until(lambda: viewer.media.stats().sites[site.site].height == lines, within=10)


def rows() -> list[Row]:
    """Between 320x180 and 1280x720; a main picture that nobody showed has to be begun first."""
    took = asyncio.run(measure())
    up, down = took[::2], took[1::2]
    return [
        at_most("layer switch up, s (median)", round(statistics.median(up), 3), 0.3),
        at_most("layer switch down, s (median)", round(statistics.median(down), 3), 0.3),
        Row("layer switch, s (longest of 20)", round(max(took), 3)),
    ]
