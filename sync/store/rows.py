"""A change as a row and back, and a record's JSON columns."""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from sync.log.envelope import Change
from sync.store.tables import change as change_table

COLUMNS = (
    "change_id",
    "terminal",
    "epoch",
    "seq",
    "hlc",
    "entity",
    "pk",
    "op",
    "schema_version",
    "person",
    "device",
    "unit_path",
    "meeting",
    "salt",
    "payload",
    "digest",
    "received_ms",
    "verdict",
    "reason",
)
"""The columns of a `Change`, in its order."""
SELECT_CHANGES = sa.select(*(change_table.c[name] for name in COLUMNS))
_INSERT = change_table.insert()
_VALUES = attrgetter(*COLUMNS)
_PLAIN_INSERT = f"INSERT INTO change ({', '.join(COLUMNS)}, hash) VALUES ({', '.join('?' * (len(COLUMNS) + 1))})"


def change_of(row: Sequence[Any]) -> Change:
    """A `Change` from a row of `SELECT_CHANGES`."""
    return Change(*row)


def insert_changes(connection: sa.Connection, changes: Iterable[tuple[Change, bytes | None]]) -> None:
    """Append changes, each with the chain's hash at it (None where it is not ours to see)."""
    rows = [(*_VALUES(each), chain_hash) for each, chain_hash in changes]
    if not rows:
        return
    if connection.dialect.name == "sqlite":  # as they are: twice as fast as one by one through SQLAlchemy's types
        connection.exec_driver_sql(_PLAIN_INSERT, rows)
    else:
        connection.execute(_INSERT, [dict(zip((*COLUMNS, "hash"), row, strict=True)) for row in rows])


def erase_payloads(connection: sa.Connection, change_ids: Sequence[str]) -> None:
    """Erase what these changes say, from the file too; the chain covers their digests and stays as it is."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
    for at in range(0, len(change_ids), 500):
        some = change_ids[at : at + 500]
        connection.execute(change_table.update().where(change_table.c.change_id.in_(some)).values(payload=None))


def upsert(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, each taking the place of the one with its primary key. All rows name the same columns."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        names = tuple(rows[0])
        connection.exec_driver_sql(_plain_upsert(table, names), [tuple(row[name] for name in names) for row in rows])
        return
    statement = postgresql.insert(table)
    keys = [column.name for column in table.primary_key]
    others = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=others), list(rows))


@cache
def _plain_upsert(table: sa.Table, names: tuple[str, ...]) -> str:
    keys = [column.name for column in table.primary_key]
    others = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
    places = ", ".join("?" * len(names))
    clash = f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {others}"
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({places}) {clash}"


def to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_bytes_to_json)


def _bytes_to_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    raise TypeError(f"{type(value).__name__} is not stored in a record")


def _bytes_from_json(value: dict[str, Any]) -> Any:
    if value.keys() == {"$bytes"}:
        return base64.b64decode(value["$bytes"])
    return value


def from_json(text: str) -> Any:
    if '"$bytes"' in text:
        return json.loads(text, object_hook=_bytes_from_json)
    return json.loads(text)
