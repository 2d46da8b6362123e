"""A blob that is still arriving: it grows by whole writes, survives a kill, and knows how much of it is on the disk.

`offset` counts what an fsync has confirmed. When it is opened again after whatever happened, every chunk is looked at,
and what does not open is cut off: it was never acknowledged.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from desktop_app.domain.faults import HostFault, PeerFault
from sync.blobs import disk
from sync.blobs.sealing import CHUNK, EXTRA, HEADER, SEALED_CHUNK, BlobHeader, place


class Partial:
    """Not thread-safe. After a fault it is closed; open it again to know where it stands."""

    def __init__(self, path: Path, key: bytes, sha256: str, length: int) -> None:
        """Open or make it. HostFault `disk-full`, `disk-failing`."""
        self.path = path
        self.sha256 = sha256
        self.length = length
        self.offset = 0
        self._key = key
        self._hash = hashlib.sha256()
        self._tail = b""
        self._written = 0
        """How much of the content the file has, confirmed or not."""
        with disk.disk_faults(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file: IO[bytes] = disk.open_private(path)
            try:
                self._begin()
            except BaseException:
                self._file.close()
                raise

    def _begin(self) -> None:
        raw = self._file.read(HEADER)
        try:
            self._header = BlobHeader.read(raw)
            if self._header.length != self.length:
                raise HostFault("blob-damaged")
        except HostFault:
            self._start_anew()
        self._cipher = self._header.cipher(self._key, bytes.fromhex(self.sha256))
        self._look_through()

    def _start_anew(self) -> None:
        self._header = BlobHeader.new(self.length)
        try:
            self._file.seek(0)
            self._file.truncate()
            disk.write_all(self._file, self._header.to_bytes())
            disk.keep(self._file)
            disk.keep_folder(self.path.parent)
        except OSError:
            self._file.close()
            self.path.unlink(missing_ok=True)
            raise

    def _look_through(self) -> None:
        number, end = 0, HEADER
        self._file.seek(HEADER)
        while sealed := self._file.read(SEALED_CHUNK):
            content = self._cipher.open(number, sealed)
            if content is None or self.offset + len(content) > self.length:
                break
            self._hash.update(content)
            self.offset += len(content)
            end += len(sealed)
            if len(content) < CHUNK:
                self._tail = content
                break
            number += 1
        self._file.truncate(end)
        self._written = self.offset

    @property
    def complete(self) -> bool:
        return self.offset == self.length

    @property
    def digest(self) -> str:
        """The SHA-256 of what was written so far."""
        return self._hash.hexdigest()

    def append(self, content: bytes) -> None:
        """Add to it; on the disk when this returns. ValueError where it is more than the whole."""
        self.write(content)
        self.keep()

    def write(self, content: bytes) -> None:
        """Add to it, not yet confirmed."""
        if self._written + len(content) > self.length:
            raise ValueError("more than the blob has")
        number = self._written // CHUNK
        whole = self._tail + content if self._tail else content
        sealed = self._cipher.seal_all(number, whole)
        with self._or_closed():
            self._file.seek(place(number))
            disk.write_all(self._file, sealed)
        self._hash.update(content)
        self._written += len(content)
        self._tail = whole[len(whole) - len(whole) % CHUNK :]

    def keep(self) -> None:
        """Confirm what was written."""
        with self._or_closed():
            disk.keep(self._file)
        self.offset = self._written

    @contextmanager
    def _or_closed(self) -> Iterator[None]:
        """A write that fails leaves a file of which only a new look knows how far it reaches."""
        try:
            with disk.disk_faults(self.path):
                yield
        except BaseException:
            self.close()
            raise

    def check(self) -> None:
        """PeerFault `blob-incomplete`, or `blob-mismatch` where the content is not what its name says."""
        if not self.complete:
            raise PeerFault("blob-incomplete", offset=self.offset, length=self.length)
        if self.digest != self.sha256:
            raise PeerFault("blob-mismatch")

    def close(self) -> None:
        self._file.close()

    def discard(self) -> None:
        """Close it and take it off the disk."""
        self.close()
        with disk.disk_faults(self.path):
            self.path.unlink(missing_ok=True)


def sealed_size(length: int) -> int:
    """How many bytes a blob takes on the disk."""
    return HEADER + length + EXTRA * -(-length // CHUNK)
