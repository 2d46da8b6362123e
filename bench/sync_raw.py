"""The raw peers: the same rows that our center or terminal wrote, into the same tables, by the driver alone.

Same tables with the same indices, same rows, as many in a transaction, same durability. SQLite by executemany,
encrypted as ours is and plain; PostgreSQL by COPY (binary). What is left out is all the work on a change: nothing is
read, verified, judged, merged or answered.
"""

import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from sync.store import cipher
from sync.store.engine import CHECKPOINT_PAGES
from sync.store.postgres import database_engine
from sync.store.schema import upgrade
from sync.store.store import Store
from sync.store.tables import metadata

LOG = ("change",)
MERGED_AT_CENTER = ("change", "record", "feed")
MERGED_AT_TERMINAL = ("change", "record")
_TYPES = {sa.Text: "text", sa.BigInteger: "int8", sa.LargeBinary: "bytea", sa.Boolean: "bool"}
Rows = dict[str, list[tuple[Any, ...]]]


def rows_of(store: Store, tables: Sequence[str], count: int) -> Rows:
    """What a store holds, in the order in which it was written; the newest `count` of each table."""
    found: Rows = {}
    with store.engine.connect() as connection:
        for name in tables:
            table = metadata.tables[name]
            key = table.c.pk if name == "record" else next(iter(table.primary_key))
            newest = connection.execute(sa.select(table).order_by(key.desc()).limit(count)).all()
            found[name] = [tuple(row) for row in reversed(newest)]
    return found


def sqlite(store: Store, file: Path, rows: Rows, each: int, *, encrypted: bool) -> float:
    """Changes a second into a file with the schema of `store`."""
    with store.engine.connect() as connection:
        named = ", ".join(f"'{name}'" for name in rows)
        which = f"sql IS NOT NULL AND tbl_name IN ({named}) AND name NOT LIKE 'sqlite%'"
        schema = connection.exec_driver_sql(f"SELECT sql FROM sqlite_master WHERE {which}").scalars().all()
    with closing(cipher.connect(file, bytes(range(32)) if encrypted else None)) as db:
        durable = (
            "journal_mode=WAL",
            "synchronous=FULL",
            "cache_size=-16000",
            f"wal_autocheckpoint={CHECKPOINT_PAGES}",
        )
        for pragma in durable:
            db.execute(f"PRAGMA {pragma}")
        for statement in schema:
            db.execute(statement)
        texts = {name: f"INSERT INTO {name} VALUES ({', '.join('?' * len(rows[name][0]))})" for name in rows}
        count = len(rows["change"])
        began = time.perf_counter()
        for at in range(0, count, each):
            db.execute("BEGIN IMMEDIATE")
            for name, text in texts.items():
                db.executemany(text, rows[name][at : at + each])
            db.execute("COMMIT")
        return count / (time.perf_counter() - began)


def postgresql(url: str, rows: Rows, each: int) -> float:
    """Changes a second into a new database with our schema."""
    engine = database_engine(url)
    upgrade(engine)
    engine.dispose()
    count = len(rows["change"])
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        began = time.perf_counter()
        for at in range(0, count, each):
            for name, listed in rows.items():
                columns = list(metadata.tables[name].columns)
                names = ", ".join(column.name for column in columns)
                with cursor.copy(f"COPY {name} ({names}) FROM STDIN (FORMAT BINARY)".encode()) as copy:
                    copy.set_types([_type(column) for column in columns])
                    for row in listed[at : at + each]:
                        copy.write_row(row)
            connection.commit()
        return count / (time.perf_counter() - began)


def _type(column: "sa.Column[Any]") -> str:
    return next(name for kind, name in _TYPES.items() if isinstance(column.type, kind))
