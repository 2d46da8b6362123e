"""同步: proof that the work arrived, what waits, what needs a person's choice, what was held back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal

from desktop_app.domain.faults import Fault
from desktop_app.domain.units import unit_code
from ui.i18n.dates import local, today
from ui.models.app_model import AppModel
from ui.models.sync_rows import (
    DISPUTE,
    ConflictView,
    QueueRow,
    RowState,
    Side,
    conflict_views,
    delivered_on,
    dispute_views,
    pending_rows,
    spoken,
)
from ui.services import Packed, Services

if TYPE_CHECKING:
    from sync.terminal.records import Records


class Filter(StrEnum):
    """全部 / 待办 / 回执."""

    ALL = "all"
    TODO = "todo"
    RECEIPTS = "receipts"


@dataclass(frozen=True, slots=True)
class SyncPicture:
    """One reading of the store."""

    pending: tuple[QueueRow, ...] = ()
    conflicts: tuple[ConflictView, ...] = ()
    quarantine: tuple[QueueRow, ...] = ()
    receipts: tuple[QueueRow, ...] = ()
    waiting: int = 0
    attachments: int = 0
    """Files whose content still waits for the center."""
    attachment_bytes: int = 0
    delivered_today: int = 0
    last_receipt_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Carried:
    """What the last sync package or receipt file was, for a person to read."""

    file: str
    changes: int
    attachments: int = 0
    receipt: bool = False


class SyncModel(QObject):
    """The sync page."""

    changed = Signal()
    failed = Signal(object)
    decided = Signal(str)
    _records_changed = Signal()

    def __init__(self, services: Services, app: AppModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._app = app
        self.ready = False
        self.picture = SyncPicture()
        self.filter = Filter.ALL
        self.selected = ""
        self.asked_at: datetime | None = None
        """When a person last asked to sync now."""
        self.carried: Carried | None = None
        """What was last carried by hand, until the page is left behind by new work."""
        self._reading = False
        self._again = False
        self._records_changed.connect(self.load, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe = services.records.subscribe(lambda _changed: self._records_changed.emit())
        app.sync_changed.connect(self.load)
        app.link_changed.connect(self.load)

    @property
    def rows(self) -> tuple[QueueRow, ...]:
        """The queue under the filter: what needs a person first, then what goes, then what has arrived."""
        picture = self.picture
        todo = (*self._conflict_rows(), *picture.quarantine, *picture.pending)
        if self.filter is Filter.TODO:
            return todo
        if self.filter is Filter.RECEIPTS:
            return picture.receipts
        return (*todo, *picture.receipts)

    @property
    def conflict(self) -> ConflictView | None:
        """The one shown side by side: the selected one, else the first."""
        conflicts = self.picture.conflicts
        chosen = next((one for one in conflicts if one.key == self.selected), None)
        return chosen or (conflicts[0] if conflicts else None)

    def close(self) -> None:
        self._unsubscribe()

    def load(self) -> None:
        """Read the store again; what was shown stays until the answer is there."""
        if self._reading:
            self._again = True
            return
        self._reading = True
        self._services.runner.start(self._read, self._app.online, done=self._show, failed=self._failed)

    def choose_filter(self, key: str) -> None:
        self.filter = Filter(key)
        self.changed.emit()

    def select(self, key: str) -> None:
        self.selected = key
        self.changed.emit()

    def sync_now(self) -> None:
        """Ctrl+Shift+S."""
        self.asked_at = self._services.clock.now()
        self._services.sync.poke()
        self.changed.emit()

    @property
    def can_carry(self) -> bool:
        """Whether this terminal can write sync packages."""
        return self._services.usb is not None

    @property
    def package_name(self) -> str:
        """A name for the next package: 441323-20261120-0918.silian-sync."""
        at = local(self._services.clock.now())
        return f"{unit_code(self._services.unit_path)}-{at:%Y%m%d-%H%M}.silian-sync"

    def pack(self, path: Path) -> None:
        """生成同步包: what waits, as one encrypted file for the center."""
        desk = self._services.usb
        if desk is not None:
            self._services.runner.start(desk.pack, path, done=self._packed, failed=self.failed.emit)

    def take_receipts(self, path: Path) -> None:
        """导入回执: the file that the center made for a package."""
        desk = self._services.usb
        if desk is not None:
            self._services.runner.start(
                desk.take_receipts, path, done=lambda changes: self._receipted(path, changes), failed=self.failed.emit
            )

    def _packed(self, packed: Packed) -> None:
        self.carried = Carried(packed.path.name, packed.changes, packed.attachments)
        self.changed.emit()

    def _receipted(self, path: Path, changes: int) -> None:
        self.carried = Carried(path.name, changes, receipt=True)
        self._services.sync.poke()
        self.load()

    def take(self, conflict: ConflictView, side: Side) -> None:
        """A person decides for one side; the decision is a change of its own, the other stays in the history."""
        self._decide(conflict, side.value)

    def keep_both(self, conflict: ConflictView) -> None:
        """Both texts, this terminal's first."""
        self._decide(conflict, "\n".join(spoken(side.value) for side in conflict.sides))

    def _decide(self, conflict: ConflictView, value: Any) -> None:
        def write() -> None:
            if conflict.entity == DISPUTE:
                from sync.documents.settling import settle_text

                settle_text(self._services.records, conflict.pk, spoken(value))
                return
            from sync.log.write import Write

            self._services.records.settle(
                Write(conflict.entity, conflict.pk, {conflict.field: value}, meeting=conflict.meeting)
            )

        self._services.runner.start(write, done=lambda _: self._decided(conflict.key), failed=self.failed.emit)

    def _decided(self, key: str) -> None:
        self._services.sync.poke()
        self.load()
        self.decided.emit(key)

    def _show(self, picture: SyncPicture) -> None:
        self.picture = picture
        self.ready = True
        self._finish()

    def _failed(self, fault: Fault) -> None:
        self._finish()
        self.failed.emit(fault)

    def _finish(self) -> None:
        self._reading = False
        self.changed.emit()
        if self._again:
            self._again = False
            self.load()

    def _conflict_rows(self) -> tuple[QueueRow, ...]:
        return tuple(
            QueueRow(one.key, RowState.CONFLICT, one.entity, one.title, 1, one.sides[0].at if one.sides else None)
            for one in self.picture.conflicts
        )

    # On the worker

    def _read(self, online: bool) -> SyncPicture:
        records = self._services.records
        titles = {row["pk"]: row.get("title") or "" for row in records.list("meeting")}
        people = {row["pk"]: row.get("name") or "" for row in records.list("operator")}
        receipts = records.receipts()
        day = today(self._services.clock.now())
        status = records.status()
        return SyncPicture(
            pending=tuple(pending_rows(records.pending(), titles, online)),
            conflicts=(
                *conflict_views(records.conflicts(), titles, people, self._services.unit_path),
                *dispute_views(records.list(DISPUTE, state="open"), titles, people, self._services.device),
            ),
            quarantine=tuple(_quarantine_rows(records, titles)),
            receipts=tuple(
                QueueRow(
                    key=f"receipt:{one.number}",
                    state=RowState.DELIVERED,
                    entity=_most(one.entities),
                    title="",
                    count=one.changes,
                    at=one.received_at,
                    receipt=one.number,
                    parts=tuple(sorted(one.entities.items(), key=lambda part: -part[1])),
                )
                for one in receipts
            ),
            waiting=status.pending,
            attachments=status.attachments,
            attachment_bytes=status.attachment_bytes,
            delivered_today=delivered_on(receipts, lambda at: today(at) == day),
            last_receipt_at=status.last_receipt_at,
        )


def _quarantine_rows(records: Records, titles: Mapping[str, str]) -> list[QueueRow]:
    return [
        QueueRow(
            key=f"quarantine:{row['change_id']}",
            state=RowState.QUARANTINED,
            entity=row["entity"],
            title=titles.get(row.get("meeting") or "", ""),
            count=1,
            reason=row.get("reason") or "",
        )
        for row in records.quarantine()
    ]


def _most(entities: Mapping[str, int]) -> str:
    """The kind of record that a receipt is mostly about."""
    return max(entities, key=lambda name: entities[name], default="")
