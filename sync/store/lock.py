"""One program per store: an SQLite lock on a file beside it, which the operating system drops when the holder dies."""

import sqlite3
from pathlib import Path

from desktop_app.domain.faults import HostFault

LOCK_FILE = "lock.db"


class StoreLock:
    """Held from construction to `close`. HostFault `store-in-use` where another program (or this one) holds it."""

    def __init__(self, folder: Path) -> None:
        self._connection = sqlite3.connect(folder / LOCK_FILE, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as err:
            self._connection.close()
            if err.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise HostFault("store-in-use", folder=str(folder)) from err
            raise HostFault("disk-failing", folder=str(folder)) from err

    def close(self) -> None:
        self._connection.close()
