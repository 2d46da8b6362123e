"""What a terminal pushes: the next run of its own chain, the receipts for it, and where to go on after a refusal."""

import dataclasses
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import msgpack
import sqlalchemy as sa

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.limits import BATCH_CHANGES
from sync.entities import ENTITIES
from sync.identity.device import verify
from sync.log.envelope import GENESIS, HASH_BYTES, Change, Op, Verdict, change_hash
from sync.log.hlc import COUNTER_BITS
from sync.log.payload import open_payload
from sync.log.signing import Origin, head_message
from sync.replication.batch import PAYLOAD_AT, item_of, pack_batch, read_batch
from sync.replication.receipt import Receipt, read_body
from sync.store.driver import rows_of
from sync.store.journal import Head
from sync.store.rows import SELECT_CHANGES, change_of, insert_changes, upsert
from sync.store.store import Transaction
from sync.store.tables import change, document, receipt, reemitted

End = tuple[int, int]
"""(epoch, seq) of the last change of a push."""
BATCH_BYTES = 2 * 1024 * 1024
"""Payload bytes after which a batch ends, so that it stays below the center's bound with room to spare."""

_RUN = (
    "SELECT seq, change_id, hlc, entity, pk, op, schema_version, person, nullif(device, terminal), unit_path, meeting,"
    " salt, payload, CASE WHEN payload IS NULL THEN digest END"
    " FROM change WHERE terminal = ? AND epoch = ? AND seq > ? ORDER BY seq LIMIT ?"
)


def next_batch(
    connection: sa.Connection, identity: Origin, head: Head, limit: int = BATCH_CHANGES
) -> tuple[bytes, End] | None:
    """The next run after what is acknowledged, and where it ends; None where everything is acknowledged."""
    if head.seq <= head.acknowledged:
        return None
    items: list[list[Any]] = []
    first = last = size = 0
    with closing(rows_of(connection, _RUN, (identity.device, head.epoch, head.acknowledged, limit))) as rows:
        for seq, *fields in rows:
            size += len(fields[PAYLOAD_AT] or b"")
            if items and size > BATCH_BYTES:
                break
            first, last = first or seq, seq
            items.append(item_of(*fields))
    prev_hash = GENESIS if first == 1 else _hash_at(connection, identity, head.epoch, first - 1)
    head_hash = _hash_at(connection, identity, head.epoch, last)
    if prev_hash is None or head_hash is None:
        raise PeerFault("chain-broken", terminal=identity.device, epoch=head.epoch, seq=first - 1)
    signature = identity.sign(head_message(identity.device, head.epoch, last, head_hash))
    place = (identity.device, head.epoch, first)
    return pack_batch(place, items, prev_hash, head_hash, signature), (head.epoch, last)


def end_of(batch: bytes) -> End:
    sent = read_batch(batch)
    return sent.epoch, sent.last_seq


def head_after(head: Head, end: End) -> Head:
    """The head as it will be when the push of the same chain that ends there is acknowledged."""
    return dataclasses.replace(head, acknowledged=end[1]) if end[0] == head.epoch else head


def _own(identity: Origin, epoch: int) -> "sa.ColumnElement[bool]":
    return sa.and_(change.c.terminal == identity.device, change.c.epoch == epoch)


def _hash_at(connection: sa.Connection, identity: Origin, epoch: int, seq: int) -> bytes | None:
    found: bytes | None = connection.execute(
        sa.select(change.c.hash).where(_own(identity, epoch), change.c.seq == seq)
    ).scalar()
    return found


def read_receipts(raw: bytes, identity: Origin) -> list[Receipt]:
    """The center's answer to a push, each receipt verified; PeerFault `receipt-unreadable`, `receipt-forged`."""
    try:
        pairs = msgpack.unpackb(raw, strict_map_key=True)
        receipts = [read_body(bytes(body), bytes(signature)) for body, signature in pairs]
    except (ValueError, TypeError, msgpack.UnpackException, RecursionError) as err:
        raise PeerFault("receipt-unreadable") from err
    for each in receipts:
        if not verify(identity.center_key, each.message(), each.signature) or each.terminal != identity.device:
            raise PeerFault("receipt-forged", number=each.number)
    return receipts


def acknowledge(transaction: Transaction, identity: Origin, receipts: Sequence[Receipt]) -> None:
    """Keep receipts and what they say of each change. PeerFault `receipt-foreign` where one is not for this chain."""
    connection, head = transaction.connection, transaction.journal.head
    for each in receipts:
        if each.epoch != head.epoch or each.last_seq <= head.acknowledged:
            continue
        if each.first_seq > head.acknowledged + 1:
            raise PeerFault("receipt-foreign", number=each.number)
        if _hash_at(connection, identity, each.epoch, each.last_seq) != each.head_hash:
            raise PeerFault("receipt-foreign", number=each.number)
        _stamp_rows_of_others(connection, each)
        upsert(connection, receipt, [{column.name: getattr(each, column.name) for column in receipt.c}])
        _apply_verdicts(transaction, identity, each)
        _merge_capped(transaction, identity, each)
        head.acknowledged = each.last_seq


def _stamp_rows_of_others(connection: sa.Connection, each: Receipt) -> None:
    """Write the stamps of receipts that this one takes the place of, or covers the same changes as, into the rows.

    A restored center gives its numbers anew. What was received once keeps its stamp.
    """
    same = sa.and_(
        receipt.c.terminal == each.terminal,
        receipt.c.epoch == each.epoch,
        receipt.c.last_seq >= each.first_seq,
        receipt.c.first_seq <= each.last_seq,
    )
    for other in connection.execute(sa.select(receipt).where(sa.or_(receipt.c.number == each.number, same))).all():
        run = sa.and_(
            change.c.terminal == other.terminal,
            change.c.epoch == other.epoch,
            change.c.seq.between(other.first_seq, other.last_seq),
        )
        connection.execute(
            change.update().where(run, change.c.received_ms.is_(None)).values(received_ms=other.received_ms)
        )


def _apply_verdicts(transaction: Transaction, identity: Origin, each: Receipt) -> None:
    """What the center holds stays on this screen; what it refused leaves the records, and is kept in the quarantine."""
    otherwise = sa.or_(
        change.c.verdict != Verdict.APPLIED.value,
        change.c.reason != "",
        change.c.received_ms.is_(None),
        change.c.received_ms != each.received_ms,
    )
    """Not told as applied since this receipt was made: that it was is seen by the stamp, which came before it."""
    for seq, verdict, reason in each.verdicts:
        at = sa.and_(_own(identity, each.epoch), change.c.seq == seq, otherwise)
        if verdict == Verdict.HELD:
            _hold(transaction, at, reason, each.received_ms)
        else:
            _refuse(transaction, at, reason)


def _hold(transaction: Transaction, which: "sa.ColumnElement[bool]", reason: str, received_ms: int) -> None:
    """What was refused, and a restored center holds now, is shown again, unless it was refused after this receipt."""
    connection = transaction.connection
    row = connection.execute(sa.select(change).where(which)).first()
    if row is None:
        return
    values = {"reason": reason}
    if row.verdict == Verdict.REFUSED:
        refused_ms = max(_refused_ms(connection, row.change_id), row.received_ms or 0)
        if not 0 < refused_ms < received_ms:
            return
        values["verdict"] = Verdict.APPLIED.value
    connection.execute(change.update().where(change.c.position == row.position).values(**values))
    if row.verdict == Verdict.REFUSED:
        _show(transaction, row)


def _refused_ms(connection: sa.Connection, change_id: str) -> int:
    """When the center last told that it refuses what it had held; 0 where it has not."""
    told = sa.select(change.c.received_ms, change.c.payload).where(
        change.c.entity == "refusal", change.c.payload.is_not(None)
    )
    stamps = (
        stamp or 0
        for stamp, payload in connection.execute(told)
        if change_id in (open_payload(payload).fields.get("changes") or ())
    )
    return max(stamps, default=0)


def take_refusal(transaction: Transaction, identity: Origin, told: Mapping[str, Any]) -> None:
    """What the center held it has refused: as if its receipt had said so. What it has applied since stays as it is."""
    head = transaction.journal.head
    for change_id in told.get("changes") or ():
        own = sa.and_(change.c.terminal == identity.device, change.c.change_id == change_id)
        receipt_awaited = sa.and_(change.c.epoch == head.epoch, change.c.seq > head.acknowledged)
        held = sa.or_(change.c.verdict == Verdict.HELD.value, change.c.reason != "", receipt_awaited)
        _refuse(transaction, sa.and_(own, held, change.c.verdict != Verdict.WITHDRAWN.value), str(told.get("reason")))


def _refuse(transaction: Transaction, which: "sa.ColumnElement[bool]", reason: str) -> None:
    connection = transaction.connection
    row = connection.execute(
        sa.select(change.c.position, change.c.entity, change.c.pk, change.c.op).where(which)
    ).first()
    if row is None:
        return
    refused = {"verdict": Verdict.REFUSED.value, "reason": reason}
    connection.execute(change.update().where(change.c.position == row.position).values(**refused))
    _show(transaction, row)


def _show(transaction: Transaction, row: Any) -> None:
    """Make again the record of a change whose row tells another verdict now."""
    if row.op == Op.UPDATE:
        transaction.connection.execute(document.delete().where(document.c.pk == row.pk))
    transaction.projection.rebuild(row.entity, row.pk)


def _merge_capped(transaction: Transaction, identity: Origin, each: Receipt) -> None:
    """Merge again what a clock that ran ahead had put on top."""
    cap = (each.received_ms + 1) << COUNTER_BITS
    if transaction.journal.clock.last < cap:
        return  # so were all that this clock timed
    run = sa.and_(_own(identity, each.epoch), change.c.seq.between(each.first_seq, each.last_seq))
    ahead = transaction.connection.execute(
        sa.select(change.c.entity, change.c.pk)
        .where(run, change.c.hlc >= cap, change.c.entity.in_(list(ENTITIES)))
        .distinct()
    ).all()
    for entity, pk in ahead:
        transaction.projection.rebuild(entity, pk)


def go_on_from(transaction: Transaction, identity: Origin, epoch: int, seq: int, head_hash: bytes) -> None:
    """Go on after the center said where our chain ends there.

    If that is a place in this chain, what follows is sent from there. If not, one of the two stores is a restored
    one, and what the center has not acknowledged goes into a new epoch, with the same change ids.
    """
    head = transaction.journal.head
    if epoch == head.epoch and seq <= head.seq:
        ours = GENESIS if seq == 0 else _hash_at(transaction.connection, identity, epoch, seq)
        if ours == head_hash:
            head.acknowledged = seq
            return
    lost = _receipted_after(transaction.connection, identity, head, epoch, seq) if epoch < head.epoch else []
    if epoch < head.epoch and not lost:
        return  # the center has not heard of this epoch yet: it begins with our first change
    open_epoch(transaction, identity, above=epoch, again=lost)


def _receipted_after(connection: sa.Connection, identity: Origin, head: Head, epoch: int, seq: int) -> list[str]:
    """Own changes that were receipted, and lie after the place at which a restored center's chain ends."""
    later = sa.or_(change.c.epoch > epoch, sa.and_(change.c.epoch == epoch, change.c.seq > seq))
    waiting = sa.and_(change.c.epoch == head.epoch, change.c.seq > head.acknowledged)
    own = sa.and_(change.c.terminal == identity.device, sa.func.length(change.c.digest) == HASH_BYTES)
    return list(connection.execute(sa.select(change.c.change_id).where(own, later, sa.not_(waiting))).scalars())


def doubt(transaction: Transaction, identity: Origin) -> None:
    """The center was restored: let it show that it still has what it receipted, by sending the last of it again."""
    head = transaction.journal.head
    first_epoch = head.epoch == 1
    if head.acknowledged > 1 or (head.acknowledged and first_epoch):
        head.acknowledged -= 1
        return  # where the center lacks it, it says where the chain ends there
    receipted = _receipted_after(transaction.connection, identity, head, 0, 0)
    if receipted:
        open_epoch(transaction, identity, above=head.epoch, again=receipted)


def take_over(transaction: Transaction, identity: Origin, saved: Sequence[Change]) -> None:
    """Begin an empty store's chain with changes that another store of this device had written."""
    head = transaction.journal.head
    head.epoch = max((each.epoch for each in saved), default=head.epoch) + 1
    head.seq, head.head_hash, head.acknowledged = 0, GENESIS, 0
    transaction.projection.load({(each.entity, each.pk) for each in saved if each.entity in ENTITIES})
    rows: list[tuple[Change, bytes | None]] = []
    for each in saved:
        moved = dataclasses.replace(each, epoch=head.epoch, seq=head.seq + 1)
        head.seq, head.head_hash = moved.seq, change_hash(moved, head.head_hash)
        rows.append((moved, head.head_hash))
        transaction.journal.clock.absorb(moved.hlc, None)
        if moved.entity in ENTITIES:
            transaction.projection.apply(moved)
    insert_changes(transaction.connection, rows)


def open_epoch(transaction: Transaction, identity: Origin, *, above: int, again: Sequence[str] = ()) -> None:
    """Begin a new epoch with the changes that are not acknowledged, and those that are to be sent `again`, in order."""
    connection, head = transaction.connection, transaction.journal.head
    waiting = sa.and_(_own(identity, head.epoch), change.c.seq > head.acknowledged)
    rows = connection.execute(
        SELECT_CHANGES.add_columns(change.c.hash)
        .where(sa.or_(waiting, change.c.change_id.in_(again)))
        .order_by(change.c.epoch, change.c.seq)
    ).all()
    epoch = max(head.epoch, above) + 1
    running = GENESIS
    places, moves = [], []
    for seq, row in enumerate(rows, start=1):
        before = change_of(tuple(row)[:-1])
        after = dataclasses.replace(before, epoch=epoch, seq=seq)
        running = change_hash(after, running)
        if row.hash is not None:  # else it came back from the center, and had no place in this store's chain
            places.append(
                {
                    "terminal": before.terminal,
                    "epoch": before.epoch,
                    "seq": before.seq,
                    "change_id": before.change_id,
                    "hash": row.hash,
                }
            )
        stamped = {"received_ms": before.received_ms}  # its receipt is for the place that it leaves
        moves.append({"moved": before.change_id, "epoch": epoch, "seq": seq, "hash": running, **stamped})
    if places:
        connection.execute(reemitted.insert(), places)
    if moves:
        connection.execute(change.update().where(change.c.change_id == sa.bindparam("moved")), moves)
    head.epoch, head.seq, head.head_hash, head.acknowledged = epoch, len(moves), running, 0
