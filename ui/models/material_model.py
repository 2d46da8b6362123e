"""会议材料 of one meeting: which files it has, which of them are on this machine, adding one and taking one back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from desktop_app.domain.faults import Fault
from desktop_app.domain.ids import MeetingId

if TYPE_CHECKING:
    from sync.meetings.material import Material
    from ui.services import Services

WATCHED = "attachment"


class MaterialModel(QObject):
    """Before the meeting as well as in it; without a network too: files travel when there is one."""

    changed = Signal()
    """`files` or `busy` is another."""
    failed = Signal(object)
    """A Fault."""
    _stirred = Signal()

    def __init__(self, services: Services, meeting: MeetingId, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner, self._desk, self._records = services.runner, services.material, services.records
        self.meeting = meeting
        self.files: Sequence[Material] = ()
        self.known = False
        """`files` was read at least once."""
        self.busy = False
        """A file is being taken in."""
        self._stirred.connect(self.load, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe = self._records.subscribe(self._on_records)
        self._unlisten = self._desk.listen(self._stirred.emit) if self._desk is not None else None

    def close(self) -> None:
        """Hear no more."""
        self._unsubscribe()
        if self._unlisten is not None:
            self._unlisten()
            self._unlisten = None

    @property
    def slides(self) -> list[Material]:
        """Files whose pages can be shown."""
        return [one for one in self.files if one.is_slides]

    def load(self) -> None:
        """Read the list anew; `changed` follows."""
        if self._desk is not None:
            self._runner.start(self._desk.listed, self.meeting, done=self._take)

    def place(self, path: Path) -> None:
        """添加: every site of the meeting gets the file."""
        if self._desk is not None:
            self.busy = True
            self.changed.emit()
            self._runner.start(self._desk.place, self.meeting, path, done=self._placed, failed=self._refused)

    def take_back(self, file: Material) -> None:
        """移除 from the meeting."""
        if self._desk is not None:
            take_back = self._desk.take_back
            self._runner.start(take_back, self.meeting, file.attachment, done=self._placed, failed=self._refused)

    def _take(self, files: Sequence[Material]) -> None:
        self.files, self.known = files, True
        self.changed.emit()

    def _placed(self, _done: object) -> None:
        self.busy = False
        self.load()

    def _refused(self, fault: Fault) -> None:
        self.busy = False
        self.changed.emit()
        self.failed.emit(fault)

    def _on_records(self, changed: frozenset[tuple[str, str]]) -> None:
        if any(entity == WATCHED for entity, _ in changed):
            self._stirred.emit()
