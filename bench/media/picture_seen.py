"""What became of a picture on its way, judged alike for both programs."""

import itertools
from dataclasses import dataclass
from statistics import fmean, median


@dataclass(frozen=True, slots=True)
class Seen:
    """`first` is the time from the wish to look to the first picture; `pictures` are (when seen, how late) in seconds,
    from `begun` on for `seconds`."""

    first: float
    begun: float
    seconds: float
    pictures: list[tuple[float, float]]

    @property
    def fps(self) -> float:
        return len(self.pictures) / self.seconds

    @property
    def delay(self) -> float:
        """The median, in ms."""
        late = [each for _, each in self.pictures if each >= 0]
        return median(late) * 1000 if late else float("inf")

    @property
    def freezes(self) -> int:
        """Gaps over three times the mean one, or 150 ms more than that, as WebRTC's statistics count them."""
        times = [self.begun, *(at for at, _ in self.pictures), self.begun + self.seconds]
        gaps = [after - before for before, after in itertools.pairwise(times)]
        usual = fmean(gaps)
        return sum(gap > max(3 * usual, usual + 0.15) for gap in gaps)
