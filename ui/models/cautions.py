"""What a person is warned of while the work goes on: a disk that fills, a clock that is off, a store that was rebuilt,
a unit that came under another one.

Pure: no Qt. Each caution is a fault whose sentence says what happened, what is safe and what to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from desktop_app.domain.faults import Fault
from ui.i18n.dates import length_text


class CautionKind(StrEnum):
    """In the order in which they matter."""

    DISK = "disk"
    REBUILT = "rebuilt"
    MOVED = "moved"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Caution:
    """One warning."""

    kind: CautionKind
    fault: Fault


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A damaged store was made anew at this start: what was saved out of it, and where the damaged file is kept."""

    saved: int
    aside: str


class Watched(Protocol):
    """What the cautions are read from: `SyncView` has it."""

    @property
    def clock_off_seconds(self) -> int: ...
    @property
    def clock_jumped_seconds(self) -> int: ...
    @property
    def disk_low_mib(self) -> int | None: ...


def cautions(watched: Watched, rebuilt: Rebuilt | None = None, moved_to: str = "") -> tuple[Caution, ...]:
    """All that there is to warn of now, the gravest first. `moved_to` names the unit that is above this one now."""
    found = []
    if watched.disk_low_mib is not None:
        found.append(Caution(CautionKind.DISK, Fault("disk-low", free_mb=watched.disk_low_mib)))
    if rebuilt is not None:
        found.append(Caution(CautionKind.REBUILT, Fault("store-rebuilt", saved=rebuilt.saved, file=rebuilt.aside)))
    if moved_to:
        found.append(Caution(CautionKind.MOVED, Fault("unit-moved", unit=moved_to)))
    if watched.clock_off_seconds:
        ahead = watched.clock_off_seconds > 0
        span = length_text(abs(watched.clock_off_seconds))
        found.append(Caution(CautionKind.CLOCK, Fault("clock-ahead" if ahead else "clock-behind", span=span)))
    elif watched.clock_jumped_seconds:
        fault = Fault("clock-jumped", seconds=abs(watched.clock_jumped_seconds))
        found.append(Caution(CautionKind.CLOCK, fault))
    return tuple(found)
