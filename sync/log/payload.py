"""What a change says: fields, and for each field the clocks of the values that its writer saw.

A field's clock is the id of the change that wrote it. The payload's bytes are hashed as they are and forwarded as
they are, so a field that this version does not know survives it. `base_clocks` maps a field to the 16-byte ids
of those changes, one after another.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgpack

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.limits import PAYLOAD

UPDATE = "update"
"""The field that carries a pycrdt update."""
SEEN = "seen"
"""The field by which an update says what of the document its writer had: a Yjs state vector."""
RETRACTED = "_retracted"
"""The field by which a structured record is taken back; a fact is taken back by the operation alone."""


@dataclass(frozen=True, slots=True)
class Payload:
    """The opened payload of one change."""

    fields: dict[str, Any]
    bases: dict[str, tuple[str, ...]] = field(default_factory=dict)


def seal_payload(fields: Mapping[str, Any], bases: Mapping[str, tuple[str, ...]]) -> bytes:
    """The payload's bytes; ValueError where a value cannot be stored or is too large."""
    packed = {name: b"".join(uuid.UUID(each).bytes for each in ids) for name, ids in bases.items() if ids}
    try:
        raw = msgpack.packb({"fields": dict(fields), "base_clocks": packed})
    except (TypeError, OverflowError) as err:
        raise ValueError("a field's value is not of a kind that can be stored") from err
    if len(raw) > PAYLOAD:
        raise ValueError("a change is too large")
    return bytes(raw)


def open_payload(raw: bytes) -> Payload:
    """Read a payload; whatever the bytes are, raise only PeerFault `payload-unreadable`."""
    try:
        body = msgpack.unpackb(raw, strict_map_key=True)
        fields, packed = body["fields"], body["base_clocks"]
        if not isinstance(fields, dict) or not all(_storable(name, value) for name, value in fields.items()):
            raise PeerFault("payload-unreadable")
        bases = {str(name): _ids(ids) for name, ids in packed.items()}
    except (ValueError, KeyError, TypeError, AttributeError, msgpack.UnpackException, RecursionError) as err:
        raise PeerFault("payload-unreadable") from err
    return Payload(fields, bases)


def _ids(packed: bytes) -> tuple[str, ...]:
    if not isinstance(packed, bytes) or len(packed) % 16:
        raise ValueError("clocks are 16 bytes each")
    return tuple(str(uuid.UUID(bytes=packed[at : at + 16])) for at in range(0, len(packed), 16))


def _storable(name: Any, value: Any) -> bool:
    if not isinstance(name, str):
        return False
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    return value is None or isinstance(value, str | int | float | bool | bytes)
