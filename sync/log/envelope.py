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


PUT, UPDATE_OF_DOCUMENT = Op.PUT.value, Op.UPDATE.value
"""The same as plain text, for what looks at every change of a batch: finding a member takes longer than comparing it.
"""
OPERATIONS = frozenset(op.value for op in Op)


class Verdict(StrEnum):
    """What became of a stored change."""

    APPLIED = "applied"
    HELD = "held"
    """Not understood yet: an unknown entity, a newer schema, a meeting that is not here. Looked at again later."""
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    """In a terminal's own store alone: its own change of a record that it may not see any more."""


@dataclass(slots=True)
class Change:
    """One change as its origin wrote it, and what its receiver added (`received_ms`, `verdict`, `reason`).

    Nobody alters one that others hold; it is not frozen because that makes the making of one eight times slower.
    """

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
    verdict: str = Verdict.APPLIED.value
    reason: str = ""


def payload_digest(salt: bytes, payload: bytes) -> bytes:
    return hashlib.sha256(salt + payload).digest()


def pack_id(text: str) -> bytes | str:
    """16 bytes for a UUID in its canonical form, the text itself for anything else."""
    if len(text) == 36 and text[8] == text[13] == text[18] == text[23] == "-":
        digits = text.replace("-", "")
        try:
            packed = bytes.fromhex(digits)
        except ValueError:
            return text
        if packed.hex() == digits and len(packed) == 16:
            return packed
    return text


pack_known = lru_cache(maxsize=8192)(pack_id)
"""As `pack_id`, for what comes again and again: persons and meetings."""


def unpack_id(packed: bytes | str) -> str:
    """The inverse of `pack_id`; ValueError for bytes that are no UUID."""
    if isinstance(packed, str):
        return packed
    if not isinstance(packed, bytes) or len(packed) != 16:
        raise ValueError("a UUID is 16 bytes")
    return uuid_text(packed)


def uuid_text(packed: bytes) -> str:
    """The canonical text of 16 bytes."""
    digits = packed.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


@lru_cache(maxsize=1024)
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


_PACK = msgpack.Packer(buf_size=1024).pack
"""Made once: it packs whole under the interpreter's lock, and nothing is left in it."""


class Chain:
    """Hashes change after change onto the one before. Belongs to one thread."""

    def __init__(self, head: bytes) -> None:
        self.head = head

    def envelope(self, change: Change, packed_id: bytes | str, packed_pk: bytes | str) -> bytes:
        """The bytes whose SHA-256 is the change's hash; both are what `pack_id` makes of its ids."""
        packed: bytes = _PACK(
            (
                VERSION,
                packed_id,
                pack_device(change.terminal),
                change.epoch,
                change.seq,
                change.hlc,
                change.entity,
                packed_pk,
                change.op,
                change.schema_version,
                pack_known(change.person),
                pack_device(change.device),
                change.unit_path,
                pack_known(change.meeting),
                change.digest,
                self.head,
            )
        )
        return packed

    def add(self, change: Change, packed_id: bytes | str, packed_pk: bytes | str) -> bytes:
        """The chain's hash at this change, which is the head now."""
        self.head = hashlib.sha256(self.envelope(change, packed_id, packed_pk)).digest()
        return self.head


def envelope(change: Change, prev_hash: bytes) -> bytes:
    """The bytes whose SHA-256 is the change's hash."""
    return Chain(prev_hash).envelope(change, pack_id(change.change_id), pack_id(change.pk))


def change_hash(change: Change, prev_hash: bytes) -> bytes:
    return Chain(prev_hash).add(change, pack_id(change.change_id), pack_id(change.pk))
