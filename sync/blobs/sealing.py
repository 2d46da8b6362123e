"""A file sealed piece by piece: AES-256-GCM over 64 KiB at a time, so that any range opens without the rest.

    sealed file = header || chunk || chunk ...
    header = "SILBLOB1" || salt (16) || length of the content (8, big-endian)
    chunk  = nonce (12, random) || ciphertext || tag (16); all but the last hold 65,536 bytes of content
    key    = HKDF-SHA256(the store's blob key, salt, "silian/blob")
    authenticated with each chunk: "silian-blob-v1" || SHA-256 of the content || length || number of the chunk

A chunk of another file, in another place, or of a file cut short does not open. A chunk may be written again (with
a new nonce): that is how an upload grows.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from desktop_app.domain.faults import HostFault

CHUNK = 64 * 1024
NONCE, TAG, SALT = 12, 16, 16
SEALED_CHUNK = NONCE + CHUNK + TAG
EXTRA = NONCE + TAG
MAGIC = b"SILBLOB1"
HEADER = len(MAGIC) + SALT + 8
KEY_BYTES = 32


class ChunkCipher:
    """Seals and opens the numbered chunks of one stream under one key."""

    def __init__(self, key: bytes, context: bytes, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self._cipher = AESGCM(key)
        self._context = context
        self._random_bytes = random_bytes

    def seal(self, number: int, content: bytes) -> bytes:
        nonce = self._random_bytes(NONCE)
        return nonce + self._cipher.encrypt(nonce, content, self._context + number.to_bytes(8, "big"))

    def seal_all(self, first: int, content: bytes) -> bytearray:
        """The chunks of a run of content that begins with chunk `first`, one after another, with few copies."""
        count = -(-len(content) // CHUNK)
        sealed = bytearray(len(content) + EXTRA * count)
        source, target = memoryview(content), memoryview(sealed)
        nonces = self._random_bytes(NONCE * count)
        at = 0
        for index in range(count):
            piece = source[index * CHUNK : (index + 1) * CHUNK]
            end = at + len(piece) + EXTRA
            nonce = nonces[index * NONCE : (index + 1) * NONCE]
            sealed[at : at + NONCE] = nonce
            aad = self._context + (first + index).to_bytes(8, "big")
            self._cipher.encrypt_into(nonce, piece, aad, target[at + NONCE : end])
            at = end
        return sealed

    def open(self, number: int, sealed: bytes) -> bytes | None:
        """The content; None where these bytes are not that chunk."""
        if len(sealed) <= EXTRA:
            return None
        try:
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], self._context + number.to_bytes(8, "big"))
        except InvalidTag:
            return None


@dataclass(frozen=True, slots=True)
class BlobHeader:
    """The first bytes of a sealed blob."""

    salt: bytes
    length: int

    @classmethod
    def new(cls, length: int) -> "BlobHeader":
        return cls(os.urandom(SALT), length)

    @classmethod
    def read(cls, raw: bytes) -> "BlobHeader":
        """HostFault `blob-damaged` for bytes that are none."""
        if len(raw) != HEADER or not raw.startswith(MAGIC):
            raise HostFault("blob-damaged")
        return cls(raw[len(MAGIC) : len(MAGIC) + SALT], int.from_bytes(raw[-8:], "big"))

    def to_bytes(self) -> bytes:
        return MAGIC + self.salt + self.length.to_bytes(8, "big")

    def cipher(self, key: bytes, sha256: bytes) -> ChunkCipher:
        """What opens this blob, and no other."""
        file_key = HKDF(SHA256(), KEY_BYTES, salt=self.salt, info=b"silian/blob").derive(key)
        return ChunkCipher(file_key, b"silian-blob-v1" + sha256 + self.length.to_bytes(8, "big"))


def place(number: int) -> int:
    """Where a chunk begins in the file."""
    return HEADER + number * SEALED_CHUNK
