"""Keeps what is typed into minutes: a second's keys are one change, called saved only when the disk has it.

A batch that could not be written is kept and tried again with the next one, also when the page shows other minutes.
Only what the machine refused (a full disk) is tried again by itself.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from desktop_app.domain.faults import Fault, HostFault
from desktop_app.domain.ids import MeetingId

if TYPE_CHECKING:
    from sync.documents.minutes import MinutesDocument
    from ui.services import Services

BATCH_MS = 1_000


@dataclass(frozen=True, slots=True)
class Target:
    """Which minutes a batch belongs to."""

    minutes: str
    meeting: MeetingId
    title: str = ""


class MinutesKeeper(QObject):
    """The way from one open document to the records."""

    changed = Signal()
    saved = Signal()
    failed = Signal(object)

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._document: MinutesDocument | None = None
        self._target = Target("", MeetingId(""))
        self._known: set[str] = set()
        self._unsaved: dict[Target, list[bytes]] = {}
        self._seen: dict[Target, bytes] = {}
        """What was seen of the document when the oldest unsaved batch was begun."""
        self._open = 0
        self._typed = False
        self._writing_thread = 0
        self.saved_at: datetime | None = None
        self.fault: Fault | None = None
        self._batch = QTimer(self, singleShot=True, interval=BATCH_MS)
        self._batch.timeout.connect(self.save_now)

    def turn_to(self, minutes: str, meeting: MeetingId) -> None:
        """Keep what is left of the document before, and be ready for another one."""
        self.save_now()
        self._document, self._target, self._typed = None, Target(minutes, meeting), False
        self.saved_at, self.fault = None, None

    def attach(self, document: MinutesDocument, title: str, *, exists: bool) -> None:
        """The document is there; `exists` tells whether the records know the minutes already."""
        self._document, self._target = document, replace(self._target, title=title)
        if exists:
            self._known.add(self._target.minutes)

    def typed(self) -> None:
        """Something was typed: it is written within a second."""
        self._typed = True
        if not self._batch.isActive():
            self._batch.start()
        self.changed.emit()

    def save_now(self) -> None:
        """Write what was typed as one change, at once."""
        self._batch.stop()
        update = self._document.take_update() if self._document is not None else None
        if update is not None:
            self._unsaved.setdefault(self._target, []).append(update)
            if self._document is not None:
                self._seen.setdefault(self._target, self._document.seen)
        unsaved, self._unsaved, self._typed = self._unsaved, {}, False
        for target, batch in unsaved.items():
            self._start(target, batch)
        self.changed.emit()

    def _start(self, target: Target, batch: list[bytes]) -> None:
        def saved(at: datetime) -> None:
            self._saved(target, at)

        def failed(fault: Fault) -> None:
            self._seen[target] = seen
            self._not_saved(target, batch, fault)

        seen = self._seen.pop(target, b"")

        self._open += 1
        self._services.runner.start(self._write, target, batch, seen, done=saved, failed=failed)

    @property
    def saving(self) -> bool:
        return self._open > 0

    @property
    def dirty(self) -> bool:
        """There is something typed that is not on its way to the disk."""
        return self._typed or bool(self._unsaved)

    def is_writing_here(self) -> bool:
        """Whether the calling thread is just writing a batch of this keeper: its news is known already."""
        return threading.get_ident() == self._writing_thread

    # On the worker, and back

    def _write(self, target: Target, batch: list[bytes], seen: bytes) -> datetime:
        from pycrdt import merge_updates

        from sync.terminal.records import Write

        records = self._services.records
        self._writing_thread = threading.get_ident()
        try:
            if target.minutes not in self._known and records.get("minutes", target.minutes) is None:
                own = self._services.unit_path
                fields = {"meeting": target.meeting, "unit_path": own, "title": target.title, "state": "draft"}
                records.write(Write("minutes", target.minutes, fields, target.meeting))
            update = batch[0] if len(batch) == 1 else bytes(merge_updates(*batch))
            records.save_update(target.minutes, update, meeting=target.meeting, seen=seen)
        finally:
            self._writing_thread = 0
        return self._services.clock.now()

    def _saved(self, target: Target, at: datetime) -> None:
        self._open -= 1
        self._known.add(target.minutes)
        if target == self._target:
            self.saved_at, self.fault = at, None
        self.saved.emit()
        self.changed.emit()

    def _not_saved(self, target: Target, batch: list[bytes], fault: Fault) -> None:
        self._open -= 1
        self._unsaved[target] = batch + self._unsaved.get(target, [])
        self.fault = fault
        if isinstance(fault, HostFault):
            self._batch.start()
        self.failed.emit(fault)
        self.changed.emit()
