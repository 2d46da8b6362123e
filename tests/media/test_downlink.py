"""The way from the hub to a receiver whose line does not bear everything: the voice never stands behind pictures."""

import asyncio
from collections.abc import Callable
from itertools import pairwise

from bench.link import Conditions, Link
from bench.media.narrow import Drifting, follow
from media.engine.layers import Demand
from media.hub.downlink import FOR, LONGEST_WAIT, Downlink
from media.hub.slot import Slot
from media.hub.source import Source
from media.peers.ladder import Sending, Step
from media.peers.uplink import Uplink
from media.rtp import rtcp, vp8
from media.rtp.arrivals import Arrivals, Reading
from media.rtp.budget import Budget
from media.rtp.packet import RtpPacket, read_rtp, write_rtp
from media.rtp.protection import VoiceProtection
from media.rtp.send_time import BITS, CLOCK, read_send_time, stamped, ticks
from tests.media.rig import MEETING, Room, until

WHOLE = vp8.packetize(b"\x10" + bytes(900), 1)[0]
DELTA = vp8.packetize(b"\x11" + bytes(900), 2)[0]
VOICE = write_rtp(111, False, 1, 960, 7, bytes(80))


class Line:
    """A downlink whose clock stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = 100.0
        self.sent: list[bytes] = []
        self.filled = 0
        self.way = Downlink(self.sent.append, self._fill, lambda: self.now)
        self.slot = Slot("v0", "video", 96, self.sent.append, queue=self.way.picture)
        self.source = Source("video", 1, lambda data: None)
        self.slot.show(self.source, self.now)
        self._number = 0

    def _fill(self, size: int) -> None:
        self.filled += size

    def picture(self, payload: bytes) -> None:
        self._number += 1
        self.source.packet(RtpPacket(100, True, self._number, self._number * 3_600, 11, payload), self.now)

    def numbers(self) -> list[int]:
        packets = [read_rtp(data) for data in self.sent]
        return [packet.sequence for packet in packets if packet is not None and packet.payload_type == 96]

    async def pass_by(self, seconds: float, each: Callable[[], None] = lambda: None) -> None:
        """Time goes on, in steps of ten milliseconds, and with every one of them the loop's timers run."""
        for _ in range(round(seconds * 100)):
            self.now += 0.01
            each()
            await asyncio.sleep(0.009)


def test_when_a_packet_left_is_read_back_and_the_packet_is_the_same():
    data = stamped(VOICE, 3, 1234.5)
    assert read_send_time(data, 3) == int(1234.5 * CLOCK) % (1 << BITS)
    assert read_send_time(data, 4) is None
    assert read_send_time(VOICE, 3) is None
    assert read_rtp(data) == read_rtp(VOICE)
    for size in range(len(data)):
        read_send_time(data[:size], 3)


def test_what_is_told_of_a_full_line_travels_and_garbage_is_neither():
    assert rtcp.read_hold(rtcp.hold(7, 0.25)) == 0.25
    filling = rtcp.filling(7, ticks(2.0), 300)
    assert 290 <= len(filling) <= 300
    assert rtcp.read_filling(filling) == 2 * CLOCK
    assert rtcp.read_hold(filling) is None
    assert rtcp.read_rtcp(filling) == []
    for size in range(20):
        assert rtcp.read_filling(filling[:size]) is None or size > 15
        assert rtcp.read_hold(filling[:size]) is None


async def test_pictures_wait_for_a_narrow_line_and_the_voice_does_not():
    line = Line()
    line.picture(WHOLE)
    line.way.limit(200_000)
    for _ in range(6):
        line.picture(DELTA)
    assert len(line.sent) < 4
    line.way.voice(VOICE)
    assert line.sent[-1] == VOICE
    await line.pass_by(0.4)
    assert line.numbers() == [line.numbers()[0] + at for at in range(7)]
    line.way.close()


async def test_while_a_queue_drains_no_picture_leaves():
    line = Line()
    line.way.limit(1_000_000)
    line.way.hold(0.3)
    line.picture(WHOLE)
    await line.pass_by(0.2)
    assert line.sent == []
    await line.pass_by(0.2)
    assert len(line.sent) == 1
    line.way.close()


async def test_pictures_that_would_come_too_late_are_dropped_and_the_next_whole_one_follows_without_a_gap():
    line = Line()
    line.picture(WHOLE)
    line.way.limit(150_000)
    for _ in range(40):
        line.picture(DELTA)
    assert line.way.dropped > 10
    await line.pass_by(LONGEST_WAIT + 0.2)
    line.picture(DELTA)
    line.picture(WHOLE)
    line.picture(DELTA)
    await line.pass_by(0.3)
    numbers = line.numbers()
    assert numbers == [numbers[0] + at for at in range(len(numbers))]
    assert [data[12:] for data in line.sent[-2:]] == [WHOLE, DELTA]
    line.way.close()


async def test_after_a_raise_the_line_is_filled_for_a_moment_and_a_limit_not_repeated_ends():
    line = Line()
    line.way.limit(200_000)
    await line.pass_by(0.2)
    assert line.filled == 0
    line.way.limit(260_000)
    await line.pass_by(0.5)
    assert 0.3 * 260_000 / 8 < line.filled / 0.5 <= 260_000 / 8
    line.now += FOR + 1
    line.way.tick()
    assert line.way.bits is None
    line.way.close()


def test_a_queue_that_is_known_exactly_is_cut_within_three_tenths_of_a_second():
    arrivals, budget = Arrivals(), Budget()
    found = None
    for packet in range(2_000):
        sent = packet * 0.01
        queue = max(0.0, sent - 10) * 2  # from the tenth second on the line bears a third
        now = sent + 0.03 + queue
        arrivals.add(1, packet, 0, 90_000, 1_000, now, sent=int(sent * CLOCK) % (1 << BITS))
        if (reading := arrivals.look(now)) is not None and budget.look(reading, now):
            found = now
            break
    assert found is not None
    assert 10 < found < 10.35
    assert budget.bits is not None
    assert budget.drain > 0.05


def test_what_was_late_before_the_line_is_no_queue():
    arrivals, budget = Arrivals(), Budget()
    for packet in range(2_000):
        sent = packet * 0.01
        timestamp = round((sent - (0.5 if packet > 500 else 0.0)) * 90_000)  # an encoder that fell behind
        now = sent + 0.03
        arrivals.add(1, packet, timestamp, 90_000, 1_000, now, sent=int(sent * CLOCK) % (1 << BITS))
        if (reading := arrivals.look(now)) is not None:
            budget.look(reading, now)
    assert budget.bits is None


def test_near_what_the_line_bore_the_last_time_raises_are_small_ones():
    budget = Budget()
    budget.look(Reading(600_000, 0.1, 0.1, 0.0, 0.0, exact=True), 10.0)
    seen = []
    for tenth in range(101, 250):
        seen.append(budget.bits or 0)
        budget.look(Reading(seen[-1], 0.0, 0.0, 0.0, 0.0, exact=True), tenth / 10)
    near = [(before, after) for before, after in pairwise(seen) if 0 < before < after and before < 600_000]
    assert near
    assert all(after <= 1.12 * before for before, after in near)
    assert budget.bits is None


def test_a_receiver_of_a_narrow_line_tells_the_sender_what_it_bears_and_it_follows_at_once():
    uplink, sending = Uplink(), Sending()
    sending.look(Demand(720), True, 0.0)
    uplink.told_main(200_000, 1.0)
    sending.main_bits = uplink.main_bits(1.1)
    plan = sending.look(Demand(720), True, 1.1)
    assert plan.main is not None
    assert plan.main.bitrate <= 200_000
    assert sending.step is Step.MAIN  # it is not this site's line that is narrow
    sending.main_bits = uplink.main_bits(9.0)
    wide = sending.look(Demand(720), True, 9.0).main
    assert wide is not None
    assert wide.height == 720


def test_where_a_narrow_line_is_told_a_late_report_does_not_end_the_copies():
    protection = VoiceProtection()
    protection.is_told = True
    for second in range(4):
        protection.reported(0.1, 0.06 if second < 2 else 0.6, float(second))
    assert protection.redundant
    protection.forbid()
    protection.reported(0.1, 0.06, 5.0)
    assert not protection.redundant


async def test_on_a_narrowed_line_the_voice_goes_on_while_the_picture_shrinks():
    room, link = Room(), Link(Conditions(delay=0.03), Conditions(delay=0.03))
    await room.open()
    number = await link.open(("127.0.0.1", room.port.address[1]))
    far, near = room.join("a/", through=lambda port: number), room.join("b/", picture=Drifting())
    following = asyncio.ensure_future(follow(room))
    try:
        for terminal in (far, near):
            await terminal.media.start()
        far.see(near, width=1280, height=720)
        room.hub.set_on_air(MEETING, frozenset({near.site}))
        near.media.set_on_air(True)
        far.media.set_speakers(frozenset({near.site}))
        await until(lambda: far.media.stats().sites[near.site].height == 720, within=30)
        link.set(Conditions(delay=0.03, rate=400_000))
        await until(lambda: far.media.stats().bears_down is not None, within=20)
        await until(lambda: 0 < near.capture.picture.plan.main.bitrate < 400_000, within=20)  # type: ignore[union-attr]
        cut = far.media.stats().sites[near.site].audio_due
        await until(lambda: far.media.stats().sites[near.site].audio_due >= cut + 75, within=20)
        before = far.media.stats().sites[near.site]
        await until(lambda: far.media.stats().sites[near.site].audio_due >= before.audio_due + 150, within=20)
        after = far.media.stats().sites[near.site]
        assert after.audio_concealed - before.audio_concealed <= 15
        await until(lambda: far.frames(near) > before.frames + 20, within=20)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        link.close()
        await room.close()
