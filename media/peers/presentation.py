"""When each picture of a stream is to be shown: at once on a line that keeps time, evenly on one that does not.

Where packets are lost, the pictures behind a lost one wait until it was sent again, and then come in one heap; whoever
shows them as they come shows only the last. So once pictures come in heaps, all are shown as much later as the latest
of those were, each at its own time; the line has to keep time for some seconds before that goes back, little by little.
One heap alone is a moment in which some processor was busy, and nothing waits for it. Pure: times are passed in.
"""

from collections import deque

from media.rtp.packet import Unwrapper

CLOCK = 90_000
MOST = 0.3
"""Seconds that a picture may be held at most: it belongs to a voice, which waits no longer."""
HEAP = 0.5
"""Pictures that come within less than this share of their own distance come in a heap."""
WINDOW = 8.0
"""Seconds in which heaps are remembered; the least delay of the last one to two of these is no delay."""
ONE_HEAP = 0.1
"""Seconds within which pictures that come close together are one heap."""
EASE = 0.05
"""Seconds by which the waiting goes back in a second."""
JUMP = 1.0
"""Seconds; times that change by more are another stream's."""


class Presentation:
    """One stream's."""

    def __init__(self) -> None:
        self.delay = 0.0
        """Seconds that a picture waits now which came in time."""
        self._unwrap = Unwrapper(32)
        self._last: tuple[float, float, float] | None = None
        """Time, arrival and lateness of the picture before."""
        self._base = (0.0, 0.0)
        """The least delay of this window and of the one before."""
        self._window_at = 0.0
        self._heaps: deque[tuple[float, float]] = deque(maxlen=256)
        """When one came, and how late its first picture was."""

    def due(self, timestamp: int, now: float) -> float:
        """When to show a picture that is whole now, in monotonic seconds."""
        time = self._unwrap(timestamp) / CLOCK
        delay = now - time
        last = self._last
        if last is None or abs(delay - min(self._base)) > JUMP:
            self._base, self._window_at = (delay, delay), now
            self._last, self.delay = (time, now, 0.0), 0.0
            self._heaps.clear()
            return now
        if now - self._window_at > WINDOW:
            self._window_at = now
            self._base = (delay, self._base[0])
        self._base = (min(delay, self._base[0]), self._base[1])
        late = delay - min(self._base)
        before, came, was_late = last
        if now - came < HEAP * (time - before):
            self._note_heap(min(was_late, MOST), now)
        self._last = (time, now, late)
        self.delay = max(self._wanted(now), self.delay - EASE * max(0.0, time - before))
        return now + self.delay - late

    def _note_heap(self, late: float, now: float) -> None:
        if self._heaps and now - self._heaps[-1][0] < ONE_HEAP:
            late = max(late, self._heaps.pop()[1])
        self._heaps.append((now, late))

    def _wanted(self, now: float) -> float:
        """The most lateness of the last seconds' heaps, but for one."""
        while self._heaps and now - self._heaps[0][0] > WINDOW:
            self._heaps.popleft()
        late = sorted(each for _, each in self._heaps)
        return late[-2] if len(late) > 1 else 0.0
