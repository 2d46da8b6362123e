"""The state of one meeting, as everyone who has applied the same events holds it.

Plain frozen data: no clock, no I/O, no identity but ids. Times are aware UTC. Only `apply` makes a new state.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from desktop_app.domain.ids import DeviceId, MeetingId, UnitPath
from desktop_app.domain.meetings import MeetingMode
from media.meeting.inquiry import Inquiry
from media.meeting.roll_call import RollCall, RollManner, RollPhase
from media.meeting.stage import SCREEN, Budget, Caption, Layout, Message, Polling, Removal, Slide


class MeetingPhase(StrEnum):
    """Where the meeting stands."""

    NONE = "none"
    SCHEDULED = "scheduled"
    OPEN = "open"
    ENDED = "ended"


class FloorStatus(StrEnum):
    """The states of a floor request, as in BFCP (RFC 8855, section 5.2.5), and one of our own."""

    PENDING = "pending"
    """Not in the queue: new, or put on hold (暂缓) by the chair."""
    ACCEPTED = "accepted"
    GRANTED = "granted"
    DENIED = "denied"
    CANCELLED = "cancelled"
    RELEASED = "released"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    """A turn that waits while a question is interposed (插问); it goes on by itself."""


class FloorPurpose(StrEnum):
    """What a request is for."""

    SPEECH = "speech"
    QUESTION = "question"
    """Put before the speeches in the queue, and may be interposed in a turn."""
    ASSIGNED = "assigned"
    """Nobody asked: the chair called on the member (点名发言)."""


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
    mute_reason: str = ""
    view: UnitPath | None = None
    """选看: the site this terminal chose to see; None: whatever the meeting shows."""
    consent: bool | None = None
    """Whether the room agreed to be recorded; None: it has not said."""


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
    purpose: FloorPurpose = FloorPurpose.SPEECH
    sector: str = ""
    """界别, for the caption."""
    note: str = ""
    """What it is about; a question's own words."""
    priority: int = 0
    """The higher goes first; 0 is ordinary."""
    place: int = 0
    """Position in the queue from 1 while it waits there."""
    paused_at: datetime | None = None
    """Its time stands still since then: a question is interposed, or the meeting is paused."""
    paused_seconds: int = 0
    """How long its time stood still so far."""
    interposed: bool = False
    """It was granted in the middle of another turn."""

    def spoken_seconds(self, now: datetime) -> int:
        """Seconds of this turn that count at `now`: interruptions do not."""
        if self.granted_at is None:
            return 0
        until = self.ended_at or self.paused_at or now
        return max(0, round((until - self.granted_at).total_seconds()) - self.paused_seconds)


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
    planned_end: datetime | None = None
    """When it should be over, extensions included."""
    paused_at: datetime | None = None
    """休会: nobody is on air and turns stand still since then."""
    locked: bool = False
    """Only who was in before, or is admitted, comes in."""
    admitted: tuple[UnitPath, ...] = ()
    """Who may pass the lock though it was never in."""
    lobby: Mapping[UnitPath, Site] = field(default_factory=dict)
    """Who knocks at the locked meeting."""
    removed: tuple[Removal, ...] = ()
    sub_chairs: tuple[UnitPath, ...] = ()
    """分会控: cities to which the chair gave the floor of their own counties."""
    broadcast: UnitPath | None = None
    """广播会场: the site that every screen shows large."""
    polling: Polling | None = None
    layout: Layout = Layout.SPEAKER
    caption: Caption | None = None
    messages: tuple[Message, ...] = ()
    """The last ones."""
    budgets: tuple[Budget, ...] = ()
    recording_since: datetime | None = None
    """Set while the meeting is recorded, which every screen shows."""
    roll_calls: tuple[RollCall, ...] = ()
    """Every round in order; the last may still run."""
    slide: Slide | None = None
    """课件: the page that every screen shows."""
    inquiries: tuple[Inquiry, ...] = ()
    """征询: every question in order; the last may still be open."""

    @property
    def shares(self) -> UnitPath | None:
        """The site whose screen everybody sees, if there is one."""
        return self.slide.presenter if self.slide is not None and self.slide.document == SCREEN else None

    @property
    def speaking(self) -> FloorRequest | None:
        """The turn in progress, if there is one."""
        return next((turn for turn in self.floor if turn.status is FloorStatus.GRANTED), None)

    @property
    def suspended(self) -> FloorRequest | None:
        """The turn that goes on after the interposed question, if there is one."""
        return next((turn for turn in self.floor if turn.status is FloorStatus.SUSPENDED), None)

    @property
    def queue(self) -> tuple[FloorRequest, ...]:
        """Who waits, in order."""
        waiting = (turn for turn in self.floor if turn.status is FloorStatus.ACCEPTED)
        return tuple(sorted(waiting, key=lambda turn: turn.place))

    @property
    def held(self) -> tuple[FloorRequest, ...]:
        """Who was put on hold."""
        return tuple(turn for turn in self.floor if turn.status is FloorStatus.PENDING)

    @property
    def roll_call(self) -> RollCall | None:
        """The roll call that runs, if one does."""
        last = self.roll_calls[-1] if self.roll_calls else None
        return last if last is not None and last.is_running else None

    @property
    def inquiry(self) -> Inquiry | None:
        """The question that the sites are asked now, if there is one."""
        last = self.inquiries[-1] if self.inquiries else None
        return last if last is not None and last.is_running else None

    @property
    def called_site(self) -> UnitPath | None:
        """The site a roll call by voice is calling."""
        roll = self.roll_call
        if roll is None or roll.manner is not RollManner.VOICE or roll.phase is not RollPhase.OPEN:
            return None
        return roll.calling

    @property
    def sources(self) -> tuple[UnitPath, ...]:
        """Whose microphones the procedure opens: the called site's, the speaker's, the chair's.

        A lecture has one source: while a question is asked or a site is called, the lecturer's room listens.
        """
        turn = self.speaking
        found = (self.called_site, None if turn is None else turn.unit_path, self.chair)
        wanted = tuple(dict.fromkeys(path for path in found if path is not None))
        return wanted[:1] if self.mode is MeetingMode.LECTURE else wanted

    def on_air(self, unit_path: UnitPath) -> bool:
        """Whether this site's microphone is open to the meeting."""
        site = self.sites.get(unit_path)
        if site is None or not site.online or site.muted or self.phase is not MeetingPhase.OPEN:
            return False
        return self.paused_at is None and unit_path in self.sources

    @property
    def sites_on_air(self) -> frozenset[UnitPath]:
        """Everyone whose microphone is open to the meeting."""
        return frozenset(path for path in self.sources if self.on_air(path))

    def microphone_locked(self, unit_path: UnitPath) -> bool:
        """Whether a lecture's audience sits here: only the floor opens this microphone."""
        return self.mode is MeetingMode.LECTURE and unit_path != self.chair and unit_path not in self.sources

    def removal(self, unit_path: UnitPath) -> Removal | None:
        """Set where the chair removed this site."""
        return next((removal for removal in self.removed if removal.unit_path == unit_path), None)
