"""A province whose center takes attachments too, and terminals that have some."""

import os
from pathlib import Path

from starlette.routing import Route
from sync_province import Province, TestClock

from desktop_app.domain.principal import Principal
from sync.blobs.desk import Attachments
from sync.blobs.routes import routes as blob_routes
from sync.blobs.store import BlobStore, blob_key
from sync.blobs.uploads import Quota, Uploads
from sync.terminal.records import Records

PNG = b"\x89PNG\r\n\x1a\n"


class Safe:
    """A key store that keeps its secrets in a dictionary."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def read(self, name: str) -> bytes | None:
        return self.held.get(name)

    def write(self, name: str, secret: bytes) -> None:
        self.held[name] = secret


class BlobOffice(Province):
    """See the module."""

    def __init__(self, folder: Path, clock: TestClock, database: str = "") -> None:
        super().__init__(folder, clock, database)
        self.safe = Safe()
        self.quota = Quota(reserve=0)
        self.open_uploads()

    def open_uploads(self) -> Uploads:
        """The center's blobs, as after a start."""
        store = BlobStore(self.center.folder, blob_key(self.safe))
        self.uploads = Uploads(self.center.engine, store, self.clock, self.quota)
        self.uploads.tidy()
        return self.uploads

    def restart_center(self) -> None:
        self.uploads.close()
        self.center.close()
        self.open_center()
        self.open_uploads()

    def attachments(self, terminal: Records, safe: Safe | None = None) -> Attachments:
        return Attachments(terminal, BlobStore(terminal.folder, blob_key(safe or self.safe)), self.clock)

    def who(self, terminal: Records) -> Principal:
        return Principal(terminal.device, terminal.unit_path)

    def picture(self, size: int, name: str = "现场.png") -> Path:
        """A file that a camera might have made."""
        path = self.folder / name
        path.write_bytes(PNG + os.urandom(size - len(PNG)))
        return path

    def routes(self) -> list[Route]:
        return [*super().routes(), *blob_routes(self.uploads, self.clock)]
