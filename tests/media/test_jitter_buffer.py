"""The voice over a bad line: every frame in its turn, recovered or concealed, and the delay back down afterwards."""

import heapq
import random
import struct
from pathlib import Path

import desktop_app.demo
from media.capture.sounds import read_sound
from media.capture.sources import FRAME_BYTES, FRAME_SAMPLES, FRAME_SECONDS
from media.codecs.opus import OpusDecoder, OpusEncoder
from media.loudness import loudness
from media.playout.concealment import ConcealingDecoder
from media.playout.jitter import MAX_WAIT, JitterBuffer, mix

ENCODER = OpusEncoder()
SPEECH = read_sound(Path(desktop_app.demo.__file__).parent / "sounds" / "speech-a.opus")
PACKETS = [ENCODER.encode(SPEECH[at : at + FRAME_BYTES]) for at in range(0, 400 * FRAME_BYTES, FRAME_BYTES)]


class Line:
    """Packets with their arrival times, and a loudspeaker that asks every 20 ms."""

    def __init__(self) -> None:
        self.buffer = JitterBuffer()
        self.buffer.set_on_air(True, 0.0)
        self.heard: list[bytes | None] = []
        self._coming: list[tuple[float, int, int, bytes]] = []
        self._now = 0.0

    def send(self, at: float, number: int, payload: bytes, *, time: int | None = None) -> None:
        timestamp = (number if time is None else time) * FRAME_SAMPLES
        heapq.heappush(self._coming, (at, number & 0xFFFF, timestamp & 0xFFFFFFFF, payload))

    def play(self, until: float) -> None:
        while self._now < until:
            while self._coming and self._coming[0][0] <= self._now:
                at, number, timestamp, payload = heapq.heappop(self._coming)
                self.buffer.put(number, timestamp, payload, at)
            self.heard.append(self.buffer.pull(self._now))
            self._now += FRAME_SECONDS

    @property
    def share(self) -> float:
        counts = self.buffer.counts
        return (counts.decoded + counts.recovered) / counts.due


def test_on_a_clean_line_every_frame_is_decoded_and_the_delay_is_small():
    line = Line()
    for number in range(200):
        line.send(number * FRAME_SECONDS, number, PACKETS[number])
    line.play(3.9)
    assert line.share == 1
    assert line.buffer.counts.concealed == 0
    assert line.buffer.depth <= 3


def test_what_a_busy_machine_holds_up_for_a_moment_is_heard_in_its_turn():
    line = Line()
    for number in range(200):
        held_up = 0.035 if number % 40 == 20 else 0.0
        line.send(number * FRAME_SECONDS + held_up, number, PACKETS[number])
    line.play(3.9)
    assert line.buffer.counts.concealed == 0
    assert line.share == 1


def test_lost_packets_are_recovered_from_their_successors():
    chance = random.Random(3)
    line, lost = Line(), 0
    for number in range(300):
        if number > 5 and chance.random() < 0.1:
            lost += 1
            continue
        line.send(number * FRAME_SECONDS, number, PACKETS[number])
    line.play(5.8)
    counts = line.buffer.counts
    assert lost > 20
    assert counts.recovered >= 0.7 * lost
    assert line.share > 0.96


def test_packets_out_of_order_are_played_in_order():
    chance = random.Random(4)
    line = Line()
    for number in range(300):
        line.send(number * FRAME_SECONDS + chance.random() * 0.06, number, PACKETS[number])
    line.play(5.8)
    assert line.share > 0.98
    assert line.buffer.target >= 0.04


def test_the_delay_grows_with_the_jitter_and_comes_back_down():
    chance = random.Random(5)
    line = Line()
    for number in range(400):
        late = chance.random() * 0.15 if 50 <= number < 120 else 0.0
        line.send(number * FRAME_SECONDS + late, number, PACKETS[number])
    line.play(2.6)
    deep = line.buffer.depth
    assert deep >= 5
    line.play(9.0 - 1.1)
    assert line.buffer.depth <= 4
    assert line.share > 0.9


def test_a_pause_of_the_speaker_is_no_loss():
    line = Line()
    for number in range(100):
        line.send(number * FRAME_SECONDS, number, PACKETS[number])
    line.play(1.9)
    line.buffer.set_on_air(False, 1.9)
    line.play(7.0)
    before = line.buffer.counts.due
    for number in range(100, 200):
        line.send(7.0 + (number - 100) * FRAME_SECONDS, number, PACKETS[number], time=number + 250)
    line.buffer.set_on_air(True, 7.0)
    line.play(8.9)
    assert line.buffer.counts.due > before + 80
    assert line.buffer.counts.concealed <= 2  # of the 250 frames that nobody spoke


def test_an_outage_counts_as_not_heard_and_the_voice_goes_on_after_it_with_little_delay():
    line = Line()
    for number in range(350):
        at = number * FRAME_SECONDS
        if not 2.0 <= at < 4.0:
            line.send(at, number, PACKETS[number])
    line.play(6.9)
    counts = line.buffer.counts
    assert 90 <= counts.concealed <= 125
    assert line.buffer.depth <= MAX_WAIT
    assert max(loudness(heard) for heard in line.heard[-25:] if heard is not None) > 0.3


def test_a_site_on_air_that_sends_nothing_counts_as_not_heard_after_a_second():
    line = Line()
    line.play(3.0)
    assert 95 <= line.buffer.counts.due <= 101
    assert line.share == 0


def test_what_is_not_opus_is_concealed_and_harms_nothing():
    chance = random.Random(6)
    line = Line()
    for number in range(200):
        payload = chance.randbytes(chance.randint(1, 90)) if number % 5 == 4 else PACKETS[number]
        line.send(number * FRAME_SECONDS, number, payload)
    line.play(3.9)
    assert line.buffer.counts.decoded > 140


def test_numbers_that_wrap_and_a_stream_that_starts_anew_are_followed():
    line = Line()
    for index in range(100):
        line.send(index * FRAME_SECONDS, 65_500 + index, PACKETS[index], time=(1 << 32) // FRAME_SAMPLES - 50 + index)
    line.play(1.9)
    assert line.buffer.counts.concealed <= 2
    for index in range(100, 200):
        line.send(index * FRAME_SECONDS, 20_000 + index, PACKETS[index], time=1_000_000 + index)
    line.play(3.9)
    assert line.buffer.counts.decoded > 180


def test_memory_stays_bounded_whatever_comes():
    chance = random.Random(8)
    line = Line()
    for _ in range(5_000):
        line.buffer.put(chance.randrange(65_536), chance.randrange(1 << 32), b"x", 1.0)
    assert len(line.buffer._frames) <= 64


def test_voices_are_added_and_clipped():
    loud = struct.pack("<960h", *([30_000] * 960))
    assert mix([loud, loud]) == struct.pack("<960h", *([32_767] * 960))
    assert mix([]) == bytes(FRAME_BYTES)


def test_a_packet_carries_a_copy_of_the_frame_before_it():
    decoder = OpusDecoder()
    for packet in PACKETS[20:30]:
        decoder.decode(packet)
    loudest = max(range(30, 200), key=lambda frame: loudness(SPEECH[frame * FRAME_BYTES : (frame + 1) * FRAME_BYTES]))
    recovered = decoder.recover(PACKETS[loudest + 1])
    assert recovered is not None
    assert loudness(recovered) > 0.5
    assert sum(len(packet) for packet in PACKETS) * 8 / (len(PACKETS) * FRAME_SECONDS) < 36_000


def test_a_voice_that_breaks_off_is_held_for_a_tenth_of_a_second_and_then_goes_out():
    """And when it goes on it is as loud as it was spoken."""
    decoder, plain = ConcealingDecoder(), OpusDecoder()
    for packet in PACKETS[:100]:
        before = decoder.decode(packet)
        assert before == plain.decode(packet)
    made_up = [loudness(decoder.conceal()) for _ in range(15)]
    libopus = [loudness(plain.conceal()) for _ in range(15)]
    assert loudness(before) > 0.3  # somebody is speaking there
    assert all(held >= own for held, own in zip(made_up, libopus, strict=True))
    assert made_up[5] > 0.4 * loudness(before) > libopus[5]
    assert made_up[14] < 0.1 * loudness(before)
    after, wanted = ([each.decode(packet) for packet in PACKETS[115:118]] for each in (decoder, plain))
    assert after[1:] == wanted[1:]
