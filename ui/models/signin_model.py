"""签到: the view model of signing in the members of this room, with or without a network.

Every act goes through the runner to the records; the screen shows what the records then say. A second signature of the
same member changes nothing and says when the first one was.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from desktop_app.domain.faults import Fault, OperatorError
from desktop_app.domain.ids import MeetingId
from sync.meetings.attendance import AttendanceSheet, AttendanceState, Attendee, Tally, attendance_sheet, search
from sync.meetings.rollup import SiteSum, site_sums
from ui.models.door_model import DoorModel
from ui.models.meeting_choice import MeetingChoice, meeting_choices
from ui.models.reading import Reading

if TYPE_CHECKING:
    from sync.meetings.desk import SignInDesk, SignInResult
    from sync.meetings.roster import RowFault
    from sync.meetings.roster_import import RosterImport
    from ui.services import Services

WATCHED = frozenset({"sign_in", "departure", "roster_entry", "member", "meeting"})
RECENT = 5
HITS = 200
SOON_MS = 250


class Filter(StrEnum):
    """全部 / 未签到 / 已签到 / 请假."""

    ALL = "all"
    WAITING = "waiting"
    PRESENT = "present"
    EXCUSED = "excused"


@dataclass(frozen=True, slots=True)
class Already:
    """Signed in before: who, when, how."""

    member: str
    name: str
    signed_at: str
    method: str
    excused: bool = False


@dataclass(frozen=True, slots=True)
class SignInRead:
    """One reading of the records."""

    meeting: MeetingId
    title: str
    whole: AttendanceSheet
    members: int
    """Active members of this unit, for a meeting that has no roster yet."""
    operators: dict[str, str]


class SignInModel(QObject):
    """The sign-in of one meeting at this terminal."""

    changed = Signal()
    failed = Signal(object)
    """A `Fault` that nothing was written for."""
    imported = Signal(object)
    """A `RosterImport`."""
    exported = Signal(object)
    undone = Signal(str)
    _records_changed = Signal()

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._own = services.unit_path
        self.meeting = MeetingId("")
        self.title = ""
        self.choices: list[MeetingChoice] = []
        self.sheet: AttendanceSheet | None = None
        self.members = 0
        self.text = ""
        self.filter = Filter.ALL
        self.already: Already | None = None
        self.row_faults: tuple[RowFault, ...] = ()
        self.rows_wrong = 0
        self.import_fault: Fault | None = None
        self.last_import: RosterImport | None = None
        self.can_undo = False
        self._operators: dict[str, str] = {}
        self.whole: AttendanceSheet | None = None
        """Every room of the meeting, as far as this terminal may see them."""
        self.door = DoorModel(services, self)
        """By phone and by card."""
        self.door.failed.connect(self.failed)
        self.door.card_read.connect(self.take_card)
        self._desk: SignInDesk | None = None
        self._reading = Reading(services.runner, self.load)
        self._soon = QTimer(self, interval=SOON_MS, singleShot=True)
        self._soon.timeout.connect(self.load)
        self._records_changed.connect(self._load_soon, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe = services.records.subscribe(self._on_records)

    def close(self) -> None:
        """Hear no more of the records; nobody signs in by phone any more."""
        self._unsubscribe()
        self.door.scan(False)
        self.door.close()

    # What a person does

    def open(self, meeting: MeetingId | str = "") -> None:
        """Turn to a meeting; without one, to the running or nearest one."""
        if meeting:
            self._turn_to(MeetingId(meeting))
            return
        runner, records, clock = self._services.runner, self._services.records, self._services.clock
        runner.start(meeting_choices, records, clock.now(), done=self._take_choices, failed=self.failed.emit)

    def search(self, text: str) -> None:
        """Name, pinyin initials or card number; an empty text lists everybody."""
        self.text = text.strip()
        self.changed.emit()

    def show(self, which: Filter) -> None:
        self.filter = which
        self.changed.emit()

    def sign_in(self, member: str, method: str = "manual") -> None:
        """签到."""
        self._act(lambda desk: desk.sign_in(member, method))

    def excuse(self, member: str, reason: str = "") -> None:
        """请假."""
        self._act(lambda desk: desk.excuse(member, reason))

    def sign_in_guest(self, name: str) -> None:
        """登记列席人员: somebody who is on no roster."""
        self._act(lambda desk: desk.sign_in_guest(name))

    def take_card(self, text: str) -> None:
        """Sign in whoever's card says this: a card number, alone or at the end of an address."""
        wanted = _card_number(text)
        one = next((one for one in self.attendees if one.member_no and one.member_no.lower() == wanted), None)
        if one is None:
            self.failed.emit(OperatorError("card-unknown", text=wanted[:40]))
        else:
            self.sign_in(one.member, "card")

    def leave(self, member: str) -> None:
        """离会: one tap, and the time attended is known."""
        self._run(lambda desk: desk.leave(member), self._wrote)

    def come_back(self, member: str) -> None:
        """The departure was a mistake, or they are here again."""
        self._run(lambda desk: desk.come_back(member), self._wrote)

    def open_door(self) -> None:
        """Show the QR code of this meeting."""
        self.door.open(self.meeting, self.title)

    def undo(self) -> None:
        """撤销上一次 of this desk."""
        self._run(lambda desk: desk.undo(), self._undid)

    def take_back(self, member: str) -> None:
        """Take back the signature of one member."""
        self._run(lambda desk: member if desk.take_back(member) else None, self._undid)

    def dismiss(self) -> None:
        """知道了: the notice about a second signature, or the faults of an import, have been read."""
        self.already = None
        self.row_faults, self.rows_wrong, self.import_fault, self.last_import = (), 0, None, None
        self.changed.emit()

    def import_roster(self, path: Path | str) -> None:
        """Read a spreadsheet: all of it becomes the roster of this meeting, or nothing and the rows that are wrong."""
        from sync.meetings.roster_import import import_roster

        records, own, meeting = self._services.records, self._own, self.meeting

        def read() -> RosterImport:
            return import_roster(records, Path(path), unit_path=own, meeting=meeting)

        self._services.runner.start(read, done=self._imported, failed=self._import_failed)

    def expect_members(self) -> None:
        """Put every active member of this unit on the meeting's roster."""
        from sync.meetings.roster_import import expect_members

        self._services.runner.start(
            expect_members, self._services.records, self.meeting, self._own, done=self._wrote, failed=self.failed.emit
        )

    def export(self, path: Path | str) -> None:
        """Write the sign-in list as .xlsx; `exported` gives the path."""
        if not self.meeting:
            self.failed.emit(OperatorError("no-meeting"))
            return
        self._services.runner.start(
            self._services.exports.sign_in_list,
            self.meeting,
            Path(path),
            done=self.exported.emit,
            failed=self.failed.emit,
        )

    # What the screen shows

    @property
    def tally(self) -> Tally:
        return self.sheet.tally if self.sheet is not None else Tally()

    @property
    def begun(self) -> bool:
        """From then on who is not here is 缺席; before, 未到."""
        return self.sheet is not None and self.sheet.begun

    @property
    def attendees(self) -> Sequence[Attendee]:
        return self.sheet.attendees if self.sheet is not None else ()

    @property
    def results(self) -> list[Attendee]:
        """Who fits the search and the filter, in the order of the list (or the best hit first)."""
        found = search(self.attendees, self.text, HITS) if self.text else list(self.attendees)
        return [one for one in found if _fits(one, self.filter)]

    @property
    def rollup(self) -> tuple[SiteSum, ...]:
        """四级汇总: every room in its place of the tree, with the sums of province and cities."""
        return () if self.whole is None else site_sums(self.whole.by_site())

    @property
    def recent(self) -> list[Attendee]:
        """The last signatures, the newest first."""
        signed = [one for one in self.attendees if one.state is AttendanceState.PRESENT and one.signed_at is not None]
        return sorted(signed, key=lambda one: (one.signed_at, one.member), reverse=True)[:RECENT]

    def recorder(self, person: str) -> str:
        """Name of who recorded a signature."""
        return self._operators.get(person, "")

    # What comes back

    def load(self) -> None:
        """Read the meeting's attendance again."""
        if self.meeting:
            self._reading.start(self._read, self.meeting, done=self._take, failed=self.failed.emit)

    def _load_soon(self) -> None:
        """What comes from other rooms comes in crowds: 120 of them are read together."""
        if not self._soon.isActive():
            self._soon.start()

    def _turn_to(self, meeting: MeetingId) -> None:
        from sync.meetings.desk import SignInDesk

        if meeting != self.meeting:
            self.meeting = meeting
            self.sheet, self.already, self.text, self.filter, self.can_undo = None, None, "", Filter.ALL, False
            self.whole = None
            if self.door.meeting and self.door.meeting != meeting:
                self.door.close()
            self.row_faults, self.rows_wrong, self.import_fault, self.last_import = (), 0, None, None
            self._desk = SignInDesk(self._services.records, meeting, self._own, self._services.clock)
            self.changed.emit()
        self.load()

    def _take_choices(self, choices: list[MeetingChoice]) -> None:
        self.choices = choices
        if not self.meeting and choices:
            self._turn_to(choices[0].meeting)
        else:
            self.load()
            self.changed.emit()

    def _read(self, meeting: MeetingId) -> SignInRead:
        records = self._services.records
        whole = attendance_sheet(records, meeting)
        row = records.get("meeting", meeting) or {}
        members = [one for one in records.list("member", unit_path=self._own) if one.get("status") == "active"]
        operators = {one["pk"]: str(one.get("name") or "") for one in records.list("operator")}
        return SignInRead(meeting, str(row.get("title") or ""), whole, len(members), operators)

    def _take(self, read: SignInRead) -> None:
        if read.meeting == self.meeting:
            self.title, self.whole, self.members = read.title, read.whole, read.members
            self.sheet = read.whole.of_site(self._own)
            self._operators = read.operators
            self.changed.emit()
        else:
            self.load()

    def _act(self, act: Any) -> None:
        self._run(act, self._acted)

    def _run(self, act: Any, done: Any) -> None:
        if self._desk is None:
            self.failed.emit(OperatorError("no-meeting"))
            return
        self._services.runner.start(act, self._desk, done=done, failed=self.failed.emit)

    def _acted(self, result: SignInResult) -> None:
        if result.already is not None:
            before = result.already
            self.already = Already(
                result.member,
                result.member_name,
                str(before.get("signed_at") or ""),
                str(before.get("method") or ""),
                before.get("status") == "excused",
            )
        else:
            self.already, self.can_undo = None, True
        self._wrote(result)

    def _undid(self, member: str | None) -> None:
        if member is None:
            self.can_undo = False
        self.already = None
        self.undone.emit(member or "")
        self._wrote(member)

    def _imported(self, result: RosterImport) -> None:
        self.row_faults, self.rows_wrong, self.import_fault = (), 0, None
        self.last_import = result
        self.imported.emit(result)
        self._wrote(result)

    def _import_failed(self, fault: Fault) -> None:
        self.last_import = None
        self.import_fault = fault
        self.row_faults = tuple(getattr(fault, "rows", ()))
        self.rows_wrong = int(fault.values.get("count", len(self.row_faults)))
        self.failed.emit(fault)
        self.changed.emit()

    def _wrote(self, _result: object) -> None:
        self._services.sync.poke()
        self.load()

    def _on_records(self, changed: frozenset[tuple[str, str]]) -> None:
        if any(entity in WATCHED for entity, _ in changed):
            self._records_changed.emit()


def _card_number(text: str) -> str:
    """`https://…/441323-15-0007` and `441323-15-0007` are the same card."""
    plain = unicodedata.normalize("NFKC", text).strip().rstrip("/")
    return plain.rpartition("/")[2].rpartition("=")[2].strip().lower()


def _fits(one: Attendee, which: Filter) -> bool:
    if which is Filter.ALL:
        return True
    if which is Filter.PRESENT:
        return one.state is AttendanceState.PRESENT
    if which is Filter.EXCUSED:
        return one.state is AttendanceState.EXCUSED
    return one.state in (AttendanceState.WAITING, AttendanceState.ABSENT)
