"""A terminal's office with real records and made-up devices, in the states that the pictures and tests need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from drawn import HD, FakeRunner, FakeSync, HeldClock
from room_desk import RoomDesk

from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import PersonId, UnitPath
from desktop_app.domain.meetings import MeetingKind
from desktop_app.terminal.attachments import TerminalAttachments
from desktop_app.terminal.people import TerminalPeople
from desktop_app.terminal.services import AuditedExports, TerminalAudit, TerminalMeetings
from sync.blobs.desk import Attachments
from sync.blobs.store import BlobStore
from sync.export.exports import RecordExports
from sync.identity.device import DeviceIdentity, DeviceKey
from sync.identity.keystore import Stretch
from sync.identity.operators import PinBook
from sync.log.write import Write
from sync.meetings.schedule import MeetingDraft, schedule_meeting
from sync.reference.units import unit_name
from sync.replication.client import LinkFault
from sync.terminal.audit import AuditBook
from sync.terminal.records import Records
from ui.models.app_model import AppModel, Look
from ui.services import (
    CheckLine,
    DeviceKind,
    DeviceReport,
    DeviceState,
    Operator,
    Services,
)

MORNING = datetime(2026, 11, 20, 1, 18, 6, tzinfo=UTC)
CLERK = PersonId("01990000-0000-7000-8000-000000000001")
GD, HZ = UnitPath("100000/440000/"), UnitPath("100000/440000/441300/")
BL = UnitPath("100000/440000/441300/441322/")
TITLE = "提升县域医疗服务能力远程协商会"

FINE = (
    DeviceReport(DeviceKind.NETWORK, DeviceState.OK, "8.6 Mbps"),
    DeviceReport(DeviceKind.MICROPHONE, DeviceState.OK, "会议话筒 1（USB）"),
    DeviceReport(DeviceKind.SPEAKER, DeviceState.OK, "HDMI"),
    DeviceReport(DeviceKind.CAMERA, DeviceState.OK, "1280×720"),
    DeviceReport(DeviceKind.STORAGE, DeviceState.OK, "61 GB"),
    DeviceReport(DeviceKind.CLOCK, DeviceState.OK, "0.2 s"),
)
ADVICE = (*FINE[:3], DeviceReport(DeviceKind.CAMERA, DeviceState.ADVICE, "", "camera-missing"), *FINE[4:])
BROKEN = (
    FINE[0],
    DeviceReport(DeviceKind.MICROPHONE, DeviceState.FAILED, "", "microphone-missing"),
    *ADVICE[2:4],
    DeviceReport(DeviceKind.STORAGE, DeviceState.FAILED, "0.4 GB", "disk-nearly-full", {"free": "0.4"}),
    FINE[5],
)


@dataclass
class Devices:
    """What the probe finds."""

    reports: tuple[DeviceReport, ...] = ADVICE

    def probe(self) -> Sequence[DeviceReport]:
        return self.reports

    def test(self, told: Any) -> Sequence[DeviceReport]:
        for report in self.reports:
            told(report)
        return self.reports


@dataclass
class Checks:
    """What the doctor finds."""

    lines: tuple[CheckLine, ...] = (
        CheckLine("display", DeviceState.OK, "1440×900"),
        CheckLine("fonts", DeviceState.OK, "Noto Sans CJK SC"),
        CheckLine("camera", DeviceState.ADVICE, "", "camera-missing"),
        CheckLine("microphone", DeviceState.OK, "会议话筒 1（USB）"),
        CheckLine("speaker", DeviceState.OK, "HDMI"),
        CheckLine("keyring", DeviceState.OK, "SecretService"),
        CheckLine("disk", DeviceState.OK, "61 GB"),
        CheckLine("clock", DeviceState.OK, "0.2 s"),
        CheckLine("center", DeviceState.OK, "https://10.1.2.3:8443"),
    )

    def check(self, only: Any = None) -> Sequence[CheckLine]:
        return self.lines


@dataclass
class People:
    """The operators and their PINs; one try is wrong for every PIN but 135790."""

    known: list[Operator] = field(
        default_factory=lambda: [
            Operator(CLERK, "记录员01", frozenset({"clerk"}), True),
            Operator(PersonId("01990000-0000-7000-8000-000000000002"), "主持人02", frozenset({"host", "clerk"}), False),
        ]
    )
    pins: dict[str, str] = field(default_factory=dict)

    def operators(self) -> Sequence[Operator]:
        return list(self.known)

    def set_pin(self, person: PersonId, pin: str) -> None:
        self.pins[person] = pin

    def unlock(self, person: PersonId, pin: str) -> None:
        if pin != self.pins.get(person, "135790"):
            raise OperatorError("pin-wrong", left=3)


class Stick:
    """A USB stick that carries three changes and a file."""

    def pack(self, path: Path) -> Any:
        return SimpleNamespace(path=path, changes=3, attachments=1)

    def take_receipts(self, path: Path) -> int:
        if path.name == "wrong.silian-receipt":
            raise OperatorError("usb-other-terminal", file=path.name)
        return 3


@dataclass
class Counter:
    """What the center answers; what was asked of it is kept."""

    held: list[Any] = field(default_factory=list)
    machines: list[Any] = field(default_factory=list)
    given: list[Any] = field(default_factory=list)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    verdict: tuple[str, str] = ("applied", "")
    fault: Exception | None = None

    def _ask(self, *asked: str) -> None:
        self.asked.append(asked)
        if self.fault is not None:
            raise self.fault

    def quarantine(self) -> list[Any]:
        self._ask("quarantine")
        return list(self.held)

    def judge_again(self, change_id: str) -> tuple[str, str]:
        self._ask("judge", change_id)
        return self.verdict

    def devices(self) -> list[Any]:
        self._ask("devices")
        return list(self.machines)

    def open_door(self, meeting: str, role: str, unit_path: str, minutes: int) -> tuple[str, str, Any]:
        self._ask("door", meeting, role, unit_path, str(minutes))
        return (
            f"/v1/{'whip' if role == 'studio' else 'whep'}",
            "eyJtIjoi.c2lsaWFu",
            datetime(2026, 1, 17, 10, 30, tzinfo=UTC),
        )

    def revoke(self, device: str) -> None:
        self._ask("revoke", device)

    def codes(self) -> list[Any]:
        self._ask("codes")
        return list(self.given)

    def issue(self, unit_path: str, roles: list[str]) -> tuple[str, datetime]:
        self._ask("issue", unit_path, *roles)
        return "7KMQ-2XRP-9HTD-VB4N", MORNING + timedelta(days=3)

    def withdraw(self, locator: str) -> None:
        self._ask("withdraw", locator)


class Kept:
    """Settings in memory."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {
            "terminal.idle_lock": 15,
            "media.camera": "auto",
            "media.microphone": "auto",
            "media.speaker": "auto",
            "ui.room_theme": "dark",
        }

    def get(self, key: str) -> Any:
        return self.values[key]

    def set(self, key: str, value: Any) -> None:
        self.values[key] = value


class ShownRecords:
    """Real records, with receipts, conflicts and a quarantine as a center would have brought them about."""

    def __init__(self, records: Records, **shown: Any) -> None:
        self._records = records
        self._shown = shown
        self.settled: list[Write] = []

    def __getattr__(self, name: str) -> Any:
        if name in self._shown:
            return lambda *_a, **_k: self._shown[name]
        return getattr(self._records, name)

    def settle(self, write: Write) -> str:
        self.settled.append(write)
        return "c"


class Terminal:
    """One enrolled terminal of 惠东县 with its models; no window."""

    def __init__(
        self,
        folder: Path,
        *,
        look: Look | None = None,
        runner: Any = None,
        unit: UnitPath = HD,
        **shown: Any,
    ) -> None:
        self.clock = HeldClock(MORNING)
        identity = DeviceIdentity.of_center(DeviceKey.generate(), unit_path=unit, ca_pem="", url="")
        self.store = Records.open(folder, identity=identity, clock=self.clock)
        self.store.act_as(CLERK)
        self.records: Any = ShownRecords(self.store, **shown) if shown else self.store
        self.book = AuditBook(self.store, self.clock)
        self.app = AppModel(self.clock, look)
        self.pins = PinBook(folder, identity.key, self.clock, Stretch(1, 64, 1))
        self.blobs = Attachments(self.store, BlobStore(folder, bytes(32)), self.clock)
        self.fetched: list[str] = []
        self.files = TerminalAttachments(self.store, self.blobs, self._fetch, self.book, folder)
        self.devices = Devices()
        self.room_devices = RoomDesk()
        self.people = People()
        self.sync = FakeSync()
        self.kept = Kept()
        nothing: Any = None
        self.services = Services(
            clock=self.clock,
            runner=runner or FakeRunner(),  # type: ignore[arg-type]  # answers at once, on this thread
            records=self.records,
            unit_path=unit,
            unit_name=unit_name(unit),
            sync=self.sync,
            operators=self.people,
            meetings=TerminalMeetings(self.store, unit, self.clock),
            devices=self.devices,
            doctor=Checks(),
            settings=self.kept,
            exports=AuditedExports(RecordExports(self.store, unit, self.clock), self.book),
            open_live=nothing,
            folder=folder,
            center_url="https://10.1.2.3:8443",
            device=identity.device,
            version="0.1.0",
            audit=TerminalAudit(self.store, self.book),
            usb=Stick(),
            people=TerminalPeople(self.store, self.pins, self.book, self.clock),
            attachments=self.files,
            room_devices=self.room_devices,
        )

    def _fetch(self, attachment: str) -> None:
        """As a center that is not there."""
        self.fetched.append(attachment)
        raise LinkFault("link-silent")

    def meeting(self, title: str, kind: MeetingKind, start: timedelta, length: float = 2, **more: Any) -> str:
        """A meeting in the records, from now on."""
        host = more.pop("host", HD)
        begin = self.clock.now() + start
        begin = begin.replace(minute=begin.minute // 15 * 15, second=0)
        draft = MeetingDraft(title, kind, host, begin, begin + timedelta(hours=length), (GD, HZ, HD, BL))
        meeting = schedule_meeting(self.store, draft, self.clock)
        self.clock.move(0.01)
        if more:
            self.store.write(Write("meeting", meeting, more, meeting))
        return meeting

    def day(self) -> str:
        """A usual day: one soon, two later, one on another day, one over; the id of the first."""
        first = self.meeting(TITLE, MeetingKind.REMOTE_CONSULT, timedelta(minutes=14), host=GD, code="2026-0117")
        self.meeting(
            "国是学堂第 25 期：数字化助力县域发展", MeetingKind.GUOSHI_LECTURE, timedelta(hours=6), 1.5, host=GD
        )
        self.meeting("市县联络员周例会", MeetingKind.REMOTE_CONSULT, timedelta(hours=8), 1, host=HZ)
        self.meeting("乡村养老服务对口协商会", MeetingKind.COUNTERPART_CONSULT, timedelta(days=4), host=HD)
        self.meeting(
            "会前联调", MeetingKind.REHEARSAL, timedelta(hours=-17), 1, host=GD, actual_end="2026-11-19T09:00:00.000Z"
        )
        return first

    def employ(self, person: PersonId, name: str, *roles: str) -> Operator:
        """An account in the records and on the unlock page."""
        fields = {"unit_path": HD, "name": name, "roles": list(roles), "is_active": True}
        self.store.write(Write("operator", person, fields))
        one = Operator(person, name, frozenset(roles), True)
        self.people.known = [*(each for each in self.people.known if each.person != person), one]
        return one

    def close(self) -> None:
        self.store.close()


def link(state: str, reason: str = "") -> Any:
    """As the sync loop tells it."""
    return SimpleNamespace(state=state, reason=reason)


def status(**numbers: Any) -> Any:
    """As `Records.status()` tells it."""
    plain = {"pending": 0, "pending_meetings": 0, "conflicts": 0, "quarantined": 0, "acknowledged": 214}
    plain |= {"attachments": 0, "attachment_bytes": 0}
    plain |= {"clock_off_seconds": 0, "clock_jumped_seconds": 0, "disk_low_mib": None}
    return SimpleNamespace(**{**plain, "last_receipt_at": MORNING - timedelta(minutes=2), **numbers})


def receipt(number: int, minutes_ago: float, **entities: int) -> Any:
    """A receipt as it is listed."""
    at = MORNING - timedelta(minutes=minutes_ago)
    return SimpleNamespace(number=number, received_at=at, entities=entities, changes=sum(entities.values()))


def waiting(entity: str, meeting: str, count: int) -> list[dict[str, Any]]:
    """Rows of the queue."""
    at = round(MORNING.timestamp() * 1000)
    return [{"change_id": f"{entity}{n}", "entity": entity, "meeting": meeting, "at": at} for n in range(count)]


def conflict(entity: str, field_name: str, meeting: str, mine: Any, theirs: Any) -> dict[str, Any]:
    """A field with two values: ours, and the center's."""
    at = round(MORNING.timestamp() * 1000)
    values = [
        {"value": theirs, "change_id": "c2", "person": "p2", "unit_path": GD, "at_ms": at - 300_000},
        {"value": mine, "change_id": "c1", "person": CLERK, "unit_path": HD, "at_ms": at - 780_000},
    ]
    return {"entity": entity, "pk": "o1", "field": field_name, "meeting": meeting, "values": values}
