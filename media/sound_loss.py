"""How much of the sound that was due did not come as it was sent, over the last few seconds."""

from collections import deque
from collections.abc import Callable

from media.peers.seams import MediaStats

WINDOW = 5
"""Readings: with one a second, so many seconds."""


class SoundLoss:
    """Read about once a second. Counters of a connection made anew begin at 0: then nothing is known for a moment."""

    def __init__(self, stats: Callable[[], MediaStats]) -> None:
        self._stats = stats
        self._readings: deque[tuple[int, int, int]] = deque(maxlen=WINDOW + 1)

    def permille(self) -> int:
        """0 to 1000, of all sites together; 0 where nobody was due to be heard."""
        sites = self._stats().sites.values()
        due = sum(site.audio_due for site in sites)
        concealed = sum(site.audio_concealed for site in sites)
        missed = concealed + sum(site.audio_fec for site in sites)
        if self._readings and due < self._readings[-1][0]:
            self._readings.clear()
        self._readings.append((due, missed, concealed))
        return self._share(1)

    def concealed_permille(self) -> int:
        """Of that, what no copy brought back and was made up; as of the last reading."""
        return self._share(2)

    def _share(self, which: int) -> int:
        if not self._readings or (due := self._readings[-1][0] - self._readings[0][0]) <= 0:
            return 0
        return max(0, min(1000, round(1000 * (self._readings[-1][which] - self._readings[0][which]) / due)))
