"""意见登记: the register, and one opinion followed from the meeting to its reply and the look-back. Works offline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal

from desktop_app.domain.clock import stamp
from desktop_app.domain.faults import Fault, OperatorError
from desktop_app.domain.handling import Handling, ReplyClass
from ui.i18n import has, t
from ui.i18n.dates import at_local, day_text, local
from ui.models.app_model import AppModel
from ui.models.attachments_model import AttachmentsModel
from ui.models.meeting_choice import MeetingChoice, meeting_choices
from ui.models.opinion_rows import OpinionFilter, OpinionRow, opinion_rows
from ui.models.pages import Page
from ui.models.reading import Reading
from ui.services import Services

if TYPE_CHECKING:
    from sync.meetings.followup import FollowUp

WATCHED = frozenset({"opinion", "clue", "proposal", "reply", "look_back", "meeting"})
COLUMNS = ("number", "text", "member", "class", "next", "meeting")
DUE_HOUR = 18
"""A day that is set as due ends at this hour here."""


class OpinionsModel(QObject):
    """The page of opinions."""

    changed = Signal()
    failed = Signal(object)
    exported = Signal(object)
    added = Signal(str)
    meetings_loaded = Signal()
    _records_changed = Signal()

    def __init__(self, services: Services, app: AppModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._app = app
        self.ready = False
        self.every: tuple[OpinionRow, ...] = ()
        self.filter = OpinionFilter.ALL
        self.text = ""
        self.selected = ""
        self.busy = False
        """A step is being written."""
        self.meetings: tuple[MeetingChoice, ...] = ()
        self.files = AttachmentsModel(services, self)
        """Of the opinion that is followed."""
        self.changed.connect(self._show_files)
        self._desk_made: FollowUp | None = None
        self._reading = Reading(services.runner, self.load)
        self._records_changed.connect(self._hear, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe = services.records.subscribe(self._on_records)
        app.page_changed.connect(self._page_changed)

    @property
    def now(self) -> datetime:
        return self._services.clock.now()

    @property
    def rows(self) -> tuple[OpinionRow, ...]:
        """The register under the filter and the search."""
        return tuple(row for row in self.every if row.belongs(self.filter) and row.answers(self.text))

    @property
    def chosen(self) -> OpinionRow | None:
        """The one that is followed: the selected one, else the first that is shown."""
        rows = self.rows
        return next((row for row in rows if row.pk == self.selected), rows[0] if rows else None)

    def count(self, chosen: OpinionFilter) -> int:
        return sum(1 for row in self.every if row.belongs(chosen))

    def close(self) -> None:
        self._unsubscribe()
        self.files.close()

    def load(self) -> None:
        """Read the register again; what was shown stays until the answer is there."""
        self._reading.start(self._read, done=self._show, failed=self._not_read)

    def choose_filter(self, key: str) -> None:
        self.filter = OpinionFilter(key)
        self.changed.emit()

    def search(self, text: str) -> None:
        self.text = text
        self.changed.emit()

    def select(self, opinion: str) -> None:
        self.selected = opinion
        self.changed.emit()

    def load_meetings(self) -> None:
        """For an opinion that is entered by hand; `meetings_loaded` follows."""
        records, clock = self._services.records, self._services.clock
        self._services.runner.start(
            lambda: meeting_choices(records, clock.now()), done=self._take_meetings, failed=self.failed.emit
        )

    def due(self, day: date) -> str:
        """A day as the records keep it."""
        return stamp(at_local(day, DUE_HOUR, 0))

    # The steps

    def add(self, meeting: str, member_name: str, text: str) -> None:
        """新增意见; `added` gives its key."""

        def wrote(pk: str) -> None:
            self.selected, self.filter, self.text = pk, OpinionFilter.ALL, ""
            self.added.emit(pk)

        self._act(lambda: self._desk.add(meeting=meeting, member_name=member_name, text=text), wrote)

    def confirm(self, opinion: str) -> None:
        self._act(lambda: self._desk.confirm(opinion))

    def dismiss(self, opinion: str) -> None:
        self._act(lambda: self._desk.dismiss(opinion))

    def reopen(self, opinion: str) -> None:
        self._act(lambda: self._desk.reopen(opinion))

    def make_clue(self, opinion: str, title: str, content: str, category: str = "") -> None:
        self._act(lambda: self._desk.make_clue(opinion, title=title, content=content, category=category))

    def exclude(self, opinion: str, reason: str) -> None:
        self._act(lambda: self._desk.exclude(opinion, reason=reason))

    def file_proposal(
        self, opinion: str, number: str, main_unit: str, co_units: Sequence[str] = (), due: date | None = None
    ) -> None:
        due_on = self.due(due) if due is not None else ""
        self._act(
            lambda: self._desk.file_proposal(
                opinion, number=number, main_unit=main_unit, co_units=co_units, due_on=due_on
            )
        )

    def reply(
        self, opinion: str, reply_class: str, text: str, duty_unit: str, due: date | None = None, reason: str = ""
    ) -> None:
        due_on = self.due(due) if due is not None else ""
        self._act(
            lambda: self._desk.reply(
                opinion,
                reply_class=ReplyClass(reply_class),
                text=text,
                duty_unit=duty_unit,
                due_on=due_on,
                reason=reason,
            )
        )

    def look_back(
        self,
        opinion: str,
        situation: str,
        class_after: str,
        remaining: str = "",
        next_due: date | None = None,
        participants: str = "",
    ) -> None:
        row = next((one for one in self.every if one.pk == opinion), None)
        before = row.reply_class if row is not None and row.reply_class else ReplyClass.B
        due_on = self.due(next_due) if next_due is not None else ""
        self._act(
            lambda: self._desk.look_back(
                opinion,
                situation=situation,
                class_after=ReplyClass(class_after),
                class_before=before,
                remaining=remaining,
                next_due=due_on,
                participants=participants,
            )
        )

    def hand_out_again(self, opinion: str) -> None:
        self._act(lambda: self._desk.hand_out_again(opinion))

    def export(self, path: Path) -> None:
        """导出台账: what is shown, as a table; told in the audit trail."""
        head = [t(f"opinions.{column}") for column in COLUMNS]
        cells = [self.cells(row) for row in self.rows]
        self._services.runner.start(
            self._services.exports.ledger,
            path,
            head,
            cells,
            done=self.exported.emit,
            failed=self.failed.emit,
        )

    def cells(self, row: OpinionRow) -> tuple[str, ...]:
        """A row in words, in the order of `COLUMNS`."""
        member = " ".join(part for part in (row.member, row.place) if part)
        chip = t(f"handling.chip_{row.reply_class}") if has(f"handling.chip_{row.reply_class}") else ""
        return (row.number or t("opinions.no_number"), row.text, member, chip, self.next_text(row), row.meeting_title)

    def next_text(self, row: OpinionRow) -> str:
        """下一步: what is due, and in how many days."""
        left = row.days_left(self.now)
        if left is not None and row.state == Handling.LOOK_BACK:
            if left == 0:
                return t("opinions.due_today")
            return t("opinions.due_left", left) if left > 0 else t("opinions.due_over", -left)
        if left is not None:
            return t("opinions.reply_left", left) if left >= 0 else t("opinions.reply_over", -left)
        return state_text(row.state)

    # What comes back

    @property
    def _desk(self) -> FollowUp:
        """Made where it is first used, on the worker: the window paints before the records are loaded."""
        if self._desk_made is None:
            from sync.meetings.followup import FollowUp

            self._desk_made = FollowUp(self._services.records, self._services.unit_path, self._services.clock)
        return self._desk_made

    def _act(self, act: Callable[[], Any], then: Callable[[Any], object] = lambda _: None) -> None:
        if self.busy:
            return
        self.busy = True
        self._services.runner.start(act, done=lambda told: self._did(told, then), failed=self._not_done)
        self.changed.emit()

    def _did(self, told: Any, then: Callable[[Any], object]) -> None:
        self.busy = False
        then(told)
        self._services.sync.poke()
        self.load()

    def _not_done(self, fault: Fault) -> None:
        self.busy = False
        if fault.id == "step-not-allowed":
            words = {name: state_text(str(value)) for name, value in fault.values.items()}
            fault = OperatorError(fault.id, **words)
        self.failed.emit(fault)
        self.load()
        self.changed.emit()

    def _read(self) -> tuple[OpinionRow, ...]:
        listed = self._services.records.list
        return opinion_rows(
            listed("opinion"),
            listed("meeting"),
            listed("clue"),
            listed("proposal"),
            listed("reply"),
            listed("look_back"),
        )

    def _show(self, rows: tuple[OpinionRow, ...]) -> None:
        self.every, self.ready = rows, True
        self.changed.emit()

    def _not_read(self, fault: Fault) -> None:
        self.changed.emit()
        self.failed.emit(fault)

    def _show_files(self) -> None:
        row = self.chosen
        if row is None:
            self.files.show("opinion", "", "")
        else:
            self.files.show("opinion", row.pk, row.meeting)

    def _take_meetings(self, listed: list[MeetingChoice]) -> None:
        self.meetings = tuple(listed)
        self.meetings_loaded.emit()

    def _on_records(self, changed: frozenset[tuple[str, str]]) -> None:
        if any(entity in WATCHED for entity, _ in changed):
            self._records_changed.emit()

    def _hear(self) -> None:
        if self._app.page is Page.OPINIONS:
            self.load()

    def _page_changed(self) -> None:
        if self._app.page is Page.OPINIONS:
            self.load()


def state_text(state: str) -> str:
    """Where an opinion stands, in words."""
    return t(f"handling.{state}") if has(f"handling.{state}") else state


def day_of(at: datetime | None) -> str:
    """`3 月 12 日`, or nothing."""
    return day_text(local(at).date()) if at is not None else ""
