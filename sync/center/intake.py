"""Taking in a push: one transaction that stores, judges and acknowledges a run of a terminal's chain.

The receipts of a chain divide it: each change is covered by exactly one receipt, made when it was first received. A
replay, whole or in other pieces, is answered with the receipts made then.
"""

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence, Set
from typing import NamedTuple, Protocol

import msgpack
import sqlalchemy as sa

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import UnitPath
from sync.center.admission import RECORD_AWAITED, Precedents, judge
from sync.center.disputes import note_disputes
from sync.center.feed import tell
from sync.center.release import awaited_among, release_awaiting
from sync.entities import ENTITIES
from sync.log.envelope import GENESIS, Change, Verdict
from sync.log.signing import Origin, receipt_message
from sync.merge.projection import Key
from sync.replication.batch import Batch
from sync.replication.receipt import receipt_body
from sync.store.driver import AMONG, WITHIN, Insert, fetch, fetch_all, fetch_among, perhaps_there
from sync.store.rows import SELECT_TEXT, change_of, insert_changes, upsert_text
from sync.store.store import Transaction
from sync.store.tables import change, origin, receipt, reemitted

Chain = Sequence[tuple[Change, bytes]]
APPLIED = Verdict.APPLIED.value
_RECEIPTS = (
    "SELECT body, signature, last_seq, head_hash FROM receipt"
    " WHERE terminal = ? AND epoch = ? AND last_seq >= ? AND first_seq <= ? ORDER BY first_seq"
)
_POSITION = "SELECT epoch, seq, head_hash FROM origin WHERE terminal = ?"
_NUMBER = "SELECT coalesce(max(number), 0) FROM receipt"
_END = upsert_text(origin, ("terminal", "epoch", "seq", "head_hash", "signature", "acknowledged"))
_RECEIPT = Insert(receipt, [column.name for column in receipt.c]).text
_IDS = f"SELECT change_id FROM change WHERE change_id {WITHIN}"
_TOLD = f"SELECT pk FROM change WHERE entity = ? AND pk {WITHIN}"
STORED_AT_ONCE = 250
"""Changes that a database stores while the next ones are judged."""


class KnownDevice(Protocol):
    """What the lane needs of an enrolled terminal."""

    @property
    def public_key(self) -> bytes: ...
    @property
    def unit_path(self) -> UnitPath: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Position:
    """The end of a terminal's chain as the center holds it."""

    epoch: int = 0
    seq: int = 0
    head_hash: bytes = GENESIS

    def lacks(self, own_head: tuple[int, int]) -> bool:
        """Whether a terminal takes more of its chain, up to (epoch, seq), for received than is here."""
        return own_head[1] > 0 and (self.epoch, self.seq) < own_head

    def fault(self, fault_id: str) -> PeerFault:
        """The refusal that tells a terminal where to go on."""
        return PeerFault(fault_id, epoch=self.epoch, seq=self.seq, head_hash=self.head_hash.hex())


def position(connection: sa.Connection, terminal: str) -> Position:
    found = fetch(connection, _POSITION, (terminal,))
    return Position(*found[0]) if found else Position()


class Answered(NamedTuple):
    """A receipt as it is kept, and where its run ends."""

    body: bytes
    signature: bytes
    last_seq: int
    head_hash: bytes


def receipts_for(connection: sa.Connection, batch: Batch) -> list[Answered]:
    """The receipts that cover any of a batch's changes, in the chain's order."""
    run = (batch.terminal, batch.epoch, batch.first_seq, batch.last_seq)
    return [Answered(*row) for row in fetch(connection, _RECEIPTS, run)]


def replayed(connection: sa.Connection, batch: Batch) -> bytes | None:
    """The answer to a batch that ends where an acknowledged one ended, without opening it; None for any other."""
    known = receipts_for(connection, batch)
    return pack_receipts(known) if known and known[-1][2:] == (batch.last_seq, batch.head_hash) else None


def pack_receipts(receipts: Sequence[Answered]) -> bytes:
    return bytes(msgpack.packb([each[:2] for each in receipts]))


def take_in(
    transaction: Transaction,
    identity: Origin,
    device: KnownDevice,
    batch: Batch,
    chain: Chain,
    most_is_sent: Callable[[], None] | None = None,
) -> bytes:
    """Store and acknowledge a verified batch; its receipts. PeerFault `epoch-old`, `chain-gap`, `chain-fork`.

    `most_is_sent` is called when changes and records are on their way to where they are kept.
    """
    connection = transaction.connection
    found, ((last_number,),) = fetch_all(connection, [(_POSITION, (batch.terminal,)), (_NUMBER, ())])
    held = Position(*found[0]) if found else Position()
    fresh = _fresh(connection, held, batch, chain)
    if not fresh:
        return pack_receipts(receipts_for(connection, batch))
    received_ms = transaction.journal.clock.stamp(transaction.now_ms)
    stored = _store(transaction, device, fresh, received_ms, most_is_sent)
    note_disputes(transaction, identity, stored)
    last_seq, head_hash = fresh[-1][0].seq, fresh[-1][1]
    body = _receipt_body(int(last_number) + 1, batch, stored, head_hash, received_ms)
    made = Answered(body, identity.sign(receipt_message(body)), last_seq, head_hash)
    run = (stored[0].seq, last_seq, head_hash)
    end = (batch.terminal, batch.epoch, last_seq, head_hash, batch.signature, last_seq)
    kept = (int(last_number) + 1, batch.terminal, batch.epoch, *run, received_ms, made.body, made.signature)
    fetch_all(connection, [(_END, end), (_RECEIPT, kept)])
    return pack_receipts([made] if fresh is chain else receipts_for(connection, batch))


def _fresh(connection: sa.Connection, held: Position, batch: Batch, chain: Chain) -> Chain:
    """The part of a batch that is not here yet."""
    if batch.epoch < held.epoch:
        raise held.fault("epoch-old")
    if batch.epoch > held.epoch:
        if batch.first_seq != 1 or batch.prev_hash != GENESIS:
            raise held.fault("chain-gap")
        return chain
    if batch.first_seq > held.seq + 1:
        raise held.fault("chain-gap")
    if batch.first_seq == held.seq + 1:
        if batch.prev_hash != held.head_hash:
            raise held.fault("chain-fork")
        return chain
    last_known = min(batch.last_seq, held.seq)
    if _hash_at(connection, batch, last_known) != chain[last_known - batch.first_seq][1]:
        raise held.fault("chain-fork")
    return chain[last_known - batch.first_seq + 1 :]


def _hash_at(connection: sa.Connection, batch: Batch, seq: int) -> bytes | None:
    for table in (change, reemitted):
        found: bytes | None = connection.execute(
            sa.select(table.c.hash).where(
                table.c.terminal == batch.terminal, table.c.epoch == batch.epoch, table.c.seq == seq
            )
        ).scalar()
        if found is not None:
            return found
    return None


def _store(
    transaction: Transaction,
    device: KnownDevice,
    fresh: Chain,
    received_ms: int,
    most_is_sent: Callable[[], None] | None,
) -> list[Change]:
    """Judge and store each change; the changes as they stand now, in the chain's order.

    What is new gets its stamp and its verdict, and nobody else holds it yet.
    """
    connection, projection = transaction.connection, transaction.projection
    records = {(each.entity, each.pk) for each, _ in fresh if each.entity in ENTITIES}
    known, told = _known(connection, [each.change_id for each, _ in fresh], records)
    meetings = {("meeting", each.meeting) for each, _ in fresh if each.meeting}
    projection.load(records | meetings | {("operator", each.person) for each, _ in fresh})
    awaited = awaited_among(connection, [key for key in told if not projection.state(*key).exists])
    stored: list[Change] = []
    new: list[tuple[Change, bytes | None]] = []
    again = []
    new_records: set[Key] = set()
    precedents = Precedents()
    for sent, chain_hash in fresh:
        before = known.get(sent.change_id)
        if before is not None:
            again.append(
                {
                    "terminal": sent.terminal,
                    "epoch": sent.epoch,
                    "seq": sent.seq,
                    "change_id": sent.change_id,
                    "hash": chain_hash,
                }
            )
            same = before.terminal == sent.terminal and before.digest == sent.digest
            verdict, reason = (before.verdict, before.reason) if same else (Verdict.REFUSED, "id-taken")
            stored.append(dataclasses.replace(sent, verdict=verdict, reason=reason))
            continue
        sent.received_ms = received_ms
        verdict, reason, payload = judge(sent, projection, device.unit_path, precedents)
        if payload is not None:
            if not projection.state(sent.entity, sent.pk).exists:
                new_records.add((sent.entity, sent.pk))
            projection.apply(sent, payload)
        else:
            sent.verdict, sent.reason = verdict.value, reason
            if reason == RECORD_AWAITED:
                awaited.add((sent.entity, sent.pk))
        known[sent.change_id] = sent
        stored.append(sent)
        new.append((sent, chain_hash))
        if len(new) % STORED_AT_ONCE == 0:
            insert_changes(connection, new[-STORED_AT_ONCE:])
    insert_changes(connection, new[len(new) - len(new) % STORED_AT_ONCE :])
    if again:
        connection.execute(reemitted.insert(), again)
    projection.flush()  # of which the database takes in much while the feed is made
    if most_is_sent is not None:
        most_is_sent()
    tell(transaction, [each for each, _ in new if each.verdict == APPLIED])
    release_awaiting(transaction, new_records, awaited)
    return stored


def _known(connection: sa.Connection, ids: Sequence[str], records: Set[Key]) -> tuple[dict[str, Change], list[Key]]:
    """Those of these changes that are here already, and those of these records of which a change may be here."""
    entities: dict[str, list[str]] = {}
    for entity, pk in records:
        entities.setdefault(entity, []).append(pk)
    asked = [(_IDS, (), ids), *((_TOLD, (entity,), pks) for entity, pks in entities.items())]
    here, *several = perhaps_there(connection, asked)
    told = [(entity, pk) for entity, pks in zip(entities, several, strict=True) for pk in pks]
    if not here:
        return {}, told
    rows = fetch_among(connection, f"{SELECT_TEXT} WHERE change_id {AMONG}", (), here)
    return {change.change_id: change for change in map(change_of, rows)}, told


def _receipt_body(number: int, batch: Batch, stored: Sequence[Change], head_hash: bytes, received_ms: int) -> bytes:
    seqs = (stored[0].seq, stored[-1].seq)
    verdicts = tuple((each.seq, str(each.verdict), each.reason) for each in stored if each.verdict != APPLIED)
    entities = Counter(each.entity for each in stored)
    return receipt_body(number, batch.terminal, batch.epoch, seqs, head_hash, received_ms, verdicts, entities)
