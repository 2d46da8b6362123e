"""The timer of a turn at speaking, counted from the grant in the center's time, so that every room sees the same."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from media.meeting.model import FloorRequest

WARN_LONG_S = 180
WARN_SHORT_S = 30


class TurnStage(StrEnum):
    """Quiet, then warned at 3 minutes and at 30 seconds before the end, then over."""

    NORMAL = "normal"
    WARN_LONG = "warn-long"
    WARN_SHORT = "warn-short"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class TurnClock:
    """Whole seconds of one turn. `limit` is 0 where none was set, and then it never warns."""

    spoken: int
    limit: int

    @classmethod
    def of(cls, turn: FloorRequest, now: datetime) -> "TurnClock":
        """`now` is the center's time, as the grant is."""
        return cls(turn.spoken_seconds(now), turn.limit_seconds)

    @property
    def left(self) -> int:
        return max(0, self.limit - self.spoken)

    @property
    def over(self) -> int:
        return max(0, self.spoken - self.limit) if self.limit else 0

    @property
    def share(self) -> float:
        """How much of the time is used, 0 to 1."""
        return min(1.0, self.spoken / self.limit) if self.limit else 0.0

    @property
    def stage(self) -> TurnStage:
        if not self.limit or self.spoken < self.limit - WARN_LONG_S:
            return TurnStage.NORMAL
        if self.spoken > self.limit:
            return TurnStage.OVER
        if self.left <= WARN_SHORT_S:
            return TurnStage.WARN_SHORT
        # A short turn (3 minutes or less in all) starts quiet; only its last 30 seconds warn.
        return TurnStage.WARN_LONG if self.limit > WARN_LONG_S else TurnStage.NORMAL
