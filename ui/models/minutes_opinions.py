"""标为意见 in the minutes: words of a block become an opinion, which is confirmed, reworded or put aside there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop_app.domain.clock import unix_ms
from desktop_app.domain.faults import OperatorError
from desktop_app.domain.handling import Handling
from desktop_app.domain.ids import MeetingId, UnitPath, uuid7
from ui.services import Services

if TYPE_CHECKING:
    from sync.documents.minutes import Block


class MinutesOpinions(QObject):
    """Writes the opinions of one set of minutes."""

    wrote = Signal()
    failed = Signal(object)

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services

    def mark(self, source: Block, meeting: MeetingId, own: UnitPath, quote: str, text: str) -> None:
        """Words of a block (or all of it) with their speaker. OperatorError `opinion-empty`."""
        words = (quote or source.text).strip()
        if not words:
            raise OperatorError("opinion-empty")
        fields = {
            "meeting": meeting,
            "agenda_item": source.agenda_item,
            "block": source.id,
            "member": source.member,
            "member_name": source.member_name,
            "site": source.site or own,
            "quote": words,
            "text": (text or words).strip(),
            "state": Handling.NOTED.value,
        }
        self._write(uuid7(unix_ms(self._services.clock.now())), meeting, fields)

    def confirm(self, opinion: str, meeting: MeetingId) -> None:
        self._write(opinion, meeting, {"state": Handling.CONFIRMED.value})

    def dismiss(self, opinion: str, meeting: MeetingId) -> None:
        """不是意见: it stays in the records, and leaves the list."""
        self._write(opinion, meeting, {"state": Handling.DISMISSED.value})

    def amend(self, opinion: str, meeting: MeetingId, text: str) -> None:
        """Another wording; the quote stays as it was said."""
        if text.strip():
            self._write(opinion, meeting, {"text": text.strip()})

    def _write(self, opinion: str, meeting: MeetingId, fields: dict[str, str]) -> None:
        from sync.terminal.records import Write

        write = Write("opinion", opinion, fields, meeting)
        runner, records = self._services.runner, self._services.records
        runner.start(records.write, write, done=lambda _: self.wrote.emit(), failed=self.failed.emit)
