"""Machines that can be killed at any moment: what survives is what their disk held then."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

from desktop_app.domain.faults import HostFault
from desktop_app.domain.ids import DeviceId, UnitPath
from sync.blobs.store import FOLDER as BLOBS
from sync.identity.device import DeviceKey
from sync.store import cipher
from sync.store import store as stores
from sync.store.store import Store

PAGE = 4096
STORE_KEY = bytes(range(32))
"""One for all, so that empty stores are copies of one file."""
BLOB_KEY = bytes(range(32, 64))
BEGAN = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)


class Killed(BaseException):
    """The machine lost its power here. No code may catch it."""


class Luck(StrEnum):
    """What happens to the next commit of a machine."""

    KILLED_BEFORE = "killed before the commit"
    KILLED_AFTER = "killed after the commit, before anybody was told"
    FULL = "the disk is full"
    UNTOLD = "the disk fails after the commit is on it"


@dataclass(frozen=True)
class Identity:
    """A device's key and place (`sync.log.signing.Origin`)."""

    key: DeviceKey
    unit_path: UnitPath
    center_device: DeviceId
    center_key: bytes
    store_key: bytes = STORE_KEY

    @property
    def device(self) -> DeviceId:
        return self.key.id

    @property
    def public_key(self) -> bytes:
        return self.key.public

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message)


class MachineClock:
    """The simulation's time, and how far this machine is off."""

    def __init__(self, elapsed: Callable[[], float]) -> None:
        self._elapsed = elapsed
        self.off = timedelta(0)

    def now(self) -> datetime:
        return BEGAN + timedelta(seconds=self._elapsed()) + self.off

    def monotonic(self) -> float:
        return self._elapsed()


class Opening(StrEnum):
    """Where the power goes while a store is being opened."""

    TABLES = "before its tables are looked at"
    RECORDS = "in the transaction that opens it, before anything is done"
    READY = "in that transaction, when all is done"


class Machine:
    """A folder, the store that is open in it, and its luck."""

    store: Any

    def __init__(self, folder: Path, template: Path, file: str) -> None:
        self._root = folder
        self._file = file
        self._lives = 0
        self.luck: Luck | None = None
        self.opening: Opening | None = None
        self.dead = False
        folder.mkdir(parents=True)
        self.folder.mkdir()
        shutil.copy(template, self.folder / file)

    @property
    def folder(self) -> Path:
        return self._root / str(self._lives)

    @contextmanager
    def perils(self, kind: type[Store]) -> Iterator[None]:
        """A store of this kind is opened now; `Killed` where the power goes."""
        opening, self.opening = self.opening, None
        self.dead = False
        on_open, upgrade = kind._on_open, stores.upgrade

        def look(engine: Any) -> None:
            if opening is Opening.TABLES:
                self._die()
            upgrade(engine)

        def open_it(store: Any, connection: Any) -> None:
            if opening is Opening.RECORDS:
                self._die()
            on_open(store, connection)
            if opening is Opening.READY:
                self._die()

        try:
            with mock.patch.object(stores, "upgrade", look), mock.patch.object(kind, "_on_open", open_it):
                yield
        except Killed:
            shutil.rmtree(self._before, ignore_errors=True)
            raise

    def damage(self, rng: Random) -> None:
        """Some pages of the dead machine's disk are not what was written."""
        file = self.folder / self._file
        raw = bytearray(file.read_bytes())
        for _ in range(rng.randrange(1, 4)):
            first = rng.randrange(len(raw) // PAGE) * PAGE
            length = rng.choice([16, PAGE])
            raw[first : first + length] = rng.randbytes(1) * length
        file.write_bytes(raw)

    def make_old(self) -> None:
        """The dead machine's records are of another version's rules: they are made again when it is opened."""
        with (
            suppress(HostFault, cipher.DatabaseError),  # of a damaged one nobody asks that
            closing(cipher.connect(self.folder / self._file, STORE_KEY)) as connection,
        ):
            connection.execute("UPDATE property SET value = '0' WHERE name = 'projection'")

    def watch(self, store: Store) -> None:
        """From now on the luck of this machine is that of its store's commits."""
        self.dead = False
        dialect = store.engine.dialect
        commit = dialect.do_commit

        def do_commit(connection: Any) -> None:
            if self.dead:
                raise Killed
            luck, self.luck = self.luck, None
            if luck is Luck.KILLED_BEFORE:
                self._die()
            if luck is Luck.FULL:
                raise _error(sqlite3.SQLITE_FULL)
            commit(connection)
            if luck is Luck.KILLED_AFTER:
                self._die()
            if luck is Luck.UNTOLD:
                raise _error(sqlite3.SQLITE_IOERR)

        dialect.do_commit = do_commit  # type: ignore[method-assign]

    def _die(self) -> None:
        self.keep_disk()
        raise Killed

    def keep_disk(self) -> None:
        """The power goes: what is in the files now is what the next life begins with."""
        if self.dead:
            return
        self.dead = True
        before = self.folder
        self._lives += 1
        self.folder.mkdir()
        for file in before.glob(f"{self._file}*"):
            if not file.name.endswith("-shm"):
                shutil.copy(file, self.folder / file.name)
        _copy_blobs(before, self.folder)
        self._before = before

    def bury(self, store: Store) -> None:
        """Give back what the dead program held of this one."""
        with suppress(Exception):
            store.close()
        shutil.rmtree(self._before, ignore_errors=True)

    def backup(self, store: Store) -> Path:
        """A copy of the store and its contents while it runs."""
        kept = self._root / "backup.db"
        kept.unlink(missing_ok=True)
        store.backup(kept)
        _copy_blobs(self.folder, self._root)
        return kept

    def put_back(self) -> bool:
        """Exchange the dead machine's disk for its last backup; False where it never had one."""
        kept = self._root / "backup.db"
        if not kept.exists():
            return False
        for file in self.folder.glob(f"{self._file}*"):
            file.unlink()
        shutil.copy(kept, self.folder / self._file)
        _copy_blobs(self._root, self.folder)
        return True


def _copy_blobs(here: Path, there: Path) -> None:
    shutil.rmtree(there / BLOBS, ignore_errors=True)
    if (here / BLOBS).is_dir():
        shutil.copytree(here / BLOBS, there / BLOBS)


def _error(code: int) -> Exception:
    error = cipher.DRIVER.OperationalError("the simulation says so")
    error.sqlite_errorcode = code
    return error
