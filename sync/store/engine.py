"""The engine of a store: encrypted SQLite in WAL mode with synchronous=FULL, and what its errors mean to a person.

A commit that returned is on the disk. Disk errors come out as HostFault `disk-full`, `disk-failing`,
`store-damaged`; everything else is a bug.
"""

import gc
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import sqlalchemy as sa

from desktop_app.domain.faults import HostFault
from sync.store import cipher, postgres
from sync.store.driver import KEPT

_FAULTS = {
    sqlite3.SQLITE_FULL: "disk-full",
    sqlite3.SQLITE_IOERR: "disk-failing",
    sqlite3.SQLITE_CANTOPEN: "disk-failing",
    sqlite3.SQLITE_READONLY: "disk-failing",
    sqlite3.SQLITE_CORRUPT: "store-damaged",
    sqlite3.SQLITE_NOTADB: "store-damaged",
}
BUSY_SECONDS = 10
CHECKPOINT_PAGES = 4000
"""16 MiB of write-ahead log, before it goes into the file: what many writes change is then written once."""

LONGEST_PAUSE = 2.0
"""Seconds after which garbage is looked for among what is young, though somebody always wants none to be."""
YOUNG = 1
"""The generations of Python's collector up to which that goes."""


def store_engine(path: Path, key: bytes | None) -> sa.Engine:
    """An engine whose `begin()` takes the write lock at once, and whose reads see one moment.

    `key` is the store's (`sync.store.cipher`); None only for the plain copy that a person asked for.
    """
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        module=cipher.DRIVER,
        hide_parameters=True,  # what is written goes into no message and so into no log
        creator=lambda: cipher.connect(path, key, timeout=BUSY_SECONDS),
        pool_use_lifo=True,  # whose cache is warm is used again, and the others' caches stay small
    )

    @sa.event.listens_for(engine, "connect")
    def _connect(dbapi: Any, _record: Any) -> None:
        dbapi.execute("PRAGMA journal_mode=WAL")
        dbapi.execute("PRAGMA synchronous=FULL")
        dbapi.execute("PRAGMA foreign_keys=ON")
        dbapi.execute("PRAGMA cache_size=-16000")
        dbapi.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        options = connection.get_execution_options()
        if KEPT in options:
            return  # `WriteLane` begins and ends
        driver: Any = connection.connection.driver_connection
        driver.execute("BEGIN" if options.get("silian_reading", False) else "BEGIN IMMEDIATE")

    return engine


@contextmanager
def host_faults() -> Iterator[None]:
    """Turn what the disk did into a HostFault."""
    try:
        yield
    except _FAILURES as err:
        _raise_as_fault(err)
        raise


_FAILURES = (sa.exc.DBAPIError, cipher.Error)


def _raise_as_fault(err: BaseException | None) -> None:
    """Raise the HostFault that a driver's error means; a bug is left as it is."""
    if not isinstance(err, _FAILURES):
        return
    cause = err.orig if isinstance(err, sa.exc.DBAPIError) else err
    code = getattr(cause, "sqlite_errorcode", None)
    fault = _FAULTS.get(code & 0xFF) if code is not None else postgres.fault_of(cause)
    if fault is not None:
        raise HostFault(fault) from err


class _Pause:
    """How many want no garbage to be looked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted_by = 0
        self._looked_for = True
        self._since = 0.0

    def __enter__(self) -> None:
        with self._lock:
            if not self._wanted_by:
                self._looked_for, self._since = gc.isenabled(), time.monotonic()
                gc.disable()
            self._wanted_by += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._wanted_by -= 1
            if not self._looked_for:
                return
            if not self._wanted_by:
                gc.enable()
            elif time.monotonic() - self._since > LONGEST_PAUSE:
                self._since = time.monotonic()
                gc.collect(YOUNG)


_PAUSE = _Pause()


def uncollected() -> AbstractContextManager[None]:
    """Nobody looks for garbage meanwhile: a batch makes tens of thousands of objects that all live until its end.

    Of several at a time the last one ends it; where they never all end, the garbage of others is looked for now and
    then among what is young.
    """
    return _PAUSE


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


class WriteLane:
    """`with lane as connection:` as `writing`, on a connection that is kept: to borrow one takes longer than a row.

    Its user sees to it that one transaction ends before the next begins. A database's are borrowed all the same.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._is_database = postgres.is_database(engine)
        self._kept: sa.Connection | None = None
        self._driver: Any = None
        self._borrowed: AbstractContextManager[sa.Connection] | None = None

    def __enter__(self) -> sa.Connection:
        if self._is_database:
            self._borrowed = writing(self._engine)
            return self._borrowed.__enter__()
        try:
            kept = self._kept or self._keep()
            self._driver.execute("BEGIN IMMEDIATE")
        except BaseException as err:
            self.close()
            _raise_as_fault(err)
            raise
        return kept

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._borrowed is not None:
            borrowed, self._borrowed = self._borrowed, None
            borrowed.__exit__(kind, err, trace)
            return
        if err is not None:
            self.close()
            _raise_as_fault(err)
            return
        try:
            self._engine.dialect.do_commit(self._driver)
        except BaseException as failed:
            self.close()
            _raise_as_fault(failed)
            raise

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """As the function `reading`, between two transactions: what they read and wrote is decrypted here already."""
        if self._is_database:
            with reading(self._engine) as connection:
                yield connection
            return
        with host_faults():
            kept = self._kept or self._keep()
            self._driver.execute("BEGIN")
            try:
                yield kept
            finally:
                self._driver.rollback()

    def _keep(self) -> sa.Connection:
        kept = self._kept = self._engine.connect()
        self._driver = kept.connection.driver_connection
        kept.execution_options(**{KEPT: self._driver})
        kept.begin()
        return kept

    def close(self) -> None:
        """Give the connection back, and what is not committed is undone; the next transaction borrows one again."""
        kept, self._kept, self._driver = self._kept, None, None
        if kept is not None:
            kept.close()


def check(engine: sa.Engine) -> None:
    """Look through the file; HostFault `store-damaged` when SQLite finds fault with it; a database checks itself."""
    if postgres.is_database(engine):
        return
    with reading(engine) as connection:
        verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    if verdict != "ok":
        raise HostFault("store-damaged")


def back_up(engine: sa.Engine, path: Path, key: bytes | None) -> None:
    """A copy of a store's file as it is at one moment, while it is in use, under the same key."""
    with host_faults(), _driver(engine) as source:
        cipher.copy_sealed(source, path, key)


def back_up_plain(engine: sa.Engine, path: Path) -> None:
    """An unencrypted copy of the store as it is at one moment, while it is in use."""
    with host_faults(), _driver(engine) as source:
        cipher.export_plain(source, path)


def as_one_file(engine: sa.Engine) -> None:
    """Fold a file's write-ahead log in, so that the file alone is the store."""
    with host_faults(), _driver(engine) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


@contextmanager
def _driver(engine: sa.Engine) -> Iterator[Any]:
    """The driver's own connection, outside any transaction."""
    borrowed = engine.raw_connection()
    try:
        yield borrowed.driver_connection
    finally:
        borrowed.close()
