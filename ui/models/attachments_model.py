"""附件 of one record: attached, seen, fetched, opened, saved, removed; offline as far as the content is here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from desktop_app.domain.faults import Fault
from ui.services import Services

if TYPE_CHECKING:
    from sync.blobs.listing import AttachedFile

LOOK_MS = 1_000
"""How often it is looked how far a file has come, while one is on its way."""
MOVING = frozenset({"waiting", "coming"})


class AttachmentsModel(QObject):
    """The files of whatever record a screen shows; `show` turns to another one."""

    changed = Signal()
    failed = Signal(object)
    opened = Signal(object)
    """A plain copy (`Path`) is there: hand it to the system."""
    _records_changed = Signal()

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._desk = services.attachments
        self.owner = ("", "")
        """(entity, pk) of the record."""
        self.meeting = ""
        self.writable = False
        self.files: tuple[AttachedFile, ...] = ()
        self.ready = False
        self.taking = 0
        """Files that are being taken in."""
        self.coming: frozenset[str] = frozenset()
        """What this person asked to fetch."""
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self.load)
        self._records_changed.connect(self.load, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe = services.records.subscribe(self._on_records)

    @property
    def can_attach(self) -> bool:
        return self._desk is not None and self.writable and bool(self.owner[1]) and bool(self.meeting)

    @property
    def own_unit(self) -> str:
        return str(self._services.unit_path)

    def close(self) -> None:
        """Hear no more."""
        self._look.stop()
        self._unsubscribe()

    def show(self, entity: str, pk: str, meeting: str, *, writable: bool = True) -> None:
        """Turn to a record's files; without a key to none."""
        turned = self.owner != (entity, pk)
        if not turned and (self.meeting, self.writable) == (meeting, writable):
            return
        self.owner, self.meeting, self.writable = (entity, pk), meeting, writable
        if turned:
            self.files, self.ready, self.coming = (), False, frozenset()
        self.load()
        self.changed.emit()

    def load(self) -> None:
        """Read how things stand."""
        desk, owner = self._desk, self.owner
        if desk is None or not owner[1]:
            return
        self._services.runner.start(desk.listed, *owner, done=lambda files: self._take(owner, files))

    def attach(self, paths: Sequence[Path]) -> None:
        """添加: one after the other; each that cannot be taken is told, and holds up none."""
        desk, (entity, pk), meeting = self._desk, self.owner, self.meeting
        if desk is None or not self.can_attach:
            return
        for path in paths:
            self.taking += 1
            self._services.aside.start(
                desk.attach, path, entity, pk, meeting, done=self._took, failed=lambda fault: self._took(None, fault)
            )
        self.changed.emit()

    def fetch(self, attachment: str) -> None:
        """下载: goes on where a cut left it."""
        if self._desk is None or attachment in self.coming:
            return
        self.coming |= {attachment}
        self._run(self._desk.fetch, attachment, then=lambda _: self._came(attachment), name=attachment)
        self._look.start()
        self.changed.emit()

    def open(self, attachment: str) -> None:
        """With the system's own program; `opened` gives the copy."""
        if self._desk is not None:
            self._run(self._desk.open_copy, attachment, then=self.opened.emit)

    def save_as(self, attachment: str, target: Path) -> None:
        if self._desk is not None:
            self._run(self._desk.save_as, attachment, target)

    def remove(self, attachment: str) -> None:
        """移除: it leaves the record; what was attached stays in the history."""
        if self._desk is not None:
            self._run(self._desk.remove, attachment, self.meeting, then=self._took_off)

    def forget_copies(self) -> None:
        """The seat is left: plain copies are deleted."""
        if self._desk is not None:
            self._services.aside.start(self._desk.forget_copies)

    def _run(
        self, act: Callable[..., Any], *given: Any, then: Callable[[Any], object] = lambda _: None, name: str = ""
    ) -> None:
        self._services.aside.start(act, *given, done=then, failed=lambda fault: self._not_done(name, fault))

    def _took(self, _attachment: str | None, fault: Fault | None = None) -> None:
        self.taking -= 1
        if fault is not None:
            self.failed.emit(fault)
        else:
            self._services.sync.poke()
        self.load()
        self.changed.emit()

    def _took_off(self, _told: Any) -> None:
        self._services.sync.poke()
        self.load()

    def _came(self, attachment: str) -> None:
        self.coming -= {attachment}
        self.load()
        self.changed.emit()

    def _not_done(self, attachment: str, fault: Fault) -> None:
        self.coming -= {attachment}
        self.failed.emit(fault)
        self.load()
        self.changed.emit()

    def _take(self, owner: tuple[str, str], files: Sequence[AttachedFile]) -> None:
        if owner != self.owner:
            return
        fresh, self.ready = tuple(files) != self.files or not self.ready, True
        self.files = tuple(files)
        moving = any(one.state in MOVING for one in files) or bool(self.coming)
        if moving and not self._look.isActive():
            self._look.start()
        elif not moving:
            self._look.stop()
        if fresh:
            self.changed.emit()

    def _on_records(self, changed: frozenset[tuple[str, str]]) -> None:
        if any(entity == "attachment" for entity, _ in changed):
            self._records_changed.emit()
