"""When each picture of a stream is to be shown: at once on a line that keeps time, evenly on one that does not.

Where packets are lost, the pictures behind a lost one wait until it was sent again, and then come in one heap; whoever
shows them as they come shows only the last. So once pictures came in a heap, all are shown as much later as the latest
of them was, each at its own time; the line has to keep time for some seconds before that goes back, little by little.
Pure: times are passed in.
"""

from media.rtp.packet import Unwrapper

CLOCK = 90_000
MOST = 0.3
"""Seconds that a picture may be held at most: it belongs to a voice, which waits no longer."""
HEAP = 0.5
"""Pictures that come within less than this share of their own distance come in a heap."""
WINDOW = 5.0
"""Seconds; the lateness of the last one to two of these is what is reckoned with, and their least delay is no delay."""
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
        self._late = (0.0, 0.0)
        """The least delay, and the most lateness in a heap: of this window and of the one before."""
        self._window_at = 0.0

    def due(self, timestamp: int, now: float) -> float:
        """When to show a picture that is whole now, in monotonic seconds."""
        time = self._unwrap(timestamp) / CLOCK
        delay = now - time
        last = self._last
        if last is None or abs(delay - min(self._base)) > JUMP:
            self._base, self._late, self._window_at = (delay, delay), (0.0, 0.0), now
            self._last, self.delay = (time, now, 0.0), 0.0
            return now
        if now - self._window_at > WINDOW:
            self._window_at = now
            self._base, self._late = (delay, self._base[0]), (0.0, self._late[0])
        self._base = (min(delay, self._base[0]), self._base[1])
        late = delay - min(self._base)
        before, came, was_late = last
        if now - came < HEAP * (time - before):
            self._late = (max(self._late[0], min(was_late, MOST)), self._late[1])
        self._last = (time, now, late)
        wanted = max(self._late)
        self.delay = max(wanted, self.delay - EASE * max(0.0, time - before))
        return now + self.delay - late
