"""How many bits a line bears: cut at once when it is too many, raised again step by step after a while.

A line that was never too narrow has no figure. One that is full (`media.rtp.fullness`) bears what came through it just
now. Raising that failed waits twice as long the next time.

Where packets say when they left, a queue is a queue: it is cut at once, `drain` says how long it takes until it is
empty when no picture comes, and raising goes on only as far as what was allowed before was sent and came.
"""

from media.rtp.arrivals import Reading
from media.rtp.fullness import LOSS_AT_ALL, QUEUE, is_exactly_full, is_full

KEEP = 0.85
"""The share of what came through that is taken."""
LEAST = 40_000
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
EFFECT_WITHIN = 0.3
"""Seconds until a cut shows, beyond those in which the queue drains."""
CUT_AT_MOST = 0.7
"""The least share of what was allowed that is left by one cut."""
FIRST_LEAST = 140_000
"""Bit/s that the first cut leaves: a voice and a small picture. It may have been made of a moment in which little was
sent; if that is too much the next cut tells."""
LOSS_FORGOTTEN = 2.0
"""Seconds after a cut from which on a loss is another one."""
DRAIN_MORE = 0.03
"""Seconds by which the queue grows at least until the cut shows."""
EXACT_HOLD = (2.0, 3.0)
"""As `HOLD`: a raise that fails makes the voice late by some hundredths of a second, and loses nothing of it."""
RAISE_FASTER = 1.3
RAISED_BEFORE = 1
"""So many raises beyond what is near that the line bore are followed by larger ones."""
RAISE_NEAR = 1.07
NEAR = (0.92, 1.1)
"""Between these shares of what came through when it was full the last time raises are small ones."""
RAISE_LEAST_NEAR = 10_000
TRIED_SHARE = 0.6
"""The share of what was allowed that has come when it counts as tried."""
UNTRIED_FOR = 2.0
"""Seconds after which a raise is made all the same."""


class Budget:
    """One direction of one line. Pure: times are passed in."""

    def __init__(self, enough: int = ENOUGH) -> None:
        self.bits: int | None = None
        """What it bears, in bit/s; None where it was never found too narrow."""
        self._cut_at = float("-inf")
        self._raised_at = float("-inf")
        self._holds = HOLD
        self._hold = HOLD[0]
        self._raises = 0
        """In a row, beyond what is known to be near."""
        self._came_through = 0.0
        """When it was cut the last time."""
        self.enough = enough
        """Bit/s from which on nothing is limited."""
        self.drain = 0.0
        """Seconds for which no picture should come, since a cut; whoever passes them on sets them to 0."""
        self._effect_at = float("-inf")

    def look(self, reading: Reading, now: float) -> bool:
        """Take a reading; whether `bits` is another now."""
        if reading.exact:
            return self._look_exact(reading, now)
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

    def _look_exact(self, reading: Reading, now: float) -> bool:
        self._holds = EXACT_HOLD
        since = now - self._raised_at
        tried = self._raised_at > self._cut_at and since < TRIED_FOR
        if is_exactly_full(reading, tried=tried, losing=now - self._cut_at > LOSS_FORGOTTEN):
            if now < self._effect_at:
                return False
            before = self.bits
            # A packet that waited long was sent long ago: the queue has grown since, and will until the cut shows.
            self.drain = 2 * max(reading.queue, reading.long_queue, reading.newest_queue) + DRAIN_MORE
            self._effect_at = now + self.drain + EFFECT_WITHIN
            # What was held back could not come through: that says nothing of the line.
            self._cut(max(reading.rate, CUT_AT_MOST * (before or 0)), now)
            return self.bits != before
        if self.bits is not None and self._raised_at > self._cut_at:
            has_come = reading.rate >= TRIED_SHARE * self.bits
            if not has_come and since < UNTRIED_FOR:
                return False
        return self.note(None, now)

    def note(self, through: float | None, now: float) -> bool:
        """The line is full and this many bit/s come through; or None: it is not. Whether `bits` is another now."""
        before = self.bits
        if through is not None:
            if now - self._cut_at >= CUT_AGAIN:
                self._cut(through, now)
        elif self.bits is not None and now - self._cut_at >= self._hold and now - self._raised_at >= RAISE_EVERY:
            self._raised_at = now
            raised = self._raised(self.bits)
            self.bits = raised if raised < self.enough else None
        return self.bits != before

    def _raised(self, bits: int) -> int:
        if self._holds is not EXACT_HOLD:
            return max(round(bits * RAISE_BY), bits + RAISE_LEAST)
        near, far = (round(self._came_through * share) for share in NEAR)
        if bits < far:
            raised = min(round(bits * RAISE_BY), max(round(bits * RAISE_NEAR), near))
        else:
            self._raises += 1
            raised = round(bits * (RAISE_FASTER if self._raises > RAISED_BEFORE else RAISE_BY))
        return max(raised, bits + RAISE_LEAST_NEAR)

    def _cut(self, through: float, now: float) -> None:
        if now - self._raised_at < FAILED_WITHIN and self._raised_at > self._cut_at:
            self._hold = min(2 * self._hold, self._holds[1])
        elif now - self._cut_at > 2 * self._holds[1]:
            self._hold = self._holds[0]
        # Still full after a cut: what is sent is more than was reckoned.
        least = through if self.bits is None else min(self.bits, through)
        first = self.bits is None and self._holds is EXACT_HOLD
        self.bits = max(FIRST_LEAST if first else LEAST, round(least * KEEP))
        self._cut_at = now
        self._raises = 0
        self._came_through = through
