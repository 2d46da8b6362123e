"""The envelope of a change: what the chain hashes. Its form is fixed for good.

    envelope = msgpack [1, change_id, terminal, epoch, seq, hlc, entity, pk, op, schema_version,
                        person, device, unit_path, meeting, payload digest, previous hash]
    payload digest = SHA-256(16-byte salt || payload)
    hash = SHA-256(envelope)

Identifiers travel as 16 bytes where they are UUIDs (or device ids, which are 32 hex digits), as text where they are
not. The salt keeps an erased payload from being guessed from its digest, and the chain verifies without the payload.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import msgpack

VERSION = 1
HASH_BYTES = 32
SALT_BYTES = 16
GENESIS = bytes(HASH_BYTES)
"""The previous hash of the first change of an epoch."""


class Op(StrEnum):
    """What a change does. An operation that is not here was made by a later version, and is held."""

    PUT = "put"
    RETRACT = "retract"
    UPDATE = "update"


class Verdict(StrEnum):
    """What became of a stored change."""

    APPLIED = "applied"
    HELD = "held"
    """Not understood yet: an unknown entity, a newer schema, a meeting that is not here. Looked at again later."""
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    """In a terminal's own store alone: its own change of a record that it may not see any more."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change as its origin wrote it, and what its receiver added (`received_ms`, `verdict`, `reason`)."""

    change_id: str
    terminal: str
    epoch: int
    seq: int
    hlc: int
    entity: str
    pk: str
    op: str
    schema_version: int
    person: str
    device: str
    """The device the person used. It is the terminal, but for what the center wrote on a terminal's behalf."""
    unit_path: str
    meeting: str
    salt: bytes
    payload: bytes | None
    """None once it was erased on a lawful request."""
    digest: bytes
    received_ms: int | None = None
    verdict: str = Verdict.APPLIED
    reason: str = ""


def payload_digest(salt: bytes, payload: bytes) -> bytes:
    return hashlib.sha256(salt + payload).digest()


@lru_cache(maxsize=8192)
def pack_id(text: str) -> bytes | str:
    """16 bytes for a UUID in its canonical form, the text itself for anything else."""
    if len(text) == 36:
        try:
            packed = bytes.fromhex(text.replace("-", ""))
        except ValueError:
            return text
        if len(packed) == 16 and _uuid_text(packed) == text:
            return packed
    return text


def unpack_id(packed: bytes | str) -> str:
    """The inverse of `pack_id`; ValueError for bytes that are no UUID."""
    if isinstance(packed, str):
        return packed
    if not isinstance(packed, bytes) or len(packed) != 16:
        raise ValueError("a UUID is 16 bytes")
    return _uuid_text(packed)


def _uuid_text(packed: bytes) -> str:
    digits = packed.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def pack_device(text: str) -> bytes:
    """A device id, 32 lower-case hex digits, as 16 bytes; ValueError for anything else."""
    packed = bytes.fromhex(text)
    if len(packed) != 16 or packed.hex() != text:
        raise ValueError("a device id is 32 lower-case hex digits")
    return packed


def unpack_device(packed: bytes) -> str:
    if not isinstance(packed, bytes) or len(packed) != 16:
        raise ValueError("a device id is 16 bytes")
    return packed.hex()


def envelope(change: Change, prev_hash: bytes) -> bytes:
    """The bytes whose SHA-256 is the change's hash."""
    fields: list[Any] = [
        VERSION,
        pack_id(change.change_id),
        pack_device(change.terminal),
        change.epoch,
        change.seq,
        change.hlc,
        change.entity,
        pack_id(change.pk),
        change.op,
        change.schema_version,
        pack_id(change.person),
        pack_device(change.device),
        change.unit_path,
        pack_id(change.meeting),
        change.digest,
        prev_hash,
    ]
    return bytes(msgpack.packb(fields))


def change_hash(change: Change, prev_hash: bytes) -> bytes:
    return hashlib.sha256(envelope(change, prev_hash)).digest()
