"""A damaged store of a terminal is made anew: what can still be read of its own work, and the rest from the center.

The damaged file is put aside and kept. Own changes that the center has not receipted are read out of its pages, one by
one, whatever became of the others (`sync.store.pages`), and wait in the new store under their old change ids, in a new
epoch. Everything that the center has comes back by the snapshot.
"""

import logging
import os
from dataclasses import dataclass
from pathlib import Path

from desktop_app.domain.faults import HostFault, PeerFault
from sync.identity.device import verify
from sync.log.envelope import Change, Verdict, payload_digest
from sync.log.signing import Origin
from sync.replication.receipt import Receipt, read_body
from sync.store.lock import StoreLock
from sync.store.pages import Pages, Row, rows_in
from sync.store.rows import COLUMNS, change_of
from sync.store.tables import change
from sync.store.tables import receipt as receipt_table

log = logging.getLogger("silian.sync")
DAMAGED = ".damaged"
_STORED = tuple(column.name for column in change.columns)
"""The columns as they stand in a row of the file."""
_KINDS = {
    **dict.fromkeys(("change_id", "terminal", "entity", "pk", "op", "person", "device", "verdict"), str),
    **dict.fromkeys(("epoch", "seq", "hlc", "schema_version"), int),
    **dict.fromkeys(("salt", "digest"), bytes),
}


@dataclass(frozen=True, slots=True)
class Salvaged:
    """How many changes without a receipt were saved, and where the damaged file is kept."""

    saved: int
    aside: Path


def put_aside(folder: Path, name: str, stamp: str) -> Path:
    """Rename a damaged store with its write-ahead log; HostFault `store-in-use`, `disk-failing`."""
    lock = StoreLock(folder)
    aside = folder / f"{name}{DAMAGED}-{stamp}"
    try:
        for suffix in ("-wal", "-shm", ""):
            file = folder / f"{name}{suffix}"
            if file.exists():
                os.replace(file, aside.with_name(aside.name + suffix))
    except OSError as err:
        raise HostFault("disk-failing", folder=str(folder)) from err
    finally:
        lock.close()
    return aside


def pending_in(path: Path, identity: Origin) -> list[Change]:
    """The own changes without a receipt that can still be read, in the order in which they were written.

    A page that is not in use any more may hold a change as it was before: one that is receipted anywhere is no pending
    one, and one that was erased anywhere says nothing. To send one again does no harm: where the receipt for it cannot
    be read any more, it is.
    """
    try:
        pages = Pages(path, identity.store_key)
    except OSError as err:
        log.warning("nothing can be read of %s: %s", path.name, err)
        return []
    own: dict[str, Change] = {}
    receipted: set[str] = set()
    receipts: list[Receipt] = []
    try:
        for row in rows_in(pages):
            each = _change_of(row)
            if each is None and (receipt := _receipt_of(row, identity)) is not None:
                receipts.append(receipt)
            if each is None or each.terminal != identity.device:
                continue
            if each.received_ms is not None or each.verdict != Verdict.APPLIED or each.payload is None:
                receipted.add(each.change_id)
            elif payload_digest(each.salt, each.payload) == each.digest:
                own[each.change_id] = each
    finally:
        pages.close()
    covered = {(each.epoch, seq) for each in receipts for seq in range(each.first_seq, each.last_seq + 1)}
    waiting = [
        each for change_id, each in own.items() if change_id not in receipted and (each.epoch, each.seq) not in covered
    ]
    return sorted(waiting, key=lambda each: (each.hlc, each.change_id))


def _change_of(row: Row) -> Change | None:
    """A row of the table `change`; None for one of another table."""
    if len(row) != len(_STORED):
        return None
    named = dict(zip(_STORED, row, strict=True))
    if not all(isinstance(named[name], kind) for name, kind in _KINDS.items()):
        return None
    return change_of([named[name] for name in COLUMNS])


def _receipt_of(row: Row, identity: Origin) -> Receipt | None:
    """A row of the table `receipt`, where the center signed it for this device; None for anything else."""
    if len(row) != len(receipt_table.columns) or not all(isinstance(value, bytes) for value in row[-2:]):
        return None
    try:
        each = read_body(*row[-2:])
    except PeerFault:
        return None
    ours = each.terminal == identity.device
    return each if ours and verify(identity.center_key, each.message(), each.signature) else None
