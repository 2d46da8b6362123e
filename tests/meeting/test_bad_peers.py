"""Each kind of bad peer, over a real hub and a real center: it is limited, whoever conducts is shown it, and nobody
else notices. Who is only on a bad line is accused of nothing."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from bench.link import Conditions, Link
from desktop_app.domain.ids import MeetingId, UnitPath
from media.engine.layers import Layer
from media.engine.trouble import Trouble
from media.meeting.health import Health
from media.peers.publishing import Publishing
from media.peers.receiving import Receiving
from media.rtp import rtcp, vp8
from media.rtp.packet import write_rtp
from media.sdp import VP8, Description, MediaLine, write_description
from tests.media import rig
from tests.meeting.center import Center
from tests.meeting.rooms import BOLUO, CITY, HUIDONG
from tests.meeting.terminals import Terminal, running

PRINT = ("sha-256", ":".join(["AB"] * 32))


class HubBeside:
    """The real hub of the test as the center's engine."""

    def __init__(self, hub: rig.Room) -> None:
        self._hub = hub

    def __getattr__(self, name: str) -> Any:
        async def call(_meeting: MeetingId, *args: Any) -> Any:
            return getattr(self._hub.hub, name)(rig.MEETING, *args)

        return call


@dataclass
class Room:
    """惠东县 conducts and looks at 惠州市, which sends; 博罗县 is the bad one, and in the meeting as they are."""

    hub: rig.Room
    host: Terminal
    watcher: rig.Terminal
    sender: rig.Terminal

    def trouble_of(self, site: UnitPath) -> Trouble:
        return self.host.client.healths.get(site, Health()).trouble

    async def shows(self, trouble: Trouble) -> None:
        """It is shown within a while, of 博罗县 alone; and what 惠州市 sends goes on as before."""
        frames, began = self.watcher.frames(self.sender), time.monotonic()
        await rig.until(lambda: self.trouble_of(BOLUO) is trouble, within=30)
        await rig.until(lambda: self.watcher.frames(self.sender) > frames + 50, within=30)
        assert self.watcher.frames(self.sender) - frames > 8 * (time.monotonic() - began), "of 25 a second"
        assert self.trouble_of(CITY) is self.trouble_of(HUIDONG) is Trouble.NONE
        assert self.watcher.media.stats().restarts == self.sender.media.stats().restarts == 0
        assert self.watcher.notes.faults == self.sender.notes.faults == []

    async def joined(self, site: UnitPath, through: Callable[[int], int] | None = None) -> rig.Terminal:
        terminal = self.hub.join(site, through=through)
        await terminal.media.start()
        await rig.until(lambda: terminal.media.stats().up, within=30)
        return terminal

    def refused(self, side: str) -> dict[Trouble, int]:
        return dict(self.hub.hub.stats(rig.MEETING)[side][BOLUO]["refused"])


@pytest.fixture
async def room(center: Center, hub: rig.Room, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Room]:
    monkeypatch.setattr("media.meeting.troubles.LOOK_SECONDS", 0.5)
    monkeypatch.setattr("media.meeting.server.HEALTH_SECONDS", 0.5)
    center.engine = HubBeside(hub)  # type: ignore[assignment]  # whatever it is asked, it passes on
    await center.stop()
    await center.start()
    host, city, boluo = (Terminal(center.dial(unit), unit) for unit in (HUIDONG, CITY, BOLUO))
    async with running(host, city, boluo):
        for each in (host, city, boluo):
            await each.entered()
        found = Room(hub, host, None, None)  # type: ignore[arg-type]  # at once
        found.watcher, found.sender = await found.joined(HUIDONG), await found.joined(CITY)
        found.watcher.see(found.sender)
        await rig.until(lambda: found.watcher.frames(found.sender) > 10, within=30)
        yield found


@contextlib.asynccontextmanager
async def again_and_again(act: Callable[[], None], every: float) -> AsyncIterator[None]:
    async def work() -> None:
        while True:
            act()
            await asyncio.sleep(every)

    working = asyncio.ensure_future(work())
    try:
        yield
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def receiving(room: Room) -> tuple[Receiving, int]:
    """博罗县 looks at 惠州市 too: its connection, and the SSRC of that slot."""
    bad = await room.joined(BOLUO)
    bad.see(room.sender)
    await rig.until(lambda: bad.frames(room.sender) > 5, within=30)
    connection = bad.media._connection
    assert connection is not None
    return connection.receiving, next(iter(connection.receiving.video.values())).ssrc


async def publishing(room: Room) -> tuple[Publishing, int]:
    """博罗县 publishes, and nothing of it but what the test sends: its connection, and the SSRC of its picture."""
    bad = await room.joined(BOLUO)
    bad.media._send_picture = lambda *_: None  # type: ignore[method-assign]  # it sends none
    room.watcher.see(room.sender, bad)
    connection = bad.media._connection
    assert connection is not None
    return connection.publishing, connection.publishing._pictures[Layer.MAIN].ssrc


async def test_a_peer_that_floods_requests_for_whole_pictures(room: Room):
    connection, ssrc = await receiving(room)
    asked = room.hub.hub.stats(rig.MEETING)["publishers"][CITY]["streams"]["video"]["keyframe_requests"]
    began = time.monotonic()

    def flood() -> None:
        for _ in range(20):
            connection.path.send_rtcp(rtcp.picture_loss(7, ssrc))

    async with again_and_again(flood, 0.02):
        await room.shows(Trouble.KEYFRAMES)
    assert room.refused("subscribers")[Trouble.KEYFRAMES] > 100
    streams = room.hub.hub.stats(rig.MEETING)["publishers"][CITY]["streams"].values()
    assert sum(each["keyframe_requests"] for each in streams) - asked < 10 + (time.monotonic() - began), "hardly any"
    await rig.until(lambda: room.trouble_of(BOLUO) is Trouble.NONE, within=30)


async def test_a_peer_that_floods_requests_for_lost_packets(room: Room):
    connection, ssrc = await receiving(room)
    slots = room.hub.hub._rooms[rig.MEETING].subscribers[BOLUO].slots.values()
    number = 0

    def flood() -> None:
        nonlocal number
        for _ in range(20):
            number += 17
            connection.path.send_rtcp(rtcp.nack(7, ssrc, [each & 0xFFFF for each in range(number, number + 17)]))

    async with again_and_again(flood, 0.02):
        await room.shows(Trouble.REPEATS)
    assert room.refused("subscribers")[Trouble.REPEATS] > 1000
    assert sum(slot.resent for slot in slots) <= 120 + sum(slot.packets for slot in slots) / 2


async def test_a_peer_that_sends_4k_pictures(room: Room):
    connection, ssrc = await publishing(room)
    number = 0

    def send() -> None:
        nonlocal number
        number += 1
        whole = b"\x10\x00\x00\x9d\x01\x2a" + (3840).to_bytes(2, "little") + (2160).to_bytes(2, "little") + bytes(900)
        payload = vp8.packetize(whole, number)[0]
        connection.path.send_rtp(write_rtp(VP8, True, number, round(time.monotonic() * 90_000), ssrc, payload))

    async with again_and_again(send, 0.04):
        await room.shows(Trouble.LARGE)
    assert room.refused("publishers")[Trouble.LARGE] >= number - 50
    assert room.watcher.media.stats().sites[BOLUO].frames == 0


async def test_a_peer_that_lies_about_timestamps(room: Room):
    connection, ssrc = await publishing(room)
    chance, number = random.Random(9), 0

    def send() -> None:
        nonlocal number
        number += 1
        payload = vp8.packetize(b"\x11" + bytes(300), number)[0]
        connection.path.send_rtp(write_rtp(VP8, True, number, chance.randrange(1 << 32), ssrc, payload))

    async with again_and_again(send, 0.02):
        await room.shows(Trouble.TIMES)
    assert room.refused("publishers")[Trouble.TIMES] > 50


async def test_a_peer_that_sends_more_than_it_may(room: Room):
    connection, ssrc = await publishing(room)
    number = 0

    def flood() -> None:
        nonlocal number
        for _ in range(30):
            number += 1
            payload = vp8.packetize(b"\x11" + bytes(1100), number)[0]
            time_now = round(time.monotonic() * 90_000)
            connection.path.send_rtp(write_rtp(VP8, True, number & 0xFFFF, time_now, ssrc, payload))

    async with again_and_again(flood, 0.02):
        await room.shows(Trouble.FLOOD)
    assert room.refused("publishers")[Trouble.FLOOD] > 300


@pytest.mark.parametrize("offers", [True, False], ids=["after its offer", "at all"])
async def test_a_peer_that_never_answers(room: Room, monkeypatch: pytest.MonkeyPatch, offers: bool):
    monkeypatch.setattr("media.meeting.troubles.ABSENT_SECONDS", 3.0)
    monkeypatch.setattr("media.hub.hub.CONNECT_WITHIN", 1.0)
    if offers:
        lines = (MediaLine("video", "video", "sendonly", VP8, 11),)
        offer = write_description(Description(lines, "abcd", "x" * 22, (PRINT,), "active"))
        for _ in range(50):
            room.hub.hub.publish(rig.MEETING, BOLUO, offer)
    await room.shows(Trouble.ABSENT)
    await rig.until(lambda: len(room.hub.port._by_ufrag) == 4, within=30)
    await room.joined(BOLUO)
    await rig.until(lambda: room.trouble_of(BOLUO) is Trouble.NONE, within=30)


async def test_who_loses_three_packets_in_ten_is_accused_of_nothing(room: Room):
    link = Link(Conditions(delay=0.03), Conditions(delay=0.03))
    number = await link.open(room.hub.port.address)
    told: set[Trouble] = set()
    try:
        bad = await room.joined(BOLUO, through=lambda _: number)
        bad.see(room.sender, room.watcher)
        room.watcher.see(room.sender, bad)
        bad.media.set_on_air(True)
        await rig.until(lambda: room.watcher.frames(bad) > 5 and bad.frames(room.sender) > 5, within=30)
        link.set(Conditions(delay=0.03, loss=0.3))
        began = time.monotonic()

        def looked() -> bool:
            told.add(room.trouble_of(BOLUO))
            return time.monotonic() - began > 10

        await rig.until(looked, within=30)
        assert told == {Trouble.NONE}
        assert link.dropped > 200
        for side in ("publishers", "subscribers"):
            assert sum(room.refused(side).values()) < 30, "nor is it hindered"
    finally:
        link.close()
