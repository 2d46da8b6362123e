"""A line that does not bear all that is wanted: how it is found out, what gives way, how it comes back."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from bench.link import Conditions, Way
from desktop_app.domain.ids import UnitPath
from media.capture.encodings import BITRATES, THUMB, VOICE
from media.engine.layers import Demand
from media.peers.ladder import Receiving, Sending, Step, bits_of
from media.peers.uplink import Uplink
from media.rtp.arrivals import Arrivals, Reading
from media.rtp.budget import Budget

SITE = UnitPath("a/")


@dataclass
class Line:
    """A voice and a picture over a simulated line; what is sent follows what the budget says, a little later."""

    rate: Callable[[float], float | None] = lambda at: None
    loss: float = 0.0
    jitter: float = 0.02
    queue: float = 0.4
    stall: Callable[[float], float] = lambda at: at
    """When a packet that arrives then is seen, by a processor that is busy."""
    sent: int = 720
    steps: list[tuple[float, int]] = field(default_factory=list)
    voice_lost: list[float] = field(default_factory=list)

    def run(self, seconds: float) -> "Line":
        way, arrivals, budget = Way("down", 3), Arrivals(), Budget()
        receiving, under_way = Receiving(), []
        numbers = {"voice": 0, "picture": 0}
        told: list[tuple[float, int]] = []
        for beat in range(round(seconds * 50)):
            now = beat / 50
            way.conditions = Conditions(
                self.loss, delay=0.03, jitter=self.jitter, rate=self.rate(now), queue=self.queue
            )
            frames = [("voice", 48_000, [90])]
            every = 4 if self.sent == 180 else 2
            if self.sent and beat % every == 0:
                size = BITRATES[self.sent] * every // 50 // 8
                parts = -(-size // 1160)
                frames.append(("picture", 90_000, [size // parts] * parts))
            for stream, clock_rate, sizes in frames:
                for size in sizes:
                    numbers[stream] += 1
                    at = way.arrival(bytes(size + 40), now)
                    if at is None:
                        self.voice_lost += [now] if stream == "voice" else []
                    else:
                        packet = (stream, numbers[stream], round(now * clock_rate), clock_rate, size)
                        heapq.heappush(under_way, (self.stall(at), packet))
            now += 0.02
            while under_way and under_way[0][0] <= now:
                at, packet = heapq.heappop(under_way)
                arrivals.add(*packet, at)
            if (reading := arrivals.look(now)) is not None and budget.look(reading, now):
                receiving.bits = budget.bits
            wanted = receiving.fit([(SITE, 720)])[SITE]
            if wanted != (told[-1][1] if told else self.sent):
                told.append((now + 0.15, wanted))
            while told and told[0][0] <= now:
                self.sent = told.pop(0)[1]
                self.steps.append((now, self.sent))
                if not told:
                    break
        return self


@pytest.mark.parametrize(("bits", "settles"), [(300_000, 180), (600_000, 270), (1_000_000, 360)])
def test_on_a_narrowed_line_the_picture_gives_way_within_two_seconds_and_is_back_after_it(bits: int, settles: int):
    line = Line(lambda at: bits if 5 < at < 25 else None).run(45)
    first_at, first = line.steps[0]
    assert 5 < first_at < 7
    assert first <= settles
    assert max(lines for at, lines in line.steps if 8 < at < 25) <= {180: 360, 270: 540, 360: 720}[settles]
    assert next(at for at, lines in line.steps if at > 25 and lines > settles) < 38
    assert line.steps[-1][1] == 720
    lost = [at for at in line.voice_lost if at > 7]
    assert len(lost) < 0.01 * 38 * 50


@pytest.mark.parametrize("loss", [0.02, 0.05, 0.1, 0.2])
def test_a_bad_line_is_not_taken_for_a_narrow_one(loss: float):
    assert Line(loss=loss).run(20).steps == []


def test_a_busy_processor_is_not_taken_for_a_narrow_line():
    def stall(at: float) -> float:
        return at if at % 1.0 > 0.7 else at - at % 1.0 + 0.7

    assert Line(stall=stall).run(20).steps == []


def test_a_line_with_a_deep_buffer_loses_nothing_and_is_found_out_all_the_same():
    line = Line(lambda at: 600_000 if at > 5 else None, queue=3.0).run(20)
    assert 5 < line.steps[0][0] < 8
    assert line.steps[0][1] < 720


def test_a_raise_that_fails_is_tried_ever_more_rarely():
    line = Line(lambda at: 330_000).run(90)
    failures = [at for at, lines in line.steps if lines == 180]
    waits = [after - before for before, after in pairwise(failures)]
    assert len(failures) <= 10
    assert waits[-1] > waits[0]
    assert waits[-1] > 10


def test_each_picture_gets_a_thumb_before_any_grows_and_the_most_wanted_grows_first():
    sites = [(UnitPath(f"{number}/"), 360) for number in range(4)]
    receiving = Receiving()
    assert set(receiving.fit(sites).values()) == {360}
    assert receiving.step is Step.MAIN
    for bits, expected, step in (
        (VOICE + 4 * 120_000 + 600_000, [360, 180, 180, 180], Step.THUMB),
        (VOICE + 2 * 120_000, [180, 180, 0, 0], Step.PAUSED),
        (VOICE, [0, 0, 0, 0], Step.AUDIO),
    ):
        receiving.bits = bits
        assert list(receiving.fit(sites).values()) == expected
        assert receiving.step is step
    assert receiving.steps[sites[0][0]] is Step.PAUSED


def test_what_is_shown_is_sent_before_what_is_only_kept_ready_and_smaller_before_starved():
    sending = Sending()
    large = Demand(720)
    full = sending.look(large, True, 0.0)
    assert (full.main is not None and full.main.height, full.thumb) == (720, THUMB)
    for bits, lines, thumb in ((900_000, 540, False), (450_000, 360, False), (280_000, 270, False), (140_000, 0, True)):
        sending.bits = bits
        plan = sending.look(large, True, 10.0)
        assert (plan.main.height if plan.main is not None else 0, plan.thumb is not None) == (lines, thumb)
        assert bits_of(plan) <= bits - VOICE
        assert sending.step is Step.THUMB
    sending.bits = 90_000
    assert sending.look(large, True, 11.0).main is None
    assert sending.step is Step.AUDIO


def test_a_small_picture_that_flows_is_had_before_the_thumb_where_the_sender_follows_the_line():
    receiving, sending = Receiving(), Sending()
    receiving.is_fine = True
    for bits, asked in ((175_000, 270), (130_000, 180)):
        receiving.bits = VOICE + bits
        assert receiving.fit([(SITE, 720)]) == {SITE: asked}
    sending.main_bits = 175_000
    main = sending.look(Demand(720), False, 0.0).main
    assert main is not None
    assert (main.height, main.every) == (180, 1)
    assert main.bitrate <= 175_000


def test_what_is_sent_grows_only_now_and_then_because_each_change_costs_a_whole_picture():
    sending = Sending()
    sending.bits = 300_000
    sending.look(Demand(720), False, 0.0)
    changes = 0
    for tenth in range(1, 100):
        before = sending.plan
        sending.bits = round(300_000 * 1.02**tenth)
        changes += sending.look(Demand(720), False, tenth / 10) != before
    assert 2 <= changes <= 5
    assert sending.plan.main is not None
    assert sending.plan.main.height == 720


def test_the_engines_reports_tell_of_a_narrow_way_up_also_where_it_sends_no_estimate():
    uplink = Uplink()
    for second in range(10):
        uplink.reported(0.1, 0.06, 900_000, float(second))
    assert uplink.bits(10.0) is None
    uplink.reported(0.3, 0.5, 900_000, 10.0)
    narrow = uplink.bits(10.0)
    assert narrow is not None
    assert narrow < 0.7 * 900_000
    for second in range(11, 60):
        uplink.reported(0.0, 0.06, 300_000, float(second))
    wide = uplink.bits(60.0)
    assert wide is None or wide > 3 * narrow


def test_an_estimate_of_the_engine_holds_as_long_as_it_is_repeated():
    uplink = Uplink()
    uplink.told(250_000, 1.0)
    assert uplink.bits(3.0) == 250_000
    assert uplink.bits(6.0) is None


def test_heavy_loss_without_a_queue_is_a_line_that_drops_what_is_too_much():
    budget = Budget()
    for tenth in range(20):
        budget.look(Reading(400_000, 0.0, 0.0, 0.4, 0.4), tenth / 10)
    assert budget.bits is not None
    assert budget.bits <= 340_000


def test_packets_that_are_only_late_never_take_the_last_pictures_away():
    """A machine that is too busy for long makes everything late, and loses nothing."""
    budget = Budget()
    for tenth in range(1_200):
        budget.look(Reading(90_000, 0.4, 0.4, 0.0, 0.0), tenth / 10)
    receiving = Receiving()
    receiving.bits = budget.bits
    assert receiving.fit([(SITE, 360)])[SITE] >= 180
    assert budget.bits is None or budget.bits >= VOICE + 3 * BITRATES[180]


def test_a_line_that_was_away_is_not_taken_for_a_narrow_one():
    uplink = Uplink()
    for second in range(5):
        uplink.reported(0.0, 0.06, 900_000, float(second))
    uplink.reported(0.97, 0.06, 900_000, 25.0)
    assert uplink.bits(25.0) is None
