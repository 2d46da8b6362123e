"""What is signed, byte for byte. Each message starts with a word of its own, so no signature fits another place."""

import hashlib
from collections.abc import Sequence
from typing import Protocol

from desktop_app.domain.ids import DeviceId, UnitPath
from sync.log.envelope import pack_device


class Origin(Protocol):
    """A device that writes changes; `sync.identity` has the real one."""

    @property
    def device(self) -> DeviceId: ...
    @property
    def unit_path(self) -> UnitPath: ...
    @property
    def public_key(self) -> bytes: ...
    @property
    def center_device(self) -> DeviceId: ...
    @property
    def center_key(self) -> bytes: ...
    @property
    def store_key(self) -> bytes:
        """Under which this device's stores are encrypted; 32 bytes that only its key store can give."""
        ...

    def sign(self, message: bytes) -> bytes: ...


def head_message(terminal: str, epoch: int, seq: int, head_hash: bytes) -> bytes:
    """What a terminal signs for the changes up to `seq`: all of them, since the head's hash covers the chain."""
    return b"silian-head-v1" + pack_device(terminal) + epoch.to_bytes(8, "big") + seq.to_bytes(8, "big") + head_hash


def receipt_message(body: bytes) -> bytes:
    """What the center signs for a receipt."""
    return b"silian-receipt-v1" + hashlib.sha256(body).digest()


def page_message(reader: str, feed: bytes, since: int, following: int, now_ms: int, items: bytes) -> bytes:
    """What the center signs for one page of a pull, for one reader."""
    numbers = since.to_bytes(8, "big") + following.to_bytes(8, "big") + now_ms.to_bytes(8, "big")
    return b"silian-page-v1" + pack_device(reader) + feed + numbers + hashlib.sha256(items).digest()


def part_message(reader: str, feed: bytes, bucket: str, numbers: Sequence[int], done: bool, items: bytes) -> bytes:
    """What the center signs for one part of a snapshot, for one reader."""
    packed = b"".join(each.to_bytes(8, "big") for each in numbers)
    named = bucket.encode().ljust(2, b"-") + bytes([done])
    return b"silian-part-v1" + pack_device(reader) + feed + named + packed + hashlib.sha256(items).digest()


def heads_message(reader: str, feed: bytes, cursor: int, settled: bool, sums: bytes) -> bytes:
    """What the center signs for its checksums, for one reader."""
    numbers = cursor.to_bytes(8, "big") + bytes([settled])
    return b"silian-heads-v1" + pack_device(reader) + feed + numbers + hashlib.sha256(sums).digest()
