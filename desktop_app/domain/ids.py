"""Identifiers. A record is a UUIDv7 (RFC 9562), so that new keys sort by time; a derived record is a UUIDv5.

All identifiers travel and are stored as lower-case text; only the change envelope packs UUIDs to 16 bytes.
"""

import hashlib
import secrets
import uuid
from collections.abc import Callable
from typing import NewType

DeviceId = NewType("DeviceId", str)
"""A terminal (or the center), named by its own key: see `device_id`."""
PersonId = NewType("PersonId", str)
MeetingId = NewType("MeetingId", str)
UnitPath = NewType("UnitPath", str)
"""Codes from the root down, each followed by a slash: `100000/440000/441300/441323/`."""

DERIVED = uuid.UUID("6d4b3d0e-5b52-5e0c-9a43-2f1c7d6b9a10")
"""Namespace of every UUIDv5 made here; it never changes."""


def uuid7(now_ms: int, random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """A UUIDv7: 48 bits of Unix milliseconds, then 74 random bits (RFC 9562, section 5.7)."""
    value = (now_ms & (1 << 48) - 1) << 80 | int.from_bytes(random_bytes(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


def derived_id(*parts: object) -> str:
    """The one id that everybody derives from the same parts (UUIDv5)."""
    return str(uuid.uuid5(DERIVED, "\x1f".join(str(part) for part in parts)))


def device_id(public_key: bytes) -> DeviceId:
    """The name of a device: the first 128 bits of SHA-256 of its raw Ed25519 public key (32 bytes), as hex."""
    return DeviceId(hashlib.sha256(public_key).hexdigest()[:32])
