"""The center's book of devices and activation codes: one small encrypted file, `identity.db`, that processes may share.

It is a file of its own so that `silian center code` can write a code while the center runs and has its store to
itself, and equally while it does not run. SQLite's own locks keep the two apart; every statement is short, and
every write is durable when it returns. The file is encrypted as the store is, and a code in it is stretched and sealed.
"""

import hashlib
import hmac
import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from desktop_app.domain.clock import moment, stamp
from desktop_app.domain.faults import HostFault
from desktop_app.domain.ids import DeviceId, UnitPath
from desktop_app.domain.principal import Role
from sync.identity import deeds
from sync.identity.deeds import Deed
from sync.store import cipher

REGISTRY_FILE = "identity.db"
VERSION = 3
FORGET_MISSES_AFTER = timedelta(days=1)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS device (
  device TEXT PRIMARY KEY, public_key BLOB NOT NULL, unit_path TEXT NOT NULL, label TEXT NOT NULL,
  enrolled_at TEXT NOT NULL, revoked_at TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS activation_code (
  locator TEXT PRIMARY KEY, unit_path TEXT NOT NULL, roles TEXT NOT NULL, salt BLOB NOT NULL, sealed BLOB NOT NULL,
  issued_at TEXT NOT NULL, expires_at TEXT NOT NULL, used_by TEXT, used_at TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS attempt (
  locator TEXT NOT NULL, device TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (locator, device)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 1;
"""
_CONTACT = """
CREATE TABLE IF NOT EXISTS contact (device TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT, WITHOUT ROWID;
PRAGMA user_version = 2;
"""
_DISK = {
    sqlite3.SQLITE_FULL: "disk-full",
    sqlite3.SQLITE_CORRUPT: "registry-damaged",
    sqlite3.SQLITE_NOTADB: "registry-damaged",
}


@dataclass(frozen=True, slots=True)
class Device:
    """One enrolled terminal."""

    device: DeviceId
    public_key: bytes
    unit_path: UnitPath
    label: str
    enrolled_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One activation code as it is kept: never the code itself."""

    locator: str
    unit_path: UnitPath
    roles: frozenset[Role]
    salt: bytes
    sealed: bytes
    issued_at: datetime
    expires_at: datetime
    used_by: DeviceId | None = None


class Registry:
    """Thread-safe; several processes may have one open on the same file."""

    def __init__(self, folder: Path, store_key: bytes) -> None:
        """`store_key` is the center's own (`DeviceIdentity.store_key`); this file's key follows from it."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / REGISTRY_FILE
        self._key = hmac.digest(store_key, b"silian-registry-v1", hashlib.sha256)
        self._folder = folder
        self._lock = threading.Lock()
        self._revoked: frozenset[DeviceId] = frozenset()
        try:
            cipher.seal(path, self._key)  # a book from before there was a key
            self._db = cipher.connect(path, self._key)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                self._db.executescript("BEGIN IMMEDIATE;" + _SCHEMA + "COMMIT;")
            if version in (0, 1):
                self._db.executescript("BEGIN IMMEDIATE;" + _CONTACT + "COMMIT;")
            if version in (0, 1, 2):
                self._db.executescript("BEGIN IMMEDIATE;" + deeds.SCHEMA + "COMMIT;")
        except cipher.DatabaseError as err:
            raise HostFault("registry-damaged", file=str(path)) from err
        except HostFault as fault:
            if fault.id != "store-damaged":
                raise
            raise HostFault("registry-damaged", file=str(path)) from fault
        if version > VERSION:
            raise HostFault("registry-newer", file=str(path))

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def backup(self, path: Path) -> None:
        """A copy under the same key as it is at one moment, while it is in use. HostFault `backup-failed`."""
        try:
            with self._lock:
                cipher.copy_sealed(self._db, path, self._key)
        except cipher.Error as err:
            raise HostFault("backup-failed", file=str(path), reason=str(err)) from err

    def backup_plain(self, path: Path) -> None:
        """As `backup`, and unencrypted: everybody can read it who has the file."""
        try:
            with self._lock:
                cipher.export_plain(self._db, path)
        except cipher.Error as err:
            raise HostFault("backup-failed", file=str(path), reason=str(err)) from err

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        """One durable transaction; HostFault `disk-full`, `disk-failing` or `registry-damaged`, and nothing is kept."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except BaseException as err:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                if isinstance(err, cipher.DatabaseError) and not isinstance(err, cipher.ProgrammingError):
                    fault = _DISK.get(getattr(err, "sqlite_errorcode", 0) & 0xFF, "disk-failing")
                    raise HostFault(fault, folder=str(self._folder), file=REGISTRY_FILE) from err
                raise

    # devices

    def device(self, device: DeviceId) -> Device | None:
        with self._lock:
            row = self._db.execute("SELECT * FROM device WHERE device = ?", (device,)).fetchone()
        return _device(row) if row else None

    def devices(self) -> list[Device]:
        with self._lock:
            rows = self._db.execute("SELECT * FROM device ORDER BY unit_path, enrolled_at").fetchall()
        return [_device(row) for row in rows]

    def revoked(self) -> frozenset[DeviceId]:
        """All that were revoked, here or by another process; one reader looks now and then, for `was_revoked` too."""
        with self._lock:
            rows = self._db.execute("SELECT device FROM device WHERE revoked_at IS NOT NULL").fetchall()
        self._revoked = frozenset(DeviceId(row[0]) for row in rows)
        return self._revoked

    def was_revoked(self, device: DeviceId) -> bool:
        """Whether the last look at `revoked` found it there; reads nothing, from any thread."""
        return device in self._revoked

    def add(self, device: Device) -> None:
        """A device that needs no code: the center itself."""
        with self._writing() as db:
            db.execute("INSERT OR IGNORE INTO device VALUES (?, ?, ?, ?, ?, NULL)", _device_values(device))

    def revoke(self, device: DeviceId, now: datetime, deed: Deed | None = None) -> bool:
        """From its next request on the device is refused, for good; False when there is no such device in force.

        `deed` is noted with it.
        """
        with self._writing() as db:
            done = db.execute(
                "UPDATE device SET revoked_at = ? WHERE device = ? AND revoked_at IS NULL", (stamp(now), device)
            )
            if done.rowcount == 1 and deed is not None:
                deeds.note(db, deed)
            return bool(done.rowcount == 1)

    def relocate(self, place_of: Callable[[UnitPath], UnitPath]) -> int:
        """Write down where the units of devices and codes are now; how many rows named another place."""
        rows = []
        with self._writing() as db:
            for table, key in (("device", "device"), ("activation_code", "locator")):
                held = db.execute(f"SELECT {key}, unit_path FROM {table}").fetchall()
                moved = [(place_of(path), name) for name, path in held if place_of(path) != path]
                db.executemany(f"UPDATE {table} SET unit_path = ? WHERE {key} = ?", moved)
                rows += moved
        return len(rows)

    # what the center has still to tell

    def deeds(self) -> list[Deed]:
        """What was done beside the center and does not stand in its audit log yet."""
        with self._lock:
            return deeds.noted(self._db)

    def forget_deeds(self, pks: Iterable[str]) -> None:
        with self._writing() as db:
            deeds.forget(db, pks)

    # when devices were heard of

    def note_contacts(self, heard: Mapping[DeviceId, datetime]) -> None:
        """Keep when these were last heard of, all in one transaction."""
        if heard:
            with self._writing() as db:
                db.executemany(
                    "INSERT INTO contact VALUES (?, ?) ON CONFLICT (device) DO UPDATE SET at = max(at, excluded.at)",
                    [(device, stamp(at)) for device, at in heard.items()],
                )

    def contacts(self) -> dict[DeviceId, datetime]:
        """When each was last heard of, as far as that was noted."""
        with self._lock:
            rows = self._db.execute("SELECT device, at FROM contact").fetchall()
        return {DeviceId(row[0]): moment(row[1]) for row in rows}

    # activation codes

    def issue(self, code: CodeRow, deed: Deed | None = None) -> bool:
        """False when the locator is taken; then the caller draws another code. `deed` is noted with it."""
        with self._writing() as db:
            done = db.execute(
                "INSERT OR IGNORE INTO activation_code VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
                (
                    code.locator,
                    code.unit_path,
                    json.dumps(sorted(code.roles)),
                    code.salt,
                    code.sealed,
                    stamp(code.issued_at),
                    stamp(code.expires_at),
                ),
            )
            if done.rowcount == 1:
                db.execute("DELETE FROM attempt WHERE locator = ?", (code.locator,))
                if deed is not None:
                    deeds.note(db, deed)
            return bool(done.rowcount == 1)

    def code(self, locator: str) -> CodeRow | None:
        with self._lock:
            row = self._db.execute("SELECT * FROM activation_code WHERE locator = ?", (locator,)).fetchone()
        return None if row is None else _code(row)

    def codes(self) -> list[CodeRow]:
        """Every code that was given out and not withdrawn, the newest first."""
        with self._lock:
            rows = self._db.execute("SELECT * FROM activation_code ORDER BY issued_at DESC, locator").fetchall()
        return [_code(row) for row in rows]

    def withdraw(self, locator: str) -> bool:
        """From now on nobody can enrol with it; False where there is none, or it was used."""
        with self._writing() as db:
            done = db.execute("DELETE FROM activation_code WHERE locator = ? AND used_by IS NULL", (locator,))
            return bool(done.rowcount == 1)

    def attempts(self, locator: str, device: DeviceId, now: datetime) -> int:
        """Note that `device` tries this locator; how many devices' attempts at it are noted, this one included.

        One attempt of one device key counts once however often the link makes it repeat itself. Attempts at a
        locator that names no code are forgotten after a day.
        """
        with self._writing() as db:
            db.execute(
                "DELETE FROM attempt WHERE at < ? AND locator NOT IN (SELECT locator FROM activation_code)",
                (stamp(now - FORGET_MISSES_AFTER),),
            )
            db.execute("INSERT OR IGNORE INTO attempt VALUES (?, ?, ?)", (locator, device, stamp(now)))
            return int(db.execute("SELECT count(*) FROM attempt WHERE locator = ?", (locator,)).fetchone()[0])

    def attempted(self, locator: str, device: DeviceId) -> tuple[int, bool]:
        """Attempts noted at this locator, and whether this device's is among them."""
        with self._lock:
            count, mine = self._db.execute(
                "SELECT count(*), coalesce(sum(device = ?), 0) FROM attempt WHERE locator = ?", (device, locator)
            ).fetchone()
        return int(count), bool(mine)

    def enrol(self, locator: str, device: Device) -> DeviceId:
        """Use the code for this device, once; returns who holds it, which is another device when it came first."""
        with self._writing() as db:
            done = db.execute(
                "UPDATE activation_code SET used_by = ?, used_at = ? WHERE locator = ? AND used_by IS NULL",
                (device.device, stamp(device.enrolled_at), locator),
            )
            if done.rowcount == 1:
                db.execute("INSERT OR IGNORE INTO device VALUES (?, ?, ?, ?, ?, NULL)", _device_values(device))
                db.execute("DELETE FROM attempt WHERE locator = ?", (locator,))
            holder = db.execute("SELECT used_by FROM activation_code WHERE locator = ?", (locator,)).fetchone()
            return DeviceId(holder[0])


def _code(row: Sequence[Any]) -> CodeRow:
    roles = frozenset(Role(role) for role in json.loads(row[2]))
    used = DeviceId(row[7]) if row[7] else None
    return CodeRow(row[0], UnitPath(row[1]), roles, row[3], row[4], moment(row[5]), moment(row[6]), used)


def _device_values(device: Device) -> tuple[str, bytes, str, str, str]:
    return (device.device, device.public_key, device.unit_path, device.label, stamp(device.enrolled_at))


def _device(row: tuple[str, bytes, str, str, str, str | None]) -> Device:
    revoked = moment(row[5]) if row[5] else None
    return Device(DeviceId(row[0]), row[1], UnitPath(row[2]), row[3], moment(row[4]), revoked)
