"""Time is passed in. Wall time is aware UTC; elapsed time is monotonic seconds."""

import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The one time of every office of the four levels, whatever zone its machine believes it is in; no daylight saving."""


class Clock(Protocol):
    """Where a part reads the time, so that a test can own it."""

    def now(self) -> datetime:
        """Wall time, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that only ever grow."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


def stamp(moment: datetime) -> str:
    """A moment as every record stores it: RFC 3339, UTC, milliseconds, `2026-11-20T07:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """The inverse of `stamp`; raises ValueError for anything else."""
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError("a stored time names its zone")
    return parsed.astimezone(UTC)


def unix_ms(moment_: datetime) -> int:
    """Milliseconds since 1970, as in UUIDv7 and the hybrid logical clock."""
    return round(moment_.timestamp() * 1000)
