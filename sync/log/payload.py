"""What a change says: fields, and for each field the clocks of the values that its writer saw.

A field's clock is the id of the change that wrote it. The payload's bytes are hashed as they are and forwarded as
they are, so a field that this version does not know survives it. `base_clocks` maps a field to the 16-byte ids
of those changes, one after another; empty it is only in the first word on a record.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgpack

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.limits import PAYLOAD
from sync.log.envelope import uuid_text

UPDATE = "update"
"""The field that carries a pycrdt update."""
SEEN = "seen"
"""The field by which an update says what of the document its writer had: a Yjs state vector."""
RETRACTED = "_retracted"
"""The field by which a structured record is taken back; a fact is taken back by the operation alone."""
EDIT = ""
"""Among the base clocks, with none of them: its writer saw the record, and of what it wrote nothing that was there."""


@dataclass(slots=True)
class Payload:
    """The opened payload of one change."""

    fields: dict[str, Any]
    bases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    well_formed: str = field(default="", compare=False)
    """The entity whose fields these were found to be."""


_PACK = msgpack.Packer(buf_size=4096).pack
"""Made once: it packs whole under the interpreter's lock, and nothing is left in it, whatever was wrong."""


def seal_payload(fields: Mapping[str, Any], bases: Mapping[str, tuple[str, ...]]) -> bytes:
    """The payload's bytes; ValueError where a value cannot be stored or is too large."""
    packed = {name: b"".join(uuid.UUID(each).bytes for each in ids) for name, ids in bases.items()}
    try:
        raw: bytes = _PACK({"fields": dict(fields), "base_clocks": packed})
    except (TypeError, OverflowError) as err:
        raise ValueError("a field's value is not of a kind that can be stored") from err
    if len(raw) > PAYLOAD:
        raise ValueError("a change is too large")
    return raw


def open_payload(raw: bytes) -> Payload:
    """Read a payload; whatever the bytes are, raise only PeerFault `payload-unreadable`."""
    if len(raw) > PAYLOAD:
        raise PeerFault("payload-unreadable")
    try:
        body = msgpack.unpackb(raw, strict_map_key=True)
        fields = body["fields"]
        for name, value in fields.items():
            if type(name) is not str or not (type(value) in _SCALARS or _is_texts(value)):
                raise PeerFault("payload-unreadable")
        packed = body["base_clocks"]
        return Payload(fields, {str(name): _ids(ids) for name, ids in packed.items()} if packed else {})
    except (ValueError, KeyError, TypeError, AttributeError, msgpack.UnpackException, RecursionError) as err:
        raise PeerFault("payload-unreadable") from err


_SCALARS = frozenset({str, int, float, bool, bytes, type(None)})


def _is_texts(value: Any) -> bool:
    return type(value) is list and all(type(item) is str for item in value)


def _ids(packed: bytes) -> tuple[str, ...]:
    if not isinstance(packed, bytes) or len(packed) % 16:
        raise ValueError("clocks are 16 bytes each")
    return tuple([uuid_text(packed[at : at + 16]) for at in range(0, len(packed), 16)])
