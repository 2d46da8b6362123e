"""A change as a row and back, and a record's JSON columns."""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from json.encoder import encode_basestring
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from sync.log.envelope import Change
from sync.store.driver import Insert, run_many
from sync.store.tables import change as change_table
from sync.store.tables import receipt as receipt_table

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
_COVERING = (
    sa.select(receipt_table.c.received_ms)
    .where(
        receipt_table.c.terminal == change_table.c.terminal,
        receipt_table.c.epoch == change_table.c.epoch,
        receipt_table.c.last_seq >= change_table.c.seq,
        receipt_table.c.first_seq <= change_table.c.seq,
    )
    .order_by(receipt_table.c.last_seq)
    .limit(1)
    .correlate(change_table)
)
RECEIVED = sa.func.coalesce(change_table.c.received_ms, _COVERING.scalar_subquery())
"""When the center received a change. A terminal's own rows have no stamp: the receipt that covers them has it."""
SELECT_CHANGES = sa.select(
    *(RECEIVED.label(name) if name == "received_ms" else change_table.c[name] for name in COLUMNS)
)
CHANGE = "\0"
"""The place of a change's id, which no JSON holds."""
_ALONE = f'["{CHANGE}"]'
SELECT_TEXT = f"SELECT {', '.join(COLUMNS)} FROM change"
"""The same as a text for `sync.store.driver`, for a center: its rows all have their stamp."""
_INSERT = Insert(change_table, (*COLUMNS, "hash"))
_VALUES = attrgetter(*COLUMNS)


def change_of(row: Sequence[Any]) -> Change:
    """A `Change` from a row of `SELECT_CHANGES`."""
    return Change(*row)


def insert_changes(connection: sa.Connection, changes: Iterable[tuple[Change, bytes | None]]) -> None:
    """Append changes, each with the chain's hash at it (None where it is not ours to see)."""
    _INSERT.many(connection, [(*_VALUES(each), chain_hash) for each, chain_hash in changes])


def insert_change(connection: sa.Connection, each: Change, chain_hash: bytes | None) -> int:
    """Append one change to a file; the number of its row."""
    return _INSERT.one(connection, (*_VALUES(each), chain_hash))


def erase_payloads(connection: sa.Connection, change_ids: Sequence[str]) -> None:
    """Erase what these changes say, from the file too; the chain covers their digests and stays as it is."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
    for at in range(0, len(change_ids), 500):
        some = change_ids[at : at + 500]
        connection.execute(change_table.update().where(change_table.c.change_id.in_(some)).values(payload=None))


def upsert(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, each taking the place of the one with its primary key. All rows name the same columns."""
    if rows:
        names = tuple(rows[0])
        run_many(connection, upsert_text(table, names), [tuple(row[name] for name in names) for row in rows])


@cache
def upsert_text(table: sa.Table, names: tuple[str, ...]) -> str:
    """The statement of `upsert`, for `sync.store.driver`."""
    keys = [column.name for column in table.primary_key]
    others = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
    places = ", ".join("?" * len(names))
    clash = f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {others}"
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({places}) {clash}"


def to_json(value: Any) -> str:
    """JSON without spaces and without escapes of what is no ASCII; bytes as `{"$bytes": base64}`."""
    return _ENCODER.encode(value)


def fields_to_json(fields: Mapping[str, Any]) -> str:
    """The same of a record's fields, most of which are text: three times as fast."""
    said = [
        _name(name) + (encode_basestring(value) if type(value) is str else to_json(value))
        for name, value in fields.items()
    ]
    return f"{{{','.join(said)}}}"


def clocks_to_json(clocks: Mapping[str, Sequence[str]]) -> str:
    """The same of a record's clocks: change ids, which need no escapes."""
    first = next(iter(clocks.values()), ())
    if len(first) == 1 and len(set(map(id, clocks.values()))) == 1:  # one change has said all of it
        return _said_by_one(tuple(clocks)).replace(CHANGE, first[0])
    said = [_name(name) + '["' + '","'.join(heads) + '"]' for name, heads in clocks.items()]
    return f"{{{','.join(said)}}}"


@lru_cache(maxsize=4096)
def _name(name: str) -> str:
    return encode_basestring(name) + ":"


@lru_cache(maxsize=4096)
def _said_by_one(names: tuple[str, ...]) -> str:
    return f"{{{','.join([_name(name) + _ALONE for name in names])}}}"


def _bytes_to_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    raise TypeError(f"{type(value).__name__} is not stored in a record")


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_bytes_to_json)


def _bytes_from_json(value: dict[str, Any]) -> Any:
    if value.keys() == {"$bytes"}:
        return base64.b64decode(value["$bytes"])
    return value


def from_json(text: str) -> Any:
    if '"$bytes"' in text:
        return json.loads(text, object_hook=_bytes_from_json)
    return json.loads(text)
