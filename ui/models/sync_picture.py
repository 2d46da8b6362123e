"""One reading of the store for the sync page. Made on the worker; pure but for the records that it reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from desktop_app.domain.units import parent_of
from ui.i18n.dates import today
from ui.models.sync_rows import (
    DISPUTE,
    SEEN,
    ConflictView,
    QueueRow,
    RowState,
    conflict_views,
    delivered_on,
    dispute_views,
    pending_rows,
)

if TYPE_CHECKING:
    from sync.terminal.records import Receipt, Records
    from ui.services import HeldFile, Services


@dataclass(frozen=True, slots=True)
class SyncPicture:
    """One reading of the store."""

    pending: tuple[QueueRow, ...] = ()
    conflicts: tuple[ConflictView, ...] = ()
    conflicts_of_others: int = 0
    """What waits for a choice that whoever sits here may neither read nor make."""
    quarantine: tuple[QueueRow, ...] = ()
    seen: tuple[QueueRow, ...] = ()
    """Refusals that somebody of this unit has read. They stay, and count no more."""
    receipts: tuple[QueueRow, ...] = ()
    kept: Mapping[int, Receipt] = field(default_factory=dict)
    """The receipts themselves, by number."""
    waiting: int = 0
    meetings: int = 0
    attachments: int = 0
    """Files whose content still waits for the center."""
    attachment_bytes: int = 0
    delivered_today: int = 0
    last_receipt_at: datetime | None = None
    moved_to: str = ""
    """The unit above this one now, where that is another one than when the program was started."""


def read_picture(services: Services, *, online: bool, may_work: bool) -> SyncPicture:
    """What the store says now. Whoever only watches learns how much there is, and nothing of what it says."""
    records = services.records
    titles = {row["pk"]: row.get("title") or "" for row in records.list("meeting")}
    people = {row["pk"]: row.get("name") or "" for row in records.list("operator")}
    receipts = records.receipts()
    day = today(services.clock.now())
    status = records.status()
    conflicts = (
        *conflict_views(records.conflicts(), titles, people, services.unit_path),
        *dispute_views(records.list(DISPUTE, state="open"), titles, people, services.device),
    )
    held = services.attachments.held() if services.attachments is not None else ()
    seen = {row["pk"] for row in records.list(SEEN)}
    kept = tuple(quarantine_rows(records, titles, seen))
    return SyncPicture(
        pending=tuple(pending_rows(records.pending(), titles, online)),
        conflicts=conflicts if may_work else (),
        conflicts_of_others=0 if may_work else len(conflicts),
        quarantine=(*(row for row in kept if row.state is not RowState.SEEN), *file_rows(held, titles)),
        seen=tuple(row for row in kept if row.state is RowState.SEEN),
        receipts=tuple(_receipt_row(one) for one in receipts),
        kept={one.number: one for one in receipts},
        waiting=status.pending,
        meetings=status.pending_meetings,
        attachments=status.attachments,
        attachment_bytes=status.attachment_bytes,
        delivered_today=delivered_on(receipts, lambda at: today(at) == day),
        last_receipt_at=status.last_receipt_at,
        moved_to=parent_of(records.unit_path) if records.unit_path != services.unit_path else "",
    )


def quarantine_rows(records: Records, titles: Mapping[str, str], seen: Collection[str]) -> Iterator[QueueRow]:
    """Changes that are held or refused; `seen` are the refusals that somebody has read."""
    for row in records.quarantine():
        read = row["verdict"] == "refused" and row["change_id"] in seen
        yield QueueRow(
            key=f"quarantine:{row['change_id']}",
            state=RowState.SEEN if read else RowState.QUARANTINED,
            entity=row["entity"],
            title=titles.get(row.get("meeting") or "", ""),
            count=1,
            reason=row.get("reason") or "",
            held=row.get("verdict") == "held",
        )


def file_rows(held: Sequence[HeldFile], titles: Mapping[str, str]) -> Iterator[QueueRow]:
    """Files that the center did not take."""
    for one in held:
        yield QueueRow(
            key=f"file:{one.sha256}",
            state=RowState.QUARANTINED,
            entity="attachment",
            title=one.file_name or titles.get(one.meeting, ""),
            count=1,
            reason=one.reason,
            held=True,
        )


def _receipt_row(one: Receipt) -> QueueRow:
    return QueueRow(
        key=f"receipt:{one.number}",
        state=RowState.DELIVERED,
        entity=max(one.entities, key=lambda name: one.entities[name], default=""),
        title="",
        count=one.changes,
        at=one.received_at,
        receipt=one.number,
        parts=tuple(sorted(one.entities.items(), key=lambda part: -part[1])),
    )
