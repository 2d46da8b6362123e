"""Statements straight to the database's driver: a fixed text and its values, where building one anew costs too much.

For the lanes and for each write; everything else goes through SQLAlchemy, inside the same transaction. A text has `?`
where a value goes, for both databases. What goes wrong comes out as the driver's own error, or as a HostFault: see
`sync.store.engine.host_faults`.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain
from typing import Any

import sqlalchemy as sa

from desktop_app.domain.faults import HostFault
from sync.store import postgres

Values = Sequence[Any]
Found = list[tuple[Any, ...]]
AMONG = "<among>"
"""In a text after a column: one of a list, which comes last among the values."""
COPIED_FROM = 8
"""Rows from which PostgreSQL is given them by COPY."""
AT_A_TIME = 250
"""Rows that SQLite is given in one statement: it works on them while other threads have the interpreter."""


def fetch(connection: sa.Connection, text: str, values: Values = ()) -> Found:
    """The rows of a SELECT."""
    driver = _driver(connection)
    if connection.dialect.name == "sqlite":
        found: Found = driver.execute(text, values).fetchall()
        return found
    with _faults(connection):
        return list(driver.execute(_percent(text), values).fetchall())


def rows_of(connection: sa.Connection, text: str, values: Values) -> Any:
    """The cursor over the rows of a SELECT, for whoever does not take all of them. Of a file alone."""
    return _driver(connection).execute(text, values)


def fetch_among(connection: sa.Connection, text: str, values: Values, several: Sequence[str]) -> Found:
    """The rows of a SELECT that says AMONG: "... AND pk <among>"."""
    if connection.dialect.name == "sqlite":
        if len(several) == 1:
            return fetch(connection, text.replace(AMONG, "= ?"), (*values, several[0]))
        within = text.replace(AMONG, "IN (SELECT value FROM json_each(?))")
        return fetch(connection, within, (*values, json.dumps(several)))
    return fetch(connection, text.replace(AMONG, "= ANY(?::text[])"), (*values, _array(several)))


def run(connection: sa.Connection, text: str, values: Values) -> None:
    driver = _driver(connection)
    if connection.dialect.name == "sqlite":
        driver.execute(text, values)
        return
    with _faults(connection):
        driver.execute(_percent(text), values)


def run_many(connection: sa.Connection, text: str, rows: Sequence[Values]) -> None:
    driver = _driver(connection)
    if connection.dialect.name == "sqlite":
        if len(rows) == 1:
            driver.execute(text, rows[0])
        else:
            driver.executemany(text, rows)
        return
    with _faults(connection), driver.cursor() as cursor:
        cursor.executemany(_percent(text), rows)


class Insert:
    """New rows of one table, in the order of these columns."""

    def __init__(self, table: sa.Table, columns: Sequence[str]) -> None:
        names = ", ".join(columns)
        self._width = len(columns)
        places = f"({', '.join('?' * self._width)})"
        self._text = f"INSERT INTO {table.name} ({names}) VALUES {places}"
        self._several = f"{self._text}{f', {places}' * (AT_A_TIME - 1)}"
        self._copy = f"COPY {table.name} ({names}) FROM STDIN (FORMAT BINARY)"
        self._types = [_type(table.c[name].type) for name in columns]
        self._bound = [(at, _BOUND[kind]) for at, kind in enumerate(self._types) if kind in _BOUND]

    def many(self, connection: sa.Connection, rows: Sequence[Values]) -> None:
        if not rows:
            return
        if connection.dialect.name == "sqlite":
            self._into_file(_driver(connection), rows)
            return
        if len(rows) < COPIED_FROM:
            run_many(connection, self._text, rows)
            return
        with _faults(connection), _driver(connection).cursor() as cursor, cursor.copy(self._copy) as copy:
            copy.set_types(self._types)
            for row in rows:
                copy.write_row(row)

    def _into_file(self, driver: Any, rows: Sequence[Values]) -> None:
        several = len(rows) - len(rows) % AT_A_TIME
        for at in range(0, several, AT_A_TIME):
            driver.execute(self._several, self._bindable(rows[at : at + AT_A_TIME]))
        if several < len(rows):
            width, values = self._width, self._bindable(rows[several:])
            driver.executemany(self._text, [values[at : at + width] for at in range(0, len(values), width)])

    def _bindable(self, rows: Sequence[Values]) -> list[Any]:
        """Row after row the same values, in types that SQLite's driver binds without looking for an adapter."""
        values = list(chain.from_iterable(rows))
        for at, kind in self._bound:
            column = values[at :: self._width]
            values[at :: self._width] = [None if value is None else kind(value) for value in column]
        return values


_BOUND: dict[str, type[Any]] = {"bytea": bytearray, "bool": int}
_POSTGRES: dict[type[Any], str] = {sa.Text: "text", sa.BigInteger: "int8", sa.LargeBinary: "bytea", sa.Boolean: "bool"}


def _type(kind: Any) -> str:
    return next(name for one, name in _POSTGRES.items() if isinstance(kind, one))


def _driver(connection: sa.Connection) -> Any:
    if not connection.in_transaction():
        connection.begin()
    return connection.connection.driver_connection


def _array(texts: Sequence[str]) -> str:
    """PostgreSQL's own word for an array, which its driver takes five times as long to say."""
    said = [each.replace("\\", "\\\\").replace('"', '\\"') for each in texts]
    return '{"' + '","'.join(said) + '"}' if said else "{}"


@cache
def _percent(text: str) -> str:
    return text.replace("?", "%s")


@contextmanager
def _faults(connection: sa.Connection) -> Iterator[None]:
    """What PostgreSQL's driver raises, where it is not a bug."""
    try:
        yield
    except connection.dialect.loaded_dbapi.Error as err:
        fault = postgres.fault_of(err)
        if fault is None:
            raise
        raise HostFault(fault) from err
