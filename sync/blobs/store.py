"""Blobs by the SHA-256 of their content, sealed under a key that the folder's key store keeps.

    <folder>/blobs/<first two digits>/<name>     name = HMAC-SHA256(blob key, SHA-256 of the content), hex
    <folder>/blobs/partial/<anything>            what is still arriving

A name does not tell which document it is. A blob is there whole or not at all.
"""

import hashlib
import hmac
import io
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

from desktop_app.domain.faults import HostFault, OperatorError
from sync.blobs import disk
from sync.blobs.partial import Partial, sealed_size
from sync.blobs.sealing import CHUNK, HEADER, KEY_BYTES, SEALED_CHUNK, BlobHeader, place

BLOB_KEY = "blob-key"
"""The name under which a key store keeps the key of a folder's blobs."""
FOLDER, PARTIAL = "blobs", "partial"
PIECE = 1024 * 1024


class Secrets(Protocol):
    """What is needed of a `sync.identity.keystore.KeyStore`."""

    def read(self, name: str) -> bytes | None: ...
    def write(self, name: str, secret: bytes) -> None: ...


def blob_key(keys: Secrets) -> bytes:
    """The key of a folder's blobs, made at its first use."""
    key = keys.read(BLOB_KEY)
    if key is None:
        key = secrets.token_bytes(KEY_BYTES)
        keys.write(BLOB_KEY, key)
    return key


def is_sha256(text: str) -> bool:
    """Whether it is a SHA-256 in lower-case hex."""
    return len(text) == 64 and all(digit in "0123456789abcdef" for digit in text)


class BlobReader(io.RawIOBase):
    """Reads one blob from any place; a file object without a name. Not thread-safe."""

    def __init__(self, path: Path, key: bytes, sha256: str) -> None:
        """FileNotFoundError where there is none; HostFault `blob-damaged`."""
        self._place = 0
        self._at: tuple[int, bytes] = (-1, b"")
        with disk.disk_faults(path):
            self._file: IO[bytes] = path.open("rb", buffering=0)
            try:
                header = BlobHeader.read(self._file.read(HEADER))
                self._cipher = header.cipher(key, bytes.fromhex(sha256))
                self.length = header.length
                if os.fstat(self._file.fileno()).st_size != sealed_size(self.length):
                    raise HostFault("blob-damaged", sha256=sha256)
            except BaseException:
                self._file.close()
                raise
        self._path = path
        self._sha256 = sha256

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self.length}[whence]
        if base + offset < 0:
            raise ValueError("before the beginning")
        self._place = base + offset
        return self._place

    def tell(self) -> int:
        return self._place

    def readinto(self, buffer: object, /) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]  # the stubs have no name for a writable buffer
        content = self.read_at(self._place, len(view))
        view[: len(content)] = content
        self._place += len(content)
        return len(content)

    def read_at(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from a place; HostFault `blob-damaged` where a chunk does not open."""
        end = min(offset + size, self.length)
        if offset >= end:
            return b""
        first, last = offset // CHUNK, (end - 1) // CHUNK
        content = b"".join(self._chunk(number) for number in range(first, last + 1))
        return content[offset - first * CHUNK : end - first * CHUNK]

    def _chunk(self, number: int) -> bytes:
        if self._at[0] == number:
            return self._at[1]
        with disk.disk_faults(self._path):
            self._file.seek(place(number))
            sealed = self._file.read(SEALED_CHUNK)
        content = self._cipher.open(number, sealed)
        if content is None or len(content) != min(CHUNK, self.length - number * CHUNK):
            raise HostFault("blob-damaged", sha256=self._sha256)
        self._at = (number, content)
        return content

    def pieces(self, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        """The content from `first` to `last` (both included), a piece at a time."""
        end = self.length if last is None else last + 1
        while first < end:
            piece = self.read_at(first, min(PIECE, end - first))
            first += len(piece)
            yield piece

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


class BlobStore:
    """The blobs of one folder. Thread-safe: each blob has files of its own, and comes into being by a rename."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder / FOLDER
        self._key = key

    @property
    def folder(self) -> Path:
        return self._folder

    def path(self, sha256: str) -> Path:
        """Where a blob lies. ValueError for what is no SHA-256."""
        if not is_sha256(sha256):
            raise ValueError("a blob is named by 64 lower-case hex digits")
        name = hmac.digest(self._key, bytes.fromhex(sha256), "sha256").hex()
        return self._folder / name[:2] / name

    def has(self, sha256: str) -> bool:
        return self.path(sha256).is_file()

    def open(self, sha256: str) -> BlobReader:
        """HostFault `blob-missing`, `blob-damaged`."""
        try:
            return BlobReader(self.path(sha256), self._key, sha256)
        except FileNotFoundError:
            raise HostFault("blob-missing", sha256=sha256) from None

    def partial_path(self, name: str) -> Path:
        return self._folder / PARTIAL / name

    def partials(self) -> list[str]:
        """The names of what is still arriving, or was when the program ended."""
        folder = self._folder / PARTIAL
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def partial(self, name: str, sha256: str, length: int) -> Partial:
        """Begin or go on with a blob that arrives. HostFault `disk-full`, `disk-failing`."""
        return Partial(self.partial_path(name), self._key, sha256, length)

    def peek(self, partial: Partial) -> BlobReader:
        """Read a partial that is complete, before it is kept."""
        return BlobReader(partial.path, self._key, partial.sha256)

    def keep(self, partial: Partial) -> None:
        """Check a complete partial and make it a blob. PeerFault `blob-incomplete`, `blob-mismatch`."""
        partial.check()
        partial.close()
        target = self.path(partial.sha256)
        with disk.disk_faults(target):
            disk.move(partial.path, target)

    def take_in(self, source: IO[bytes], sha256: str, length: int) -> None:
        """Seal a file into the store; it must still be what it was when its hash was taken.

        OperatorError `file-changed`, HostFault `disk-full`, `disk-failing`: then nothing is left behind.
        """
        if self.has(sha256):
            return
        partial = self.partial(f"in-{secrets.token_hex(8)}", sha256, length)
        try:
            taken = 0
            while piece := source.read(PIECE):
                taken += len(piece)
                if taken > length:
                    raise OperatorError("file-changed")
                partial.write(piece)
            if taken != length:
                raise OperatorError("file-changed")
            partial.keep()
            if partial.digest != sha256:
                raise OperatorError("file-changed")
            self.keep(partial)
        except BaseException:
            partial.discard()
            raise

    def delete(self, sha256: str) -> None:
        with disk.disk_faults(self._folder):
            self.path(sha256).unlink(missing_ok=True)


def file_sha256(source: io.BufferedReader) -> str:
    """The SHA-256 of a file from its beginning."""
    source.seek(0)
    digest = hashlib.file_digest(source, "sha256").hexdigest()
    source.seek(0)
    return digest
