"""The push: a contiguous run of one terminal's chain, as small as it can be said.

    batch = zstd(msgpack [1, terminal, epoch, first_seq, previous hash, head hash, signature, items])
    item = [change_id, hlc, entity, pk, op, schema_version, person, device or nil (the terminal itself),
            unit_path, meeting, salt, payload or nil (erased), payload digest or nil (payload is there)]

What can be derived is not sent: the receiver numbers the items from first_seq, hashes each envelope onto the one
before, and must arrive at the head hash, which the terminal has signed.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.limits import BATCH_CHANGES, PAYLOAD
from sync.log.envelope import (
    HASH_BYTES,
    SALT_BYTES,
    Change,
    change_hash,
    pack_device,
    pack_id,
    payload_digest,
    unpack_device,
    unpack_id,
)
from sync.log.hlc import LARGEST
from sync.log.signing import head_message
from sync.replication.packing import pack, unpack

VERSION = 1
TEXT = 512
"""The longest identifier or name in an envelope, in characters."""
SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class Batch:
    """A push as it arrived: its frame is checked, its items are not opened yet."""

    terminal: str
    epoch: int
    first_seq: int
    prev_hash: bytes
    head_hash: bytes
    signature: bytes
    items: Sequence[Any]

    @property
    def last_seq(self) -> int:
        return self.first_seq + len(self.items) - 1

    def message(self) -> bytes:
        """What the signature is over."""
        return head_message(self.terminal, self.epoch, self.last_seq, self.head_hash)

    def chain(self) -> list[tuple[Change, bytes]]:
        """The changes, each with the chain's hash at it; PeerFault `chain-broken` when they do not make the head."""
        chain: list[tuple[Change, bytes]] = []
        running = self.prev_hash
        for seq, item in enumerate(self.items, start=self.first_seq):
            change = _read_item(item, self.terminal, self.epoch, seq)
            running = change_hash(change, running)
            chain.append((change, running))
        if running != self.head_hash:
            raise PeerFault("chain-broken", terminal=self.terminal, epoch=self.epoch, seq=self.last_seq)
        return chain


def pack_batch(changes: Sequence[Change], prev_hash: bytes, head_hash: bytes, signature: bytes) -> bytes:
    """A push of these consecutive changes."""
    first = changes[0]
    items = [_item(change) for change in changes]
    return pack(
        [
            VERSION,
            pack_device(first.terminal),
            first.epoch,
            first.seq,
            prev_hash,
            head_hash,
            signature,
            items,
        ]
    )


def read_batch(raw: bytes) -> Batch:
    """The inverse; PeerFault `message-unreadable`, `message-too-large` or `batch-malformed` for anything else."""
    body = unpack(raw)
    try:
        version, terminal, epoch, first_seq, prev_hash, head_hash, signature, items = body
        sizes = (len(prev_hash), len(head_hash), len(signature))
        if version != VERSION or sizes != (HASH_BYTES, HASH_BYTES, SIGNATURE_BYTES):
            raise PeerFault("batch-malformed")
        if not all(isinstance(each, bytes) for each in (prev_hash, head_hash, signature)):
            raise PeerFault("batch-malformed")
        if not isinstance(items, list) or not 0 < len(items) <= BATCH_CHANGES:
            raise PeerFault("batch-malformed")
        if not (is_number(epoch) and is_number(first_seq) and epoch > 0 and first_seq > 0):
            raise PeerFault("batch-malformed")
        return Batch(unpack_device(terminal), epoch, first_seq, prev_hash, head_hash, signature, items)
    except (ValueError, TypeError) as err:
        raise PeerFault("batch-malformed") from err


def _item(change: Change) -> list[Any]:
    return [
        uuid.UUID(change.change_id).bytes,
        change.hlc,
        change.entity,
        pack_id(change.pk),
        change.op,
        change.schema_version,
        pack_id(change.person),
        None if change.device == change.terminal else pack_device(change.device),
        change.unit_path,
        pack_id(change.meeting),
        change.salt,
        change.payload,
        change.digest if change.payload is None else None,
    ]


def _read_item(item: Any, terminal: str, epoch: int, seq: int) -> Change:
    try:
        change_id, hlc, entity, pk, op, schema, person, device, unit_path, meeting, salt, payload, digest = item
        if payload is not None:
            if not isinstance(payload, bytes) or len(payload) > PAYLOAD:
                raise PeerFault("batch-malformed", seq=seq)
            digest = payload_digest(salt, payload)
        if len(salt) != SALT_BYTES or len(digest) != HASH_BYTES or not isinstance(digest, bytes):
            raise PeerFault("batch-malformed", seq=seq)
        if not (is_number(hlc) and is_number(schema)):
            raise PeerFault("batch-malformed", seq=seq)
        return Change(
            _change_id(change_id),
            terminal,
            epoch,
            seq,
            hlc,
            text_of(entity),
            text_of(unpack_id(pk)),
            text_of(op),
            schema,
            text_of(unpack_id(person)),
            terminal if device is None else unpack_device(device),
            text_of(unit_path),
            text_of(unpack_id(meeting)),
            bytes(salt),
            payload,
            digest,
        )
    except (ValueError, TypeError) as err:
        raise PeerFault("batch-malformed", seq=seq) from err


def _change_id(packed: Any) -> str:
    if not isinstance(packed, bytes):
        raise ValueError("a change id is 16 bytes")
    return unpack_id(packed)


def is_number(value: Any) -> bool:
    """Whether it is a whole number that a store can hold."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST


def text_of(value: Any) -> str:
    """The value itself if it is a short text; ValueError otherwise."""
    if not isinstance(value, str) or len(value) > TEXT or "\x00" in value:
        raise ValueError("not a short text")
    return value
