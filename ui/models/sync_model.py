"""同步: proof that the work arrived, what waits, what needs a person's choice, what was held back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal

from desktop_app.domain.clock import stamp
from desktop_app.domain.faults import Fault, OperatorError
from desktop_app.domain.principal import Role, may_work
from desktop_app.domain.units import unit_code
from ui.i18n.dates import local
from ui.models.app_model import AppModel
from ui.models.part_choice import PartChoice
from ui.models.places import place_name
from ui.models.reading import Reading
from ui.models.sync_picture import SyncPicture, read_picture
from ui.models.sync_rows import DISPUTE, SEEN, ConflictView, QueueRow, RowState, Side, spoken
from ui.services import Packed, Services

if TYPE_CHECKING:
    from sync.terminal.counter import HeldChange


class Filter(StrEnum):
    """全部 / 待办 / 回执."""

    ALL = "all"
    TODO = "todo"
    RECEIPTS = "receipts"


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
    exported = Signal(object)
    """A receipt is on the disk."""
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
        self.judging: frozenset[str] = frozenset()
        """What the center is asked about just now."""
        self.held_at_center: tuple[HeldChange, ...] = ()
        """What the center holds or refuses of the units in this office's charge."""
        self._most = 0
        self._reading = Reading(services.runner, self.load)
        self._records_changed.connect(self.load, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe = services.records.subscribe(lambda _changed: self._records_changed.emit())
        app.sync_changed.connect(self._count)
        app.sync_changed.connect(self.load)
        app.link_changed.connect(self.load)
        app.operator_changed.connect(self._forget)

    @property
    def rows(self) -> tuple[QueueRow, ...]:
        """The queue under the filter: what needs a person first, then what goes, then what has arrived."""
        picture = self.picture
        todo = (*self._conflict_rows(), *picture.quarantine, *picture.pending)
        if self.filter is Filter.TODO:
            return todo
        if self.filter is Filter.RECEIPTS:
            return picture.receipts
        return (*todo, *picture.seen, *picture.receipts)

    @property
    def conflict(self) -> ConflictView | None:
        """The one shown side by side: the selected one, else the first."""
        conflicts = self.picture.conflicts
        chosen = next((one for one in conflicts if one.key == self.selected), None)
        return chosen or (conflicts[0] if conflicts else None)

    @property
    def progress(self) -> tuple[int, int] | None:
        """How many of how many are sent, since there was last nothing to send; None where nothing waits."""
        left = self._app.sync.pending + self._app.sync.attachments
        return (self._most - left, self._most) if left and self._most else None

    @property
    def may_work(self) -> bool:
        """Whether whoever sits here may read and decide; who only watches does neither."""
        return self._app.operator is None or may_work(self._app.operator.roles)

    @property
    def sees_the_center(self) -> bool:
        """Whether the center's own quarantine is this person's business."""
        operator = self._app.operator
        return operator is not None and Role.PROVINCIAL_OPERATOR in operator.roles

    def close(self) -> None:
        self._unsubscribe()

    def load(self) -> None:
        """Read the store again; what was shown stays until the answer is there."""
        services, online, working = self._services, self._app.online, self.may_work
        self._reading.start(
            lambda: read_picture(services, online=online, may_work=working), done=self._show, failed=self._failed
        )

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

    # Receipts

    def receipt_name(self, number: int) -> str:
        """A name for a receipt's file: 回执-214.pdf."""
        from ui.i18n import t

        return f"{t('receipt.file', number)}.pdf"

    def export_receipt(self, number: int, path: Path) -> None:
        """Write a receipt as a page that can be printed; `exported` follows."""
        from ui.models.receipt_paper import receipt_pdf

        receipt = self.picture.kept.get(number)
        if receipt is None:
            return
        services = self._services
        made = services.clock.now()
        content = receipt_pdf(receipt, unit=self._app.unit_name, center=services.center_url, made_at=made)
        services.runner.start(
            services.exports.receipt,
            content,
            path,
            done=self.exported.emit,
            failed=self.failed.emit,
        )

    # What was held back

    def judge_again(self, change_id: str) -> None:
        """Have the center look at a change again; `failed` says why it is still not applied."""
        counter = self._services.counter
        if counter is None or change_id in self.judging:
            return
        self.judging |= {change_id}
        self._services.aside.start(
            counter.judge_again,
            change_id,
            done=lambda told: self._judged(change_id, told),
            failed=lambda fault: self._judged(change_id, None, fault),
        )
        self.changed.emit()

    def mark_seen(self, change_id: str) -> None:
        """Somebody has read why a change was refused: a record of its own says so, and the change stays as it was."""
        from sync.log.write import Write

        if not self.may_work:
            self.failed.emit(OperatorError("role-not-allowed"))
            return
        fields = {"unit_path": str(self._services.unit_path), "seen_at": stamp(self._services.clock.now())}
        self._services.runner.start(
            lambda: self._services.records.write(Write(SEEN, change_id, fields)),
            done=lambda _: self._decided(f"quarantine:{change_id}"),
            failed=self.failed.emit,
        )

    def load_center(self) -> None:
        """Ask the center what it holds back, where that is this person's business."""
        counter = self._services.counter
        if counter is not None and self.sees_the_center and self._app.online:
            self._services.aside.start(counter.quarantine, done=self._take_center, failed=self.failed.emit)

    def _judged(self, change_id: str, told: tuple[str, str] | None, fault: Fault | None = None) -> None:
        self.judging -= {change_id}
        self._services.sync.poke()
        self.load()
        self.load_center()
        if fault is None and told is not None and told[0] != "applied":
            fault = OperatorError(told[1] or "held-still")
        if fault is not None:
            self.failed.emit(fault)
        self.changed.emit()

    def _take_center(self, listed: Sequence[HeldChange]) -> None:
        self.held_at_center = tuple(listed)
        self.changed.emit()

    def _forget(self) -> None:
        """Another person sits here, who may not be allowed to see what the last one saw."""
        self.picture, self.ready, self.held_at_center = SyncPicture(), False, ()
        self.load()

    def _count(self) -> None:
        left = self._app.sync.pending + self._app.sync.attachments
        self._most = max(self._most, left) if left else 0

    # Choices

    def take_parts(self, conflict: ConflictView, choice: PartChoice) -> None:
        """逐处选择: what was picked place by place, once every place is decided."""
        if choice.left == 0:
            self._decide(conflict, choice.value)

    def take(self, conflict: ConflictView, side: Side) -> None:
        """A person decides for one side; the decision is a change of its own, the other stays in the history."""
        self._decide(conflict, side.value)

    def keep_both(self, conflict: ConflictView) -> None:
        """Both texts, this terminal's first."""
        self._decide(conflict, "\n".join(spoken(side.value) for side in conflict.sides))

    def _decide(self, conflict: ConflictView, value: Any) -> None:
        if not self.may_work:
            self.failed.emit(OperatorError("role-not-allowed"))
            return

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
        self._app.tell_moved(place_name(picture.moved_to) if picture.moved_to else "")
        self.changed.emit()

    def _failed(self, fault: Fault) -> None:
        self.changed.emit()
        self.failed.emit(fault)

    def _conflict_rows(self) -> tuple[QueueRow, ...]:
        return tuple(
            QueueRow(one.key, RowState.CONFLICT, one.entity, one.title, 1, one.sides[0].at if one.sides else None)
            for one in self.picture.conflicts
        )
