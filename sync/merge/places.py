"""Where units are: a unit that came under another one takes all that names its old place along.

A unit's code is its own for good; only the codes before it change. So a path is read from its end: the last code that
was moved says where it is now, and what follows stays. Paths inside of what was said before stay as they were written,
and whoever did not hear of the move yet goes on writing the old one: both mean the new place.
"""

from collections.abc import Mapping

import sqlalchemy as sa

from sync.store.driver import fetch
from sync.store.rows import from_json, to_json, upsert
from sync.store.tables import property_

MOVED = "moved-units"
"""The property that keeps, by code, the paths of the units that were moved."""
UNIT = "unit"


class Places:
    """The places of moved units, as one transaction or one store sees them. Where none was moved it costs nothing."""

    def __init__(self, moved: Mapping[str, str] | None = None) -> None:
        self._moved = dict(moved or {})

    @classmethod
    def load(cls, connection: sa.Connection) -> "Places":
        kept = fetch(connection, "SELECT value FROM property WHERE name = ?", (MOVED,))
        return cls(from_json(kept[0][0]) if kept else None)

    def copy(self) -> "Places":
        return Places(self._moved)

    def now(self, path: str) -> str:
        """Where the unit that this path once named is now; the path itself where it was never moved."""
        if not self._moved or not path:
            return path
        codes = path.rstrip("/").split("/")
        for depth in range(len(codes), 0, -1):
            place = self._moved.get(codes[depth - 1])
            if place is not None:
                return place + "".join(f"{code}/" for code in codes[depth:])
        return path

    def move(self, code: str, path: str) -> None:
        """From now on the unit of this code is at `path`."""
        self._moved[code] = path

    def keep(self, connection: sa.Connection) -> None:
        upsert(connection, property_, [{"name": MOVED, "value": to_json(self._moved)}])


def relocate(connection: sa.Connection, column: "sa.Column[str] | sa.Column[str | None]", code: str, path: str) -> None:
    """Put every path of a column that leads through a unit onto the unit's place `path`."""
    table = column.table
    find = sa.func.strpos if connection.dialect.name == "postgresql" else sa.func.instr
    at = find(column, f"/{code}/")
    rest = sa.literal(path).concat(sa.func.substr(column, at + len(code) + 2))
    elsewhere = sa.func.substr(column, 1, len(path)) != path
    connection.execute(table.update().where(at > 0, elsewhere).values({column.name: rest}))
