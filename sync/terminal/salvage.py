"""A damaged store of a terminal is made anew: what can still be read of its own work, and the rest from the center.

The damaged file is put aside and kept. Own changes that the center has not receipted are read out of it, row by row
around what cannot be read, and wait in the new store under their old change ids, in a new epoch. Everything that the
center has comes back by the snapshot.
"""

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desktop_app.domain.faults import HostFault
from sync.log.envelope import Change, Verdict
from sync.log.signing import Origin
from sync.store import cipher
from sync.store.lock import StoreLock
from sync.store.rows import COLUMNS, change_of

log = logging.getLogger("silian.sync")
DAMAGED = ".damaged"
_ROWS = f"SELECT {', '.join(COLUMNS)} FROM change WHERE position"
LARGEST_STORE = 1 << 24
"""Rows that are looked for where the store cannot say how many it has."""
PATIENCE = 2_000
"""Rows that cannot be read after which there is nothing more to hope for: the table's root is gone."""


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
    """The own changes without a receipt that can still be read, in the order in which they were written."""
    reading = _Reading(path, identity.store_key)
    try:
        own = [each for each in reading.between(1, reading.last_position()) if _waits(each, identity)]
    except HostFault as fault:
        log.warning("nothing can be read of %s: %s", path.name, fault)
        return []
    finally:
        reading.close()
    return sorted(own, key=lambda each: (each.hlc, each.change_id))


def _waits(each: Change, identity: Origin) -> bool:
    return each.terminal == identity.device and each.received_ms is None and each.verdict == Verdict.APPLIED


class _Reading:
    """Reads around what is damaged. A connection that met a damaged page reads nothing more, so each has its turn."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path, self._key = path, key
        self._connection: Any = None
        self._patience = PATIENCE

    def last_position(self) -> int:
        for statement in ("SELECT max(position) FROM change", "SELECT seq FROM sqlite_sequence WHERE name = 'change'"):
            rows = self._query(statement)
            if rows and rows[0][0]:
                return int(rows[0][0])
        return LARGEST_STORE

    def between(self, first: int, last: int) -> Iterator[Change]:
        """Every change between two positions that can be read; a stretch that fails is halved until it is one row."""
        if first > last or self._patience <= 0:
            return
        rows = self._query(f"{_ROWS} BETWEEN {first} AND {last} ORDER BY position")
        if rows is not None:
            yield from (change_of(row) for row in rows)
        elif first == last:
            self._patience -= 1
        else:
            middle = (first + last) // 2
            yield from self.between(first, middle)
            yield from self.between(middle + 1, last)

    def _query(self, statement: str) -> list[Any] | None:
        """The rows; None where a page on the way to them is damaged."""
        try:
            if self._connection is None:
                self._connection = cipher.connect(self._path, self._key)
            return list(self._connection.execute(statement))
        except cipher.Error:
            self.close()
            return None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
