"""纪要草稿 when a meeting ends: the speeches that nobody wrote down stand in the minutes, to be completed.

Only at the terminal of the unit that hosted, so that the draft is made once; anywhere else when a clerk asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from desktop_app.domain.faults import Fault
from desktop_app.domain.ids import MeetingId
from sync.meetings.minutes_draft import missing_blocks
from sync.meetings.source import Row

if TYPE_CHECKING:
    from ui.models.meeting_model import MeetingModel
    from ui.models.minutes_model import MinutesModel
    from ui.services import Services

SOON_MS = 500
WAIT_MS = 10 * 60_000
"""So long after the end speeches may still arrive: the line was bad."""


class MinutesDrafter(QObject):
    """Fills the minutes of a meeting that has just ended."""

    drafted = Signal(str, int)
    """(meeting, blocks that were added)."""
    failed = Signal(object)
    _records_changed = Signal()

    def __init__(
        self, services: Services, minutes: MinutesModel, meeting: MeetingModel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._services, self._minutes = services, minutes
        self._due = MeetingId("")
        self._reading = False
        self._soon = QTimer(self, interval=SOON_MS, singleShot=True)
        self._soon.timeout.connect(self._look)
        self._patience = QTimer(self, interval=WAIT_MS, singleShot=True)
        self._patience.timeout.connect(self._give_up)
        self._hosted = False
        self._meeting = meeting
        meeting.changed.connect(self._note_host)
        meeting.closed.connect(self._closed)
        minutes.changed.connect(self._look_soon)
        self._records_changed.connect(self._look_soon, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe = services.records.subscribe(self._on_records)

    def close(self) -> None:
        """Hear no more of the records."""
        self._unsubscribe()
        self._soon.stop()
        self._patience.stop()

    @property
    def is_due(self) -> bool:
        """Whether a draft is still to be made."""
        return bool(self._due)

    def draft(self, meeting: str) -> None:
        """Draft the minutes of a meeting now, or as soon as they are read."""
        self._due = MeetingId(meeting)
        self._patience.start()
        if self._minutes.meeting != meeting:
            self._minutes.open(self._due)
        self._look_soon()

    def _note_host(self) -> None:
        if self._meeting.in_meeting:
            self._hosted = self._meeting.state.host == self._services.unit_path

    def _closed(self, how: str) -> None:
        meeting = self._meeting.meeting_id
        if how == "ended" and self._hosted and meeting and self._minutes.meeting in ("", meeting):
            self.draft(meeting)

    def _look_soon(self) -> None:
        if self._due and not self._soon.isActive():
            self._soon.start()

    def _look(self) -> None:
        if self._due and not self._reading and self._minutes.loaded and self._minutes.meeting == self._due:
            self._reading = True
            self._services.runner.start(self._read, self._due, done=self._take, failed=self._not_read)

    def _read(self, meeting: MeetingId) -> tuple[MeetingId, bool, list[Row]]:
        records = self._services.records
        over = bool((records.get("meeting", meeting) or {}).get("actual_end"))
        return meeting, over, list(records.list("speech", meeting=meeting))

    def _take(self, read: tuple[MeetingId, bool, list[Row]]) -> None:
        """Once the center says that the meeting is over, its speeches are complete: they are its own to derive."""
        self._reading = False
        meeting, over, speeches = read
        minutes = self._minutes
        if not over or meeting != self._due or minutes.meeting != meeting or not minutes.loaded:
            return
        if any(row.get("started_at") and not row.get("ended_at") for row in speeches):
            return
        self._give_up()
        if minutes.approved:
            return
        missing = missing_blocks(speeches, list(minutes.blocks))
        item, block = minutes.current_item, minutes.current_block
        for one in missing:
            added = minutes.add_block(one.member, one.member_name, one.site, agenda_item=one.agenda_item, text=one.text)
            minutes.bind(added, at=one.at)
        if missing:
            minutes.current_block = block
            minutes.show_item(item)
            minutes.save_now()
        self.drafted.emit(meeting, len(missing))

    def _not_read(self, fault: Fault) -> None:
        self._reading = False
        self.failed.emit(fault)

    def _give_up(self) -> None:
        self._due = MeetingId("")
        self._patience.stop()

    def _on_records(self, changed: frozenset[tuple[str, str]]) -> None:
        if self._due and any(entity in ("speech", "meeting") for entity, _ in changed):
            self._records_changed.emit()
