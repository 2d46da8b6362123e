"""The file: sealed for one device, signed by another, written and read as a stream.

    file    = "SILUSB1\\n" || length of the header (4) || header || sealed key (80) || chunk || ...
              || "SILUSBND" || signature
    header  = msgpack [1, kind ("package" or "receipt"), center, terminal, number of the package (16 bytes), made_ms]
    sealed key = HPKE (RFC 9180, base mode, X25519, HKDF-SHA256, AES-256-GCM) of 32 random bytes for the reader's X25519
                 key, with info = "silian-usb-v1" || header
    chunk   = nonce (12) || AES-256-GCM under those 32 bytes of 65,536 bytes (the last: fewer, or none) || tag (16),
              authenticated with "silian-usb-v1" || SHA-256(header) || number of the chunk (8)
    signature = Ed25519(writer, "silian-usb-v1" || SHA-256 of everything before it)

The chunks hold frames: type (1), length (4), content; see `frames`. Nothing inside is believed before the signature
over the whole file was verified.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import IO, Any

import msgpack
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from desktop_app.domain.faults import OperatorError
from desktop_app.domain.limits import USB_PACKAGE
from sync.blobs.sealing import CHUNK, EXTRA, KEY_BYTES, SEALED_CHUNK, ChunkCipher
from sync.identity.device import SIGNATURE_BYTES, verify
from sync.log.envelope import pack_device, unpack_device

VERSION = 1
MAGIC, END_MARK = b"SILUSB1\n", b"SILUSBND"
PACKAGE, RECEIPT = "package", "receipt"
NUMBER = 16
LABEL = b"silian-usb-v1"
SEALED_KEY = 32 + KEY_BYTES + 16
TAIL = len(END_MARK) + SIGNATURE_BYTES
LONGEST_HEADER = 1024
LONGEST_FRAME = 16 * 1024 * 1024
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_HASHED = 1024 * 1024


class Frame(IntEnum):
    """What the stream is made of. A reader passes over a type it does not know."""

    CHANGES = 1
    """A push, as it goes over the wire (package)."""
    BLOB = 2
    """msgpack [SHA-256 (32), length]: its content follows (package)."""
    CONTENT = 3
    RECEIPTS = 4
    """The center's answer to a push (receipt)."""
    BLOBS = 5
    """msgpack [[SHA-256 (32), "" or why it was not taken], ...] (receipt)."""
    END = 0xFF


@dataclass(frozen=True, slots=True)
class Header:
    """Who a file is for and from; readable by anybody, changed by nobody."""

    kind: str
    center: str
    terminal: str
    number: bytes
    made_ms: int

    def to_bytes(self) -> bytes:
        devices = pack_device(self.center), pack_device(self.terminal)
        return bytes(msgpack.packb([VERSION, self.kind, *devices, self.number, self.made_ms]))


class PackageWriter:
    """Writes one file; `close` ends it. Whatever the file raises goes through."""

    def __init__(
        self, file: IO[bytes], header: Header, reader: X25519PublicKey, sign: Callable[[bytes], bytes]
    ) -> None:
        self._file = file
        self._sign = sign
        self._hash = hashlib.sha256()
        self._pending = bytearray()
        self._number = 0
        raw, key = header.to_bytes(), os.urandom(KEY_BYTES)
        self._cipher = ChunkCipher(key, LABEL + hashlib.sha256(raw).digest())
        self._write(MAGIC + len(raw).to_bytes(4, "big") + raw + _SUITE.encrypt(key, reader, LABEL + raw))

    def _write(self, content: bytes) -> None:
        self._file.write(content)
        self._hash.update(content)

    def add(self, frame: Frame, content: bytes = b"") -> None:
        self._pending += bytes([frame]) + len(content).to_bytes(4, "big") + content
        while len(self._pending) >= CHUNK:
            self._seal(bytes(self._pending[:CHUNK]))
            del self._pending[:CHUNK]

    def _seal(self, content: bytes) -> None:
        self._write(self._cipher.seal(self._number, content))
        self._number += 1

    def close(self) -> None:
        self.add(Frame.END)
        if self._pending:
            self._seal(bytes(self._pending))
        self._write(END_MARK)
        self._file.write(self._sign(LABEL + self._hash.digest()))


class PackageReader:
    """Reads one file. Every OperatorError names the file: `usb-unreadable`, `usb-newer`, `usb-truncated`,
    `usb-tampered`."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._name = name
        self._size = file.seek(0, os.SEEK_END)
        file.seek(0)
        opening = file.read(len(MAGIC) + 4)
        if not opening.startswith(MAGIC):
            raise self.fault(
                "usb-truncated" if opening and MAGIC.startswith(opening[: len(MAGIC)]) else "usb-unreadable"
            )
        length = int.from_bytes(opening[len(MAGIC) :], "big")
        if length > LONGEST_HEADER or self._size > USB_PACKAGE:
            raise self.fault("usb-unreadable")
        self._raw = file.read(length)
        self._sealed_key = file.read(SEALED_KEY)
        self._begin = file.tell()
        if len(self._raw) < length or len(self._sealed_key) < SEALED_KEY or self._size < self._begin + TAIL:
            raise self.fault("usb-truncated")
        self.header = self._read_header()
        file.seek(self._size - TAIL)
        self._tail = file.read(TAIL)
        if not self._tail.startswith(END_MARK):
            raise self.fault("usb-truncated")

    def fault(self, fault_id: str, **values: Any) -> OperatorError:
        return OperatorError(fault_id, file=self._name, **values)

    def _read_header(self) -> Header:
        try:
            listed = msgpack.unpackb(self._raw, strict_map_key=True)
            if listed[0] != VERSION:
                raise self.fault("usb-newer")
            _, kind, center, terminal, number, made_ms = listed
            if kind not in (PACKAGE, RECEIPT) or not isinstance(number, bytes) or len(number) != NUMBER:
                raise self.fault("usb-unreadable")
            return Header(str(kind), unpack_device(center), unpack_device(terminal), number, int(made_ms))
        except (ValueError, TypeError, IndexError, KeyError, msgpack.UnpackException, RecursionError) as err:
            raise self.fault("usb-unreadable") from err

    def verify(self, writer: bytes) -> None:
        """Whether the whole file is the writer's own, by its Ed25519 key; OperatorError `usb-tampered`."""
        digest = hashlib.sha256()
        self._file.seek(0)
        left = self._size - SIGNATURE_BYTES
        while left and (piece := self._file.read(min(left, _HASHED))):
            digest.update(piece)
            left -= len(piece)
        if left or not verify(writer, LABEL + digest.digest(), self._tail[len(END_MARK) :]):
            raise self.fault("usb-tampered")

    def frames(self, key: X25519PrivateKey) -> Iterator[tuple[int, bytes]]:
        """Type and content of each frame up to the end. Call `verify` before."""
        try:
            secret = _SUITE.decrypt(self._sealed_key, key, LABEL + self._raw)
        except (InvalidTag, ValueError) as err:
            raise self.fault("usb-tampered") from err
        stream = self._content(ChunkCipher(secret, LABEL + hashlib.sha256(self._raw).digest()))
        held = bytearray()
        for piece in stream:
            held += piece
            while len(held) >= 5:
                length = int.from_bytes(held[1:5], "big")
                if length > LONGEST_FRAME:
                    raise self.fault("usb-tampered")
                if len(held) < 5 + length:
                    break
                if held[0] == Frame.END:
                    return
                yield held[0], bytes(held[5 : 5 + length])
                del held[: 5 + length]
        raise self.fault("usb-truncated")

    def _content(self, cipher: ChunkCipher) -> Iterator[bytes]:
        self._file.seek(self._begin)
        left = self._size - TAIL - self._begin
        number = 0
        while left > EXTRA:
            sealed = self._file.read(min(left, SEALED_CHUNK))
            content = cipher.open(number, sealed)
            if content is None:
                raise self.fault("usb-tampered")
            left -= len(sealed)
            number += 1
            yield content


def package_file(path: Path) -> IO[bytes]:
    """A file that a person chose; OperatorError `file-unreadable`."""
    try:
        return path.open("rb")
    except OSError as err:
        raise OperatorError("file-unreadable", file=path.name, reason=err.strerror or "") from err
