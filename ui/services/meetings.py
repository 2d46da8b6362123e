"""What is planned for a meeting and happens in its room, besides the live meeting itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from desktop_app.domain.ids import MeetingId, UnitPath

if TYPE_CHECKING:
    from datetime import datetime

    from desktop_app.domain.faults import Fault
    from sync.documents.live import Colleague
    from sync.meetings.planning import Clash


@dataclass(frozen=True, slots=True)
class UnitChoice:
    """A unit that can be invited."""

    unit_path: UnitPath
    name: str
    level: int
    initials: str = ""


@dataclass(frozen=True, slots=True)
class AgendaDraft:
    """One line of the agenda in the schedule dialog."""

    title: str
    item_type: str = "SPEECH"
    minutes: int = 10
    limit_seconds: int = 480
    item: str = ""
    """Key of the record it changes; empty for a new one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A meeting as the schedule dialog shows and hands it over. Times are aware."""

    title: str
    kind: str
    start: datetime
    end: datetime
    invited: Sequence[UnitPath] = ()
    agenda: Sequence[AgendaDraft] = ()


class MeetingDesk(Protocol):
    """Schedules meetings in the records (through the runner)."""

    def schedule(self, plan: Plan) -> MeetingId:
        """Raises OperatorError, and then nothing is written."""
        ...

    def plan(self, meeting: MeetingId) -> Plan:
        """What is planned, for changing or copying it. Raises OperatorError `meeting-missing`."""
        ...

    def change(self, meeting: MeetingId, plan: Plan) -> MeetingId:
        """Raises OperatorError, also where it is another's (`meeting-not-own`) or has begun (`meeting-begun`)."""
        ...

    def cancel(self, meeting: MeetingId, reason: str) -> None:
        """Call it off; raises OperatorError as `change`."""
        ...

    def clashes(self, units: Sequence[UnitPath], start: datetime, end: datetime, but: str) -> Sequence[Clash]:
        """Other meetings that need one of these rooms at this time."""
        ...

    def invitations(self, path: Path) -> Sequence[UnitPath]:
        """The units that a sheet names; raises OperatorError, with `rows` where rows are wrong."""
        ...

    def units(self) -> Sequence[UnitChoice]:
        """Every unit that may be invited, in administrative order."""
        ...


class LiveMinutes(Protocol):
    """Minutes that others have open too. Thread-safe, never blocks; works without a network by doing nothing."""

    def listen(self, on_people: Callable[[str, tuple[Colleague, ...]], None]) -> None:
        """Hear who else has a document open, on another thread."""
        ...

    def open(self, document: str) -> None:
        """Turn to a document; empty: to none."""
        ...

    def here(self, block: str, at: int) -> None:
        """Where the cursor is (UTF-16)."""
        ...


@dataclass(frozen=True, slots=True)
class DoorView:
    """扫码签到, open: what the QR code says now, and the seconds until it is another one."""

    url: str
    seconds: int


class SignInDoor(Protocol):
    """A page on the room's own network, on which members sign in by phone. Without the center too."""

    def open(self, meeting: MeetingId, title: str, place: str) -> DoorView:
        """Through the runner; raises OperatorError `door-no-network` or HostFault `door-port-busy`."""
        ...

    def view(self) -> DoorView | None:
        """None while it is closed. Thread-safe, never blocks."""
        ...

    def close(self) -> None:
        """Through the runner; idempotent."""
        ...


class CardReader(Protocol):
    """The room's camera, as long as members hold their cards before it."""

    def start(self, read: Callable[[str], object], failed: Callable[[Fault], object]) -> None:
        """Both are called on a thread of its own; a card that stays before the camera is read once."""
        ...

    def stop(self) -> None:
        """Let go of the camera; idempotent."""
        ...
