"""What meeting control needs of others, as Protocols: where its log is kept, and what was scheduled.

`desktop_app` plugs in the center's records. Both are called in a worker thread and may block on the disk.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from desktop_app.domain.ids import MeetingId, UnitPath
from desktop_app.domain.meetings import MeetingMode
from desktop_app.domain.principal import Actor
from media.engine.room import RecordingOrder
from media.meeting.commands import Schedule
from media.meeting.events import StoredEvent
from media.meeting.health import Healths
from media.meeting.model import AgendaPoint


class EventStore(Protocol):
    """The meetings' logs."""

    def append(self, meeting: MeetingId, first_seq: int, events: Sequence[StoredEvent], actor: Actor) -> None:
        """Add these, numbered from `first_seq` on; all of them are on the disk when it returns.

        Raises HostFault where the disk cannot, and then none of them is kept.
        """
        ...

    def load(self, meeting: MeetingId, since: int = 0) -> list[StoredEvent]:
        """Everything after `since`, in order."""
        ...


@dataclass(frozen=True, slots=True)
class MeetingPlan:
    """A scheduled meeting as the records hold it; `names` are what its units are called."""

    meeting_id: MeetingId
    title: str
    mode: MeetingMode
    host: UnitPath
    invited: tuple[UnitPath, ...]
    agenda: tuple[AgendaPoint, ...]
    names: Mapping[UnitPath, str] = field(default_factory=dict)
    planned_end: datetime | None = None

    @property
    def schedule(self) -> Schedule:
        return Schedule(self.meeting_id, self.title, self.mode, self.host, self.invited, self.agenda, self.planned_end)


class Tapes(Protocol):
    """Where a center keeps what is recorded. On the center's loop; must return at once."""

    def order(self, meeting: MeetingId, since: datetime, sites: frozenset[UnitPath]) -> RecordingOrder:
        """What the engine is to do; the same folder for the same meeting and time, also after a restart."""
        ...

    def over(self, meeting: MeetingId, since: datetime) -> None:
        """This recording has ended and its files are whole."""
        ...


class LineBook(Protocol):
    """Where a center keeps how the sites' lines were. Must return at once."""

    def note(self, meeting: MeetingId, healths: Healths) -> None:
        """How the sites that are in are now; said every two seconds while the meeting is open."""
        ...


class MeetingDirectory(Protocol):
    """The scheduled meetings."""

    def find(self, meeting: MeetingId) -> MeetingPlan | None:
        """The plan of one meeting; None where there is none, or it was cancelled."""
        ...

    def open_meetings(self) -> list[MeetingId]:
        """The meetings that were running when the center was last up."""
        ...
