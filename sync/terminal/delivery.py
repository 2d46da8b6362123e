"""送达: whether all that this terminal wrote of one record is at the center, and by which receipt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from sync.store.engine import reading
from sync.store.tables import change, origin, receipt


@dataclass(frozen=True, slots=True)
class Delivery:
    """`number` is that of the receipt for the last change that is at the center; 0 where there is none yet."""

    number: int = 0
    received_at: datetime | None = None
    waiting: int = 0
    """This terminal's changes to the record that have no receipt yet."""


def delivery_of(engine: sa.Engine, device: str, entity: str, pk: str) -> Delivery:
    """Of this terminal's own changes to one record."""
    with reading(engine) as connection:
        head = connection.execute(sa.select(origin).where(origin.c.terminal == device)).first()
        own = connection.execute(
            sa.select(change.c.epoch, change.c.seq)
            .where(change.c.terminal == device, change.c.entity == entity, change.c.pk == pk)
            .order_by(change.c.epoch, change.c.seq)
        ).all()
        if head is None or not own:
            return Delivery()
        waits = [at for at in own if at.epoch == head.epoch and at.seq > head.acknowledged]
        last = next((at for at in reversed(own) if at not in waits), None)
        if last is None:
            return Delivery(waiting=len(waits))
        return _received(connection, device, (last.epoch, last.seq), len(waits))


def _received(connection: sa.Connection, device: str, at: Sequence[int], waiting: int) -> Delivery:
    """The receipt that covers a place of the chain."""
    row = connection.execute(
        sa.select(receipt.c.number, receipt.c.received_ms).where(
            receipt.c.terminal == device,
            receipt.c.epoch == at[0],
            receipt.c.first_seq <= at[1],
            receipt.c.last_seq >= at[1],
        )
    ).first()
    if row is None:
        return Delivery(waiting=waiting)
    return Delivery(row.number, datetime.fromtimestamp(row.received_ms / 1000, UTC), waiting)
