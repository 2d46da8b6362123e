"""What the screens are given (see `ui.services`), made of the parts below them. No Qt here; all of it may block.

Imported after the first paint: it pulls in the records and the identity.
"""

from collections.abc import Callable, Container, Sequence
from datetime import datetime
from pathlib import Path

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import MeetingId, PersonId, UnitPath
from desktop_app.domain.meetings import MeetingKind
from desktop_app.domain.principal import Role
from sync.export.exports import RecordExports
from sync.export.table import write_table
from sync.identity.device import DeviceIdentity
from sync.identity.operators import PinBook, operators_of
from sync.log.audit import AuditKind
from sync.meetings.invitations import read_invitations
from sync.meetings.planning import Clash, cancel_meeting, change_meeting, clashes, draft_of
from sync.meetings.readiness import SiteReadiness
from sync.meetings.schedule import AgendaDraft as ItemDraft
from sync.meetings.schedule import MeetingDraft, schedule_meeting
from sync.reference.units import units
from sync.terminal.audit import AuditBook, AuditLine, LastVisit
from sync.terminal.records import Records
from ui.services import AgendaDraft, DeviceKind, DeviceReport, Doctor, Operator, Plan, UnitChoice


class TerminalOperators:
    """The people of this terminal: an `OperatorDesk`."""

    def __init__(self, identity: DeviceIdentity, records: Records, pins: PinBook, book: AuditBook) -> None:
        self._identity = identity
        self._records = records
        self._pins = pins
        self._book = book

    def operators(self) -> Sequence[Operator]:
        """Active operators of this unit, those of the enrolment until the first pull."""
        return [
            Operator(one.person, one.name, frozenset(role.value for role in one.roles), self._pins.has(one.person))
            for one in operators_of(self._identity, self._records.list("operator"))
        ]

    def set_pin(self, person: PersonId, pin: str) -> None:
        self._pins.set(person, pin)
        self._note(AuditKind.PIN_SET, person)

    def unlock(self, person: PersonId, pin: str) -> LastVisit:
        visit = self._book.last_visit(person)
        try:
            self._pins.verify(person, pin)
        except OperatorError as fault:
            kind = {"pin-wrong": AuditKind.PIN_WRONG, "pin-locked": AuditKind.LOCKED_OUT}.get(fault.id)
            if kind is not None:
                self._note(kind, person)
            raise
        self._note(AuditKind.UNLOCKED, person)
        return visit

    def _note(self, kind: AuditKind, person: PersonId) -> None:
        names = {one.person: one.name for one in operators_of(self._identity, self._records.list("operator"))}
        self._book.note(kind, subject=person, subject_name=names.get(person, ""))


class TerminalAudit:
    """The audit page's desk: an `AuditDesk`. What it shows is for whoever holds the role `audit`, and nobody else."""

    def __init__(self, records: Records, book: AuditBook) -> None:
        self._records = records
        self._book = book

    def lines(
        self,
        *,
        before: int | None = None,
        person: str = "",
        security: bool | None = None,
        since: datetime | None = None,
    ) -> Sequence[AuditLine]:
        self._check()
        if before is None and not person and security is None and since is None:
            self._book.note(AuditKind.AUDITED)
        return self._book.lines(before=before, person=person, security=security, since=since)

    def export(self, path: Path, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Path:
        self._check()
        written = write_table(path, head, rows)
        self._book.note(AuditKind.EXPORTED, detail="audit")
        return written

    def left(self) -> None:
        self._book.note(AuditKind.LOCKED, subject=self._records.person)

    def _check(self) -> None:
        row = self._records.get("operator", self._records.person) or {}
        if Role.AUDIT not in (row.get("roles") or ()) or not row.get("is_active"):
            raise OperatorError("role-missing", role=Role.AUDIT.value)


class AuditedExports:
    """Papers that leave the records: `Exports`, each told in the audit trail."""

    def __init__(self, exports: RecordExports, book: AuditBook) -> None:
        self._exports = exports
        self._book = book

    def minutes(self, minutes_id: str, path: Path) -> Path:
        return self._told(self._exports.minutes(minutes_id, path), "minutes")

    def sign_in_list(self, meeting: str, path: Path) -> Path:
        return self._told(self._exports.sign_in_list(meeting, path), "sign_in_list", meeting)

    def readiness(self, title: str, sites: Sequence[SiteReadiness], path: Path) -> Path:
        return self._told(self._exports.readiness(title, sites, path), "readiness")

    def report(self, meeting: str, path: Path) -> Path:
        return self._told(self._exports.report(meeting, path), "report", meeting)

    def calendar(self, meeting: str, path: Path) -> Path:
        return self._told(self._exports.calendar(meeting, path), "calendar", meeting)

    def receipt(self, content: bytes, path: Path) -> Path:
        return self._told(self._exports.receipt(content, path), "receipt")

    def ledger(self, path: Path, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Path:
        return self._told(write_table(path, head, rows), "ledger")

    def _told(self, written: Path, detail: str, meeting: str = "") -> Path:
        self._book.note(AuditKind.EXPORTED, detail=detail, meeting=meeting)
        return written


class TerminalMeetings:
    """Scheduling into the records: a `MeetingDesk`."""

    def __init__(self, records: Records, unit_path: UnitPath, clock: Clock) -> None:
        self._records = records
        self._unit_path = unit_path
        self._clock = clock

    def schedule(self, plan: Plan) -> MeetingId:
        return schedule_meeting(self._records, self._draft(plan), self._clock)

    def plan(self, meeting: MeetingId) -> Plan:
        draft = draft_of(self._records, meeting)
        items = [
            AgendaDraft(item.title, item.item_type, item.planned_min, item.limit_sec, item.item)
            for item in draft.agenda
        ]
        return Plan(draft.title, draft.kind.value, draft.start, draft.end, tuple(draft.invited), items)

    def change(self, meeting: MeetingId, plan: Plan) -> MeetingId:
        change_meeting(self._records, meeting, self._draft(plan), self._clock)
        return meeting

    def cancel(self, meeting: MeetingId, reason: str) -> None:
        cancel_meeting(self._records, meeting, self._unit_path, reason)

    def clashes(self, units: Sequence[UnitPath], start: datetime, end: datetime, but: str) -> Sequence[Clash]:
        return clashes(self._records, [self._unit_path, *units], start, end, but)

    def invitations(self, path: Path) -> Sequence[UnitPath]:
        return read_invitations(path)

    def _draft(self, plan: Plan) -> MeetingDraft:
        items = [
            ItemDraft(
                item.item_type, item.title, planned_min=item.minutes, limit_sec=item.limit_seconds, item=item.item
            )
            for item in plan.agenda
        ]
        return MeetingDraft(
            title=plan.title,
            kind=MeetingKind(plan.kind),
            convener=self._unit_path,
            start=plan.start,
            end=plan.end,
            invited=plan.invited,
            agenda=items,
        )

    def units(self) -> Sequence[UnitChoice]:
        return [UnitChoice(one.unit_path, one.name, int(one.level), one.initials) for one in units().values()]


class SyncHandle:
    """What the screens may ask of the sync loop, also before there is one: a `SyncControl`."""

    def __init__(self) -> None:
        self._poke: Callable[[], None] | None = None

    def attach(self, poke: Callable[[], None] | None) -> None:
        """From now on `poke` reaches this loop; None while it is away."""
        self._poke = poke

    def poke(self) -> None:
        if self._poke is not None:
            self._poke()


_CHECKS = {
    "center": DeviceKind.NETWORK,
    "microphone": DeviceKind.MICROPHONE,
    "speaker": DeviceKind.SPEAKER,
    "camera": DeviceKind.CAMERA,
    "disk": DeviceKind.STORAGE,
    "clock": DeviceKind.CLOCK,
}


class MachineDevices:
    """The devices that a meeting needs, as the doctor finds them."""

    def __init__(self, doctor: Doctor) -> None:
        self._doctor = doctor

    def probe(self, only: Container[str] = frozenset(_CHECKS)) -> Sequence[DeviceReport]:
        """In the order of `DeviceKind`; `only` these checks of the doctor."""
        lines = {_CHECKS[line.id]: line for line in self._doctor.check(only) if line.id in _CHECKS}
        return [
            DeviceReport(kind, line.state, line.detail, line.fault, line.values)
            for kind in DeviceKind
            if (line := lines.get(kind)) is not None
        ]
