"""What encryption costs a store: raw SQLite as Python has it, the same under SQLCipher, and our records, side by side.

Durable means WAL and synchronous=FULL, one transaction on the disk per change. Rounds are interleaved and the median is
told, because a shared machine is not the same from one second to the next.
"""

import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.rows import Row, keep
from desktop_app.domain.clock import SystemClock
from desktop_app.domain.ids import PersonId, UnitPath, uuid7
from sync.identity.device import DeviceIdentity, DeviceKey
from sync.store import cipher
from sync.terminal.records import Records, Write

DURABLE, BULK, BATCH, ROUNDS = 400, 20_000, 1_000, 5
TEXT = "请相关部门在下季度前完成入户调查，并把结果报送县政协办公室。" * 2
TABLES = """
CREATE TABLE change (position INTEGER PRIMARY KEY, change_id TEXT UNIQUE, entity TEXT, pk TEXT, payload BLOB, h BLOB);
CREATE TABLE record (entity TEXT, pk TEXT, fields TEXT, PRIMARY KEY (entity, pk));
"""
INSERT_CHANGE = "INSERT INTO change (change_id, entity, pk, payload, h) VALUES (?, ?, ?, ?, ?)"
INSERT_RECORD = "INSERT INTO record VALUES (?, ?, ?)"


def _rows(start: int, count: int) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    ids = [uuid7(start + number) for number in range(count)]
    fields = '{"text":"' + TEXT + '"}'
    payload, digest = fields.encode(), os.urandom(32)
    return [(one, "opinion", one, payload, digest) for one in ids], [("opinion", one, fields) for one in ids]


class Raw:
    """A table of changes and a table of records, by the driver alone."""

    def __init__(self, connection: Any) -> None:
        self._db = connection
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        for statement in TABLES.strip().split("\n"):
            self._db.execute(statement)

    def durable(self) -> float:
        changes, records = _rows(0, DURABLE)
        began = time.perf_counter()
        for change, record in zip(changes, records, strict=True):
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute(INSERT_CHANGE, change)
            self._db.execute(INSERT_RECORD, record)
            self._db.execute("COMMIT")
        return DURABLE / (time.perf_counter() - began)

    def bulk(self) -> float:
        batches = [_rows(start, BATCH) for start in range(0, BULK, BATCH)]
        began = time.perf_counter()
        for changes, records in batches:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(INSERT_CHANGE, changes)
            self._db.executemany(INSERT_RECORD, records)
            self._db.execute("COMMIT")
        return BULK / (time.perf_counter() - began)


class Ours:
    """The terminal's records: log, chain, projection."""

    def __init__(self, records: Records) -> None:
        self._records = records
        records.act_as(PersonId("p"))

    def durable(self) -> float:
        writes = [Write("opinion", uuid7(number), {"meeting": "m", "text": TEXT}) for number in range(DURABLE)]
        began = time.perf_counter()
        for write in writes:
            self._records.write(write)
        return DURABLE / (time.perf_counter() - began)

    def bulk(self) -> float:
        writes = [Write("opinion", uuid7(number), {"meeting": "m", "text": TEXT}) for number in range(BULK)]
        began = time.perf_counter()
        for start in range(0, BULK, BATCH):
            self._records.write(*writes[start : start + BATCH])
        return BULK / (time.perf_counter() - began)


def measure(folder: Path) -> list[Row]:
    """Changes a second, each the median of the rounds."""
    found: dict[tuple[str, str], list[float]] = {}
    for turn in range(ROUNDS):
        where = folder / str(turn)
        where.mkdir()
        identity = DeviceIdentity.of_center(DeviceKey.generate(), unit_path=UnitPath("100000/"), ca_pem="", url="")
        plain = sqlite3.connect(where / "plain.db", isolation_level=None)
        sealed = cipher.connect(where / "sealed.db", identity.store_key)
        records = Records.open(where / "ours", identity=identity, clock=SystemClock())
        with closing(plain), closing(sealed), closing(records):
            for name, one in (("plain", Raw(plain)), ("sealed", Raw(sealed)), ("ours", Ours(records))):
                acts: dict[str, Callable[[], float]] = {"durable": one.durable, "bulk": one.bulk}
                for kind, act in acts.items():
                    found.setdefault((name, kind), []).append(act())
    of = {key: round(statistics.median(figures)) for key, figures in found.items()}
    return [
        Row("one durable change, encrypted raw, 1/s", of["sealed", "durable"], of["plain", "durable"]),
        Row("one durable change, ours, 1/s (peer: raw encrypted)", of["ours", "durable"], of["sealed", "durable"]),
        Row("one durable change, ours, 1/s (peer: raw plain)", of["ours", "durable"], of["plain", "durable"]),
        Row("bulk write, encrypted raw, 1/s", of["sealed", "bulk"], of["plain", "bulk"]),
        Row("bulk write, ours, 1/s (peer: raw encrypted)", of["ours", "bulk"], of["sealed", "bulk"]),
        Row("bulk write, ours, 1/s (peer: raw plain)", of["ours", "bulk"], of["plain", "bulk"]),
    ]


def main() -> int:
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        rows = measure(Path(folder))
    keep("store", rows)
    for row in rows:
        print(f"{row.row}: {row.ratio} of the peer")
    return 0
