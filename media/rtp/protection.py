"""How much a voice protects itself against what a receiver reports of its loss; on each leg for itself.

Opus' own redundancy (in-band FEC) is inside the bit rate and follows any loss. RED (RFC 2198) sends each packet again
with two after it; both together bring back four lost in a row. That trebles the bit rate of the voice, so it is for a
line that loses much and bears it: where the round trip grows long, or the loss grows with it, the line is narrow, and
RED would only make it worse. Where the other end says so when a line is narrow, nothing is guessed.
"""

import math

RED_ABOVE, RED_BELOW = 0.06, 0.02
"""Loss at which RED begins, and at which it ends."""
RED_AT_LEAST = 10.0
"""Seconds that it stays once it began."""
RED_TRIED_WITH = 3
"""Reports after its beginning by whose mean the line shows whether it bears it."""
RED_NOT_AGAIN = 60.0
"""Seconds until it is tried again on such a line."""
QUEUE = 0.15
"""Seconds by which the round trip may exceed the shortest one seen before the line counts as narrow."""
QUEUED_FOR = 2
"""Reports in a row that must say so: one may be late for other reasons."""
COPIES = (4, 2)
"""Which of the packets before it RED carries again, the earliest first. The one right before is in Opus' own copy."""


def believed(before: float, reported: float) -> float:
    """The loss to reckon with: quick to rise, slow to fall."""
    return reported if reported > before else before + (reported - before) * 0.2


class VoiceProtection:
    """What to do against loss. Times are monotonic seconds, `loss` a share."""

    def __init__(self) -> None:
        self.loss = 0.0
        self.round_trip: float | None = None
        self.redundant = False
        self.allowed = True
        self.is_told = False
        """A narrow line is told (`forbid`): neither the round trip nor the loss has to be taken for one."""
        self._shortest = math.inf
        self._began = 0.0
        self._before = 0.0
        self._since: list[float] = []
        self._queued = 0
        self._not_before = -math.inf

    def forbid(self) -> None:
        """The line is narrow: no copies from now on."""
        self.allowed = self.redundant = False

    def reported(self, loss: float, round_trip: float | None, now: float) -> None:
        """A receiver's report: quick to believe in loss, slow to forget it."""
        self.loss = believed(self.loss, loss)
        if round_trip is not None:
            self.round_trip = round_trip
            self._shortest = min(self._shortest, round_trip)
            self._queued = self._queued + 1 if round_trip > self._shortest + QUEUE else 0
        if self.is_told:
            self._queued = 0
        queued = self._queued >= QUEUED_FOR
        if not self.redundant:
            if self.allowed and self.loss >= RED_ABOVE and not self._queued and now >= self._not_before:
                self.redundant, self._began, self._before, self._since = True, now, self.loss, []
            return
        if len(self._since) < RED_TRIED_WITH:
            self._since.append(loss)
        # Before, what was asked for again came again and was no loss; twice as much and more is another thing.
        worse = sum(self._since) / RED_TRIED_WITH > 2 * self._before + 0.1
        if queued or (worse and not self.is_told):
            self.redundant, self._not_before = False, now + RED_NOT_AGAIN
        elif self.loss < RED_BELOW and now - self._began > RED_AT_LEAST:
            self.redundant = False
