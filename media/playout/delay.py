"""How long to wait for packets: the delay that costs least, reckoned from how late the voice of the last seconds came.

A frame has come when its first usable copy has: the packet itself, the copy in a later one, or a retransmission. So a
line that loses packets is given the time that recovery takes, and a clean one nothing. Jitter passes and is soon
forgotten; losses come back, so what was rescued is remembered longer.
"""

from collections import Counter, OrderedDict, deque

from media.capture.sources import FRAME_SECONDS

WINDOW, HALF_LIFE = 400, 50
"""Frames that are looked back upon, and after which one counts half."""
RESCUED_WINDOW, RESCUED_HALF_LIFE = 1500, 400
"""The same for frames that were rescued."""
PENDING = 8
"""The newest frames, which may still come."""
EVERY = 10
"""Frames between two reckonings."""
LONGEST = 0.2
"""Seconds; nobody converses well beyond it, whatever it would save."""
LEAST = 0.04
"""Seconds, whatever the line is like, and before anything is known: a machine with much to do is 20 ms late now and
then, and each frame for which it is too late is heard twice, when the delay grows and when it comes back down."""
SPARE = 0.005
"""Seconds beyond what is known."""
A_FRAME_LOST = 3.0
"""What losing all frames costs, in seconds of delay: one in 150 is worth 20 ms."""
IN_A_ROW = 10.0
"""How much more it costs to lose several in a row, which cannot be concealed."""
RISE = 0.004
"""What a longer delay must save, in seconds of cost, before the voice is stretched for it."""
FALL = 0.016
"""What a shorter one would have saved by then, in seconds of cost times seconds, before it is taken: where two delays
cost nearly the same, going to and fro is worse than either."""
_WEIGHTS = [0.5 ** (age / HALF_LIFE) for age in range(WINDOW + 1)]
_RESCUED_WEIGHTS = [0.5 ** (age / RESCUED_HALF_LIFE) for age in range(RESCUED_WINDOW + 1)]


class DelayModel:
    """`lateness` is seconds behind the fastest packet of the window."""

    def __init__(self) -> None:
        self.target = LEAST
        """Seconds that a frame should be able to come late."""
        self._came: OrderedDict[int, tuple[float, bool]] = OrderedDict()
        """The transit time of each position's first copy (with an arbitrary constant), and whether it was rescued."""
        self._rescued: deque[tuple[int, float]] = deque(maxlen=RESCUED_WINDOW)
        """When, counted in frames, and how late."""
        self._count = 0
        self._fastest = 0.0
        self._newest = 0
        self._since = 0
        self._saved = 0.0

    def forget(self) -> None:
        """Positions begin anew; what the line is like is remembered."""
        self._came.clear()
        self._since = 0

    def came(self, position: int, now: float, *, rescued: bool) -> None:
        """A copy of this frame is there; `rescued` where it is not simply the packet in its turn."""
        if position in self._came:
            return
        transit = now - position * FRAME_SECONDS
        if not self._came:
            self._fastest, self._newest = transit, position
        self._came[position] = (transit, rescued)
        self._fastest = min(self._fastest, transit)
        if rescued:
            self._rescued.append((self._count, transit - self._fastest))
        if position > self._newest:
            self._count += position - self._newest
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
        if last - first < EVERY:
            return
        self._fastest = min(transit for transit, _ in self._came.values())
        whole = sum(_WEIGHTS[: last - first + 1])
        shares = [
            (transit - self._fastest, _WEIGHTS[last - position] / whole)
            for position, (transit, rescued) in self._came.items()
            if position <= last and not rescued
        ]
        whole = sum(_RESCUED_WEIGHTS[: self._count + 1])
        together = Counter(at for at, _ in self._rescued)
        shares += [
            (late, _RESCUED_WEIGHTS[self._count - at] / whole * (IN_A_ROW if together[at] > 2 else 1.0))
            for at, late in self._rescued
            if self._count - at <= RESCUED_WINDOW
        ]
        current = self.target - SPARE
        here = current + A_FRAME_LOST * sum(share for late, share in shares if late > current)
        best, wanted, missing = float("inf"), LONGEST, sum(share for _, share in shares)
        for late, share in sorted(shares):
            if late > LONGEST:
                break
            missing -= share
            cost = late + A_FRAME_LOST * missing
            if cost < best:
                best, wanted = cost, late
        self._aim(min(LONGEST, max(LEAST, wanted + SPARE)), here - best)

    def _aim(self, target: float, saves: float) -> None:
        """Up at once, down when it is worth the change; `saves` is what it costs less than the delay that is."""
        self._saved = self._saved + saves * EVERY * FRAME_SECONDS if target < self.target else 0.0
        if self._saved > FALL or (target > self.target and saves > RISE):
            self._saved = 0.0
            self.target = target
