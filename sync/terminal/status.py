"""How far a terminal's records have come, in numbers a person can read."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from sync.blobs.waiting import waiting_count
from sync.log.envelope import Verdict
from sync.replication.receipt import Receipt, read_body
from sync.store.journal import Head, chain_end
from sync.store.tables import IN_QUARANTINE, change, conflict, receipt, record

__all__ = ["Receipt", "SyncStatus"]
SEEN = "refusal_seen"
"""The record by which a person says that a refusal was read; its pk is the change's."""


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """`acknowledged` counts this terminal's own changes that the center has receipted, in all its epochs."""

    pending: int = 0
    pending_meetings: int = 0
    conflicts: int = 0
    quarantined: int = 0
    acknowledged: int = 0
    last_receipt_at: datetime | None = None
    attachments: int = 0
    """Contents of attachments and recordings that wait for the center, after the changes."""
    attachment_bytes: int = 0
    clock_off_seconds: int = 0
    """How far this PC's clock is ahead of the center's (behind: negative); 0 where it is near enough."""
    clock_jumped_seconds: int = 0
    """How far the clock jumped under the running program; 0 where it did not, or is right again."""
    disk_low_mib: int | None = None
    """What is left on the disk, where that is little: time to make room before it is full."""


def in_quarantine() -> "sa.ColumnElement[bool]":
    """What is held or refused here, or applied here and held by the center."""
    shown = [Verdict.HELD.value, Verdict.REFUSED.value, Verdict.APPLIED.value]
    return sa.and_(IN_QUARANTINE, change.c.verdict.in_(shown))


def unseen() -> "sa.ColumnElement[bool]":
    """What is in quarantine, but for refusals that somebody of the unit has read."""
    seen = sa.select(record.c.pk).where(
        record.c.entity == SEEN, record.c.pk == change.c.change_id, record.c.retracted.is_(False)
    )
    refused = change.c.verdict == Verdict.REFUSED.value
    return sa.and_(in_quarantine(), sa.not_(sa.and_(refused, sa.exists(seen))))


def read_status(connection: sa.Connection, device: str) -> SyncStatus:
    head = chain_end(connection, device) or Head()
    waiting = sa.and_(change.c.terminal == device, change.c.epoch == head.epoch, change.c.seq > head.acknowledged)
    meetings = connection.execute(
        sa.select(sa.func.count(sa.distinct(change.c.meeting))).where(waiting, change.c.meeting != "")
    ).scalar_one()
    own = connection.execute(
        sa.select(sa.func.count()).select_from(change).where(change.c.terminal == device)
    ).scalar_one()
    in_conflict = connection.execute(sa.select(sa.func.count()).select_from(conflict)).scalar_one()
    disputes = sa.select(sa.func.count()).where(
        record.c.entity == "text_conflict",
        record.c.retracted.is_(False),
        sa.func.json_extract(record.c.fields, "$.state") == "open",
    )
    in_conflict += connection.execute(disputes).scalar_one()
    quarantined = connection.execute(sa.select(sa.func.count()).select_from(change).where(unseen())).scalar_one()
    last = connection.execute(sa.select(receipt).order_by(receipt.c.number.desc()).limit(1)).first()
    pending = head.seq - head.acknowledged
    attachments, attachment_bytes = waiting_count(connection)
    return SyncStatus(
        pending,
        meetings,
        in_conflict,
        quarantined,
        own - pending,
        read_body(last.body, last.signature).received_at if last else None,
        attachments,
        attachment_bytes,
    )
