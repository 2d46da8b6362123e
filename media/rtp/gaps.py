"""Which packets of a stream are missing, and when to ask for them again (RFC 4585, section 6.2.1).

Numbers are unwrapped sequence numbers. A gap is asked for at once, and again when the answer should have been there:
how long that takes is learnt from what came. After `tries` times, or WITHIN, it is lost for good and reported so, once.
A voice has its own rules (`VoiceGaps`): what comes late is of no use to it.
"""

from dataclasses import dataclass

MAX_GAP = 200
"""A jump wider than this is a new start, not a loss."""
WITHIN = 1.0
"""Seconds after which nothing is asked for any more."""
AGAIN = (0.03, 0.4)
"""The shortest and the longest pause between two requests for a packet, in seconds."""
MARGIN = 0.015
"""Seconds that an answer may take longer than they usually do."""
VOICE_EVERY = 0.02
"""Seconds between two packets of a voice."""
VOICE_AGAIN = 0.04
"""Seconds after which a packet of a voice is asked for a second time, and the last: before an answer can have come, for
on a line that loses it may be lost as well as the question, and a third would be too late."""
VOICE_WITHIN = 0.12
VOICE_PAUSE = 20
"""A jump so wide is a pause or an outage."""
VOICE_OVERDUE = 0.05
"""Seconds by which a packet of a voice is late before it is asked for though none has come after it."""
VOICE_AHEAD = 12
"""Packets that are asked for so, at most."""
VOICE_LOSES = 10.0
"""Seconds after a loss in which the line is expected to lose more: on another one what is overdue is only late."""


@dataclass(slots=True)
class _Missing:
    since: float
    again_at: float
    tries: int = 1


class Gaps:
    """Missing packets of one stream. Bounded: never more than MAX_GAP numbers. `again` is the pause between two
    requests before anything is known of the line."""

    def __init__(self, *, again: float = 0.06, tries: int = 6) -> None:
        self._again = again
        self._tries = tries
        self._newest: int | None = None
        self._answer: float | None = None
        """Seconds that an answer takes."""
        self._missing: dict[int, _Missing] = {}
        self.lost = 0
        """Packets given up so far."""

    def __len__(self) -> int:
        return len(self._missing)

    def __bool__(self) -> bool:
        return bool(self._missing)

    def add(self, number: int, now: float) -> list[int]:
        """Note a packet; the numbers to be asked for now: those newly missing, and those whose answer is overdue."""
        newest = self._newest
        if newest is None or number > newest + MAX_GAP or number < newest - 4 * MAX_GAP:
            self._missing.clear()
            self._newest = number
            return []
        if number <= newest:
            found = self._missing.pop(number, None)
            if found is not None and found.tries == 1:
                self._learn(now - found.since)
            return self._overdue(now) if self._missing else []
        self._newest = number
        wanted = self._overdue(now) if self._missing else []
        for each in range(newest + 1, number):
            self._missing[each] = _Missing(now, now + self._again)
            wanted.append(each)
        while len(self._missing) > MAX_GAP:
            self._missing.pop(next(iter(self._missing)))
            self.lost += 1
        return wanted

    def due(self, now: float) -> tuple[list[int], int]:
        """What to ask for again now, and how many were given up just now."""
        gone = [
            number
            for number, each in self._missing.items()
            if each.again_at <= now and (each.tries >= self._tries or now - each.since > WITHIN)
        ]
        for number in gone:
            del self._missing[number]
        self.lost += len(gone)
        return self._overdue(now), len(gone)

    def _overdue(self, now: float) -> list[int]:
        again = []
        for number, each in self._missing.items():
            if each.again_at <= now and each.tries < self._tries:
                each.tries += 1
                each.again_at = now + self._again
                again.append(number)
        return again

    def _learn(self, took: float) -> None:
        """Quick to believe in a long way, slow in a short one: what was only out of order comes soon."""
        before = self._answer
        self._answer = took if before is None else before + (took - before) * (0.5 if took > before else 0.1)
        self._again = min(AGAIN[1], max(AGAIN[0], self._answer + MARGIN))

    def forget(self) -> None:
        """Start over with the next packet: whatever is missing is no longer wanted."""
        self._missing.clear()
        self._newest = None


class VoiceGaps:
    """The same of a voice, whose packets come at an even pace: in a burst of losses the first ones are not left waiting
    for its end."""

    def __init__(self) -> None:
        self._missing: dict[int, _Missing] = {}
        self._newest: int | None = None
        self._newest_at = 0.0
        self._ahead = 0
        """Packets after the newest that were asked for."""
        self._lost_at = float("-inf")

    def add(self, number: int, now: float, *, spared: int) -> list[int]:
        """A packet came; what to ask for now. `spared` packets before it are in its copies."""
        newest = self._newest
        self._missing.pop(number, None)
        if newest is not None and number <= newest:
            return []
        self._newest, self._newest_at, self._ahead = number, now, 0
        if newest is None or number - newest >= VOICE_PAUSE:
            self._missing.clear()
            return []
        if number - newest > 1:
            self._lost_at = now
        for each in range(number - spared, number):
            self._missing.pop(each, None)
        return self._ask(range(newest + 1, number - spared), now)

    def due(self, now: float) -> list[int]:
        """What to ask for now that was not answered, or should have come by now."""
        for number in [number for number, each in self._missing.items() if now - each.since > VOICE_WITHIN]:
            del self._missing[number]
        again = [number for number, each in self._missing.items() if each.again_at <= now and each.tries == 1]
        for number in again:
            self._missing[number].tries = 2
        if self._newest is None or now - self._lost_at > VOICE_LOSES:
            return again
        ahead = min(VOICE_AHEAD, int((now - self._newest_at - VOICE_OVERDUE) / VOICE_EVERY))
        if ahead > self._ahead:
            again += self._ask(range(self._newest + 1 + self._ahead, self._newest + 1 + ahead), now)
            self._ahead = ahead
        return again

    def forget(self) -> None:
        """Start over with the next packet."""
        self._missing.clear()
        self._newest = None

    def _ask(self, numbers: range, now: float) -> list[int]:
        fresh = [number for number in numbers if number not in self._missing]
        self._missing.update((number, _Missing(now, now + VOICE_AGAIN)) for number in fresh)
        return fresh
