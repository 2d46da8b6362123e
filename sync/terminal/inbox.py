"""What a terminal pulls: pages verified by the center's countersignature, stored and projected in one transaction."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from desktop_app.domain.faults import PeerFault
from sync.documents.tables import live_update
from sync.entities import ENTITIES, SCHEMA_VERSION
from sync.identity.device import verify
from sync.log.envelope import OPERATIONS, Change, Op, Verdict
from sync.log.hlc import capped
from sync.log.payload import Payload, open_payload
from sync.log.signing import Origin
from sync.merge.projection import Projection
from sync.replication.client import PullPosition
from sync.replication.page import Page, read_page
from sync.replication.part import Part, read_part
from sync.store.journal import Head
from sync.store.rows import SELECT_CHANGES, change_of, erase_payloads, insert_changes, upsert
from sync.store.store import Transaction
from sync.store.tables import IN_QUARANTINE, change, document, property_
from sync.terminal.outbox import doubt, open_epoch, take_refusal

FEED = "pull-feed"
CURSOR = "pull-cursor"
SNAPSHOT = "snapshot"
CENTER_LACKS = "center-lacks"
"""The reason in the quarantine of a change that was pulled, and that the center does not tell any more."""


@dataclasses.dataclass(frozen=True, slots=True)
class SnapshotPosition:
    """The feed of the snapshot that was begun, after which cursor it goes on, and up to which it goes."""

    feed: bytes
    after: int
    until: int


def pull_position(connection: sa.Connection, head: Head) -> PullPosition:
    found = _properties(connection)
    cursor = int(found.get(CURSOR, "0"))
    return PullPosition(bytes.fromhex(found.get(FEED, "")), cursor, head.epoch, head.acknowledged)


def verified_page(raw: bytes, identity: Origin) -> Page:
    """PeerFault `page-forged` where the center did not sign it for this terminal."""
    page = read_page(raw)
    if not verify(identity.center_key, page.message(identity.device), page.signature):
        raise PeerFault("page-forged")
    return page


def take_in(transaction: Transaction, identity: Origin, page: Page) -> int:
    """Store what is new of a page, and the cursor; how many changes were new. PeerFault `page-misplaced`."""
    connection = transaction.connection
    here = pull_position(connection, transaction.journal.head)
    if page.since != (here.cursor if here.feed in (b"", page.feed) else 0) or page.following < page.since:
        raise PeerFault("page-misplaced", since=page.since)
    if here.feed not in (b"", page.feed):
        doubt(transaction, identity)
    new = take_changes(transaction, identity, page.changes())
    _keep(connection, {FEED: page.feed.hex(), CURSOR: str(page.following)})
    return new


def take_changes(transaction: Transaction, identity: Origin, listed: Sequence[Change]) -> int:
    """Store what is new of these, which the center has countersigned; how many that were."""
    new = 0
    segment: list[Change] = []
    for each in listed:
        segment.append(each)
        if each.entity in ACTS:  # what comes after it stands on what it did
            new += _take_segment(transaction, identity, segment)
            segment = []
    return new + _take_segment(transaction, identity, segment)


def _take_segment(transaction: Transaction, identity: Origin, listed: Sequence[Change]) -> int:
    if not listed:
        return 0
    connection = transaction.connection
    known = _known(connection, listed)
    new = {each.change_id: each for each in listed if each.change_id not in known}
    _make_room(transaction, identity, list(new.values()))
    _clear_places(transaction, identity, list(new.values()))
    _store(transaction, list(new.values()))
    written = [each.change_id for each in new.values() if each.op == Op.UPDATE]
    if written:  # what a socket had brought is in the log now
        connection.execute(live_update.delete().where(live_update.c.change_id.in_(written)))
    for each in listed:
        if each.change_id in known:
            _told_again(transaction, known[each.change_id], each)
        transaction.journal.clock.absorb(each.hlc, each.received_ms)
    act = ACTS.get(listed[-1].entity)
    if act is not None and listed[-1].change_id in new and listed[-1].payload is not None:
        act(transaction, identity, open_payload(listed[-1].payload).fields)
    return len(new)


def _withdraw(transaction: Transaction, identity: Origin, told: Mapping[str, Any]) -> None:
    """Let go of records that this unit may not see any more; own changes stay in the chain, and are not shown."""
    now = transaction.projection.places.now
    if now(str(told.get("unit_path"))) != now(identity.unit_path):
        return
    for entity, pk in _named(told.get("records")):
        this = sa.and_(change.c.entity == entity, change.c.pk == pk)
        transaction.connection.execute(change.delete().where(this, change.c.terminal != identity.device))
        transaction.connection.execute(
            change.update()
            .where(this, change.c.verdict == Verdict.APPLIED.value)
            .values(verdict=Verdict.WITHDRAWN.value)
        )
        _forget(transaction, entity, pk)


def _erase(transaction: Transaction, _identity: Origin, told: Mapping[str, Any]) -> None:
    """Erase what was said in these changes; the chain goes on to verify by their digests."""
    ids = [each for each in told.get("changes") or () if isinstance(each, str)]
    for entity, pk in _named([told.get("record")]):
        erase_payloads(transaction.connection, ids)
        _forget(transaction, entity, pk)


def _forget(transaction: Transaction, entity: str, pk: str) -> None:
    transaction.connection.execute(live_update.delete().where(live_update.c.pk == pk))
    transaction.connection.execute(document.delete().where(document.c.pk == pk))
    if entity in ENTITIES:
        transaction.projection.forget(entity, pk)


def _named(records: Any) -> list[tuple[str, str]]:
    """(entity, pk) of each "entity:pk"."""
    named = [each.partition(":") for each in records or () if isinstance(each, str)]
    return [(entity, pk) for entity, _, pk in named]


ACTS: dict[str, Callable[[Transaction, Origin, Mapping[str, Any]], None]] = {
    "revocation": _withdraw,
    "erasure": _erase,
    "refusal": take_refusal,
}
"""What the center's word makes a terminal do, besides being kept."""


def snapshot_position(connection: sa.Connection) -> SnapshotPosition | None:
    """Where the snapshot goes on; None once this store has been filled and pulls."""
    found = _properties(connection)
    if found.get(FEED):
        return None
    begun = found.get(SNAPSHOT, "::").split(":")
    return SnapshotPosition(bytes.fromhex(begun[0]), int(begun[1] or 0), int(begun[2] or 0))


def verified_part(raw: bytes, identity: Origin) -> Part:
    """PeerFault `page-forged` where the center did not sign it for this terminal."""
    part = read_part(raw)
    if not verify(identity.center_key, part.message(identity.device), part.signature):
        raise PeerFault("page-forged")
    return part


def take_part(transaction: Transaction, identity: Origin, part: Part) -> None:
    """Store one part of the snapshot; with the last one pulling begins. PeerFault `page-misplaced`."""
    connection = transaction.connection
    here = snapshot_position(connection)
    if here is None or part.bucket:
        raise PeerFault("page-misplaced", since=part.after)
    after = here.after if part.feed == here.feed else 0
    if part.after != after or (after and part.until != here.until) or not part.after <= part.following <= part.until:
        raise PeerFault("page-misplaced", since=part.after)
    take_changes(transaction, identity, part.changes())
    if part.done:
        connection.execute(property_.delete().where(property_.c.name == SNAPSHOT))
        _keep(connection, {FEED: part.feed.hex(), CURSOR: str(part.until)})
    else:
        _keep(connection, {SNAPSHOT: f"{part.feed.hex()}:{part.following}:{part.until}"})


def _properties(connection: sa.Connection) -> dict[str, str]:
    rows = connection.execute(sa.select(property_.c.name, property_.c.value))
    return {row.name: row.value for row in rows}


def _keep(connection: sa.Connection, values: Mapping[str, str]) -> None:
    upsert(connection, property_, [{"name": name, "value": value} for name, value in values.items()])


def _known(connection: sa.Connection, listed: Sequence[Change]) -> dict[str, Change]:
    ids = [each.change_id for each in listed]
    rows = connection.execute(SELECT_CHANGES.where(change.c.change_id.in_(ids)))
    return {row.change_id: change_of(tuple(row)) for row in rows}


def _make_room(transaction: Transaction, identity: Origin, new: Sequence[Change]) -> None:
    """Own changes that are not here were written before this store was restored: go on in a new epoch."""
    forgotten = [each.epoch for each in new if each.terminal == identity.device]
    if forgotten and max(forgotten) >= transaction.journal.head.epoch:
        open_epoch(transaction, identity, above=max(forgotten))


def _clear_places(transaction: Transaction, identity: Origin, new: Sequence[Change]) -> None:
    """Another terminal and the center were both put back, and it wrote something else in the same places: what lies
    there leaves the records and is kept in the quarantine, at a place that no chain has."""
    by_chain: dict[tuple[str, int], set[int]] = {}
    for each in new:
        if each.terminal != identity.device:
            by_chain.setdefault((each.terminal, each.epoch), set()).add(each.seq)
    for (terminal, epoch), seqs in by_chain.items():
        chain = sa.and_(change.c.terminal == terminal, change.c.epoch == epoch)
        there = sa.and_(chain, change.c.seq.between(min(seqs), max(seqs)))
        found = transaction.connection.execute(sa.select(change.c.seq, change.c.entity, change.c.pk).where(there)).all()
        for seq, entity, pk in found:
            if seq in seqs:
                transaction.connection.execute(
                    change.update()
                    .where(chain, change.c.seq == seq)
                    .values(epoch=-change.c.position, verdict=Verdict.HELD.value, reason=CENTER_LACKS)
                )
                if entity in ENTITIES:
                    transaction.projection.rebuild(entity, pk)


def _store(transaction: Transaction, new: Sequence[Change]) -> None:
    projection = transaction.projection
    understood = {each.change_id: said for each in new if (said := _understood(projection, each)) is not None}
    projection.load({(each.entity, each.pk) for each in new if each.change_id in understood})
    rows: list[tuple[Change, bytes | None]] = []
    for each in new:
        if each.change_id in understood:
            projection.apply(each, understood[each.change_id])
            rows.append((each, None))
        else:
            rows.append((dataclasses.replace(each, verdict=Verdict.HELD.value, reason="schema-newer"), None))
    insert_changes(transaction.connection, rows)


def _understood(projection: Projection, each: Change) -> Payload | None:
    """What a change says, where this version of the program can project it."""
    if each.entity not in ENTITIES or each.op not in OPERATIONS or each.schema_version > SCHEMA_VERSION:
        return None
    try:
        return projection.open(each)
    except PeerFault:
        return None


def _told_again(transaction: Transaction, known: Change, told: Change) -> None:
    """What is told is applied at the center, under the stamp it has there now: a restored one gave it anew. A change
    that is here with another verdict leaves the quarantine."""
    values: dict[str, Any] = {"received_ms": told.received_ms} if told.received_ms != known.received_ms else {}
    moved = capped(known.hlc, told.received_ms) != capped(known.hlc, known.received_ms)
    quarantined = known.verdict != Verdict.APPLIED or known.reason
    if quarantined and _understood(transaction.projection, known) is not None:
        values |= {"verdict": Verdict.APPLIED.value, "reason": ""}
        moved = moved or known.verdict != Verdict.APPLIED
    if values:
        this = change.c.change_id == known.change_id
        transaction.connection.execute(change.update().where(this).values(**values))
    if moved and known.entity in ENTITIES:
        transaction.projection.rebuild(known.entity, known.pk)


def release_understood(transaction: Transaction) -> None:
    """Project what an earlier version of the program had to hold."""
    rows = transaction.connection.execute(
        SELECT_CHANGES.where(IN_QUARANTINE, change.c.verdict == Verdict.HELD.value).order_by(change.c.position)
    ).all()
    for each in [change_of(tuple(row)) for row in rows]:
        if _understood(transaction.projection, each) is not None:
            transaction.connection.execute(
                change.update()
                .where(change.c.change_id == each.change_id)
                .values(verdict=Verdict.APPLIED.value, reason="")
            )
            transaction.projection.rebuild(each.entity, each.pk)
