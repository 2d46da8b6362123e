"""Two sizes of each site's picture: who gets which, and that nobody sends what nobody looks at."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from desktop_app.domain.clock import SystemClock
from desktop_app.domain.ids import UnitPath
from media.capture.encodings import BITRATES, lines_for, main_encoding, thumb_encoding
from media.engine.layers import NOBODY, Demand, Layer
from media.peers.sites import Sites
from media.peers.slots import Slots
from media.playout.outputs import SilentOutput
from media.playout.playout import Playout
from tests.media.rig import MEETING, Room, Terminal, until


class Center:
    """Does what the center does: tells the sites what the others show of them."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.told: dict[UnitPath, Demand] = {}

    async def run(self) -> None:
        while True:
            found = self._room.hub.demand(MEETING)
            for terminal in self._room.terminals:
                main, thumb = found.get(terminal.site, (0, 0))
                self.told[terminal.site] = Demand(main, bool(thumb))
                terminal.media.set_demand(self.told[terminal.site], standby=True)
            await asyncio.sleep(0.02)


@pytest.fixture
async def center(room: Room) -> AsyncIterator[Center]:
    center = Center(room)
    task = asyncio.ensure_future(center.run())
    yield center
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def joined(room: Room, *names: str) -> list[Terminal]:
    terminals = [room.join(name) for name in names]
    for terminal in terminals:
        await terminal.media.start()
    return terminals


def size(viewer: Terminal, site: Terminal) -> int:
    """The lines of the picture as it came, before it was scaled to its tile."""
    return viewer.media.stats().sites[site.site].height


def packets(room: Room, site: Terminal, layer: Layer) -> int:
    return int(room.hub.stats(MEETING)["publishers"][site.site]["streams"][layer]["packets"])


async def test_a_small_tile_gets_the_thumb_and_the_main_picture_is_not_even_sent(room: Room, center: Center):
    viewer, site = await joined(room, "a/", "b/")
    viewer.see(site, width=300, height=170)
    await until(lambda: viewer.frames(site) > 10)
    assert size(viewer, site) == 180
    await until(lambda: center.told[site.site] == Demand(0, True))
    seen, sent = viewer.frames(site), packets(room, site, Layer.MAIN)
    await until(lambda: viewer.frames(site) > seen + 10)
    assert packets(room, site, Layer.MAIN) == sent


async def test_a_tile_that_grows_gets_the_main_picture_without_a_gap_and_the_thumb_again_when_it_shrinks(
    room: Room, center: Center
):
    viewer, site = await joined(room, "a/", "b/")
    viewer.see(site, width=300, height=170)
    await until(lambda: viewer.frames(site) > 10)
    for width, height, lines in ((640, 360, 360), (1280, 720, 360), (300, 170, 180)):
        viewer.media.source(site.site).want(width, height)
        began = time.monotonic()
        await until(lambda lines=lines: size(viewer, site) == lines)  # type: ignore[misc]
        assert time.monotonic() - began < 1.5
        assert viewer.media.stats().sites[site.site].longest_gap < 0.6
    assert viewer.media.stats().restarts == 0


async def test_the_main_picture_is_as_large_as_the_largest_place_that_shows_it(room: Room, center: Center):
    site, small, large = await joined(room, "a/", "b/", "c/")
    small.see(site, width=640, height=360)
    await until(lambda: small.frames(site) > 0)
    await until(lambda: center.told[site.site].main == 360)
    large.see(site, width=1200, height=680)
    await until(lambda: center.told[site.site].main == 720)
    large.see(site, width=0, height=0)
    await until(lambda: center.told[site.site].main == 360)
    small.see(site, width=0, height=0)
    await until(lambda: center.told[site.site] == NOBODY)


async def test_a_hidden_tile_costs_the_line_nothing(room: Room):
    viewer, site = await joined(room, "a/", "b/")
    viewer.see(site)
    await until(lambda: viewer.frames(site) > 3)
    viewer.media.source(site.site).want(0, 0)
    slots = lambda: room.hub.stats(MEETING)["subscribers"]["a/"]["slots"]  # noqa: E731
    await until(lambda: slots()["v0"]["paused"])
    sent = slots()["v0"]["packets"]
    published = packets(room, site, Layer.THUMB)
    await until(lambda: packets(room, site, Layer.THUMB) > published + 10)
    assert slots()["v0"]["packets"] <= sent + 1
    viewer.media.source(site.site).want(640, 360)
    seen = viewer.frames(site)
    await until(lambda: viewer.frames(site) > seen)


async def test_a_page_of_sixteen_shows_sixteen_and_the_next_page_shows_the_others(room: Room):
    """Slots follow the screen: whoever is on the page that is shown gets one, whatever the meeting's order is."""
    sites = [UnitPath(f"{number:02}/") for number in range(20)]
    told: dict[str, tuple[UnitPath | None, int]] = {}
    paused: set[str] = set()

    class Signal:
        async def switch(self, slot: str, source: UnitPath | None, height: int = 720) -> None:
            told[slot] = (source, height)

        async def pause(self, slot: str, is_paused: bool) -> None:
            (paused.add if is_paused else paused.discard)(slot)

    tiles = Sites(Playout(SilentOutput(), SystemClock()))
    slots = Slots(Signal(), tiles.tile)  # type: ignore[arg-type]

    async def turn_to(page: list[UnitPath]) -> set[UnitPath | None]:
        for site in sites:
            tiles.tile(site).slot.want(*((200, 112) if site in page else (0, 0)))
        slots.arrange(sites, frozenset(), dict)
        assert await slots.tell()
        return {site for slot, (site, _) in told.items() if slot.startswith("v") and slot not in paused}

    assert await turn_to(sites[:16]) == set(sites[:16])
    assert await turn_to(sites[16:]) == set(sites[16:])
    assert await turn_to(sites[:16]) == set(sites[:16])
    assert {height for slot, (_, height) in told.items() if slot.startswith("v")} == {180}


async def test_a_publisher_that_stops_its_main_picture_is_seen_by_its_thumb(room: Room):
    viewer, site = await joined(room, "a/", "b/")
    viewer.see(site)
    await until(lambda: viewer.frames(site) > 3 and size(viewer, site) == 360)
    site.media.set_demand(Demand(0, True), standby=True)
    await until(lambda: size(viewer, site) == 180)
    site.media.set_demand(Demand(360, True), standby=True)
    await until(lambda: size(viewer, site) == 360)


def test_a_place_asks_for_the_size_that_suits_and_a_narrow_line_gets_a_smaller_picture():
    assert [lines_for(lines) for lines in (90, 180, 225, 226, 450, 451, 675, 676, 2160)] == [
        *(180, 180, 180, 360, 360, 540, 540, 720, 720)
    ]
    bits = (2_000_000, 1_000_000, 700_000, 400_000, 200_000, 100_000, 90_000)
    heights = [each.height if each is not None else 0 for each in (main_encoding(720, bit) for bit in bits)]
    assert heights == [720, 720, 540, 360, 270, 180, 0]
    narrow = main_encoding(720, 400_000)
    assert narrow is not None
    assert narrow.bitrate <= 400_000 < BITRATES[360]
    assert thumb_encoding(60_000) is None
