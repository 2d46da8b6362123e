"""What the way to the engine bears, as far as the engine tells: its own estimate (REMB), and its reports of loss and
of the round trip, which is all that Janus gives."""

from media.rtp.budget import ENOUGH, Budget
from media.rtp.fullness import QUEUE

TOLD_FOR = 4.0
"""Seconds for which an estimate of the engine holds; it is repeated every second while there is one."""
SHORTEST_OVER = 30.0
HEAVY_LOSS = 0.2
LOSS = 0.03
OUTAGE = 0.8
AWAY = 1.8
"""Seconds without a report, which comes every second, after which the line was away."""
AFTER_AWAY = 1.5
"""Seconds after that in which a loss may be of the time when it was."""


class Uplink:
    """One connection's. Pure: times are passed in."""

    def __init__(self) -> None:
        self.round_trip: float | None = None
        self.loss = 0.0
        self.is_told = False
        """The engine tells exactly what the line bears (`told`): reports say nothing more of that."""
        self._reported_at = float("-inf")
        self._back_at = float("-inf")
        """When the first report after an outage came."""
        self._told: tuple[int, float] | None = None
        self._told_main: tuple[int, float] | None = None
        self._budget = Budget()
        self._shortest = float("inf")
        self._next_shortest = float("inf")
        self._shortest_at = float("-inf")

    def told(self, bits: int, now: float) -> None:
        """The engine's own estimate."""
        self._told = (bits, now)

    def told_main(self, bits: int, now: float) -> None:
        """The engine says what those bear who watch the main picture."""
        self._told_main = (bits, now)

    def main_bits(self, now: float) -> int | None:
        """Bit/s beyond which nobody gets the main picture; None where somebody gets all."""
        return _still(self._told_main, now)

    def reported(self, loss: float, round_trip: float | None, sent: float, now: float) -> None:
        """A report of a picture: the share that was lost, the round trip, and the bit/s that were sent meanwhile."""
        self.loss = loss
        if now - self._reported_at > AWAY:
            self._back_at = now
        self._reported_at = now
        queue = 0.0
        if round_trip is not None:
            self.round_trip = round_trip
            if now - self._shortest_at > SHORTEST_OVER:
                self._shortest, self._next_shortest, self._shortest_at = self._next_shortest, round_trip, now
            self._next_shortest = min(self._next_shortest, round_trip)
            self._shortest = min(self._shortest, self._next_shortest)
            queue = round_trip - self._shortest
        # The round trip also grows where the way back is full: without loss it says nothing of this one.
        if self.is_told or loss > OUTAGE or now - self._back_at < AFTER_AWAY:
            return  # the line was away, not narrow
        full = loss > HEAVY_LOSS or (loss > LOSS and queue > QUEUE)
        self._budget.note(sent * (1 - loss) if full else None, now)

    def bits(self, now: float) -> int | None:
        """Bit/s that it bears; None where nothing says that it is narrow."""
        known = [each for each in (_still(self._told, now), self._budget.bits) if each is not None]
        least = min(known, default=None)
        return None if least is not None and least >= ENOUGH else least


def _still(told: tuple[int, float] | None, now: float) -> int | None:
    return told[0] if told is not None and now - told[1] < TOLD_FOR else None
