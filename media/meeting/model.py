"""The state of one meeting, as everyone who has applied the same events holds it.

Plain frozen data: no clock, no I/O, no identity but ids. Times are aware UTC. Only `apply` makes a new state.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from desktop_app.domain.ids import DeviceId, MeetingId, UnitPath
from desktop_app.domain.meetings import MeetingMode


class MeetingPhase(StrEnum):
    """Where the meeting stands."""

    NONE = "none"
    SCHEDULED = "scheduled"
    OPEN = "open"
    ENDED = "ended"


class FloorStatus(StrEnum):
    """The states of a floor request, as in BFCP (RFC 8855, section 5.2.5)."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    GRANTED = "granted"
    DENIED = "denied"
    CANCELLED = "cancelled"
    RELEASED = "released"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Site:
    """会场: a room with a terminal, keyed by its unit's path. Several members sit in it."""

    unit_path: UnitPath
    name: str
    device: DeviceId = DeviceId("")
    online: bool = False
    since: datetime | None = None
    """When it last came or went."""
    muted: bool = False
    """The chair closed its microphone. A local mute is not here: it never leaves the room, and always wins."""


@dataclass(frozen=True, slots=True)
class FloorRequest:
    """A request to speak, made for a member and never for a room."""

    request_id: str
    unit_path: UnitPath
    member_id: str
    member_name: str
    status: FloorStatus
    requested_at: datetime
    granted_at: datetime | None = None
    ended_at: datetime | None = None
    limit_seconds: int = 0
    """The length of the turn once granted, extensions included; 0 where none was set."""
    speech_no: int = 0
    """Counts the granted turns of the meeting from 1; 0 before the grant."""


@dataclass(frozen=True, slots=True)
class AgendaPoint:
    """One item of the agenda as the meeting runs it."""

    item_id: str
    number: int
    item_type: str
    title: str
    limit_seconds: int = 0
    warn_seconds: int = 30
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MeetingState:
    """Everything that `decide` and the screens know of a meeting."""

    meeting_id: MeetingId
    phase: MeetingPhase = MeetingPhase.NONE
    mode: MeetingMode = MeetingMode.CONSULTATION
    title: str = ""
    host: UnitPath = UnitPath("")
    """The unit that convened it: chair at the start, and again whenever the token comes back."""
    chair: UnitPath | None = None
    chair_grace_until: datetime | None = None
    """Set while the chair's site is away."""
    opened_at: datetime | None = None
    ended_at: datetime | None = None
    invited: tuple[UnitPath, ...] = ()
    sites: Mapping[UnitPath, Site] = field(default_factory=dict)
    agenda: tuple[AgendaPoint, ...] = ()
    agenda_at: int = 0
    """Number of the current item; 0 before the first."""
    floor: tuple[FloorRequest, ...] = ()
    """Every request of the meeting in order of arrival; the queue is those accepted."""
    seq: int = 0
    """Sequence number of the last event applied; the log starts at 1."""

    @property
    def speaking(self) -> FloorRequest | None:
        """The turn in progress, if there is one."""
        return next((turn for turn in self.floor if turn.status is FloorStatus.GRANTED), None)

    @property
    def queue(self) -> tuple[FloorRequest, ...]:
        """Who waits, in order."""
        return tuple(turn for turn in self.floor if turn.status is FloorStatus.ACCEPTED)

    def on_air(self, unit_path: UnitPath) -> bool:
        """Whether this site's microphone is open to the meeting: the chair's, and the speaker's.

        A lecture has one source: while a question is asked, the lecturer's room listens.
        """
        site = self.sites.get(unit_path)
        if site is None or not site.online or site.muted or self.phase is not MeetingPhase.OPEN:
            return False
        turn = self.speaking
        if turn is not None and turn.unit_path == unit_path:
            return True
        return unit_path == self.chair and (turn is None or self.mode is not MeetingMode.LECTURE)

    @property
    def sites_on_air(self) -> frozenset[UnitPath]:
        """Everyone whose microphone is open to the meeting."""
        return frozenset(path for path in self.sites if self.on_air(path))

    def microphone_locked(self, unit_path: UnitPath) -> bool:
        """Whether a lecture's audience sits here: only the floor opens this microphone."""
        turn = self.speaking
        return (
            self.mode is MeetingMode.LECTURE
            and unit_path != self.chair
            and (turn is None or turn.unit_path != unit_path)
        )
