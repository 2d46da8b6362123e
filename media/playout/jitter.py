"""One speaker's jitter buffer: packets in as they come, 20 ms of sound out whenever the loudspeaker asks.

Packets are put in order by their RTP timestamps. A lost one is recovered from the copy in its successor, or concealed.
The delay follows the jitter of the last seconds: it grows by waiting when nothing is there, and comes back down by
laying two frames over each other. A pause of the sender (timestamps jump, sequence numbers do not) is no loss.

Not locked: `put` and `pull` are called under the playout's lock.
"""

import math
from array import array
from collections import deque
from dataclasses import dataclass

from media.capture.sources import FRAME_BYTES, FRAME_SAMPLES, FRAME_SECONDS
from media.codecs.opus import OpusDecoder
from media.rtp.packet import Unwrapper

MIN_DELAY = 2
MAX_DELAY = 12
"""Frames of 20 ms."""
CAPACITY = 64
"""Frames kept; what is further ahead begins anew."""
WINDOW = 250
"""Packets (5 s) whose jitter sets the delay."""
TOO_DEEP_FOR = 25
"""Pulls in a row that must find more than is needed before a frame is laid over."""
FIRST_WITHIN = 1.0
"""Seconds after which a site on air that sends nothing counts as not heard."""


@dataclass(slots=True)
class HeardCounts:
    """Frames of 20 ms while the site was on air; they only grow."""

    due: int = 0
    decoded: int = 0
    recovered: int = 0
    concealed: int = 0


class JitterBuffer:
    """`now` is monotonic seconds throughout."""

    def __init__(self) -> None:
        self.counts = HeardCounts()
        self.target = MIN_DELAY + 1
        self._decoder = OpusDecoder()
        self._frames: dict[int, bytes] = {}
        self._unwrap_time = Unwrapper(32)
        self._unwrap_number = Unwrapper(16)
        self._newest: tuple[int, int] | None = None
        """Sequence number and position of the newest packet."""
        self._next: int | None = None
        """Position to play next; None while the buffer fills."""
        self._start_at = 0.0
        self._starved = 0
        self._deep = 0
        self._transits: deque[float] = deque(maxlen=WINDOW)
        self._on_air_since: float | None = None
        self._heard = False

    @property
    def depth(self) -> int:
        """Frames between what is played and what has come."""
        if self._next is None or self._newest is None:
            return 0
        return self._newest[1] - self._next + 1

    def set_on_air(self, on_air: bool, now: float) -> None:
        """From now on the site should (or need not) be heard."""
        if on_air and self._on_air_since is None:
            self._on_air_since = now
            self._heard = False
        elif not on_air:
            self._on_air_since = None

    def put(self, sequence: int, timestamp: int, payload: bytes, now: float) -> None:
        """A packet, in whatever order."""
        if not payload:
            return
        number = self._unwrap_number(sequence)
        position = self._unwrap_time(timestamp) // FRAME_SAMPLES
        if self._newest is None:
            self._begin(now)
        else:
            steps, time_steps = number - self._newest[0], position - self._newest[1]
            if abs(steps) > CAPACITY or abs(time_steps - steps) > 2:
                if -CAPACITY < steps < 0:
                    return  # a straggler from before a pause
                self._begin(now)
        if self._newest is None or number > self._newest[0]:
            self._newest = (number, position)
        if self._next is not None and position < self._next:
            return  # its time has passed
        self._frames[position] = payload
        self._measure(now - position * FRAME_SECONDS)
        if len(self._frames) > CAPACITY:
            self._begin(now)

    def pull(self, now: float) -> bytes | None:
        """The next 20 ms, or None where there is nothing to hear."""
        if self._next is None:
            if not self._frames or now < self._start_at:
                return self._not_yet(now)
            self._next = min(self._frames)
        counting = self._on_air_since is not None
        if not counting and not self._frames:
            self._next = None  # the site went off the air and has been played to its end
            return None
        if counting:
            self.counts.due += 1
            self._heard = True
        return self._play(counting)

    def _not_yet(self, now: float) -> bytes | None:
        since = self._on_air_since
        if since is not None and (self._heard or (not self._frames and now - since > FIRST_WITHIN)):
            self.counts.due += 1
            self.counts.concealed += 1
        return None

    def _play(self, counting: bool) -> bytes:
        position = self._next if self._next is not None else 0
        payload = self._frames.pop(position, None)
        if payload is None and not self._frames:
            return self._starve(counting)
        if payload is None and self._starved and (ahead := min(self._frames) - position) > 0:
            # What was waited for never came: go on with what did.
            position += min(ahead, self._starved)
            payload = self._frames.pop(position, None)
        self._starved = 0
        self._next = position + 1
        sound: bytes | None = None
        if payload is not None:
            sound = self._decode(payload)
            self.counts.decoded += counting and sound is not None
        elif (following := self._frames.get(position + 1)) is not None:
            sound = self._decoder.recover(following)
            self.counts.recovered += counting and sound is not None
        if sound is None:
            self.counts.concealed += counting
            sound = self._decoder.conceal()
        return self._shorten(sound)

    def _starve(self, counting: bool) -> bytes:
        """Nothing is there: wait for it, until the delay is as long as it may be."""
        self._starved += 1
        self.counts.concealed += counting
        if self._starved > MAX_DELAY:
            self._next = self._newest = None
            self._starved = 0
        elif self.target < MAX_DELAY and self._starved == 1:
            self.target += 1
        return self._decoder.conceal()

    def _shorten(self, sound: bytes) -> bytes:
        """Lay the next frame over this one where more is waiting than the jitter asks for."""
        excess = self.depth - self.target
        self._deep = self._deep + 1 if excess > 1 else 0
        following = self._frames.get(self._next) if self._next is not None else None
        if following is None or not (self._deep >= TOO_DEEP_FOR or excess > MAX_DELAY):
            return sound
        over = self._decode(following)
        if over is None or self._next is None:
            return sound
        del self._frames[self._next]
        self._next += 1
        self._deep = TOO_DEEP_FOR // 2
        return _cross_fade(sound, over)

    def _decode(self, payload: bytes) -> bytes | None:
        try:
            return self._decoder.decode(payload)
        except ValueError:
            return None

    def _begin(self, now: float) -> None:
        """A new stretch of speech: fill the buffer first."""
        self._frames.clear()
        self._transits.clear()
        self._newest = None
        self._next = None
        self._starved = self._deep = 0
        self._start_at = now + self.target * FRAME_SECONDS

    def _measure(self, transit: float) -> None:
        self._transits.append(transit)
        if len(self._transits) % 10 == 0:
            ordered = sorted(self._transits)
            late = ordered[-1 - len(ordered) // 100]  # one in a hundred may come too late
            wanted = math.ceil((late - ordered[0]) / FRAME_SECONDS) + 1
            self.target = min(MAX_DELAY, max(MIN_DELAY, wanted))


def _cross_fade(first: bytes, second: bytes) -> bytes:
    """One frame that begins as the first and ends as the second."""
    a, b = array("h", first), array("h", second)
    return array(
        "h", [(x * (FRAME_SAMPLES - at) + y * at) // FRAME_SAMPLES for at, (x, y) in enumerate(zip(a, b, strict=True))]
    ).tobytes()


def mix(frames: list[bytes]) -> bytes:
    """The sum of frames, clipped."""
    if not frames:
        return bytes(FRAME_BYTES)
    if len(frames) == 1:
        return frames[0]
    columns = zip(*(array("h", frame) for frame in frames), strict=True)
    return array("h", [max(-32768, min(32767, sum(column))) for column in columns]).tobytes()
