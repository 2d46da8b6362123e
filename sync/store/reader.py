"""How a store is read: records as rows, attendance, documents, conflicts. Works on a backup too."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from desktop_app.domain.faults import HostFault
from sync.documents.tables import live_update
from sync.documents.updates import merged
from sync.log.envelope import Op, Verdict
from sync.log.hlc import wall_ms
from sync.log.payload import open_payload
from sync.merge.fold import update_bytes
from sync.replication.receipt import Receipt, read_body
from sync.store import postgres, transfer
from sync.store.driver import AMONG, fetch_among
from sync.store.engine import back_up, back_up_plain, reading, store_engine
from sync.store.proof import Keys, Proof, prove
from sync.store.rows import SELECT_CHANGES, change_of, from_json, to_json
from sync.store.tables import change, conflict, document, property_, receipt, record

Row = dict[str, Any]
"""A record: its fields plus `pk`."""
Rows = list[Row]
Updates = list[bytes]
Receipts = list[Receipt]
READ_AT_ONCE = 500
_SEVERAL = f"SELECT pk, fields FROM record WHERE entity = ? AND NOT retracted AND pk {AMONG}"
ATTENDANCE_KEYS = ("member", "member_name", "site", "status", "method", "signed_at")


def get(connection: sa.Connection, entity: str, pk: str) -> Row | None:
    """One record; None where there is none or it was taken back."""
    found = connection.execute(
        sa.select(record.c.fields).where(record.c.entity == entity, record.c.pk == pk, record.c.retracted.is_(False))
    ).scalar()
    return None if found is None else from_json(found) | {"pk": pk}


def several(connection: sa.Connection, entity: str, pks: Sequence[str]) -> list[Row]:
    """Those of these records that are there and were not taken back, in no order."""
    found = []
    for at in range(0, len(pks), READ_AT_ONCE):
        found += fetch_among(connection, _SEVERAL, (entity,), pks[at : at + READ_AT_ONCE])
    return [from_json(fields) | {"pk": pk} for pk, fields in found]


def listed(connection: sa.Connection, entity: str, equal: dict[str, Any]) -> list[Row]:
    """The records of an entity whose fields have these values, ordered by pk."""
    query = sa.select(record.c.pk, record.c.fields).where(record.c.entity == entity, record.c.retracted.is_(False))
    for name, value in equal.items():
        query = query.where(field_is(connection, name, value))
    if isinstance(equal.get("meeting"), str):
        query = query.where(record.c.meeting == equal["meeting"])
    by_pk = sa.collate(record.c.pk, "C") if connection.dialect.name == "postgresql" else record.c.pk.asc()
    return [from_json(fields) | {"pk": pk} for pk, fields in connection.execute(query.order_by(by_pk))]


def field_is(connection: sa.Connection, name: str, value: Any) -> sa.ColumnElement[bool]:
    """Whether a record's field has this value; None: it has none."""
    if not name.isidentifier():
        raise ValueError("a field's name is an identifier")
    if connection.dialect.name == "postgresql":
        held = sa.func.coalesce(sa.cast(record.c.fields, JSONB)[name], sa.cast(sa.literal("null", sa.Text), JSONB))
        return held == sa.cast(sa.literal(to_json(value), sa.Text), JSONB)
    stored = sa.func.json_extract(record.c.fields, f'$."{name}"')
    return stored.is_(None) if value is None else stored == value


def attendance(connection: sa.Connection, meeting: str) -> list[Row]:
    """Per member of a meeting the earliest signature that was not taken back, earliest first."""
    signatures = connection.execute(
        sa.select(record.c.pk, record.c.fields, record.c.person).where(
            record.c.entity == "sign_in", record.c.meeting == meeting, record.c.retracted.is_(False)
        )
    )
    rows = []
    for pk, text, person in signatures:
        fields = from_json(text)
        if not fields:
            continue
        row = {name: fields.get(name, "") for name in ATTENDANCE_KEYS}
        rows.append(row | {"pk": pk, "leave_reason": fields.get("leave_reason", ""), "recorded_by": person})
    rows.sort(key=lambda row: (row["signed_at"], row["pk"]))
    earliest: dict[str, Row] = {}
    for row in rows:
        earliest.setdefault(row["member"] or row["pk"], row)
    return list(earliest.values())


def updates_since(connection: sa.Connection, pk: str, position: int) -> tuple[list[bytes], int]:
    """A document's updates that arrived in this store after `position`, and the position of the last."""
    rows = connection.execute(
        sa.select(change.c.position, change.c.payload)
        .where(
            change.c.entity == "minutes",
            change.c.pk == pk,
            change.c.op == Op.UPDATE.value,
            change.c.verdict == Verdict.APPLIED.value,
            change.c.position > position,
        )
        .order_by(change.c.position)
    ).all()
    updates = [update_bytes(open_payload(payload)) for _, payload in rows if payload is not None]
    return updates, rows[-1].position if rows else position


def document_state(connection: sa.Connection, pk: str) -> tuple[bytes | None, int]:
    """All of a document as one update (None where nothing was ever written), and up to which position."""
    snapshot = connection.execute(sa.select(document.c.state, document.c.position).where(document.c.pk == pk)).first()
    updates, position = updates_since(connection, pk, snapshot.position if snapshot else 0)
    if snapshot is not None:
        updates.insert(0, snapshot.state)
    waiting = connection.execute(sa.select(live_update.c.payload).where(live_update.c.pk == pk)).scalars()
    updates += list(waiting)
    if not updates:
        return None, position
    return (updates[0] if len(updates) == 1 else merged(updates)), position


def conflicts(connection: sa.Connection) -> list[Row]:
    """Every field that waits for a person: entity, pk, field, meeting, and `values`, the one shown first.

    A value has `value`, `change_id`, `terminal`, `person`, `unit_path`, `at_ms` (its own clock) and `received_ms`.
    """
    found = connection.execute(
        sa.select(conflict, record.c.meeting)
        .join(record, sa.and_(record.c.entity == conflict.c.entity, record.c.pk == conflict.c.pk))
        .order_by(conflict.c.entity, conflict.c.pk, conflict.c.field)
    ).all()
    rows = []
    for each in found:
        heads = from_json(each.heads)
        stored = connection.execute(SELECT_CHANGES.where(change.c.change_id.in_(heads)))
        by_id = {row.change_id: change_of(tuple(row)) for row in stored}
        values = []
        for head in heads:
            writer = by_id[head]
            said = open_payload(writer.payload).fields.get(each.field) if writer.payload is not None else None
            values.append(
                {
                    "value": said,
                    "change_id": head,
                    "terminal": writer.terminal,
                    "person": writer.person,
                    "unit_path": writer.unit_path,
                    "at_ms": wall_ms(writer.hlc),
                    "received_ms": writer.received_ms,
                }
            )
        rows.append(
            {"entity": each.entity, "pk": each.pk, "field": each.field, "meeting": each.meeting, "values": values}
        )
    return rows


class StoreReader:
    """Reads a store by its file; thread-safe, and never waits for who writes it."""

    def __init__(self, engine: sa.Engine, key: bytes | None) -> None:
        self._engine = engine
        self._key = key

    @classmethod
    @contextmanager
    def of_file(cls, path: Path, key: bytes | None) -> "Iterator[StoreReader]":
        """Read a store's file or a backup of one, a plain backup without a key; HostFault `store-missing`."""
        if not path.is_file():
            raise HostFault("store-missing", path=str(path))
        engine = store_engine(path, key)
        try:
            yield cls(engine, key)
        finally:
            engine.dispose()

    @classmethod
    @contextmanager
    def of_database(cls, url: str, key: bytes) -> "Iterator[StoreReader]":
        """Read a center's database, also while the center runs; its backups are files under `key`."""
        engine = postgres.database_engine(url)
        try:
            yield cls(engine, key)
        finally:
            engine.dispose()

    def get(self, entity: str, pk: str) -> Row | None:
        with reading(self._engine) as connection:
            return get(connection, entity, pk)

    def several(self, entity: str, pks: Sequence[str]) -> Rows:
        """Those of these records that are there and were not taken back, in no order."""
        with reading(self._engine) as connection:
            return several(connection, entity, pks)

    def list(self, entity: str, **equal: Any) -> Rows:
        """Ordered by pk."""
        with reading(self._engine) as connection:
            return listed(connection, entity, equal)

    def attendance(self, meeting: str) -> Rows:
        """Keys pk, member, member_name, site, status, method, signed_at, leave_reason, recorded_by (a person)."""
        with reading(self._engine) as connection:
            return attendance(connection, meeting)

    def minutes_state(self, minutes: str) -> bytes | None:
        """All of a document as one pycrdt update; None where nothing was written yet."""
        with reading(self._engine) as connection:
            return document_state(connection, minutes)[0]

    def minutes_updates(self, minutes: str, since: int) -> tuple[Updates, int]:
        """The updates that arrived after position `since` (0: all), and the position to ask from next time."""
        with reading(self._engine) as connection:
            return updates_since(connection, minutes, since)

    def conflicts(self) -> Rows:
        """See `sync.store.reader.conflicts`."""
        with reading(self._engine) as connection:
            return conflicts(connection)

    def prove(self, center_key: bytes, keys: Keys) -> Proof:
        """Prove the store's whole history: see `sync.store.proof`."""
        with reading(self._engine) as connection:
            own = connection.execute(sa.select(property_.c.value).where(property_.c.name == "device")).scalar()
            return prove(connection, str(own or ""), center_key, keys)

    def receipts(self, limit: int = 200) -> Receipts:
        """The center's receipts, newest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(sa.select(receipt).order_by(receipt.c.number.desc()).limit(limit))
            return [read_body(row.body, row.signature) for row in rows]

    def backup(self, path: Path) -> None:
        """A store's file as of one moment, under the store's own key. HostFault `disk-full`, `backup-failed`."""
        self._back_up(path, self._key)

    def backup_plain(self, path: Path) -> None:
        """A plain SQLite copy as of one moment, which everybody can read who has the file."""
        self._back_up(path, None)

    def _back_up(self, path: Path, key: bytes | None) -> None:
        with transfer.whole_file(path) as draft:
            if postgres.is_database(self._engine):
                transfer.back_up_database(self._engine, draft, key)
            elif key is None:
                back_up_plain(self._engine, draft)
            else:
                back_up(self._engine, draft, key)
