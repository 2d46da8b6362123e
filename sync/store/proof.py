"""The proof of a store's history: every chain is hashed again, and every receipt is held against it.

What it finds first is named. A payload that was erased on a lawful request proves nothing and spoils nothing: the
chain covers its digest. Changes that were pulled carry no chain; checksums (`sync.replication.heads`) compare those.
"""

import dataclasses
from collections.abc import Callable, Iterator

import sqlalchemy as sa

from desktop_app.domain.faults import HostFault, PeerFault
from sync.identity.device import verify
from sync.log.envelope import GENESIS, Change, change_hash, payload_digest
from sync.log.signing import head_message
from sync.replication.receipt import Receipt, read_body
from sync.store.journal import rows_given, written_end
from sync.store.rows import COLUMNS, SELECT_CHANGES, change_of
from sync.store.tables import change, origin, receipt, reemitted

Keys = Callable[[str], bytes | None]
"""The public key of a device; None where it is not known."""
Link = tuple[Change, bytes | None]
"""A change at its place in a chain, and the hash that is stored for it."""


@dataclasses.dataclass(slots=True)
class Proof:
    """What was found to hold."""

    changes: int = 0
    erased: int = 0
    chains: int = 0
    receipts: int = 0
    receipted: int = 0
    """Changes that a receipt covers."""
    pulled: int = 0
    """Changes of others, which have no chain here."""


def prove(connection: sa.Connection, own: str, center_key: bytes, keys: Keys) -> Proof:
    """Prove the whole history of a terminal's or a center's store.

    HostFault `history-altered` names the first change that does not fit: `change_id`, `terminal`, `epoch`, `seq`,
    `entity`, `pk`; `history-gap` the first place that is missing; `receipt-altered` a receipt that is not the
    center's or does not fit, and with it the run of changes that it covers.
    """
    proof = Proof()
    whole = connection.execute(sa.select(origin.c.terminal).order_by(origin.c.terminal)).scalars().all()
    for terminal in sorted(whole, key=lambda each: (each != own, each)):
        _prove_terminal(connection, terminal, center_key, keys, proof)
    proof.pulled += connection.execute(
        sa.select(sa.func.count()).select_from(change).where(change.c.terminal.not_in(whole))
    ).scalar_one()
    return proof


def _prove_terminal(connection: sa.Connection, terminal: str, center_key: bytes, keys: Keys, proof: Proof) -> None:
    receipts = _receipts(connection, terminal, center_key, proof)
    head = connection.execute(sa.select(origin).where(origin.c.terminal == terminal)).one()
    written = written_end(connection, terminal)
    appended = 0 if written is None or written.given is None else rows_given(connection) - written.given
    end, hash_there = (head.epoch, 0), GENESIS
    at, running = (0, 0), GENESIS
    for link, stored in _chain(connection, terminal):
        if stored is None:  # told by the center after this store was restored: like any pulled change
            proof.pulled += 1
            continue
        if link.epoch != at[0]:
            at, running = (link.epoch, 0), GENESIS
            proof.chains += 1
        if link.seq != at[1] + 1:
            raise HostFault("history-gap", terminal=terminal, epoch=link.epoch, seq=at[1] + 1)
        at = (link.epoch, link.seq)
        covering = receipts.pop(at, None)
        running = _prove_link(link, stored, running, covering, proof)
        if covering is not None:
            proof.receipted += 1
            if covering.last_seq == link.seq and covering.head_hash != running:
                raise _receipt_fault(covering)
        if link.epoch == head.epoch:
            end = at
        if at == (head.epoch, head.seq):
            hash_there = running
    if end != (head.epoch, head.seq + appended) or hash_there != head.head_hash:
        raise HostFault("history-gap", terminal=terminal, epoch=head.epoch, seq=end[1] + 1)
    _prove_signature(head, keys(terminal))
    if receipts:
        raise _receipt_fault(next(iter(receipts.values())))


def _prove_link(link: Change, stored: bytes, running: bytes, covering: Receipt | None, proof: Proof) -> bytes:
    """The chain's hash at this change; HostFault `history-altered`."""
    if covering is not None and (link.seq, "refused", "id-taken") in covering.verdicts:
        return stored  # its content was never stored: another change had its id
    proof.changes += 1
    if link.payload is None:
        proof.erased += 1
    elif payload_digest(link.salt, link.payload) != link.digest:
        raise _altered(link)
    try:
        following = change_hash(link, running)
    except ValueError as err:
        raise _altered(link) from err
    if following != stored:
        raise _altered(link)
    return following


def _prove_signature(head: "sa.Row[tuple[object, ...]]", key: bytes | None) -> None:
    if head.signature is None or key is None:
        return
    if not verify(key, head_message(head.terminal, head.epoch, head.seq, head.head_hash), head.signature):
        raise HostFault("head-altered", terminal=head.terminal, epoch=head.epoch, seq=head.seq)


def _chain(connection: sa.Connection, terminal: str) -> Iterator[Link]:
    """Every place of a terminal's chain in order, with the change that stood there."""
    places = sa.select(reemitted.c.change_id, reemitted.c.epoch, reemitted.c.seq, reemitted.c.hash).where(
        reemitted.c.terminal == terminal
    )
    own = sa.select(change.c.change_id, change.c.epoch, change.c.seq, change.c.hash).where(
        change.c.terminal == terminal
    )
    place = sa.union_all(own, places).subquery()
    rows = connection.execution_options(yield_per=1000).execute(
        SELECT_CHANGES.add_columns(place.c.epoch, place.c.seq, place.c.hash)
        .join(place, place.c.change_id == change.c.change_id)
        .order_by(place.c.epoch, place.c.seq)
    )
    for row in rows:
        *fields, epoch, seq, stored = tuple(row)
        yield dataclasses.replace(change_of(fields[: len(COLUMNS)]), epoch=epoch, seq=seq), stored


def _receipts(
    connection: sa.Connection, terminal: str, center_key: bytes, proof: Proof
) -> dict[tuple[int, int], Receipt]:
    """By (epoch, seq) the receipt that covers it; HostFault `receipt-altered` for one that is not the center's."""
    covering: dict[tuple[int, int], Receipt] = {}
    for row in connection.execute(sa.select(receipt).where(receipt.c.terminal == terminal).order_by(receipt.c.number)):
        try:
            each = read_body(row.body, row.signature)
        except PeerFault as err:
            raise HostFault(
                "receipt-altered", number=row.number, first_seq=row.first_seq, last_seq=row.last_seq
            ) from err
        if not verify(center_key, each.message(), each.signature) or each.terminal != terminal:
            raise _receipt_fault(each)
        proof.receipts += 1
        covering.update({(each.epoch, seq): each for seq in range(each.first_seq, each.last_seq + 1)})
    return covering


def _altered(link: Change) -> HostFault:
    return HostFault(
        "history-altered",
        change_id=link.change_id,
        terminal=link.terminal,
        epoch=link.epoch,
        seq=link.seq,
        entity=link.entity,
        pk=link.pk,
    )


def _receipt_fault(each: Receipt) -> HostFault:
    return HostFault("receipt-altered", number=each.number, first_seq=each.first_seq, last_seq=each.last_seq)
