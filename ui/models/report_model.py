"""会后报告: what a meeting came to, read from its records each time; rooms that were offline add to it later."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import MeetingId
from ui.models.attachments_model import AttachmentsModel
from ui.models.reading import Reading

if TYPE_CHECKING:
    from sync.meetings.report import MeetingReport
    from ui.services import Services

WATCHED = frozenset(
    {
        "meeting",
        "sign_in",
        "departure",
        "roster_entry",
        "speech",
        "outage",
        "line_history",
        "recording",
        "site_stay",
        "roll_call_answer",
        "duty_event",
    }
)
SOON_MS = 400


class ReportModel(QObject):
    """The report of one meeting."""

    changed = Signal()
    failed = Signal(object)
    exported = Signal(object)
    _records_changed = Signal()

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self.meeting = MeetingId("")
        self.report: MeetingReport | None = None
        self.film = AttachmentsModel(services, self)
        """The file of the recording that was chosen."""
        self._reading = Reading(services.runner, self.load)
        self._soon = QTimer(self, interval=SOON_MS, singleShot=True)
        self._soon.timeout.connect(self.load)
        self._records_changed.connect(self._read_soon, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe = services.records.subscribe(self._on_records)

    def close(self) -> None:
        """Hear no more of the records."""
        self.film.close()
        self._unsubscribe()

    def open(self, meeting: str) -> None:
        """Turn to a meeting; empty: to none."""
        if meeting != self.meeting:
            self.meeting, self.report = MeetingId(meeting), None
            self.changed.emit()
        self.load()

    def export(self, path: Path | str) -> None:
        """Write it as .xlsx or .docx, by the path's ending; `exported` gives the path."""
        if not self.meeting:
            self.failed.emit(OperatorError("no-meeting"))
            return
        self._services.runner.start(
            self._services.exports.report,
            self.meeting,
            Path(path),
            done=self.exported.emit,
            failed=self.failed.emit,
        )

    @property
    def now(self) -> datetime:
        return self._services.clock.now()

    def load(self) -> None:
        """Read it again."""
        if self.meeting:
            self._reading.start(self._read, self.meeting, done=self._take, failed=self.failed.emit)

    def _read(self, meeting: MeetingId) -> MeetingReport:
        from sync.meetings.report import meeting_report

        return meeting_report(self._services.records, meeting, self._services.clock.now())

    def _take(self, report: MeetingReport) -> None:
        if report.meeting == self.meeting:
            self.report = report
            self.changed.emit()
        else:
            self.load()

    def _read_soon(self) -> None:
        if self.meeting and not self._soon.isActive():
            self._soon.start()

    def _on_records(self, changed: frozenset[tuple[str, str]]) -> None:
        if any(entity in WATCHED for entity, _ in changed):
            self._records_changed.emit()
