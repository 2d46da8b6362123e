"""What the packets that arrive over one line tell of it: how many bits, how many are missing, how long they queue.

A packet's delay is known but for a constant: its arrival less its timestamp. The least of it over half a minute stands
for an empty queue, and what is more than that was spent waiting. Only the least wait of some tenths of a second counts:
a queue makes all packets late, a busy processor only some. And only what all streams of the line have in common: a
stream that is late alone was held up before the line. Where packets say when they left for the line
(`media.rtp.send_time`) all of that is known of each packet, and a tenth of a second tells. Pure: times are passed in.
"""

from collections import deque
from dataclasses import dataclass

from media.rtp import send_time
from media.rtp.packet import HEADER_LENGTH, Unwrapper
from media.rtp.wire import OUTSIDE

STEP = 0.1
"""Seconds that are counted together."""
QUEUE_STEPS = 3
LONG_QUEUE_STEPS = 10
LATE = 2.0 * STEP
"""A step that takes longer says that this processor is busy: what waits, waits for it."""
LATE_FOR = 2.0
UNEVEN = 1.5 * STEP
"""A step that takes longer made its packets late by the difference, for all that is known."""
EXACT_STEPS = 2
EXACT_PACKETS = 3
"""Packets in a step without which their waits say nothing."""
RATE_STEPS = 3
LOSS_STEPS = 5
LONG_STEPS = 15
BASE_SECONDS = 15.0
"""The least delay of the last one to two times this is that of an empty queue."""
FRAMES = 3
"""Pictures or sounds in that time without which a stream says nothing of a queue."""
OVERHEAD = OUTSIDE + HEADER_LENGTH
"""Bytes around a payload."""
MAX_GAP = 60
"""A wider one is an outage: the line was away, not narrow."""
AWAY = 0.4
"""Seconds without any packet of the line after which it was away too: a line that is only full lets some through."""
OUT_OF_ORDER = 0.02
"""Seconds within which a packet that seemed to be missing was only overtaken."""
JUMP = 5.0
"""Seconds; a delay that changes by more is another stream's."""
PAUSE = 0.7
"""Seconds without a packet after which what comes may be another stream."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a line is doing now. Rates are bit/s, `queue` is seconds, losses are shares of what was sent."""

    rate: float
    queue: float
    """The least wait of the last three tenths of a second."""
    long_queue: float
    """The least wait of the last second."""
    loss: float
    """Over half a second."""
    long_loss: float
    """Over one and a half seconds."""
    exact: bool = False
    """The packets said when they left: `queue` is the least wait of two tenths of a second, `long_queue` of one."""
    newest_queue: float = 0.0
    """The wait of the packet that came last, where it is known exactly."""


class Arrivals:
    """One line's. `look` turns the clock; call it every tenth of a second or more often."""

    def __init__(self) -> None:
        self._streams: dict[object, _Stream] = {}
        self._now = _Step()
        self._steps: deque[_Step] = deque(maxlen=LONG_STEPS)
        self._step_at: float | None = None
        self._late_at: float | None = None
        """When this processor itself was late last."""
        self._late_by = 0.0
        """Seconds by which it was late in the last step."""
        self._heard_at = float("-inf")
        self._outages = 0
        self._waits = _Waits()

    def add(
        self,
        key: object,
        number: int,
        timestamp: int,
        clock_rate: int,
        size: int,
        now: float,
        *,
        timed: bool = True,
        sent: int | None = None,
    ) -> None:
        """A packet of the stream `key`; `number` is its unwrapped sequence number. Without `timed` its timestamp says
        nothing: it may be of a stream that has just taken the place of another one. `sent` is when it left, in ticks of
        `send_time.CLOCK`."""
        self._hear(now)
        step = self._now
        step.octets += size + OVERHEAD + (0 if sent is None else send_time.SIZE)
        step.packets += 1
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = _Stream(clock_rate)
        step.missing += stream.add(number, timestamp if timed and sent is None else None, now, self._outages)
        if sent is not None:
            self._waits.add(sent, now)

    def fill(self, sent: int, size: int, now: float) -> None:
        """A packet that belongs to no stream."""
        self._hear(now)
        self._now.octets += size + OUTSIDE
        self._waits.add(sent, now)

    def forget(self, key: object) -> None:
        """Another source is in this stream from now on."""
        self._streams.pop(key, None)

    def _hear(self, now: float) -> None:
        self._outages += now - self._heard_at > AWAY
        self._heard_at = now

    def look(self, now: float) -> Reading | None:
        """What the last moments tell; None where a step is not over yet."""
        if self._step_at is None:
            self._step_at = now
        if now - self._step_at < STEP:
            return None
        if now - self._step_at > LATE:
            self._late_at = now
        self._now.seconds = now - self._step_at
        # What came while this processor was busy may be read only after this.
        late_before, self._late_by = self._late_by, max(0.0, self._now.seconds - UNEVEN)
        self._step_at = now
        self._steps.append(self._now)
        self._now = _Step()
        if (found := self._waits.turn(max(late_before, self._late_by))) is not None:
            return self._exact(*found)
        waits = [found for stream in self._streams.values() if (found := stream.turn()) is not None]
        queue = min((wait for wait, _ in waits), default=0.0)
        long_queue = min((wait for _, wait in waits), default=0.0)
        if self._late_at is not None and now - self._late_at < LATE_FOR:
            long_queue = 0.0
        steps = list(self._steps)
        recent = steps[-RATE_STEPS:]
        rate = 8 * sum(step.octets for step in recent) / sum(step.seconds for step in recent)
        return Reading(rate, queue, long_queue, _loss(steps[-LOSS_STEPS:], 20), _loss(steps, 40))

    def _exact(self, queue: float, now_queue: float) -> Reading:
        steps = list(self._steps)
        recent = steps[-RATE_STEPS:]
        rate = 8 * sum(step.octets for step in recent) / sum(step.seconds for step in recent)
        if queue > 0:  # nothing of the time before it was full
            rate = min(rate, 8 * max(step.octets / step.seconds for step in steps[-EXACT_STEPS:]))
        return Reading(
            rate, queue, now_queue, _loss(steps[-LOSS_STEPS:], 20), _loss(steps, 40), True, self._waits.newest
        )


class _Waits:
    """How long packets that say when they left were on their way, beyond the least of it."""

    def __init__(self) -> None:
        self._unwrap = Unwrapper(send_time.BITS)
        self._base = self._next_base = float("inf")
        self._base_at = float("-inf")
        self._least = float("inf")
        self.newest = 0.0
        """The wait of the last packet."""
        self._packets = 0
        self._recent: deque[float] = deque(maxlen=EXACT_STEPS)

    def add(self, sent: int, now: float) -> None:
        delay = now - self._unwrap(sent) / send_time.CLOCK
        if abs(delay - self._base) > JUMP:
            self._base = self._next_base = delay
            self._base_at = now
            self._recent.clear()
        elif now - self._base_at > BASE_SECONDS:
            self._base, self._next_base, self._base_at = self._next_base, delay, now
        self._base, self._next_base = min(self._base, delay), min(self._next_base, delay)
        self._least = min(self._least, delay)
        self.newest = delay - self._base
        self._packets += 1

    def turn(self, late: float) -> tuple[float, float] | None:
        """The least wait of the last steps, and of this one; None where no packet says when it left. This processor
        itself was so `late`."""
        if self._base == float("inf"):
            return None
        if self._packets >= EXACT_PACKETS:
            self._recent.append(max(0.0, self._least - self._base - late))
        else:
            self._recent.clear()
        self._least, self._packets = float("inf"), 0
        queue = min(self._recent) if len(self._recent) == EXACT_STEPS else 0.0
        return queue, self._recent[-1] if self._recent else 0.0


@dataclass(slots=True)
class _Step:
    octets: int = 0
    packets: int = 0
    missing: int = 0
    seconds: float = STEP


class _Stream:
    def __init__(self, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._unwrap = Unwrapper(32)
        self._newest: int | None = None
        self._missing: dict[int, float] = {}
        """What the last gaps lack, and since when."""
        self._outages = 0
        """Of the line, before the newest packet."""
        self._time: int | None = None
        self._base: float | None = None
        self._next_base: float | None = None
        self._base_at = 0.0
        self._heard_at = 0.0
        self._least: float | None = None
        self._frames = 0
        self._recent: deque[tuple[int, float]] = deque(maxlen=LONG_QUEUE_STEPS)
        """How many pictures or sounds began in a step, and the least wait of them."""

    def add(self, number: int, timestamp: int | None, now: float, outages: int) -> int:
        """How many packets before this one are missing; -1 where it was one of those, and only overtaken. The line was
        away so many times: nothing is missing of what was sent meanwhile."""
        newest = self._newest
        missing = 0
        if newest is None or number > newest:
            if newest is not None and 1 < number - newest <= MAX_GAP and outages == self._outages:
                self._missing = dict.fromkeys(range(newest + 1, number), now)
                missing = len(self._missing)
            self._newest, self._outages = number, outages
        elif now - self._missing.pop(number, float("-inf")) < OUT_OF_ORDER:
            missing = -1
        if timestamp is None:
            return missing
        time = self._unwrap(timestamp)
        if now - self._heard_at > PAUSE:
            self._time = self._base = None
        self._heard_at = now
        if self._time is None or time > self._time:
            self._time = time
            self._note(now - time / self._clock_rate, now)
        return missing

    def _note(self, delay: float, now: float) -> None:
        base = self._base
        if base is None or self._next_base is None or abs(delay - base) > JUMP:
            self._base = self._next_base = delay
            self._base_at = now
            self._recent.clear()
            self._frames, self._least = 1, 0.0
            return
        if now - self._base_at > BASE_SECONDS:
            self._base, self._next_base, self._base_at = self._next_base, delay, now
        self._base = min(self._base if self._base is not None else delay, delay)
        self._next_base = min(self._next_base, delay)
        wait = delay - self._base
        self._least = wait if self._least is None else min(self._least, wait)
        self._frames += 1

    def turn(self) -> tuple[float, float] | None:
        """The least wait of the last moments, and of the last second; None for a stream in which too little comes."""
        self._recent.append((self._frames, 0.0 if self._least is None else self._least))
        self._frames, self._least = 0, None
        recent = list(self._recent)
        if sum(frames for frames, _ in recent[-QUEUE_STEPS:]) < FRAMES:
            return None
        queue = min(wait for frames, wait in recent[-QUEUE_STEPS:] if frames)
        if len(recent) < LONG_QUEUE_STEPS:
            return queue, 0.0
        return queue, min(wait for frames, wait in recent if frames)


def _loss(steps: list[_Step], least: int) -> float:
    """The share that is missing, where enough was sent to tell."""
    missing = max(0, sum(step.missing for step in steps))
    sent = missing + sum(step.packets for step in steps)
    return missing / sent if sent >= least else 0.0
