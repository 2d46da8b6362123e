"""The engine of a store: SQLite in WAL mode with synchronous=FULL, and what its errors mean to a person.

A commit that returned is on the disk. Disk errors come out as HostFault `disk-full`, `disk-failing`,
`store-damaged`; everything else is a bug.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from desktop_app.domain.faults import HostFault

_FAULTS = {
    sqlite3.SQLITE_FULL: "disk-full",
    sqlite3.SQLITE_IOERR: "disk-failing",
    sqlite3.SQLITE_CANTOPEN: "disk-failing",
    sqlite3.SQLITE_READONLY: "disk-failing",
    sqlite3.SQLITE_CORRUPT: "store-damaged",
    sqlite3.SQLITE_NOTADB: "store-damaged",
}
BUSY_SECONDS = 10


def store_engine(path: Path) -> sa.Engine:
    """An engine whose `begin()` takes the write lock at once, and whose reads see one moment."""
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS},
    )

    @sa.event.listens_for(engine, "connect")
    def _connect(dbapi: sqlite3.Connection, _record: Any) -> None:
        dbapi.isolation_level = None  # the driver would begin transactions of its own
        dbapi.execute("PRAGMA journal_mode=WAL")
        dbapi.execute("PRAGMA synchronous=FULL")
        dbapi.execute("PRAGMA foreign_keys=ON")
        dbapi.execute("PRAGMA cache_size=-16000")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        reading = connection.get_execution_options().get("silian_reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


@contextmanager
def host_faults() -> Iterator[None]:
    """Turn what the disk did into a HostFault."""
    try:
        yield
    except (sa.exc.DBAPIError, sqlite3.Error) as err:
        cause = err.orig if isinstance(err, sa.exc.DBAPIError) else err
        code = getattr(cause, "sqlite_errorcode", None)
        fault = _FAULTS.get(code & 0xFF) if code is not None else None
        if fault is None:
            raise
        raise HostFault(fault) from err


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A read transaction: it waits for nobody and changes nothing."""
    with host_faults():
        with engine.connect().execution_options(silian_reading=True) as connection:
            yield connection


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A write transaction: committed and on the disk when it ends, or as if it had never been."""
    with host_faults():
        with engine.begin() as connection:
            yield connection


def check(engine: sa.Engine) -> None:
    """Look through the file; HostFault `store-damaged` when SQLite finds fault with it."""
    with reading(engine) as connection:
        verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    if verdict != "ok":
        raise HostFault("store-damaged")


def back_up(engine: sa.Engine, path: Path) -> None:
    """A plain copy of the store as it is at one moment, while it is in use."""
    with host_faults():
        with engine.connect().execution_options(silian_reading=True) as connection:
            source = connection.connection.driver_connection
            if source is None:
                raise HostFault("store-damaged")
            target = sqlite3.connect(path)
            try:
                source.backup(target)
                target.execute("PRAGMA journal_mode=DELETE")
            finally:
                target.close()
