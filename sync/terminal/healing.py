"""Healing: a terminal compares checksums with the center, and what differs is mended at both ends.

What this store lacks, or holds otherwise than the center countersigned it, is taken from the center. Own changes that
the center has lost go to it again, in a new epoch and with the same change ids. Another's change that the center does
not tell any more leaves the records here and is kept in the quarantine, never deleted.
"""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from desktop_app.domain.faults import PeerFault
from sync.entities import ENTITIES
from sync.identity.device import verify
from sync.log.envelope import Change, Verdict
from sync.log.signing import Origin
from sync.replication.client import PullPosition
from sync.replication.heads import Heads, differing, digest_of, read_heads, sums_of
from sync.replication.part import Part
from sync.store.journal import Head
from sync.store.rows import RECEIVED, SELECT_CHANGES, change_of
from sync.store.store import Transaction
from sync.store.tables import change, document
from sync.terminal.inbox import CENTER_LACKS, pull_position, take_changes
from sync.terminal.outbox import open_epoch


def verified_heads(raw: bytes, identity: Origin) -> Heads:
    """PeerFault `page-forged` where the center did not sign them for this terminal."""
    heads = read_heads(raw)
    if not verify(identity.center_key, heads.message(identity.device), heads.signature):
        raise PeerFault("page-forged")
    return heads


def differing_buckets(connection: sa.Connection, identity: Origin, head: Head, heads: Heads) -> list[str] | None:
    """None where either end has moved on since the heads were made."""
    here = pull_position(connection, head)
    if not heads.settled or (here.feed, here.cursor) != (heads.feed, heads.cursor) or head.seq != head.acknowledged:
        return None
    return differing(sums_of(_shared(connection, identity, head)), heads.sums)


def _shared(connection: sa.Connection, identity: Origin, head: Head, bucket: str = "") -> Iterable[Change]:
    """The changes that the center told or acknowledged as applied: those that both ends must hold alike."""
    pending = sa.and_(
        change.c.terminal == identity.device, change.c.epoch == head.epoch, change.c.seq > head.acknowledged
    )
    query = SELECT_CHANGES.where(
        change.c.verdict == Verdict.APPLIED.value,
        change.c.reason == "",
        RECEIVED.is_not(None),
        sa.not_(pending),
    )
    if bucket:
        query = query.where(sa.func.substr(change.c.change_id, 35, 2) == bucket)
    return (change_of(tuple(row)) for row in connection.execution_options(yield_per=1000).execute(query))


def heal(transaction: Transaction, identity: Origin, parts: Sequence[Part], asked: PullPosition) -> int:
    """Mend the buckets of which these are all parts; how many changes differed.

    0 too where this store has gone on past what the parts know: then it is compared another time.
    """
    connection, head = transaction.connection, transaction.journal.head
    here = pull_position(connection, head)
    whole = {each.bucket for each in parts if each.done}
    if any(each.feed != here.feed or each.until < here.cursor or each.bucket not in whole for each in parts):
        return 0
    if (here.epoch, here.seq) != (asked.epoch, asked.seq):
        return 0
    theirs = {each.change_id: each for part in parts for each in part.changes()}
    shared = (each for name in sorted(whole) for each in _shared(connection, identity, head, name))
    ours = {each.change_id: each for each in shared}
    differing_ = [
        (ours[change_id], told)
        for change_id, told in theirs.items()
        if change_id in ours and digest_of(ours[change_id]) != digest_of(told)
    ]
    for held, told in differing_:
        _take_over(connection, identity, held, told)
    missing = take_changes(transaction, identity, [each for each in theirs.values() if each.change_id not in ours])
    lost = [each for change_id, each in ours.items() if change_id not in theirs]
    _give_back(transaction, identity, lost)
    touched = {(told.entity, told.pk) for _, told in differing_}
    touched |= {(each.entity, each.pk) for each in lost if each.terminal != identity.device}
    for entity, pk in sorted(touched):
        if entity in ENTITIES:
            connection.execute(document.delete().where(document.c.pk == pk))
            transaction.projection.rebuild(entity, pk)
    return len(differing_) + missing + len(lost)


def _take_over(connection: sa.Connection, identity: Origin, held: Change, told: Change) -> None:
    """Write what the center countersigned over what is here."""
    values = {"payload": told.payload, "received_ms": told.received_ms, "hlc": told.hlc}
    if held.terminal == identity.device and told.salt:
        values |= {"salt": told.salt}
    connection.execute(change.update().where(change.c.change_id == held.change_id).values(**values))


def _give_back(transaction: Transaction, identity: Origin, lost: Sequence[Change]) -> None:
    """Send own changes again; put others' aside."""
    own = [each.change_id for each in lost if each.terminal == identity.device]
    if own:
        open_epoch(transaction, identity, above=transaction.journal.head.epoch, again=own)
    others = [each.change_id for each in lost if each.terminal != identity.device]
    if others:
        transaction.connection.execute(
            change.update()
            .where(change.c.change_id.in_(others))
            .values(verdict=Verdict.HELD.value, reason=CENTER_LACKS)
        )
