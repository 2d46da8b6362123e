"""What a person is warned of before it does harm: a clock that jumps or is far off, and a disk that is nearly full.

No change waits for a clock: each keeps the time of this PC (its `hlc`) and the center's receive stamp, and the earlier
of the two orders it.
"""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

from desktop_app.domain.clock import Clock

FAR_OFF = timedelta(minutes=2)
"""From the center's clock; less is the line's and nobody's business."""
JUMP = timedelta(minutes=1)
"""Between two looks, against the time that has really gone by."""
LOW_DISK = 512 * 1024 * 1024
"""Bytes; a day of minutes and sign-ins takes a few of them, so there is time to make room."""


class ClockWatch:
    """Compares the wall clock with elapsed time and with the center's clock. From one thread at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._looked: tuple[datetime, float] | None = None
        self.off = timedelta(0)
        """How far this PC's clock is ahead of the center's, as last heard."""
        self.jumped = timedelta(0)
        """How far it jumped since this program was started, in all; 0 again once it agrees with the center's."""

    def look(self, center_ahead: timedelta | None = None) -> bool:
        """Look at the clock now; whether what there is to say has changed. `center_ahead` where the center answered."""
        before = self.off_seconds, self.jumped_seconds
        now, elapsed = self._clock.now(), self._clock.monotonic()
        if self._looked is not None:
            jump = (now - self._looked[0]) - timedelta(seconds=elapsed - self._looked[1])
            if abs(jump) >= JUMP:
                self.jumped += jump
        self._looked = (now, elapsed)
        if center_ahead is not None:
            self.off = -center_ahead
            if abs(self.off) < FAR_OFF:
                self.jumped = timedelta(0)
        return before != (self.off_seconds, self.jumped_seconds)

    @property
    def off_seconds(self) -> int:
        """Ahead of the center's clock, or behind it (negative); 0 where it is near enough."""
        return round(self.off.total_seconds()) if abs(self.off) >= FAR_OFF else 0

    @property
    def jumped_seconds(self) -> int:
        """Forward, or back (negative); 0 where it did not jump."""
        return round(self.jumped.total_seconds()) if abs(self.jumped) >= JUMP else 0


def free_bytes(folder: Path) -> int | None:
    """What is left on the disk of a folder; None where the system does not say."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
