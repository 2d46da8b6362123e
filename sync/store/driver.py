"""Statements straight to the database's driver: a fixed text and its values, where building one anew costs too much.

For the lanes and for each write; everything else goes through SQLAlchemy, inside the same transaction. A text has `?`
where a value goes, for both databases. What goes wrong comes out as the driver's own error, or as a HostFault: see
`sync.store.engine.host_faults`.
"""

import json
import re
from collections.abc import Sequence
from contextlib import nullcontext
from functools import cache
from itertools import chain
from typing import Any

import sqlalchemy as sa

from sync.store import postgres

Values = Sequence[Any]
Found = list[tuple[Any, ...]]
AMONG = "<among>"
"""In a text after a column: one of a list, which comes last among the values."""
WITHIN = "BETWEEN ? AND ? ORDER BY 1 LIMIT ?"
"""After a column: see `perhaps_there`."""
KEPT = "silian_kept"
"""The option by which a file's connection that is kept for writing says its driver's own, and that it is begun."""
MANY = 16
_UUIDS = re.compile(r"(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})*")
"""In whose order every database agrees, whatever language it sorts by."""
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
    with postgres.driver_faults(connection):
        return list(driver.execute(_percent(text), values).fetchall())


def fetch_all(connection: sa.Connection, asked: Sequence[tuple[str, Values]]) -> list[Found]:
    """The rows of each of several statements, of which none waits for another one's; of one that has none, none."""
    driver = _driver(connection)
    if connection.dialect.name == "sqlite":
        return [driver.execute(text, values).fetchall() for text, values in asked]
    with postgres.driver_faults(connection):
        with driver.pipeline() if len(asked) > 1 else nullcontext():
            cursors = [driver.execute(_percent(text), values) for text, values in asked]
        return [cursor.fetchall() if cursor.description else [] for cursor in cursors]


def rows_of(connection: sa.Connection, text: str, values: Values) -> Any:
    """The cursor over the rows of a SELECT, for whoever does not take all of them. Of a file alone."""
    return _driver(connection).execute(text, values)


def fetch_among(connection: sa.Connection, text: str, values: Values, several: Sequence[str]) -> Found:
    """The rows of a SELECT that says AMONG: "... AND pk <among>"."""
    return fetch(connection, *among(connection, text, values, several))


def among(connection: sa.Connection, text: str, values: Values, several: Sequence[str]) -> tuple[str, Values]:
    """The statement and the values of a SELECT that says AMONG."""
    if connection.dialect.name != "sqlite":
        return text.replace(AMONG, "= ANY(?::text[])"), (*values, _array(several))
    if len(several) == 1:
        return text.replace(AMONG, "= ?"), (*values, several[0])
    return text.replace(AMONG, "IN (SELECT value FROM json_each(?))"), (*values, json.dumps(several))


def perhaps_there(connection: sa.Connection, asked: Sequence[tuple[str, Values, Sequence[str]]]) -> list[Sequence[str]]:
    """Of each list of ids those that may be found, quickly: by a look at all that lies between the first and the last.

    The text is a SELECT of one column that ends with WITHIN, which `values` come before. Ids begin with the time at
    which they were made, so most often nobody else's lie between; where more do than were asked for, it says nothing.
    """
    found: list[Sequence[str]] = [ids for _, _, ids in asked]
    many = [at for at, ids in enumerate(found) if len(ids) >= MANY and _UUIDS.fullmatch("".join(ids))]
    if many:
        ranges = [(asked[at][0], (*asked[at][1], min(found[at]), max(found[at]), len(found[at]) + 1)) for at in many]
        for at, rows in zip(many, fetch_all(connection, ranges), strict=True):
            if len(rows) <= len(found[at]):
                there = {row[0] for row in rows}
                found[at] = [each for each in found[at] if each in there]
    return found


def run(connection: sa.Connection, text: str, values: Values) -> None:
    driver = _driver(connection)
    if connection.dialect.name == "sqlite":
        driver.execute(text, values)
        return
    with postgres.driver_faults(connection):
        driver.execute(_percent(text), values)


def run_many(connection: sa.Connection, text: str, rows: Sequence[Values]) -> None:
    driver = _driver(connection)
    if connection.dialect.name == "sqlite":
        if len(rows) == 1:
            driver.execute(text, rows[0])
        else:
            driver.executemany(text, rows)
        return
    with postgres.driver_faults(connection), driver.cursor() as cursor:
        cursor.executemany(_percent(text), rows)


class Insert:
    """New rows of one table, in the order of these columns."""

    def __init__(self, table: sa.Table, columns: Sequence[str]) -> None:
        names = ", ".join(columns)
        self._width = len(columns)
        places = f"({', '.join('?' * self._width)})"
        self.text = f"INSERT INTO {table.name} ({names}) VALUES {places}"
        self._several = f"{self.text}{f', {places}' * (AT_A_TIME - 1)}"
        self._copy = f"COPY {table.name} ({names}) FROM STDIN (FORMAT BINARY)"
        self._types = [_type(table.c[name].type) for name in columns]
        self._bound = [(at, _BOUND[kind]) for at, kind in enumerate(self._types) if kind in _BOUND]

    def one(self, connection: sa.Connection, row: Values) -> int:
        """One row of a file; its number."""
        values = list(row)
        for at, kind in self._bound:
            if values[at] is not None:
                values[at] = kind(values[at])
        return int(_driver(connection).execute(self.text, values).lastrowid)

    def many(self, connection: sa.Connection, rows: Sequence[Values]) -> None:
        if not rows:
            return
        if connection.dialect.name == "sqlite":
            if len(rows) == 1:
                self.one(connection, rows[0])
                return
            self._into_file(_driver(connection), rows)
            return
        if len(rows) < COPIED_FROM:
            run_many(connection, self.text, rows)
            return
        _begin(connection)
        postgres.copy(connection, self._copy, self._types, rows)

    def _into_file(self, driver: Any, rows: Sequence[Values]) -> None:
        several = len(rows) - len(rows) % AT_A_TIME
        for at in range(0, several, AT_A_TIME):
            driver.execute(self._several, self._bindable(rows[at : at + AT_A_TIME]))
        if several < len(rows):
            width, values = self._width, self._bindable(rows[several:])
            driver.executemany(self.text, [values[at : at + width] for at in range(0, len(values), width)])

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


def _begin(connection: sa.Connection) -> None:
    if not connection.in_transaction():
        connection.begin()


def _driver(connection: sa.Connection) -> Any:
    kept = connection.get_execution_options().get(KEPT)
    if kept is not None:
        return kept
    _begin(connection)
    if connection.dialect.name != "sqlite":
        postgres.settle(connection)
    return connection.connection.driver_connection


def _array(texts: Sequence[str]) -> str:
    """PostgreSQL's own word for an array, which its driver takes five times as long to say."""
    said = [each.replace("\\", "\\\\").replace('"', '\\"') for each in texts]
    return '{"' + '","'.join(said) + '"}' if said else "{}"


@cache
def _percent(text: str) -> str:
    return text.replace("?", "%s")
