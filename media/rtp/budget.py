"""How many bits a line bears: cut at once when it is too many, raised again step by step after a while.

A line that was never too narrow has no figure. Loss with a queue, or a queue that stays, is a line that is full: what
came through it just now is what it bears. A queue alone is not enough: a busy processor makes packets late too. Loss
without a queue is a bad line, not a narrow one, unless it is heavy. Raising that failed waits twice as long the next
time.
"""

from media.rtp.arrivals import Reading

QUEUE = 0.12
"""Seconds by which a round trip grows where it passes a queue."""
QUEUE_THAT_STAYS = 0.25
"""Seconds of a queue that stays for a second: a line with a deep buffer loses nothing."""
QUEUE_WITH_LOSS = 0.05
LOSS = 0.05
HEAVY_LOSS = 0.3
KEEP = 0.85
"""The share of what came through that is taken."""
LEAST = 40_000
TELLING = 50_000
"""Bit/s below which nothing is said of a line: a voice alone comes through any."""
LOSS_AT_ALL = 0.02
CALM_LEAST = 550_000
"""Bit/s below which nothing is cut where nothing is lost: what is only late may be a busy processor's doing."""
CUT_AGAIN = 0.8
"""Seconds in which a queue may drain after a cut."""
HOLD = (3.0, 8.0)
"""Seconds without a raise after a cut: at first, and at most."""
FAILED_WITHIN = 6.0
TRIED_FOR = 3.0
"""Seconds after a raise in which a queue alone ends it: nothing is lost by waiting."""
RAISE_EVERY = 0.5
RAISE_BY = 1.15
RAISE_LEAST = 25_000
ENOUGH = 8_000_000
"""Bit/s from which on nothing is limited."""


class Budget:
    """One direction of one line. Pure: times are passed in."""

    def __init__(self) -> None:
        self.bits: int | None = None
        """What it bears, in bit/s; None where it was never found too narrow."""
        self._cut_at = float("-inf")
        self._raised_at = float("-inf")
        self._hold = HOLD[0]

    def look(self, reading: Reading, now: float) -> bool:
        """Take a reading; whether `bits` is another now."""
        if is_full(reading):
            if reading.long_loss >= LOSS_AT_ALL:
                return self.note(reading.rate, now)
            if self.bits is None or self.bits > CALM_LEAST:
                return self.note(max(reading.rate, CALM_LEAST / KEEP), now)
            return self.note(None, now)
        tried = self._raised_at > self._cut_at and now - self._raised_at < TRIED_FOR
        if tried and reading.queue > QUEUE and self.bits is not None and self.bits > CALM_LEAST / KEEP:
            return self.note(max(self.bits / RAISE_BY, CALM_LEAST / KEEP), now)
        return self.note(None, now)

    def note(self, through: float | None, now: float) -> bool:
        """The line is full and this many bit/s come through; or None: it is not. Whether `bits` is another now."""
        before = self.bits
        if through is not None:
            if now - self._cut_at >= CUT_AGAIN:
                self._cut(through, now)
        elif self.bits is not None and now - self._cut_at >= self._hold and now - self._raised_at >= RAISE_EVERY:
            self._raised_at = now
            raised = max(round(self.bits * RAISE_BY), self.bits + RAISE_LEAST)
            self.bits = raised if raised < ENOUGH else None
        return self.bits != before

    def _cut(self, through: float, now: float) -> None:
        if now - self._raised_at < FAILED_WITHIN and self._raised_at > self._cut_at:
            self._hold = min(2 * self._hold, HOLD[1])
        elif now - self._cut_at > 2 * HOLD[1]:
            self._hold = HOLD[0]
        # Still full after a cut: what is sent is more than was reckoned.
        least = through if self.bits is None else min(self.bits, through)
        self.bits = max(LEAST, round(least * KEEP))
        self._cut_at = now


def is_full(reading: Reading) -> bool:
    """Whether more is sent over the line than it bears."""
    return reading.rate >= TELLING and (
        reading.long_queue > QUEUE_THAT_STAYS
        or (reading.queue > QUEUE_WITH_LOSS and reading.loss > LOSS)
        or (reading.long_loss > HEAVY_LOSS and reading.loss > LOSS)
    )
