"""A site that sends too much, too large, or lies about its times: it is limited and shown, and nobody else notices."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

from desktop_app.domain.ids import UnitPath
from media.engine.trouble import Trouble
from media.hub.allowance import BITS, BURST, Allowance, Bounds, Requests
from media.hub.publisher import Publisher
from media.hub.room import Room
from media.hub.subscriber import Subscriber
from media.rtp import rtcp, vp8
from media.rtp.packet import write_rtp
from media.sdp import OPUS, VP8, Description, MediaLine, read_description, write_description
from tests.media import rig

HOSTILE, VICTIM = UnitPath("100000/"), UnitPath("100000/440000/")
PRINT = ("sha-256", ":".join(["AB"] * 32))


def whole(width: int, height: int, size: int = 400) -> bytes:
    """The start of a whole picture of this size."""
    return b"\x10\x00\x00\x9d\x01\x2a" + width.to_bytes(2, "little") + height.to_bytes(2, "little") + bytes(size)


def test_what_a_line_carries_is_admitted_and_a_flood_is_cut_to_it():
    allowance = Allowance("video")
    payload = vp8.packetize(b"\x11" + bytes(1000), 1)[0]
    usual = sum(allowance.admits(payload, now / 180) for now in range(180 * 10))
    assert usual == 1800, "1.5 Mbit/s"
    assert allowance.refused == 0
    came = sum(8 * len(payload) for now in range(100_000) if allowance.admits(payload, 10 + now / 10_000))
    assert came <= BURST["video"] + 10 * BITS["video"] + 10_000
    assert allowance.refused > 90_000


@pytest.mark.parametrize(("size", "passes"), [((1280, 720), True), ((1920, 1080), True), ((3840, 2160), False)])
def test_pictures_larger_than_anybody_decodes_go_nowhere(size: tuple[int, int], passes: bool):
    bounds = Bounds("video", 90_000)
    first = vp8.packetize(whole(*size), 1)[0]
    assert bounds.admits(first, 7, 0, 0.0) is passes
    assert bounds.admits(vp8.packetize(b"\x11delta", 2)[0], 7, 3600, 0.04) is passes
    assert bounds.admits(vp8.packetize(whole(640, 360), 3)[0], 7, 7200, 0.08), "until the pictures are smaller again"
    assert bounds.refused[Trouble.LARGE] == (0 if passes else 2)


def test_times_that_leave_the_clock_are_cut_off_and_those_of_a_bad_line_are_not():
    chance = random.Random(5)
    wild = Bounds("video", 90_000)
    came = sum(wild.admits(b"\x10\x01", 7, chance.randrange(1 << 32), now / 25) for now in range(25 * 60))
    assert came < 30, "of 1500"
    twice = Bounds("video", 90_000)
    came = sum(twice.admits(b"\x10\x01", 7, now * 7200, now / 25) for now in range(25 * 180))
    assert came < 3300, "of 4500, with a clock that goes twice as fast"
    honest, start = Bounds("video", 90_000), 0xFFFF0000
    for picture in range(25 * 600):
        now = picture / 25 + chance.expovariate(3) * (chance.random() < 0.3)  # late, and out of order
        if 2000 < picture < 2250:
            now = 90.0  # the line kept all of it for ten seconds
        if picture == 9000:
            start += 90_000 * 3000  # another camera
        assert honest.admits(b"\x10\x01", 7, (start + picture * 3600) & 0xFFFFFFFF, now)


def test_what_somebody_on_the_worst_line_asks_for_is_heard_and_a_flood_of_requests_is_not():
    asks, now = Requests(), 0.0
    for _ in range(600):  # ours asks every half second, Chromium every 0.2 s
        now += 0.2
        assert asks.admits_keyframe(now)
    assert sum(asks.admits_keyframe(now + number / 500) for number in range(5000)) < 15
    assert not asks.admits_keyframe(now + 11), "who does not stop is not heard for a while"
    assert asks.admits_keyframe(now + 20)
    line = Requests()
    for packets in range(2000):  # a line that loses everything: each packet is asked for six times
        assert line.admits_repeats(6, packets)
    heard = sum(line.admits_repeats(17, 2000) for _ in range(10_000))
    assert heard < 300
    assert line.refused[Trouble.REPEATS] == 17 * (10_000 - heard)


class Silent:
    """A connection's other end."""

    heard_at, gone, address, refused = 0.0, False, None, 0

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send_rtp(self, data: bytes) -> None:
        self.sent.append(data)

    def send_rtcp(self, data: bytes) -> None: ...


def test_a_flood_of_one_site_leaves_what_others_get_as_it_was():
    room = Room()
    sites = {}
    for site, ssrc in ((HOSTILE, 11), (VICTIM, 21)):
        lines = (
            MediaLine("video", "video", "sendonly", VP8, ssrc),
            MediaLine("audio", "audio", "sendonly", OPUS, ssrc + 1),
        )
        offer = write_description(Description(lines, "abcd", "x" * 22, (PRINT,), "active"))
        sites[site] = Publisher(site, read_description(offer))
        sites[site].peer = Silent()  # type: ignore[assignment]  # what it needs of one, it has
        room.put_publisher(sites[site], 0.0)
    viewer, screen = Silent(), UnitPath("100000/440000/441300/")
    slots = tuple(MediaLine(name, "video", "recvonly", VP8) for name in ("v0", "v1"))
    subscriber = Subscriber(
        screen, read_description(write_description(Description(slots, "abcd", "x" * 22, (PRINT,), "active")))
    )
    subscriber.peer = viewer  # type: ignore[assignment]
    room.put_subscriber(subscriber, 0.0)
    room.switch(screen, "v0", HOSTILE, 360, 0.0)
    room.switch(screen, "v1", VICTIM, 360, 0.0)
    chance, sent, number = random.Random(3), 0, 0
    for step in range(2_000):
        now = step / 200
        if step % 8 == 0:
            payload = vp8.packetize(whole(640, 360) if step == 0 else b"\x11" + bytes(300), step)[0]
            sites[VICTIM].on_rtp(write_rtp(VP8, True, step // 8, step * 450, 21, payload), now, False)
            sent += 1
        for _ in range(20):  # 34 Mbit/s, with times and numbers out of the air
            payload = vp8.packetize(whole(640, 360, 1000), number)[0]
            number += chance.choice((1, 1, 1, 40, -30))
            sites[HOSTILE].on_rtp(
                write_rtp(VP8, True, number & 0xFFFF, chance.randrange(1 << 32), 11, payload), now, False
            )
    ssrcs = {name: slot.ssrc for name, slot in subscriber.slots.items()}
    got = {
        name: [data for data in viewer.sent if int.from_bytes(data[8:12], "big") == ssrc]
        for name, ssrc in ssrcs.items()
    }
    assert len(got["v1"]) == sent
    assert sum(map(len, got["v0"])) * 8 / 10 < 1.7 * BITS["video"]
    shown = room.stats()["publishers"]
    assert sum(shown[HOSTILE]["refused"].values()) > 20_000
    assert shown[VICTIM]["refused"] == {}


@pytest.fixture
async def room() -> AsyncIterator[rig.Room]:
    room = rig.Room()
    await room.open()
    yield room
    await room.close()


async def test_a_site_that_floods_with_requests_and_reports_disturbs_nobody(room: rig.Room):
    """Over real sockets: keyframes and packets asked for without end, by a site that is in the meeting."""
    speaker, viewer, hostile = (room.join(f"100000/{name}/") for name in ("a", "b", "c"))
    for terminal in (speaker, viewer, hostile):
        await terminal.media.start()
    viewer.see(speaker)
    hostile.see(speaker)
    await rig.until(lambda: viewer.frames(speaker) > 10 and hostile.frames(speaker) > 10, within=30)
    connection = hostile.media._connection
    assert connection is not None
    slot = next(iter(connection.receiving.video.values()))

    async def flood() -> None:
        while True:
            for number in range(100):
                connection.receiving.path.send_rtcp(rtcp.picture_loss(7, slot.ssrc))
                connection.receiving.path.send_rtcp(rtcp.nack(7, slot.ssrc, list(range(number, number + 17))))
            await asyncio.sleep(0.01)

    flooding = asyncio.ensure_future(flood())
    try:
        before, stream = viewer.frames(speaker), room.hub.stats(rig.MEETING)["publishers"][speaker.site]["streams"]
        asked = sum(each["keyframe_requests"] for each in stream.values())
        await rig.until(lambda: viewer.frames(speaker) > before + 60, within=30)
        stream = room.hub.stats(rig.MEETING)["publishers"][speaker.site]["streams"]
        assert sum(each["keyframe_requests"] for each in stream.values()) - asked < 60, "two a second in the long run"
        assert viewer.media.stats().restarts == 0
    finally:
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)


async def test_sites_that_ask_for_connections_and_never_answer_are_forgotten_and_disturb_nobody(
    room: rig.Room, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("media.hub.hub.CONNECT_WITHIN", 1.0)
    lines = (MediaLine("video", "video", "sendonly", VP8, 11),)
    offer = write_description(Description(lines, "abcd", "x" * 22, (PRINT,), "active"))
    for number in range(300):
        room.hub.publish(rig.MEETING, UnitPath(f"100000/silent-{number % 100}/"), offer)
    one, other = (room.join(f"100000/{name}/") for name in ("a", "b"))
    for terminal in (one, other):
        await terminal.media.start()
    one.see(other)
    await rig.until(lambda: one.frames(other) > 10, within=30)
    await rig.until(lambda: len(room.port._by_ufrag) == 4, within=30)
    assert room.seated("publishers") == {one.site, other.site}
    assert one.media.stats().restarts == 0
