"""The picture beside Chromium's: on lines that lose packets, and through the same Janus.

Lines: RTT 60 ms, jitter 0 to 5 ms, 640x360 at 25 a second; ours goes through a hub, Chromium's from peer to peer. Ours
counts as seen when the grid's 33 ms clock takes it, Chromium's when the page gets it for painting.
"""

import asyncio
import tempfile
from pathlib import Path

from bench.link import Conditions
from bench.media import picture_chromium, picture_ours
from bench.media.picture_seen import Seen
from bench.media.voice import has_chromium
from bench.rows import Row
from media.meeting.commands import Broadcast
from tests.media.engine_stage import JanusStage
from tests.media.janus_rig import own_network, why_not
from tests.media.rig import until
from tests.media.test_doors import STUDIO, House
from tests.meeting.rooms import HUIDONG, at

SECONDS = 12.0
SEED = 11
LINES = {f"{loss} %": Conditions(loss=loss / 100, delay=0.03, jitter=0.005) for loss in (0, 2, 5, 10)}


def rows() -> list[Row]:
    """Janus needs root; without it those rows are left out."""
    cells = {name: (line, SEED) for name, line in LINES.items()}
    chromium = asyncio.run(picture_chromium.look(cells, SECONDS)) if has_chromium() else {}
    found = []
    for name, line in LINES.items():
        ours = asyncio.run(picture_ours.over_a_line(line, SEED, SECONDS))
        peer = chromium.get(name)
        _say(f"ours, {name}", ours)
        if peer is not None:
            _say(f"Chromium, {name}", peer)
        found.append(
            Row(
                f"picture, {name}: pictures a second",
                round(ours.fps, 1),
                peer and round(peer.fps, 1),
                ">= 1.0 x",
                None if peer is None else ours.fps >= 0.98 * peer.fps,
            )
        )
        found.append(
            Row(
                f"picture, {name}: freezes in {SECONDS:.0f} s",
                ours.freezes,
                peer and peer.freezes,
                "<= 1.0 x",
                None if peer is None else ours.freezes <= peer.freezes,
            )
        )
    if not why_not() and has_chromium():
        found += _through_janus()
    return found


def _through_janus() -> list[Row]:
    with tempfile.TemporaryDirectory() as name, own_network("10.77.0.1"):
        ours, peer = asyncio.run(_both_through_janus(Path(name)))
    _say("ours, through Janus", ours)
    _say("Chromium, through Janus", peer)
    ms, goal = round(ours.first * 1000), round(peer.first * 1000)
    return [
        Row(
            "picture delay through Janus, camera to paint, ms (median)",
            round(ours.delay, 1),
            round(peer.delay, 1),
            "<= 0.5 x",
            ours.delay <= 0.5 * peer.delay,
        ),
        Row("click to first picture, ms", ms, goal, "<= 1.0 x, 1000", ms <= min(goal, 1000)),
    ]


async def _both_through_janus(folder: Path) -> tuple[Seen, Seen]:
    stage = JanusStage(folder)
    await stage.start()
    engine = stage.center()
    await engine.open()
    try:
        ours = await picture_ours.through_an_engine(engine, SECONDS)
        house = House(engine)
        await house.open()
        try:
            showing = asyncio.ensure_future(_show_the_studio(house))
            whip, whep = await house.token("studio"), await house.token("observer")
            doors = {"house": house.url, "whip": whip, "whep": whep}
            peer = await picture_chromium.look({"0": (Conditions(), SEED)}, SECONDS, **doors)
            await showing
        finally:
            await house.close()
        return ours, peer["0"]
    finally:
        await engine.close()
        await stage.end()


async def _show_the_studio(house: House) -> None:
    """The chair puts the studio on every screen as soon as it is there."""
    await until(lambda: STUDIO in house.room.state.sites, within=60)
    await house.room.do(at(HUIDONG), Broadcast(STUDIO))


def _say(who: str, seen: Seen) -> None:
    print(
        f"  {who}: {seen.fps:.1f} a second, {seen.freezes} freezes, {seen.delay:.1f} ms, first after "
        f"{seen.first * 1000:.0f} ms",
        flush=True,
    )
