"""A voice on a line that loses packets: what it sends to protect itself, what the hub makes of it, what is heard."""

import heapq
import random
import struct
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
from aiortc.rtp import RtcpReceiverInfo

import desktop_app.demo
from bench.link import Bursts, Conditions, Way
from bench.media.speech import RATE, lags, narrow
from desktop_app.domain.clock import SystemClock
from desktop_app.domain.ids import UnitPath
from media.capture.sounds import read_sound
from media.capture.sources import FRAME_BYTES, FRAME_SAMPLES, FRAME_SECONDS
from media.codecs.opus import OpusEncoder
from media.hub.publisher import Publisher
from media.hub.room import Room
from media.hub.slot import Slot
from media.hub.source import Source
from media.loudness import VoiceActivity, loudness
from media.peers.audio_slot import AudioSlot
from media.peers.connection import Connection
from media.peers.decoding import PictureThread
from media.peers.publishing import Publishing
from media.peers.receiving import Receiving
from media.peers.voice import VoiceSender
from media.playout.jitter import HeardCounts, JitterBuffer
from media.playout.outputs import SilentOutput
from media.playout.playout import Playout
from media.rtp import rtcp
from media.rtp.gaps import VoiceGaps
from media.rtp.opus import carries_copy
from media.rtp.packet import RtpPacket, read_rtp, write_rtp
from media.rtp.protection import RED_NOT_AGAIN, VoiceProtection
from media.rtp.red import read_red, write_red
from media.sdp import Description, MediaLine

SPEECH = read_sound(Path(desktop_app.demo.__file__).parent / "sounds" / "speech-a.opus")
FRAMES = 500
RED = 63


def packets(expected_loss: int = 10) -> list[bytes]:
    encoder = OpusEncoder(expected_loss=expected_loss)
    return [encoder.encode(SPEECH[at : at + FRAME_BYTES]) for at in range(0, FRAMES * FRAME_BYTES, FRAME_BYTES)]


PACKETS = packets()


class Ear:
    """A playout with one slot, on the test's own clock."""

    def __init__(self) -> None:
        self.buffer = JitterBuffer()
        self.buffer.set_on_air(True, 0.0)
        self.now = 0.0

    def put(
        self, _: str, sequence: int, timestamp: int, payload: bytes, copies: tuple[bytes, ...] = (), *, resent: bool
    ) -> None:
        self.buffer.put(sequence, timestamp, payload, self.now, copies, resent=resent)


class Leg:
    """Packets on their way over one direction of a bad line, and RTCP at once back."""

    def __init__(self, conditions: Conditions, seed: int, deliver: Callable[[bytes, float], None]) -> None:
        self._way = Way("up", seed, conditions)
        self._deliver = deliver
        self._coming: list[tuple[float, int, bytes]] = []
        self._number = 0
        self.octets = 0

    def send(self, data: bytes, now: float) -> None:
        self.octets += len(data)
        arrival = self._way.arrival(data, now)
        if arrival is not None:
            self._number += 1
            heapq.heappush(self._coming, (arrival, self._number, data))

    def until(self, now: float) -> None:
        while self._coming and self._coming[0][0] <= now:
            at, _, data = heapq.heappop(self._coming)
            self._deliver(data, at)


class Line:
    """A speaker, a hub, a listener; the line between the first two or the last two is bad. No real time passes."""

    def __init__(self, conditions: Conditions, *, seed: int = 3, last_mile: bool = False, red: bool = True) -> None:
        clean = Conditions(delay=0.002)
        self.now = 0.0
        self.up = Leg(clean if last_mile else conditions, seed, self._into_hub)
        self.down = Leg(conditions if last_mile else clean, seed, self._into_ear)
        self.speaker = VoiceSender(48_000, lambda data: self.up.send(data, self.now))
        self.speaker.red = RED if red else None
        self.source = Source("audio", 1, self._asked_of_speaker, payload_type=111, red=RED if red else None)
        self.slot = Slot("a0", "audio", 111, lambda data: self.down.send(data, self._hub_now), RED if red else None)
        self.slot.show(self.source, 0.0)
        self.ear = Ear()
        self.listener = AudioSlot("a0", self.slot.ssrc, RED if red else None, self.ear, 9, self._asked_of_hub)  # type: ignore[arg-type]
        self._hub_now = 0.0

    def play(self) -> HeardCounts:
        for number, packet in enumerate(PACKETS):
            self.now = (number + 1) * FRAME_SECONDS
            self.speaker.send(packet, number * FRAME_SAMPLES, number == 0, self.now)
            self.up.until(self.now)
            self.down.until(self.now)
            self.source.repair_voice(self.now)
            self.listener.repair(self.now)
            self.ear.buffer.pull(self.now)
            if number % 50 == 49:
                self._report()
        return self.ear.buffer.counts

    def _report(self) -> None:
        self.slot.reported(self.listener.reception.report(self.now), self.now)
        if self.source.reception is not None:
            block = self.source.reception.report(self.now)
            self.speaker.reported(block, self.now, 0)

    def _into_hub(self, data: bytes, at: float) -> None:
        packet = read_rtp(data)
        assert packet is not None
        self._hub_now = at
        self.source.packet(packet, at)

    def _into_ear(self, data: bytes, at: float) -> None:
        packet = read_rtp(data)
        assert packet is not None
        self.ear.now = at
        self.listener.packet(packet, at)

    def _asked_of_speaker(self, data: bytes) -> None:
        for each in rtcp.read_rtcp(data):
            self.speaker.resend(rtcp.lost_numbers(each))

    def _asked_of_hub(self, data: bytes) -> None:
        for each in rtcp.read_rtcp(data):
            self._hub_now = self.now
            self.slot.resend(rtcp.lost_numbers(each), self.now)


def report(fraction: float, lost: int, highest: int) -> RtcpReceiverInfo:
    return RtcpReceiverInfo(
        ssrc=1,
        fraction_lost=round(fraction * 256),
        packets_lost=lost,
        highest_sequence=highest,
        jitter=0,
        lsr=0,
        dlsr=0,
    )


def share(counts: HeardCounts) -> float:
    return (counts.decoded + counts.recovered) / counts.due


def test_a_red_payload_reads_back_and_noise_is_none():
    payload = write_red(111, b"now", [(1920, b"before that"), (960, b"before"), (99_999, b"too old"), (960, b"")])
    read = read_red(payload)
    assert read is not None
    assert read.data == b"now"
    assert read.earlier == ((1920, b"before that"), (960, b"before"))
    assert read.copies(960) == (b"before", b"before that")
    assert read_red(write_red(111, b"alone", [])) == (b"alone", ())
    chance = random.Random(1)
    for _ in range(20_000):
        found = read_red(chance.randbytes(chance.randint(0, 40)))
        assert found is None or (found.data and len(found.copies(960)) <= 8)


@pytest.mark.parametrize("last_mile", [False, True])
def test_at_thirty_percent_loss_red_makes_nearly_all_of_the_voice_whole(last_mile: bool):
    """And sooner: a copy is there by itself, what is asked for again comes a round trip later."""
    bad, seeds = Conditions(loss=0.3, delay=0.03, jitter=0.02), (3, 4, 5)
    plain = [Line(bad, seed=seed, last_mile=last_mile, red=False) for seed in seeds]
    lines = [Line(bad, seed=seed, last_mile=last_mile) for seed in seeds]
    without, whole = (fmean(share(each.play()) for each in all_) for all_ in (plain, lines))
    assert whole > max(0.96, without + 0.004)
    assert sum(each.ear.buffer.target for each in lines) < sum(each.ear.buffer.target for each in plain)
    line = lines[0]
    assert line.slot.protection.redundant == last_mile
    assert line.speaker.protection.redundant != last_mile


def test_bursts_are_bridged_by_asking_again_and_the_bit_rate_stays():
    gone = {True: 0, False: 0}
    for asks in gone:
        for seed in (3, 4, 5):
            line = Line(Conditions(bursts=Bursts(), delay=0.03, jitter=0.02), seed=seed, red=False)
            if not asks:
                line.speaker.resend = lambda numbers: None  # type: ignore[method-assign]
            gone[asks] += line.play().concealed
            assert line.up.octets < 1.15 * sum(len(packet) + 12 for packet in PACKETS)
    assert gone[True] < 0.8 * gone[False]


def test_a_voice_on_a_line_that_loses_is_asked_for_before_its_burst_is_over_and_never_more_than_twice():
    gaps, asked = VoiceGaps(), Counter[int]()
    for tick in range(2000):
        now, number = tick / 1000, tick // 20
        if tick % 20 == 0 and not (number == 50 or 60 <= number < 80):
            asked.update(gaps.add(number, now, spared=0))
        if tick % 30 == 0:
            asked.update(gaps.due(now))
        if now == 1.6:  # the end of the burst
            assert set(asked) >= {50, *range(60, 72)}
    assert max(asked.values()) <= 3  # what the first packet after the burst does not bring back counts anew
    assert set(asked) == {50, *range(60, 72)}


def test_on_a_line_that_loses_nothing_a_late_voice_is_not_asked_for():
    gaps = VoiceGaps()
    for number in range(200):
        assert gaps.add(number, number / 50, spared=0) == []
        assert gaps.due(number / 50 + 0.015 + (number % 10 == 0) * 0.2) == []


def test_on_a_clean_line_nothing_is_sent_twice():
    line = Line(Conditions(delay=0.03, jitter=0.01))
    counts = line.play()
    assert counts.concealed <= 2
    assert line.up.octets == sum(len(packet) + 12 for packet in PACKETS)


def test_a_listener_that_does_not_know_red_gets_plain_packets():
    got: list[RtpPacket] = []
    source = Source("audio", 1, lambda data: None, payload_type=111, red=RED)

    def take(data: bytes) -> None:
        packet = read_rtp(data)
        assert packet is not None
        got.append(packet)

    slot = Slot("a0", "audio", 96, take)
    slot.show(source, 0.0)
    slot.protection.reported(0.5, None, 0.0)
    sent = {number: write_red(111, PACKETS[number], [(960, PACKETS[number - 1])]) for number in range(1, 12)}
    for number in (1, 2, 4, 5, 3, 7, 9):  # 6 and 8 are lost, 3 comes when its copy was there
        source.packet(RtpPacket(RED, False, number, number * 960, 7, sent[number]), number / 50)
    assert {packet.payload_type for packet in got} == {96}
    assert [packet.payload for packet in got] == [PACKETS[number] for number in (1, 2, 3, 4, 5, 6, 7, 8, 9)]
    assert [packet.sequence - got[0].sequence for packet in got] == list(range(9))


def test_red_ends_where_the_line_does_not_bear_it_and_is_not_tried_again_at_once():
    voice = VoiceProtection()
    voice.reported(0.1, 0.05, 0.0)
    assert voice.redundant
    for second in (1.0, 2.0, 3.0):
        voice.reported(0.4, 0.05, second)
    assert not voice.redundant
    voice.reported(0.1, 0.05, 4.0)
    assert not voice.redundant
    voice.reported(0.1, 0.05, 4.0 + RED_NOT_AGAIN)
    assert voice.redundant
    voice.reported(0.1, 0.4, 65.0)
    assert voice.redundant
    voice.reported(0.1, 0.4, 66.0)
    assert not voice.redundant


@pytest.mark.parametrize("loss", [1, 3, 5, 7, 10, 30])
def test_whatever_loss_is_named_every_packet_of_a_voice_carries_a_copy(loss: int):
    assert sum(map(carries_copy, packets(loss)[:400])) > 300
    assert not any(map(carries_copy, packets(0)[:400]))


def test_the_first_packet_that_is_asked_for_again_begins_the_copies_and_a_report_without_loss_ends_them():
    told: list[float] = []
    speaker = VoiceSender(48_000, lambda data: None, told.append)
    speaker.reported(report(0.0, 0, 50), 1.0, 0)
    speaker.resend([7])
    speaker.reported(report(0.0, 0, 100), 2.0, 0)
    assert told[0] == 0
    assert told[1] >= 0.05
    assert told[2] == 0


def test_red_and_the_copies_of_opus_together_bring_back_four_lost_in_a_row():
    lost = set(range(100, 104))
    sent: list[bytes] = []
    speaker = VoiceSender(48_000, sent.append)
    speaker.red, speaker.protection.redundant = RED, True
    buffer = JitterBuffer()
    buffer.least = 0.1
    buffer.set_on_air(True, 0.0)
    for number in range(200):
        now = number * FRAME_SECONDS
        speaker.send(PACKETS[number], number * FRAME_SAMPLES, number == 0, now)
        packet = read_rtp(sent[-1])
        assert packet is not None
        red = read_red(packet.payload)
        assert red is not None
        if number not in lost:
            buffer.put(packet.sequence, packet.timestamp, red.data, now, red.copies(FRAME_SAMPLES))
        buffer.pull(now + 0.001)
    assert buffer.counts.recovered == len(lost)


def test_protection_follows_the_loss_and_ends_with_it():
    told: list[float] = []
    speaker = VoiceSender(48_000, lambda data: None, told.append)
    for second, loss in enumerate([0.0, 0.2, 0.2] + [0.0] * 30):
        speaker.reported(report(loss, 0, 50 * second), float(second), 0)
    assert told[0] == 0
    assert told[2] == pytest.approx(0.2, abs=0.01)
    assert told[5] > 0.1
    assert told[-1] < 0.01
    assert not speaker.protection.redundant  # the loss is a listener's, not this leg's


def test_the_speaker_hears_of_the_worst_listeners_loss():
    source = Source("audio", 1, lambda data: None)
    slots = [Slot(f"a{at}", "audio", 111, lambda data: None) for at in range(3)]
    for slot, loss in zip(slots, (0.0, 0.25, 0.1), strict=True):
        slot.show(source, 0.0)
        for sent in (100, 200):
            slot.reported(report(loss, int(loss * sent), sent), 0.0)
    assert source.worst_loss == 0.25


def test_the_sound_is_what_was_said_after_stretching_and_recovery():
    """Nothing is said twice and nothing is left out: the loudness of each half second stays."""
    line = Line(Conditions(loss=0.1, delay=0.03, jitter=0.06))
    heard = bytearray()
    pull = line.ear.buffer.pull
    line.ear.buffer.pull = lambda now: heard.extend(pull(now) or bytes(FRAME_BYTES)) or None  # type: ignore[assignment,func-returns-value]
    line.play()
    spoken = struct.unpack(f"<{FRAMES * FRAME_SAMPLES}h", SPEECH[: FRAMES * FRAME_BYTES])
    came = struct.unpack(f"<{len(heard) // 2}h", bytes(heard))
    power = [sum(each * each for each in sound[::16]) for sound in (spoken, came)]
    assert 0.7 < power[1] / power[0] < 1.2


def test_a_speaker_behind_a_line_that_loses_much_hears_more_often_that_it_lives():
    """One report a second is lost three times in a row within a minute at 30 %: that is no dead line."""

    class Peer:
        heard_at = 0.0
        sent = 0

        def send_rtcp(self, _: bytes) -> None:
            self.sent += 1

    offer = Description((MediaLine("audio", "audio", "sendonly", 111, 7),), "u" * 4, "p" * 22, ())
    publisher = Publisher(UnitPath("a/"), offer)
    publisher.peer = peer = Peer()  # type: ignore[assignment]
    for lost in (False, True):
        for number in range(50):
            if not (lost and number % 3 == 0):
                data = write_rtp(111, False, number + 50 * lost, number * 960, 7, PACKETS[number])
                publisher.on_rtp(data, number / 50, True)
        room = Room()
        room.put_publisher(publisher, 1.0)
        publisher.report(1.0)
        peer.sent = 0
        room.beat(1.25)
        assert peer.sent == lost


@pytest.mark.parametrize("lost", [0.0, 0.3])
def test_a_terminal_behind_a_line_that_loses_much_says_more_often_that_it_is_there(lost: float):
    """A hub that hears nothing for 2.5 s falls silent, and a terminal that hears nothing for 3 s connects anew."""
    clock, thread = SystemClock(), PictureThread()
    publishing = Publishing("127.0.0.1", clock, lambda layer: None)
    receiving = Receiving("127.0.0.1", clock, thread, Playout(SilentOutput(), clock))
    sent: list[bytes] = []
    receiving.path.send_rtcp = sent.append  # type: ignore[method-assign]
    publishing.uplink.reported(lost, None, 0.0, 1.0)
    Connection(publishing, receiving).beat()
    assert len(sent) == (lost > 0)


def test_who_speaks_is_told_from_a_noise_and_from_a_pause():
    chance = random.Random(4)
    voice, spoken = VoiceActivity(), []
    for number in range(FRAMES):
        frame = SPEECH[number * FRAME_BYTES : (number + 1) * FRAME_BYTES]
        voice.note(loudness(frame))
        spoken.append(voice.speaking)
    assert sum(spoken) > 0.6 * FRAMES
    hum = VoiceActivity()
    for _ in range(500):
        hum.note(0.5 + chance.random() * 0.1)
        assert not hum.speaking
    for _ in range(5):
        hum.note(0.8)
    assert hum.speaking
    for _ in range(30):
        hum.note(0.5)
    assert not hum.speaking


def test_a_voice_with_holes_is_laid_over_the_whole_one_where_it_belongs():
    """One wrong place would be the start of all that follow, and be called a gap that nobody heard."""
    spoken, wrong = narrow(SPEECH), 0
    for seed in range(4):
        chance = random.Random(seed)
        heard = np.concatenate([np.zeros(2000), spoken, np.zeros(RATE // 2)])
        for at in range(2000, len(heard), RATE // 2):
            hole = at + chance.randrange(RATE // 4)
            heard[hole : hole + RATE // 4] *= 0.01
        wrong += sum(abs(lag - 2000) > 30 for lag in lags(spoken, heard, RATE // 10))
    assert wrong < 0.08 * 4 * len(spoken) / (RATE // 10)


def test_a_voice_that_came_later_from_some_word_on_is_followed():
    spoken = narrow(SPEECH)
    heard = np.concatenate([np.zeros(900), spoken[:100_000], np.zeros(700), spoken[100_000:], np.zeros(RATE // 2)])
    found = lags(spoken, heard, RATE // 10)
    assert set(found[40:98]) == {900}
    assert set(found[103:160]) == {1600}
