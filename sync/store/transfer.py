"""A store's whole content from one engine to another: a database's backup is a store's file, and goes back into both.

What is copied is of one moment, while the source is in use. Nothing of it is changed; how it is proven and begun anew
is `sync.center.restoration`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from desktop_app.domain.faults import HostFault, OperatorError
from sync.blobs import tables as _blobs  # noqa: F401  (their tables are in the same metadata)
from sync.blobs.disk import FULL
from sync.documents import tables as _documents  # noqa: F401
from sync.store.driver import Insert
from sync.store.engine import as_one_file, reading, store_engine, writing
from sync.store.schema import HEADS, migrate, revisions, upgrade
from sync.store.tables import metadata

AT_ONCE = 5_000
COUNTED = (("change", "position"), ("feed", "cursor"))
"""The columns that a database numbers by itself."""
VIEW = "changes_seen"
KEPT = "before_"
"""How the schema is called into which a database's former tables are put aside."""


def copy_rows(source: sa.Connection, target: sa.Connection) -> int:
    """All rows of all tables into the empty tables of `target`; how many."""
    count = 0
    for table in metadata.sorted_tables:
        names = [column.name for column in table.columns]
        insert = Insert(table, names)
        rows = source.execution_options(yield_per=AT_ONCE).execute(sa.select(table))
        for some in rows.partitions(AT_ONCE):
            insert.many(target, [tuple(row) for row in some])
            count += len(some)
    return count


def back_up_database(engine: sa.Engine, path: Path, key: bytes | None) -> None:
    """A database's store as a file under `key` (None: plain), of one moment.

    OperatorError `backup-other-version` where the database is of another version of the program.
    """
    target = store_engine(path, key)
    try:
        upgrade(target)
        with reading(engine) as source, writing(target) as written:
            if revisions(source) != HEADS:
                raise OperatorError("backup-other-version")
            copy_rows(source, written)
        as_one_file(target)
    finally:
        target.dispose()


def fill_database(engine: sa.Engine, source: sa.Connection, now: datetime) -> str:
    """Make a database's store what `source` is, in one transaction; the schema that keeps what was there, or empty."""
    with writing(engine) as target:
        aside = _put_aside(target, f"{KEPT}{now:%Y%m%d_%H%M%S}")
        migrate(target, revisions(target))
        copy_rows(source, target)
        for table, column in COUNTED:
            last = f"SELECT max({column}) FROM {table}"
            sequence = f"pg_get_serial_sequence('{table}', '{column}')"
            target.exec_driver_sql(f"SELECT setval({sequence}, coalesce(({last}), 1), ({last}) IS NOT NULL)")
    return aside


def _put_aside(connection: sa.Connection, schema: str) -> str:
    found = sa.inspect(connection)
    held = [name for name in (*metadata.tables, "alembic_version") if found.has_table(name)]
    if not held:
        return ""
    connection.exec_driver_sql(f'CREATE SCHEMA "{schema}"')
    if VIEW in found.get_view_names():
        connection.exec_driver_sql(f'ALTER VIEW {VIEW} SET SCHEMA "{schema}"')
    for name in held:
        connection.exec_driver_sql(f'ALTER TABLE {name} SET SCHEMA "{schema}"')
    return schema


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A place to write a file that is at `path` when the block ends, on the disk and whole, or not at all.

    HostFault `disk-full`, `backup-failed`.
    """
    draft = path.with_name(f"{path.name}.new")
    beside = [draft.with_name(draft.name + suffix) for suffix in ("", "-wal", "-shm", "-journal")]
    try:
        for file in beside:
            file.unlink(missing_ok=True)
        yield draft
        with draft.open("rb+") as written:
            os.fsync(written.fileno())
        os.replace(draft, path)
    except OSError as err:
        if err.errno in FULL:
            raise HostFault("disk-full", folder=str(path.parent)) from err
        raise HostFault("backup-failed", file=str(path), reason=err.strerror or "") from err
    finally:
        for file in beside:
            with suppress(OSError):
                file.unlink(missing_ok=True)
