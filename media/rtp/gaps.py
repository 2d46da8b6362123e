"""Which packets of a stream are missing, and when to ask for them again (RFC 4585, section 6.2.1).

Numbers are unwrapped sequence numbers. A gap is asked for at once, then every `again` seconds, `tries` times in all;
after that it is lost for good and reported so, once.
"""

MAX_GAP = 200
"""A jump wider than this is a new start, not a loss."""


def fresh_losses(newest: int | None, number: int, *, spared: int) -> list[int]:
    """What a voice lost right before this packet and its copies do not bring back: asked for once, or it is too late.

    `spared` packets before this one need not be asked for. A wide gap is a pause or an outage, and nothing is.
    """
    if newest is None or not number - 20 < newest < number:
        return []
    return list(range(newest + 1, number - spared))


class Gaps:
    """Missing packets of one stream. Bounded: never more than MAX_GAP numbers."""

    def __init__(self, *, again: float = 0.06, tries: int = 6) -> None:
        self._again = again
        self._tries = tries
        self._newest: int | None = None
        self._missing: dict[int, tuple[int, float]] = {}
        self.lost = 0
        """Packets given up so far."""

    def __len__(self) -> int:
        return len(self._missing)

    def __bool__(self) -> bool:
        return bool(self._missing)

    def add(self, number: int, now: float) -> list[int]:
        """Note a packet; the numbers that are newly missing, to be asked for now."""
        newest = self._newest
        if newest is None or number > newest + MAX_GAP or number < newest - 4 * MAX_GAP:
            self._missing.clear()
            self._newest = number
            return []
        if number <= newest:
            self._missing.pop(number, None)
            return []
        self._newest = number
        fresh = list(range(newest + 1, number))
        for each in fresh:
            self._missing[each] = (1, now + self._again)
        while len(self._missing) > MAX_GAP:
            self._missing.pop(next(iter(self._missing)))
            self.lost += 1
        return fresh

    def due(self, now: float) -> tuple[list[int], int]:
        """What to ask for again now, and how many were given up just now."""
        again = []
        gone = []
        for number, (tries, at) in self._missing.items():
            if at > now:
                continue
            if tries >= self._tries:
                gone.append(number)
            else:
                again.append(number)
                self._missing[number] = (tries + 1, now + self._again)
        for number in gone:
            del self._missing[number]
        self.lost += len(gone)
        return again, len(gone)

    def forget(self) -> None:
        """Start over with the next packet: whatever is missing is no longer wanted."""
        self._missing.clear()
        self._newest = None
