"""A file for work in between, unreadable on the disk: AES-256-CTR under a key that only memory holds.

It can be written anywhere, which a muxer needs and a sealed blob does not allow. It keeps secrets, it does not prove
anything: what is kept is sealed for good when the work is done, and the file goes.
"""

import io
import os
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CTR

BLOCK = 16


class Scratch(io.RawIOBase):
    """One file, to write and to read anywhere. Not thread-safe. Its errors are the disk's own (OSError)."""

    def __init__(self, path: Path, key: bytes, *, fresh: bool) -> None:
        """`key` has 32 bytes and is for this one file; `fresh` begins it anew, for its owner alone."""
        self._key, self._place = key, 0
        flags = os.O_RDWR | getattr(os, "O_BINARY", 0) | (os.O_CREAT | os.O_TRUNC if fresh else 0)
        self._file = os.fdopen(os.open(path, flags, 0o600), "r+b", buffering=0)

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        size = os.fstat(self._file.fileno()).st_size
        self._place = max(0, {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: size}[whence] + offset)
        return self._place

    def tell(self) -> int:
        return self._place

    def write(self, data: object, /) -> int:
        plain = bytes(memoryview(data).cast("B"))  # type: ignore[arg-type]  # the stubs have no name for a buffer
        sealed = self._turned(plain)
        self._file.seek(self._place)
        written = 0
        while written < len(sealed):
            written += self._file.write(sealed[written:]) or 0
        self._place += len(plain)
        return len(plain)

    def readinto(self, buffer: object, /) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]  # the stubs have no name for a buffer
        self._file.seek(self._place)
        sealed = self._file.read(len(view)) or b""
        view[: len(sealed)] = self._turned(sealed)
        self._place += len(sealed)
        return len(sealed)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()

    def _turned(self, data: bytes) -> bytes:
        """Encrypted or decrypted, which is the same, as it stands at the present place."""
        block, inside = divmod(self._place, BLOCK)
        turn = Cipher(AES256(self._key), CTR(block.to_bytes(BLOCK, "big"))).encryptor()
        return turn.update(bytes(inside) + data)[inside:]
