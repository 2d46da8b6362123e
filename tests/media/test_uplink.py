"""A terminal's own way up that is narrow, lossy or away for a moment: each is told from the others."""

import threading
from itertools import pairwise

import pytest

from bench.link import Conditions, Way
from desktop_app.domain.clock import SystemClock
from media.capture.encodings import BITRATES, VOICE
from media.capture.picture_capture import PictureCapture
from media.capture.pictures import CardSource
from media.engine.layers import Demand, Layer
from media.frames import FrameSlot
from media.peers.ladder import Sending
from media.peers.pacing import Pacer
from media.peers.sending import RtpSender
from media.peers.uplink import Uplink
from media.rtp.arrivals import Arrivals
from media.rtp.budget import Budget
from media.rtp.packet import read_rtp
from media.rtp.send_time import BITS, CLOCK
from tests.media.rig import PlainCard, until


class Hub:
    """What a hub reckons of one line: a packet of a picture and one of the voice every 40 ms."""

    def __init__(self) -> None:
        self.arrivals, self.budget = Arrivals(), Budget()

    def picture(self, number: int, sent: float, now: float) -> None:
        self._add("picture", number, 900, sent, now)

    def voice(self, number: int, sent: float, now: float) -> None:
        self._add("voice", number, 90, sent, now)

    def look(self, now: float) -> None:
        if (reading := self.arrivals.look(now)) is not None:
            self.budget.look(reading, now)

    def _add(self, key: str, number: int, size: int, sent: float, now: float) -> None:
        self.arrivals.add(key, number, 0, 90_000, size, now, sent=int(sent * CLOCK) % (1 << BITS))


def test_a_line_that_was_away_for_two_seconds_is_not_a_narrow_one():
    hub = Hub()
    for number in range(300):
        sent = number * 0.04
        if not 4 < sent < 5.9:  # fewer packets than a wide gap
            hub.picture(number, sent, sent + 0.03)
            hub.voice(number, sent, sent + 0.03)
        hub.look(sent + 0.03)
    assert hub.budget.bits is None


def test_what_a_busy_processor_reads_only_after_its_look_at_the_clock_waited_in_no_line():
    hub = Hub()
    for number in range(500):
        sent = number * 0.02
        stalled = sent % 1 < 0.3 and sent > 3  # for 0.3 s a second nothing is read
        if stalled:
            continue
        if sent % 1 < 0.31 and sent > 3:
            hub.look(sent)  # the timer comes first, then what waited
            for late in range(15):
                hub.picture(number - 15 + late, sent - 0.3 + late * 0.02, sent)
        hub.picture(number, sent, sent + 0.001)
        hub.look(sent + 0.001)
    assert hub.budget.bits is None


def test_packets_that_were_only_overtaken_are_not_lost():
    hub = Hub()
    losses = []
    for number in range(0, 1000, 2):
        sent = number * 0.01
        for each in (number + 1, number):
            hub.picture(each, sent, sent + 0.03)
        if (reading := hub.arrivals.look(sent + 0.03)) is not None:
            losses.append((reading.loss, reading.long_loss))
    assert losses[-1] == (0.0, 0.0)


def test_packets_that_are_really_lost_still_are():
    hub = Hub()
    losses = []
    for number in range(1000):
        sent = number * 0.01
        if number % 10:
            hub.picture(number, sent, sent + 0.03)
        if (reading := hub.arrivals.look(sent + 0.03)) is not None:
            losses.append(reading.long_loss)
    assert losses[-1] == pytest.approx(0.1, abs=0.01)


def test_packets_of_the_emulated_line_keep_their_order_also_where_one_catches_up_with_another():
    way = Way("up", 1, Conditions(delay=0.03, jitter=0.02))
    came = [way.arrival(bytes(100), number * 0.001) for number in range(1000)]
    assert all(before < after for before, after in pairwise(each for each in came if each is not None))


def test_the_first_cut_leaves_a_small_picture_however_little_came_in_that_moment():
    hub = Hub()
    for number in range(500):
        sent = number * 0.04
        hub.voice(number, sent, sent + 0.03 + (0.2 if sent > 10 else 0.0))
        hub.picture(number, sent, sent + 0.03 + (0.2 if sent > 10 else 0.0))
        hub.look(sent + 0.03)
        if hub.budget.bits is not None:
            break
    assert hub.budget.bits is not None
    assert hub.budget.bits >= 140_000


def test_where_the_engine_tells_what_the_line_bears_a_report_of_loss_does_not():
    uplink = Uplink()
    uplink.is_told = True
    for second in range(10):
        uplink.reported(0.5, 0.5, 900_000, float(second))
    assert uplink.bits(10.0) is None
    assert uplink.loss == 0.5
    uplink.told(300_000, 10.0)
    assert uplink.bits(10.5) == 300_000


def test_the_first_reports_after_an_outage_say_nothing_of_how_much_the_line_bears():
    """By Janus' reports: after two seconds without a line they tell of half of the packets as lost."""
    uplink = Uplink()
    for second in range(5):
        uplink.reported(0.0, 0.06, 900_000, float(second))
    uplink.reported(0.6, 0.06, 900_000, 7.1)
    uplink.reported(0.3, 0.06, 900_000, 8.1)
    assert uplink.bits(8.2) is None
    uplink.reported(0.4, 0.06, 900_000, 9.1)
    assert uplink.bits(9.2) is not None


async def test_what_a_terminal_drops_itself_leaves_no_gap_in_the_numbers():
    sent: list[bytes] = []
    pacer = Pacer(sent.append)
    stream = RtpSender(96, 90_000, pacer.put, keep=True)
    pacer.expect(100_000, 100_000)
    for picture in range(12):
        stream.send([bytes(1_000)], picture * 3_600, 0.0, marker=True)
    left, numbered = len(sent), stream.packets
    assert left < numbered
    stream.take_back(pacer.hold(0.0))
    assert stream.packets == left
    assert stream.octets == 1_000 * left
    pacer.expect(4_000_000, None)
    stream.send([bytes(500)], 13 * 3_600, 0.0, marker=True)
    await until(lambda: len(sent[-1]) == 512, within=20)
    numbers = [packet.sequence for data in sent if (packet := read_rtp(data)) is not None]
    assert numbers == [(numbers[0] + at) & 0xFFFF for at in range(left + 1)]
    pacer.close()


async def test_after_a_raise_a_terminal_fills_what_its_pictures_leave_until_it_fails_or_the_line_limits_nothing():
    sent: list[bytes] = []
    filled: list[int] = []
    pacer = Pacer(sent.append, filled.append)
    pacer.expect(200_000, 400_000)
    pacer.put(bytes(1_000))
    assert (len(sent), filled) == (1, [])
    pacer.fill()
    await until(lambda: len(filled) >= 20, within=20)
    pacer.hold(0.0)
    after = len(filled)
    pacer.put(bytes(1_000))
    await until(lambda: len(sent) == 2, within=20)
    assert len(filled) == after
    pacer.fill()
    await until(lambda: len(filled) > after, within=20)
    pacer.expect(200_000, None)
    after = len(filled)
    pacer.put(bytes(1_000))
    await until(lambda: len(sent) == 3, within=20)
    assert len(filled) == after
    pacer.close()


async def test_of_what_is_dropped_only_what_never_left_gives_its_number_back():
    sent: list[bytes] = []
    stream, other = (RtpSender(96, 90_000, sent.append, keep=True) for _ in range(2))
    for picture in range(4):
        stream.send([bytes(100)], picture * 3_600, 0.0, marker=True)
    other.send([bytes(100)], 0, 0.0, marker=True)
    dropped = [sent[0], *sent[2:]]  # the first one was to be sent again
    for each in (stream, other):
        each.take_back(dropped)
    stream.send([bytes(200)], 5 * 3_600, 0.0, marker=True)
    numbers = [packet.sequence for data in (sent[1], sent[-1]) if (packet := read_rtp(data)) is not None]
    assert numbers == [numbers[0], (numbers[0] + 1) & 0xFFFF]
    assert other.packets == 0


def test_where_a_size_leaves_pictures_out_the_next_smaller_one_has_its_bits_and_more_bits_bring_it_back():
    sending = Sending()
    sending.bits = VOICE + 250_000
    at = 0.0

    def lines(until_then: float) -> list[int]:
        nonlocal at
        seen = []
        while at < until_then:
            at += 0.1
            plan = sending.look(Demand(720), False, at)
            seen.append(plan.main.height if plan.main is not None else 0)
        return seen

    assert set(lines(5)) == {270}
    before = sending.plan.main
    sending.left_out = 0.6
    seen = lines(10)
    assert seen[-1] == 180
    assert seen.index(180) >= 10  # a moment alone says nothing
    assert before is not None
    assert sending.plan.main is not None
    assert sending.plan.main.bitrate == before.bitrate
    sending.left_out = 0.0
    assert set(lines(15)) == {180}
    sending.bits = VOICE + 500_000
    assert lines(20)[-1] == 360
    sending.bits = None
    assert lines(25)[-1] == 720
    assert sending.plan.main.bitrate == BITRATES[720]


def test_on_a_line_that_bears_everything_nothing_is_made_smaller():
    sending = Sending()
    sending.left_out = 0.9
    for tenth in range(100):
        plan = sending.look(Demand(720), True, tenth / 10)
    assert plan.main is not None
    assert plan.main.height == 720


async def test_the_camera_tells_how_many_of_its_pictures_are_left_out():
    made = threading.Event()

    class Sink:
        def on_picture(self, layer: Layer, frame: bytes, timestamp: int) -> None:
            made.set()

        def on_sound(self, packet: bytes, timestamp: int, first: bool) -> None: ...

        def on_fault(self, fault: object) -> None: ...

    clock = SystemClock()
    camera = PictureCapture(CardSource(PlainCard(), clock), CardSource(PlainCard(), clock), FrameSlot())
    camera.sending = True
    camera.start(Sink())
    try:
        await until(made.is_set, within=20)
        assert camera.left_out < 0.4
        camera.is_held = True
        await until(lambda: camera.left_out > 0.6, within=30)
        camera.is_held = False
        await until(lambda: camera.left_out < 0.4, within=30)
    finally:
        camera.stop()
