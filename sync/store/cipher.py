"""A store's file, encrypted as a whole by SQLCipher: pages, indices, free pages and the write-ahead log alike.

The key is 32 random bytes, so nothing is stretched when a file is opened. A file begins with 16 bytes that follow from
its key alone (SQLCipher's salt), so a file of another device is told from a damaged one. Nothing here makes a plain
file but `export_plain`. SQLite's own library must never open a file that this one has open: the locks of one process
would undo each other.
"""

import hashlib
import hmac
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlcipher

from desktop_app.domain.faults import HostFault

DRIVER: Any = sqlcipher
"""The DB-API module itself."""
DatabaseError: type[Exception] = sqlcipher.DatabaseError
ProgrammingError: type[Exception] = sqlcipher.ProgrammingError
Error: type[Exception] = sqlcipher.Error
"""What the driver raises; `sqlite_errorcode` says why."""

KEY_BYTES = 32
SALT_BYTES = 16
PLAIN_HEADER = b"SQLite format 3\0"
SEALING = ".sealing"
"""What a draft of the encrypted file is called until it takes the plain one's place."""


def connect(path: Path, key: bytes | None, *, timeout: float = 10.0) -> Any:
    """A connection of the DB-API; None as key for a plain file, which is a copy that a person asked for.

    HostFault `store-foreign` for a file under another key, `store-damaged` where its beginning is gone, `disk-failing`
    where it cannot be opened.
    """
    if key is not None and _header(path) not in (b"", salt_of(key)):
        from sync.store.pages import is_foreign

        raise HostFault("store-foreign" if is_foreign(path, key) else "store-damaged", file=path.name)
    try:
        connection = sqlcipher.connect(str(path), timeout=timeout, isolation_level=None, check_same_thread=False)
    except sqlcipher.OperationalError as err:
        raise HostFault("disk-failing", folder=str(path.parent)) from err
    connection.execute("PRAGMA cipher_log_level = NONE")
    if key is not None:
        connection.execute(f'PRAGMA key = "{_literal(key)}"')
    return connection


def salt_of(key: bytes) -> bytes:
    """The first 16 bytes of every file under this key."""
    return hmac.digest(key, b"silian-store-salt-v1", hashlib.sha256)[:SALT_BYTES]


def _literal(key: bytes) -> str:
    if len(key) != KEY_BYTES:
        raise ValueError(f"a store's key has {KEY_BYTES} bytes")
    return f"x'{key.hex()}{salt_of(key).hex()}'"


def _header(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(SALT_BYTES)
    except FileNotFoundError:
        return b""
    except OSError as err:
        raise HostFault("disk-failing", folder=str(path.parent)) from err


def is_plain(path: Path) -> bool:
    """Whether there is a file, and it is a plain SQLite one."""
    return _header(path) == PLAIN_HEADER


def seal(path: Path, key: bytes) -> bool:
    """Encrypt a plain file in its place; whether it was one. The caller sees to it that no one else uses it.

    Whatever happens on the way, `path` is the plain file with all it held or the encrypted one with all it held.
    HostFault `store-in-use` where another program has it open, `disk-full`, `disk-failing`, `store-damaged`.
    """
    if not is_plain(path):
        return False
    guard = path.with_name(path.name + SEALING + "-lock")
    with closing(sqlcipher.connect(str(guard), timeout=30.0, isolation_level=None)) as lock:
        lock.execute("BEGIN EXCLUSIVE")  # a program that starts at the same time waits, and finds it done
        done = is_plain(path)
        if done:
            _seal(path, path.with_name(path.name + SEALING), key)
    guard.unlink(missing_ok=True)
    return done


def _seal(path: Path, draft: Path, key: bytes) -> None:
    draft.unlink(missing_ok=True)  # of a program that was killed in the middle
    with closing(connect(path, None)) as plain:
        try:
            # Its write-ahead log is folded in and removed: it would not fit the encrypted file.
            if plain.execute("PRAGMA journal_mode = DELETE").fetchone()[0] != "delete":
                raise HostFault("store-in-use", folder=str(path.parent))
        except sqlcipher.OperationalError as err:
            raise HostFault("store-in-use", folder=str(path.parent)) from err
        plain.execute(f'ATTACH DATABASE ? AS sealed KEY "{_literal(key)}"', (str(draft),))
        _export(plain, "sealed")
    _sync(draft)
    os.replace(draft, path)
    _sync(path.parent)


def export_plain(connection: Any, path: Path) -> None:
    """An unencrypted copy of what this connection reads, as of one moment: one plain SQLite file."""
    connection.execute("ATTACH DATABASE ? AS plain KEY ''", (str(path),))
    try:
        _export(connection, "plain")
    finally:
        connection.execute("DETACH DATABASE plain")


def copy_sealed(connection: Any, path: Path, key: bytes | None) -> None:
    """A copy of what this connection reads, as of one moment, under the same key. HostFault `disk-full`."""
    with closing(connect(path, key)) as target:
        with _room():
            connection.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")


@contextmanager
def _room() -> Iterator[None]:
    """HostFault `disk-full` where a copy does not fit; the driver tells no number then, as it does elsewhere."""
    try:
        yield
    except sqlcipher.OperationalError as err:
        if "disk is full" not in str(err):
            raise
        raise HostFault("disk-full") from err


def _export(connection: Any, name: str) -> None:
    version = connection.execute("PRAGMA main.user_version").fetchone()[0]
    connection.execute("BEGIN")
    try:
        connection.execute("SELECT count(*) FROM main.sqlite_master").fetchone()  # from here on all is of one moment
        with _room():
            connection.execute("SELECT sqlcipher_export(?)", (name,)).fetchone()
        connection.execute(f"PRAGMA {name}.user_version = {int(version)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _sync(path: Path) -> None:
    if path.is_dir() and os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
