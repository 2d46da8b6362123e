"""When a meeting is and was, and how long somebody was there: late, early, and the share of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from desktop_app.domain.clock import moment

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class MeetingHours:
    """A meeting's times, as far as they are known."""

    planned_start: datetime | None = None
    planned_end: datetime | None = None
    actual_start: datetime | None = None
    actual_end: datetime | None = None

    @property
    def begun(self) -> bool:
        return self.actual_start is not None

    @property
    def start(self) -> datetime | None:
        """Whoever is there by then is not late: the plan, or the real beginning where that came later."""
        known = [at for at in (self.planned_start, self.actual_start) if at is not None]
        return max(known, default=None)

    @property
    def length(self) -> timedelta:
        """Of a meeting that is over, from its real beginning; else of the plan; zero where neither is known."""
        began, ended = self.actual_start or self.planned_start, self.actual_end or self.planned_end
        return max(ended - began, timedelta(0)) if began is not None and ended is not None else timedelta(0)


@dataclass(frozen=True, slots=True)
class Stay:
    """One person's time at one meeting."""

    signed_at: datetime
    left_at: datetime | None
    hours: MeetingHours

    @property
    def late_min(self) -> int:
        """Whole minutes after the beginning; 0 for who was in time."""
        start = self.hours.start
        return 0 if start is None else max(0, (self.signed_at - start) // MINUTE)

    @property
    def early_min(self) -> int:
        """Whole minutes before the end that they left; 0 for who stayed, and while the meeting runs."""
        end = self.hours.actual_end
        return 0 if end is None or self.left_at is None else max(0, (end - self.left_at) // MINUTE)

    def lasted(self, now: datetime | None = None) -> timedelta:
        """Time in the meeting itself: not before it began, and to the departure, its end, or `now`."""
        began = self.hours.actual_start or self.hours.planned_start
        ends = [at for at in (self.left_at, self.hours.actual_end, now) if at is not None]
        if not ends:
            return timedelta(0)
        came = self.signed_at if began is None else max(self.signed_at, began)
        return max(min(ends) - came, timedelta(0))

    @property
    def permille(self) -> int:
        """Of the meeting's length, once it is over."""
        length = self.hours.length
        return min(1000, round(1000 * (self.lasted() / length))) if length and self.hours.actual_end else 0


def hours_of(meeting: Mapping[str, Any]) -> MeetingHours:
    """The times of a `meeting` record; what is no time is none."""
    return MeetingHours(*(_time(meeting.get(f"{kind}_{end}")) for kind in ("planned", "actual") for end in _ENDS))


_ENDS = ("start", "end")


def _time(value: Any) -> datetime | None:
    try:
        return moment(str(value)) if value else None
    except ValueError:
        return None
