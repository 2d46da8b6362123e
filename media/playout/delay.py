"""How long to wait for packets: the delay that costs least, reckoned from how late the voice of the last seconds came.

A frame has come when its first usable copy has: the packet itself, the copy in a later one, or a retransmission. So a
line that loses packets is given the time that recovery takes, and a clean one nothing.
"""

from collections import OrderedDict

from media.capture.sources import FRAME_SECONDS

WINDOW = 400
"""Frames (8 s) that are looked back upon."""
HALF_LIFE = 60
"""Frames after which a frame counts half: a bad stretch is soon forgotten."""
PENDING = 8
"""The newest frames, which may still come."""
EVERY = 10
"""Frames between two reckonings."""
LONGEST = 0.16
"""Seconds; nobody converses well beyond it, whatever it would save."""
FIRST = 0.03
"""Seconds, before anything is known."""
SPARE = 0.005
"""Seconds for what keeps this program itself from being in time."""
A_FRAME_LOST = 4.0
"""What losing all frames costs, in seconds of delay: one in 200 is worth 20 ms."""
_WEIGHTS = [0.5 ** (age / HALF_LIFE) for age in range(WINDOW + 1)]


class DelayModel:
    """`lateness` is seconds behind the fastest packet of the window."""

    def __init__(self) -> None:
        self.target = FIRST
        """Seconds that a frame should be able to come late."""
        self._came: OrderedDict[int, float] = OrderedDict()
        """Transit time of the first copy of each position; it holds an arbitrary constant."""
        self._fastest = 0.0
        self._newest = 0
        self._since = 0

    def forget(self) -> None:
        """Positions begin anew; what the line is like is remembered."""
        self._came.clear()
        self._since = 0

    def came(self, position: int, now: float) -> None:
        """A copy of this frame is there."""
        if position in self._came:
            return
        transit = now - position * FRAME_SECONDS
        if not self._came:
            self._fastest, self._newest = transit, position
        self._came[position] = transit
        self._fastest = min(self._fastest, transit)
        if position > self._newest:
            self._newest = position
            self._since += 1
            if self._since >= EVERY:
                self._since = 0
                self._reckon()

    def lateness(self, position: int, now: float) -> float:
        """How late a copy of this frame would be that came now."""
        return now - position * FRAME_SECONDS - self._fastest

    def _reckon(self) -> None:
        first = max(self._newest - WINDOW, min(self._came))
        for position in [each for each in self._came if each < first]:
            del self._came[position]
        last = self._newest - PENDING
        self._fastest = min(self._came.values())
        found = [
            (transit - self._fastest, _WEIGHTS[last - position])
            for position, transit in self._came.items()
            if position <= last
        ]
        if last - first < EVERY or not found:
            return
        missing = whole = sum(_WEIGHTS[: last - first + 1])
        best, wanted = float("inf"), LONGEST
        for late, weight in sorted(found):
            if late > LONGEST:
                break
            missing -= weight
            cost = late + A_FRAME_LOST * missing / whole
            if cost < best:
                best, wanted = cost, late
        self.target = min(LONGEST, wanted + SPARE)
