"""The pull: one page of what the center has to tell one reader, countersigned.

    page = zstd(msgpack [1, feed, since, next, more, now_ms, items, signature])
    items = msgpack [item, ...]
    item = [change_id, terminal, epoch, seq, hlc, entity, pk, op, schema_version, person, device or nil, unit_path,
            meeting, payload or nil, received_ms, salt or nil (another terminal's)]

The signature is the center's, over the reader, the feed, since, next, now_ms and SHA-256(items). A reader cannot
see other origins' chains whole, so this is what it verifies. `feed` names the center's numbering: after a restore it
is another one, and reading starts anew. A later version may append to an item; a reader ignores what it does not know.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgpack

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.limits import BATCH_CHANGES, PAYLOAD
from sync.log.envelope import (
    SALT_BYTES,
    Change,
    pack_device,
    pack_id,
    pack_known,
    payload_digest,
    unpack_device,
    unpack_id,
    uuid_text,
)
from sync.log.signing import page_message
from sync.replication.batch import is_number, text_of
from sync.replication.packing import pack, unpack

VERSION = 1
ITEM_LENGTH = 16
FEED_BYTES = 16
ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it arrived. Nothing of it counts before its signature is verified."""

    feed: bytes
    since: int
    following: int
    more: bool
    now_ms: int
    items: bytes
    signature: bytes

    def message(self, reader: str) -> bytes:
        """What the signature is over, for this reader."""
        return page_message(reader, self.feed, self.since, self.following, self.now_ms, self.items)

    def changes(self) -> list[Change]:
        """PeerFault `page-malformed` for items that are none."""
        try:
            return read_items(self.items, BATCH_CHANGES)
        except (ValueError, TypeError, msgpack.UnpackException, RecursionError) as err:
            raise PeerFault("page-malformed") from err


def pack_items(changes: Sequence[Change], reader: str) -> bytes:
    """The items for one reader; its own changes come with their salt."""
    return bytes(msgpack.packb([_item(change, reader) for change in changes]))


def read_items(items: bytes, most: int) -> list[Change]:
    """The inverse of `pack_items`; ValueError and its kin, or PeerFault `page-malformed`, for anything else."""
    listed = msgpack.unpackb(items, strict_map_key=True)
    if not isinstance(listed, list) or len(listed) > most:
        raise PeerFault("page-malformed")
    return [_read_item(item) for item in listed]


def pack_page(page: Page) -> bytes:
    return pack(
        [
            VERSION,
            page.feed,
            page.since,
            page.following,
            page.more,
            page.now_ms,
            page.items,
            page.signature,
        ]
    )


def read_page(raw: bytes) -> Page:
    """The inverse; PeerFault `message-unreadable`, `message-too-large` or `page-malformed` for anything else."""
    body = unpack(raw)
    try:
        version, feed, since, following, more, now_ms, items, signature = body
    except (ValueError, TypeError) as err:
        raise PeerFault("page-malformed") from err
    numbers = all(is_number(each) for each in (since, following, now_ms))
    texts = all(isinstance(each, bytes) for each in (feed, items, signature))
    if version != VERSION or not numbers or not texts or not isinstance(more, bool) or len(feed) != FEED_BYTES:
        raise PeerFault("page-malformed")
    return Page(feed, since, following, more, now_ms, items, signature)


def _item(change: Change, reader: str) -> list[Any]:
    return [
        pack_id(change.change_id),
        pack_device(change.terminal),
        change.epoch,
        change.seq,
        change.hlc,
        change.entity,
        pack_id(change.pk),
        change.op,
        change.schema_version,
        pack_known(change.person),
        None if change.device == change.terminal else pack_device(change.device),
        change.unit_path,
        pack_known(change.meeting),
        change.payload,
        change.received_ms,
        change.salt if change.terminal == reader else None,
    ]


@lru_cache(maxsize=8192)
def _known(packed: bytes | str) -> str:
    """Of what comes again and again, persons and meetings."""
    return text_of(unpack_id(packed))


_text = lru_cache(maxsize=8192)(text_of)
_device = lru_cache(maxsize=1024)(unpack_device)


def _read_item(item: Any) -> Change:
    change_id, terminal, epoch, seq, hlc, entity, pk, op, schema, person, device, unit_path, meeting = item[:13]
    payload, received_ms, salt = item[13:ITEM_LENGTH]
    if type(change_id) is not bytes or len(change_id) != ID_BYTES:
        raise PeerFault("page-malformed")
    writer = _device(terminal)
    if not all(is_number(each) for each in (epoch, seq, hlc, schema, received_ms)):
        raise PeerFault("page-malformed")
    if payload is not None and (not isinstance(payload, bytes) or len(payload) > PAYLOAD):
        raise PeerFault("page-malformed")
    if salt is not None and (not isinstance(salt, bytes) or len(salt) != SALT_BYTES):
        raise PeerFault("page-malformed")
    return Change(
        uuid_text(change_id),
        writer,
        epoch,
        seq,
        hlc,
        _text(entity),
        text_of(unpack_id(pk)),
        _text(op),
        schema,
        _known(person),
        writer if device is None else _device(device),
        _text(unit_path),
        _known(meeting),
        salt or b"",
        payload,
        payload_digest(salt, payload) if salt and payload is not None else b"",
        received_ms,
    )
