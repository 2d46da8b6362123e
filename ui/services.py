"""What the view models are given: one object, filled by the composition root, and the Protocols it satisfies.

Nothing here imports the records or the media at run time: the window paints before they are loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from desktop_app.domain.ids import MeetingId, PersonId, UnitPath

if TYPE_CHECKING:
    from datetime import datetime

    from desktop_app.domain.clock import Clock
    from desktop_app.domain.faults import Fault
    from desktop_app.domain.principal import Role
    from media.frames import FrameSource
    from media.live import LiveListener, LiveMeeting
    from sync.blobs.listing import AttachedFile
    from sync.documents.live import Colleague
    from sync.meetings.material import Material
    from sync.meetings.planning import Clash
    from sync.meetings.readiness import SiteReadiness
    from sync.terminal.audit import AuditLine, LastVisit
    from sync.terminal.counter import EnrolledDevice, GivenCode, HeldChange
    from sync.terminal.records import Records
    from ui.runner import Runner


class DeviceKind(StrEnum):
    """What home tells about this machine."""

    NETWORK = "network"
    MICROPHONE = "microphone"
    SPEAKER = "speaker"
    CAMERA = "camera"
    STORAGE = "storage"
    CLOCK = "clock"


class DeviceState(StrEnum):
    """正常 / 建议处理 / 不能用."""

    OK = "ok"
    ADVICE = "advice"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """One line of the self-test.

    `detail` is what was found, in words that are the same in every language (a device's name, `61 GB`); `fault` is the
    id of the sentence that says what to do, empty where all is well, and `values` are its places.
    """

    kind: DeviceKind
    state: DeviceState
    detail: str = ""
    fault: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """One line of a list of devices. `setting` is `auto`, `none`, or what opens the device; `name` is for people."""

    setting: str
    name: str
    is_here: bool = True


class Trial(Protocol):
    """Camera and microphone, open for a person who tries them."""

    @property
    def preview(self) -> FrameSource: ...

    def close(self) -> None: ...


class DeviceDesk(Protocol):
    """Camera, microphone and loudspeaker of this room. A running meeting follows what is chosen here."""

    def listen(self, changed: Callable[[], object]) -> Callable[[], None]:
        """`changed` is called, on another thread, when a device comes or goes; what is returned ends that."""
        ...

    def choices(self, kind: DeviceKind) -> Sequence[DeviceChoice]:
        """What may be chosen: the system's own choice, what is there, none; and the chosen one where it is away."""
        ...

    def chosen(self, kind: DeviceKind) -> str:
        """The setting."""
        ...

    def stands_in(self, kind: DeviceKind) -> str:
        """The name of what is used while the chosen device is away; else empty."""
        ...

    def choose(self, kind: DeviceKind, choice: DeviceChoice) -> None:
        """Slow: through the runner."""
        ...

    @property
    def level(self) -> float:
        """Loudness of the microphone that is open now, in a meeting or for a trial; 0 to 1."""
        ...

    def try_out(self, on_fault: Callable[[Fault], object]) -> Trial:
        """Open them; `on_fault` is called on another thread. Slow: through the runner."""
        ...

    def play_tone(self) -> None:
        """A tone, once; returns when it was played. Raises HostFault. Slow: through the runner."""
        ...


Told = Callable[[DeviceReport], object]


class DeviceProbe(Protocol):
    """Looks at the real devices. Slow: only ever called through the runner."""

    def probe(self) -> Sequence[DeviceReport]:
        """A quiet look, as often as one likes."""
        ...

    def test(self, told: Told) -> Sequence[DeviceReport]:
        """设备自检: try everything, also by ear, 20 s at the most; the result becomes a record.

        `told` hears of each device when it is done, on the worker thread.
        """
        ...


class SyncControl(Protocol):
    """What the screens may ask of the sync loop. Thread-safe, never blocks."""

    def poke(self) -> None:
        """Try now: there is something to send, or a person wants it."""
        ...


@dataclass(frozen=True, slots=True)
class Operator:
    """A person who may use this terminal."""

    person: PersonId
    name: str
    roles: frozenset[str]
    has_pin: bool


class OperatorDesk(Protocol):
    """The people of this terminal and their PINs; works without a network. Slow (Argon2id): through the runner."""

    def operators(self) -> Sequence[Operator]: ...

    def set_pin(self, person: PersonId, pin: str) -> None:
        """Raises OperatorError (`pin-too-short`, `pin-too-simple`)."""
        ...

    def unlock(self, person: PersonId, pin: str) -> LastVisit | None:
        """When this person was here last. Raises OperatorError: `pin-wrong` (left), `pin-locked` (seconds)."""
        ...


@dataclass(frozen=True, slots=True)
class Account:
    """A person of the own unit, or of one below it."""

    person: PersonId
    name: str
    unit_path: UnitPath
    roles: frozenset[str]
    active: bool
    has_pin: bool
    """At this terminal."""
    last_at: datetime | None = None
    failed: int = 0
    """Wrong PINs since then."""


class PeopleDesk(Protocol):
    """Accounts, for the role `security` alone (OperatorError `role-not-allowed`); works offline. Through the runner."""

    def accounts(self) -> Sequence[Account]: ...

    def add(self, unit_path: UnitPath, name: str, roles: frozenset[Role]) -> PersonId: ...

    def set_roles(self, person: PersonId, roles: frozenset[Role]) -> None: ...

    def set_active(self, person: PersonId, active: bool) -> None: ...

    def reset_pin(self, person: PersonId) -> None: ...


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


class AuditDesk(Protocol):
    """Who did what. Reading needs the role `audit` (OperatorError `role-missing`); through the runner."""

    def lines(
        self,
        *,
        before: int | None = None,
        person: str = "",
        security: bool | None = None,
        since: datetime | None = None,
    ) -> Sequence[AuditLine]:
        """The trail, newest first, from below a position on; security events alone, or all but these; since a time."""
        ...

    def export(self, path: Path, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Path:
        """Write lines as a table; that this was done is a line too."""
        ...

    def left(self) -> None:
        """Whoever sat here has locked the seat."""
        ...


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

    def schedule(
        self,
        *,
        title: str,
        kind: str,
        start: datetime,
        end: datetime,
        invited: Sequence[UnitPath],
        agenda: Sequence[AgendaDraft],
    ) -> MeetingId:
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


class SettingsStore(Protocol):
    """This terminal's own settings, kept in its TOML file. Keys are those of `desktop_app.settings`."""

    def get(self, key: str) -> Any: ...

    def set(self, key: str, value: Any) -> None: ...


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One check of the doctor: `id` names it in the catalogue (`doctor.<id>`), `fault` says what to do."""

    id: str
    state: DeviceState
    detail: str = ""
    fault: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


class Doctor(Protocol):
    """The same checks as `silian doctor`, for the diagnostics page. Slow: through the runner."""

    def check(self, only: Container[str] | None = None) -> Sequence[CheckLine]:
        """All of them, or those of these ids alone."""
        ...


class Exports(Protocol):
    """Writes documents; through the runner. Each returns the path it wrote."""

    def minutes(self, minutes_id: str, path: Path) -> Path: ...

    def sign_in_list(self, meeting: MeetingId, path: Path) -> Path: ...

    def readiness(self, title: str, sites: Sequence[SiteReadiness], path: Path) -> Path: ...

    def report(self, meeting: MeetingId, path: Path) -> Path:
        """What a meeting came to, as .xlsx or .docx by the path's ending."""
        ...

    def calendar(self, meeting: MeetingId, path: Path) -> Path:
        """The meeting as a calendar file, .ics."""
        ...

    def receipt(self, content: bytes, path: Path) -> Path: ...

    def ledger(self, path: Path, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Path:
        """A register as a table."""
        ...


class Packed(Protocol):
    """What a sync package holds."""

    @property
    def path(self) -> Path: ...
    @property
    def changes(self) -> int: ...
    @property
    def attachments(self) -> int: ...


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file that the center did not take, and the id of the reason."""

    sha256: str
    file_name: str
    meeting: str
    reason: str


class AttachmentDesk(Protocol):
    """Files that belong to records; through the runner for what may take long (`Services.aside`)."""

    def listed(self, owner_kind: str, owner_id: str) -> Sequence[AttachedFile]: ...

    def attach(self, path: Path, owner_kind: str, owner_id: str, meeting: str) -> str:
        """Raises OperatorError `attachment-...` or HostFault, and then nothing is attached."""
        ...

    def fetch(self, attachment: str) -> None:
        """Bring the content here; raises PeerFault, LinkFault or HostFault."""
        ...

    def open_copy(self, attachment: str) -> Path:
        """A plain copy for the system's program, gone when the seat is left. Raises HostFault `blob-missing`."""
        ...

    def save_as(self, attachment: str, target: Path) -> Path: ...

    def remove(self, attachment: str, meeting: str) -> None: ...

    def forget_copies(self) -> None: ...

    def held(self) -> Sequence[HeldFile]:
        """What the center did not take."""
        ...


class CenterCounter(Protocol):
    """What is asked of the center besides the lanes. Needs the network; through the runner. Raises Fault."""

    def devices(self) -> Sequence[EnrolledDevice]: ...

    def revoke(self, device: str) -> None: ...

    def codes(self) -> Sequence[GivenCode]: ...

    def issue(self, unit_path: str, roles: list[str]) -> tuple[str, datetime]: ...

    def open_door(self, meeting: str, role: str, unit_path: str, minutes: int) -> tuple[str, str, datetime]: ...

    def withdraw(self, locator: str) -> None: ...

    def quarantine(self) -> Sequence[HeldChange]: ...

    def judge_again(self, change_id: str) -> tuple[str, str]: ...


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


class UsbDesk(Protocol):
    """Carries what waits to the center without a network; through the runner."""

    def pack(self, path: Path) -> Packed:
        """Write a sync package; raises OperatorError `usb-...` or HostFault."""
        ...

    def take_receipts(self, path: Path) -> int:
        """Import the center's receipt file; how many changes it delivered."""
        ...


class MaterialDesk(Protocol):
    """Files that were placed at the sites of a meeting. Thread-safe; what reads or writes goes through the runner."""

    def listed(self, meeting: MeetingId) -> Sequence[Material]:
        """The files of a meeting in the order in which they were placed."""
        ...

    def place(self, meeting: MeetingId, path: Path) -> str:
        """Take a file in for a meeting; raises OperatorError `attachment-...` or HostFault, and then nothing is."""
        ...

    def take_back(self, meeting: MeetingId, attachment: str) -> None: ...

    def content(self, sha256: str) -> bytes:
        """Raises HostFault `blob-missing` until it was fetched, OperatorError `slides-too-large`."""
        ...

    def follow(self, meeting: MeetingId, shown: str = "") -> None:
        """This room sits in a meeting (empty: in none) whose screens show this file. Never blocks."""
        ...

    def listen(self, heard: Callable[[], None]) -> Callable[[], None]:
        """Hear, on another thread, that a file came; returns what ends it."""
        ...


@dataclass
class Services:
    """Everything below the screens, once the terminal is enrolled and unlocked or about to be."""

    clock: Clock
    runner: Runner
    records: Records
    unit_path: UnitPath
    unit_name: str
    sync: SyncControl
    operators: OperatorDesk
    meetings: MeetingDesk
    devices: DeviceProbe
    doctor: Doctor
    settings: SettingsStore
    exports: Exports
    open_live: Callable[[MeetingId, LiveListener], LiveMeeting]
    folder: Path
    center_url: str = ""
    device: str = ""
    version: str = ""
    audit: AuditDesk | None = None
    live: LiveMinutes | None = None
    usb: UsbDesk | None = None
    door: SignInDoor | None = None
    cards: CardReader | None = None
    attachments: AttachmentDesk | None = None
    counter: CenterCounter | None = None
    people: PeopleDesk | None = None
    errands: Runner | None = None
    """A second worker, for files and for requests to the center: nothing that is typed waits behind them."""

    @property
    def aside(self) -> Runner:
        """Where what may take long is run."""
        return self.errands if self.errands is not None else self.runner

    material: MaterialDesk | None = None
    room_devices: DeviceDesk | None = None


@dataclass(frozen=True, slots=True)
class EnrolRequest:
    """What the enrolment screen collects."""

    url: str
    code: str
    person_name: str
    pin: str


Enrol = Callable[[EnrolRequest], object]
"""Enrols this terminal (slow, through the runner); raises OperatorError or PeerFault with a stable id."""
