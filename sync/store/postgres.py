"""The center's store on PostgreSQL 15 instead of a file: one database, one center, one lane that writes.

A write transaction takes an advisory lock first, so that the feed's cursors are given in the order in which they are
committed: a sequence alone would let a reader pass a number that is committed later. Readers see one moment and wait
for nobody. A commit that returned is on the server's disk (`synchronous_commit`, which this module turns on).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import sqlalchemy as sa

from desktop_app.domain.faults import HostFault, OperatorError

WRITERS = 0x51_11A_4
"""Advisory lock of the one write lane, held for a transaction."""
CENTER = 0x51_11A_5
"""Advisory lock of the one center of a database, held by its session for as long as it runs."""
CONNECT_SECONDS = 10
READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
WRITING = f"BEGIN; SET LOCAL plan_cache_mode = force_generic_plan; SELECT pg_advisory_xact_lock({WRITERS})"
"""The lane asks for a thousand ids at once: planned for just these, that takes longer than to look them up, and in a
database without statistics (a new one) it leads to a look at all rows of an entity.
"""
UNDER_WAY = "silian-copy"
"""What a connection's `info` says while a COPY is not settled."""
_FAULTS: Mapping[str, str] = {
    "53100": "disk-full",
    "53200": "disk-failing",
    "58": "disk-failing",
    "XX": "store-damaged",
}
"""By SQLSTATE or its class."""
_AWAY = ("08", "57P")


def database_engine(url: str) -> sa.Engine:
    """An engine for `postgresql://user@host:port/name`; OperatorError `database-malformed` for anything else."""
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() != "postgresql" or not parsed.database:
            raise OperatorError("database-malformed")
    except (sa.exc.ArgumentError, ValueError) as err:
        raise OperatorError("database-malformed") from err
    from sync.store import libpq  # the driver is not loaded where the store is a file

    engine = sa.create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": "silian center"},
        pool_size=8,
        max_overflow=24,
        pool_use_lifo=True,
    )

    @sa.event.listens_for(engine, "connect")
    def _connect(dbapi: Any, _record: Any) -> None:
        dbapi.execute("SET synchronous_commit = on")
        dbapi.commit()

    @sa.event.listens_for(engine, "checkout")
    def _checkout(dbapi: Any, _record: Any, _borrowed: Any) -> None:
        try:
            libpq.listen(dbapi)
        except engine.dialect.loaded_dbapi.Error as err:
            raise sa.exc.InvalidatePoolError from err  # the server went down meanwhile: a new connection is made

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        reading = connection.get_execution_options().get("silian_reading", False)
        with driver_faults(connection):
            libpq.say(_driver(connection), READING if reading else WRITING)

    @sa.event.listens_for(engine, "before_cursor_execute")
    def _before(connection: sa.Connection, *_statement: Any) -> None:
        settle(connection)

    @sa.event.listens_for(engine, "commit")
    def _commit(connection: sa.Connection) -> None:
        settle(connection)

    @sa.event.listens_for(engine, "rollback")
    def _rollback(connection: sa.Connection) -> None:
        with suppress(HostFault, connection.dialect.loaded_dbapi.Error):
            settle(connection)

    return engine


def copy(connection: sa.Connection, statement: str, types: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Send rows by a binary COPY, which goes on beside what is done next: see `sync.store.libpq`."""
    from sync.store import libpq

    driver = _driver(connection)
    pieces = libpq.packed(driver, types, rows)
    settle(connection)
    with driver_faults(connection):
        libpq.send(driver, statement, pieces)
    connection.info[UNDER_WAY] = libpq.settle


def settle(connection: sa.Connection) -> None:
    """Wait for the end of a COPY that was sent, if there is one; the faults of `driver_faults`."""
    end = connection.info.pop(UNDER_WAY, None)
    if end is not None:
        with driver_faults(connection):
            end(_driver(connection))


def _driver(connection: sa.Connection) -> Any:
    return connection.connection.driver_connection


@contextmanager
def driver_faults(connection: sa.Connection) -> Iterator[None]:
    """What PostgreSQL's driver raises, as a HostFault where it is not a bug."""
    try:
        yield
    except connection.dialect.loaded_dbapi.Error as err:
        fault = fault_of(err)
        if fault is None:
            raise
        raise HostFault(fault) from err


def is_database(engine: sa.Engine) -> bool:
    return engine.dialect.name == "postgresql"


def fault_of(cause: object) -> str | None:
    """The id of the HostFault that a driver's error means; None for a bug."""
    state = getattr(cause, "sqlstate", "")
    if state is None or str(state).startswith(_AWAY):
        return "database-away"  # it never came to a statement, or the session was ended
    return _FAULTS.get(str(state)) or _FAULTS.get(str(state)[:2])


class DatabaseLock:
    """Held from construction to `close`: HostFault `store-in-use` where another center has this database."""

    def __init__(self, engine: sa.Engine) -> None:
        self._failure = engine.dialect.loaded_dbapi.Error
        try:
            self._connection = engine.raw_connection()
        except self._failure as err:
            raise HostFault(fault_of(err) or "database-away") from err
        self._connection.detach()
        cursor = self._connection.cursor()
        cursor.execute(f"SELECT pg_try_advisory_lock({CENTER})")
        row = cursor.fetchone()
        self._connection.commit()
        if row is None or not row[0]:
            self._connection.close()
            raise HostFault("store-in-use", folder=engine.url.render_as_string(hide_password=True))

    def close(self) -> None:
        if not self._connection.is_valid:
            return
        with suppress(self._failure):  # where the server is away, nothing is held any more
            self._connection.cursor().execute(f"SELECT pg_advisory_unlock({CENTER})")  # a session's end is heard later
        self._connection.close()
