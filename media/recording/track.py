"""A track: the packets of one stream as they came, sealed, in a file that only grows.

    magic "SLTR1" | 8 random bytes | chunk | chunk | ...
    chunk: uint32 length | AES-256-GCM of its records, nonce = the random bytes + the chunk's number (uint32)
    record: uint32 milliseconds since the track began | uint16 length | the packet (RTP, RFC 3550)

The first record is JSON, not a packet: what the track is of. A track that was cut off in mid-chunk (a killed hub, a
full disk) is read up to there. All numbers are big-endian.
"""

import errno
import json
import os
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from desktop_app.domain.faults import HostFault

MAGIC = b"SLTR1"
CHUNK = 64 * 1024
"""Bytes after which a chunk is sealed; `flush` seals what there is."""
FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
_PREFIX = 8
_RECORD = struct.Struct("!IH")
_LENGTH = struct.Struct("!I")
_MOST = CHUNK + 70_000


class TrackWriter:
    """Appends to one new file. One thread. Raises HostFault (disk-full, disk-failing)."""

    def __init__(self, path: Path, key: bytes, about: Mapping[str, Any]) -> None:
        """`about` is JSON-able and is read back with the track; `path` must not exist."""
        self._cipher, self._prefix, self._number = AESGCM(key), os.urandom(_PREFIX), 0
        self._records = bytearray()
        self.path, self.bytes = path, 0
        with disk_faults(path):
            self._file: IO[bytes] = path.open("xb", buffering=0)
            self._write(MAGIC + self._prefix)
        self.add(0, json.dumps(about, ensure_ascii=False).encode())

    def add(self, at: int, packet: bytes) -> None:
        """One packet, `at` milliseconds after the track began."""
        self._records += _RECORD.pack(at, len(packet)) + packet
        if len(self._records) >= CHUNK:
            self.flush()

    def flush(self) -> None:
        """Seal and write what was added."""
        if self._records:
            sealed = self._cipher.encrypt(_nonce(self._prefix, self._number), bytes(self._records), None)
            with disk_faults(self.path):
                self._write(_LENGTH.pack(len(sealed)) + sealed)
            self._number += 1
            self._records.clear()

    def close(self) -> None:
        """Write the rest. Idempotent. It does not wait for the disk: sound and pictures may not stop for it."""
        if not self._file.closed:
            try:
                self.flush()
            finally:
                self._file.close()

    def _write(self, data: bytes) -> None:
        written = 0
        while written < len(data):
            written += self._file.write(data[written:]) or 0
        self.bytes += len(data)


def read_track(path: Path, key: bytes) -> tuple[dict[str, Any], Iterator[tuple[int, bytes]]]:
    """What the track is of, and its packets with their milliseconds, as far as it is whole.

    HostFault (recording-damaged) where not even its beginning can be read with this key.
    """
    records = _records(path, key)
    try:
        _, about = next(records)
        known = json.loads(about)
    except (StopIteration, ValueError) as err:
        raise HostFault("recording-damaged", file=path.name) from err
    if not isinstance(known, dict):
        raise HostFault("recording-damaged", file=path.name)
    return known, records


def _records(path: Path, key: bytes) -> Iterator[tuple[int, bytes]]:
    cipher, number = AESGCM(key), 0
    with disk_faults(path), path.open("rb") as file:
        head = file.read(len(MAGIC) + _PREFIX)
        if not head.startswith(MAGIC) or len(head) < len(MAGIC) + _PREFIX:
            return
        while len(length := file.read(_LENGTH.size)) == _LENGTH.size:
            (size,) = _LENGTH.unpack(length)
            sealed = file.read(size) if size <= _MOST else b""
            try:
                content = cipher.decrypt(_nonce(head[len(MAGIC) :], number), sealed, None)
            except (InvalidTag, ValueError):  # cut off, or damaged from here on
                return
            number += 1
            yield from _split(content)


def _split(content: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place + _RECORD.size <= len(content):
        at, size = _RECORD.unpack_from(content, place)
        place += _RECORD.size
        yield at, content[place : place + size]
        place += size


def _nonce(prefix: bytes, number: int) -> bytes:
    return prefix + _LENGTH.pack(number)


class disk_faults:
    """The disk's own errors as HostFault."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, err: BaseException | None, trace: object) -> None:
        if isinstance(err, OSError):
            full = err.errno in FULL
            raise HostFault("disk-full" if full else "disk-failing", folder=str(self._path.parent)) from err
