"""What was done in the book of devices and codes beside the center, and is still to be told in the audit log.

It is noted in the transaction that does it, so that nobody gives out a code or revokes a terminal unseen, whether the
center runs or not; the center takes the notes up, writes them into its log, and only then are they taken away.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from desktop_app.domain.clock import moment, stamp
from desktop_app.domain.ids import UnitPath

SCHEMA = """
CREATE TABLE IF NOT EXISTS deed (
  pk TEXT PRIMARY KEY, kind TEXT NOT NULL, unit_path TEXT NOT NULL, by_whom TEXT NOT NULL, machine TEXT NOT NULL,
  detail TEXT NOT NULL, at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 3;
"""


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that was done."""

    pk: str
    """Of the security event that it will be: so it is told once, however often the center dies in between."""
    kind: str
    """Of `sync.log.audit.AuditKind`."""
    unit_path: UnitPath
    by_whom: str
    """The account at the center's machine: no operator of the records."""
    machine: str
    """The terminal that it is about, where it is about one."""
    detail: str
    at: datetime


def note(db: Any, deed: Deed) -> None:
    """Within the transaction that does it."""
    values = (deed.pk, deed.kind, deed.unit_path, deed.by_whom, deed.machine, deed.detail, stamp(deed.at))
    db.execute("INSERT INTO deed VALUES (?, ?, ?, ?, ?, ?, ?)", values)


def noted(db: Any) -> list[Deed]:
    """In the order in which they were done."""
    rows = db.execute("SELECT pk, kind, unit_path, by_whom, machine, detail, at FROM deed ORDER BY at, pk").fetchall()
    return [Deed(row[0], row[1], UnitPath(row[2]), row[3], row[4], row[5], moment(row[6])) for row in rows]


def forget(db: Any, pks: Iterable[str]) -> None:
    """They stand in the audit log now."""
    db.executemany("DELETE FROM deed WHERE pk = ?", [(pk,) for pk in pks])
