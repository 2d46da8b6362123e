"""The push: a contiguous run of one terminal's chain, as small as it can be said.

    batch = zstd(msgpack [1, terminal, epoch, first_seq, previous hash, head hash, signature, items])
    item = [change_id, hlc, entity, pk, op, schema_version, person, device or nil (the terminal itself),
            unit_path, meeting, salt, payload or nil (erased), payload digest or nil (payload is there)]

What can be derived is not sent: the receiver numbers the items from first_seq, hashes each envelope onto the one
before, and must arrive at the head hash, which the terminal has signed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.limits import BATCH_CHANGES, PAYLOAD
from sync.log.envelope import (
    HASH_BYTES,
    SALT_BYTES,
    Chain,
    Change,
    pack_device,
    pack_id,
    pack_known,
    payload_digest,
    unpack_device,
    unpack_id,
    uuid_text,
)
from sync.log.hlc import LARGEST
from sync.log.signing import head_message
from sync.replication.packing import pack, unpack

VERSION = 1
CHANGE_ID, PK, PAYLOAD_AT = 0, 3, 11
"""Where an item has them."""
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
        pairs: list[tuple[Change, bytes]] = []
        reader, running = ItemReader(self.terminal, self.epoch), Chain(self.prev_hash)
        for seq, item in enumerate(self.items, start=self.first_seq):
            change = reader.read(item, seq)
            packed_pk = item[PK] if type(item[PK]) is bytes else pack_id(change.pk)
            pairs.append((change, running.add(change, item[CHANGE_ID], packed_pk)))
        if running.head != self.head_hash:
            raise PeerFault("chain-broken", terminal=self.terminal, epoch=self.epoch, seq=self.last_seq)
        return pairs


def pack_batch(
    place: tuple[str, int, int], items: Sequence[list[Any]], prev_hash: bytes, head_hash: bytes, signature: bytes
) -> bytes:
    """A push of these consecutive items; `place` is terminal, epoch and seq of the first."""
    terminal, epoch, first_seq = place
    return pack([VERSION, pack_device(terminal), epoch, first_seq, prev_hash, head_hash, signature, items])


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


def item_of(
    change_id: str,
    hlc: int,
    entity: str,
    pk: str,
    op: str,
    schema_version: int,
    person: str,
    device: str | None,
    unit_path: str,
    meeting: str,
    salt: bytes,
    payload: bytes | None,
    digest: bytes | None,
) -> list[Any]:
    """A change as it is sent: `device` is None for the terminal itself, `digest` where there is a payload."""
    return [
        pack_id(change_id),
        hlc,
        entity,
        pack_id(pk),
        op,
        schema_version,
        pack_known(person),
        None if device is None else pack_device(device),
        unit_path,
        pack_known(meeting),
        salt,
        payload,
        digest,
    ]


class ItemReader:
    """Reads the items of one push; what comes again and again in it is looked at once."""

    def __init__(self, terminal: str, epoch: int) -> None:
        self._terminal = terminal
        self._epoch = epoch
        self._ids: dict[bytes | str, str] = {}
        self._texts: dict[str, str] = {}

    def read(self, item: Any, seq: int) -> Change:
        """The change at this place of the chain; PeerFault `batch-malformed`."""
        try:
            change_id, hlc, entity, pk, op, schema, person, device, unit_path, meeting, salt, payload, digest = item
            if type(change_id) is not bytes or len(change_id) != 16 or type(salt) is not bytes:
                raise PeerFault("batch-malformed", seq=seq)
            if payload is not None:
                if type(payload) is not bytes or len(payload) > PAYLOAD:
                    raise PeerFault("batch-malformed", seq=seq)
                digest = payload_digest(salt, payload)
            if len(salt) != SALT_BYTES or type(digest) is not bytes or len(digest) != HASH_BYTES:
                raise PeerFault("batch-malformed", seq=seq)
            if not (type(hlc) is int and 0 <= hlc <= LARGEST and type(schema) is int and 0 <= schema <= LARGEST):
                raise PeerFault("batch-malformed", seq=seq)
            texts, ids = self._texts, self._ids
            return Change(
                uuid_text(change_id),
                self._terminal,
                self._epoch,
                seq,
                hlc,
                texts.get(entity) or self._text(entity),
                uuid_text(pk) if type(pk) is bytes and len(pk) == 16 else text_of(unpack_id(pk)),
                texts.get(op) or self._text(op),
                schema,
                ids.get(person) or self._id(person),
                self._terminal if device is None else unpack_device(device),
                texts.get(unit_path) or self._text(unit_path),
                ids.get(meeting) or self._id(meeting),
                salt,
                payload,
                digest,
            )
        except (ValueError, TypeError) as err:
            raise PeerFault("batch-malformed", seq=seq) from err

    def _text(self, value: Any) -> str:
        self._texts[value] = text_of(value)
        return self._texts[value]

    def _id(self, value: Any) -> str:
        self._ids[value] = text_of(unpack_id(value))
        return self._ids[value]


def is_number(value: Any) -> bool:
    """Whether it is a whole number that a store can hold."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST


def text_of(value: Any) -> str:
    """The value itself if it is a short text; ValueError otherwise."""
    if not isinstance(value, str) or len(value) > TEXT or "\x00" in value:
        raise ValueError("not a short text")
    return value
