"""Pushes made of changes, as no terminal would make them."""

from collections.abc import Sequence

from sync.log.envelope import Change
from sync.replication.batch import item_of, pack_batch


def push_of(changes: Sequence[Change], prev_hash: bytes, head_hash: bytes, signature: bytes) -> bytes:
    """A push of these consecutive changes."""
    first = changes[0]
    place = (first.terminal, first.epoch, first.seq)
    return pack_batch(place, [_item(each) for each in changes], prev_hash, head_hash, signature)


def _item(change: Change) -> list[object]:
    return item_of(
        change.change_id,
        change.hlc,
        change.entity,
        change.pk,
        change.op,
        change.schema_version,
        change.person,
        None if change.device == change.terminal else change.device,
        change.unit_path,
        change.meeting,
        change.salt,
        change.payload,
        change.digest if change.payload is None else None,
    )
