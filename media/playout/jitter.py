"""One speaker's jitter buffer: packets in as they come, 20 ms of sound out whenever the loudspeaker asks.

Packets are put in order by their RTP timestamps. A lost one is recovered from a copy in a later one (RED, or Opus own)
or concealed. The delay follows `DelayModel`: it grows by waiting when nothing is there or by lengthening the voice, and
comes back down by shortening it. A pause of the sender (timestamps jump, sequence numbers do not) is no loss.

Not locked: `put` and `pull` are called under the playout's lock.
"""

from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from media.capture.sources import FRAME_BYTES, FRAME_SAMPLES, FRAME_SECONDS, SAMPLE_RATE
from media.playout.concealment import ConcealingDecoder
from media.playout.delay import DelayModel
from media.playout.stretch import LONGEST, SHORTEST, cross_fade, lengthen, shorten
from media.rtp.opus import carries_copy
from media.rtp.packet import Unwrapper

MAX_WAIT = 12
"""Frames of 20 ms in a row that nothing is there before the next packet begins anew."""
CAPACITY = 64
"""Frames kept; what is further ahead begins anew."""
SLACK = 0.004
"""Seconds of needless delay that are left alone."""
STEADY = 10
"""Frames over whose mean it is judged whether the voice is to be stretched: a loudspeaker asks unevenly."""
MUCH_TOO_LATE = 0.1
"""Seconds of needless delay from which on frames are laid over each other."""
FIRST_WITHIN = 1.0
"""Seconds after which a site on air that sends nothing counts as not heard."""


@dataclass(slots=True)
class HeardCounts:
    """Frames of 20 ms while the site was on air; they only grow."""

    due: int = 0
    decoded: int = 0
    recovered: int = 0
    concealed: int = 0


@dataclass(slots=True)
class _Frame:
    payload: bytes
    is_copy: bool


class JitterBuffer:
    """`now` is monotonic seconds throughout."""

    def __init__(self) -> None:
        self.counts = HeardCounts()
        self.least = 0.0
        """Seconds that a frame may come late at any rate, whatever the last ones did."""
        self._delay = DelayModel()
        self._decoder = ConcealingDecoder()
        self._frames: dict[int, _Frame] = {}
        self._ready = bytearray()
        """Sound that is decoded and was not asked for yet."""
        self._unwrap_time = Unwrapper(32)
        self._unwrap_number = Unwrapper(16)
        self._newest: tuple[int, int] | None = None
        """Sequence number and position of the newest packet."""
        self._next: int | None = None
        """Position to play next; None while the buffer fills."""
        self._start_at = 0.0
        self._starved = 0
        self._off: deque[float] = deque(maxlen=STEADY)
        """By how much the last frames were played later than need be, in seconds."""
        self._on_air_since: float | None = None
        self._heard = False

    @property
    def target(self) -> float:
        """Seconds that a frame may come late and still be played."""
        return max(self._delay.target, self.least)

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

    def put(
        self,
        sequence: int,
        timestamp: int,
        payload: bytes,
        now: float,
        copies: Sequence[bytes] = (),
        *,
        resent: bool = False,
    ) -> None:
        """A packet, in whatever order; `copies` are the payloads of those right before it, the nearest first. `resent`
        where it comes because it was asked for again."""
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
        self._keep(position, payload, now, is_copy=False, rescued=resent)
        for back, copy in enumerate(copies, 1):
            if copy:
                self._keep(position - back, copy, now, is_copy=True, rescued=True)
        if position - 1 not in self._frames and carries_copy(payload):
            self._delay.came(position - 1, now, rescued=True)
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
            self._ready.clear()
            return None
        self._heard = self._heard or counting
        steps = 0
        while len(self._ready) < FRAME_BYTES:
            self._ready += self._following(now, counting)
            steps += 1
        if steps != 1:
            self._off.clear()  # the delay has just changed by a frame
        sound = bytes(self._ready[:FRAME_BYTES])
        del self._ready[:FRAME_BYTES]
        return sound

    def _keep(self, position: int, payload: bytes, now: float, *, is_copy: bool, rescued: bool) -> None:
        self._delay.came(position, now, rescued=rescued)
        late = self._next is not None and position < self._next
        if not late and (position not in self._frames or not is_copy):
            self._frames[position] = _Frame(payload, is_copy)

    def _not_yet(self, now: float) -> bytes | None:
        since = self._on_air_since
        if since is not None and (self._heard or (not self._frames and now - since > FIRST_WITHIN)):
            self.counts.due += 1
            self.counts.concealed += 1
        return None

    def _following(self, now: float, counting: bool) -> bytes:
        """The sound of the next position, shorter or longer where the delay is to change."""
        self.counts.due += counting
        position = self._next if self._next is not None else 0
        frame = self._frames.pop(position, None)
        if frame is None and not self._frames:
            return self._starve(counting)
        if frame is None and self._starved and (ahead := min(self._frames) - position) > 0:
            # What was waited for never came: go on with what did.
            position += min(ahead, self._starved)
            frame = self._frames.pop(position, None)
        self._starved = 0
        self._next = position + 1
        sound: bytes | None = None
        if frame is not None:
            sound = self._decode(frame.payload)
            self.counts.decoded += counting and sound is not None and not frame.is_copy
            self.counts.recovered += counting and sound is not None and frame.is_copy
        elif (after := self._frames.get(position + 1)) is not None:
            sound = self._decoder.recover(after.payload)
            self.counts.recovered += counting and sound is not None
        if sound is None:
            self.counts.concealed += counting
            return self._decoder.conceal()
        return self._in_time(sound, self._delay.lateness(position, now) - self.target)

    def _starve(self, counting: bool) -> bytes:
        """Nothing is there: wait for it, for a while."""
        self._starved += 1
        self.counts.concealed += counting
        if self._starved > MAX_WAIT:
            self._next = self._newest = None
            self._starved = 0
        return self._decoder.conceal()

    def _in_time(self, sound: bytes, off: float) -> bytes:
        """The sound of one frame, stretched where it is played `off` seconds later than need be, or earlier.

        A frame more or less to come late needs 20 ms more or less; sound left over from what came before is of no use.
        """
        self._off.append(off)
        if off > MUCH_TOO_LATE and (over := self._overlaid(sound)) is not None:
            return over
        left_over = len(self._ready) // 2
        if len(self._off) == STEADY:
            mean = sum(self._off) / STEADY
            if mean < 0:
                return lengthen(sound)
            if mean + left_over / SAMPLE_RATE > FRAME_SECONDS + SLACK:
                return shorten(sound, LONGEST, alike=0.5 if mean > 3 * FRAME_SECONDS else 0.75)
        if left_over >= SHORTEST:
            return shorten(sound, left_over)
        return sound

    def _overlaid(self, sound: bytes) -> bytes | None:
        """This frame going over into the next, which is thereby played too; None where that is not there."""
        after = self._frames.get(self._next) if self._next is not None else None
        over = self._decode(after.payload) if after is not None else None
        if over is None or self._next is None:
            return None
        del self._frames[self._next]
        self._next += 1
        return cross_fade(sound, over)

    def _decode(self, payload: bytes) -> bytes | None:
        try:
            return self._decoder.decode(payload)
        except ValueError:
            return None

    def _begin(self, now: float) -> None:
        """A new stretch of speech: fill the buffer first."""
        self._frames.clear()
        self._off.clear()
        self._delay.forget()
        self._newest = None
        self._next = None
        self._starved = 0
        self._start_at = now + self.target


def mix(frames: list[bytes]) -> bytes:
    """The sum of frames, clipped."""
    if not frames:
        return bytes(FRAME_BYTES)
    if len(frames) == 1:
        return frames[0]
    columns = zip(*(array("h", frame) for frame in frames), strict=True)
    return array("h", [max(-32768, min(32767, sum(column))) for column in columns]).tobytes()
