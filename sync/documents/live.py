"""What travels on `WS /v1/docs/{id}`: one msgpack map per binary frame, with its type in `t`. Both ends read here.

The terminal says hello · changes {id, batch} · here {block, at} · ping; the center welcome · saved {id} ·
refused {id, fault} · update {change, update} · people {people} · pong · fault {id}.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import msgpack

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.limits import CONTROL_MESSAGE

PROTOCOL = 1
LARGEST_FROM_CENTER = 1024 * 1024
"""Bytes of a frame; what is larger comes by the pull lane alone."""
LARGEST_BATCH = CONTROL_MESSAGE - 1024
PING_SECONDS = 2.0
SILENT_SECONDS = 5.0
LOST_SHOWN_SECONDS = 60.0
"""How long a colleague whose line broke is still shown, as gone."""
MOST_PEOPLE = 64


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who has the same document open, and where their cursor is (UTF-16, -1: nowhere)."""

    device: str
    person: str
    name: str
    unit_path: str
    block: str = ""
    at: int = -1
    lost: bool = False
    """The line to them broke: this is where they were."""


def pack(kind: str, **fields: Any) -> bytes:
    return bytes(msgpack.packb({"t": kind, **fields}))


def unpack(raw: bytes, most: int) -> dict[str, Any]:
    """A message; whatever the bytes are, PeerFault `message-unreadable` or `message-too-large` and nothing else."""
    if len(raw) > most:
        raise PeerFault("message-too-large", limit=most)
    try:
        body = msgpack.unpackb(raw, strict_map_key=True)
    except (ValueError, TypeError, msgpack.UnpackException, RecursionError) as err:
        raise PeerFault("message-unreadable") from err
    if not isinstance(body, dict) or not isinstance(body.get("t"), str):
        raise PeerFault("message-unreadable")
    return body


def text(body: Mapping[str, Any], name: str, most: int = 64) -> str:
    """A short text of a message; PeerFault `message-unreadable` where it is none."""
    value = body.get(name, "")
    if not isinstance(value, str) or len(value) > most:
        raise PeerFault("message-unreadable")
    return value


def number(body: Mapping[str, Any], name: str) -> int:
    value = body.get(name, -1)
    if not isinstance(value, int) or isinstance(value, bool) or not -1 <= value < 1 << 31:
        raise PeerFault("message-unreadable")
    return value


def blob(body: Mapping[str, Any], name: str) -> bytes:
    value = body.get(name)
    if not isinstance(value, bytes):
        raise PeerFault("message-unreadable")
    return value


def pack_people(people: list[Colleague]) -> bytes:
    return pack("people", people=[asdict(one) for one in people[:MOST_PEOPLE]])


def read_people(body: Mapping[str, Any]) -> tuple[Colleague, ...]:
    listed = body.get("people")
    if not isinstance(listed, list) or len(listed) > MOST_PEOPLE:
        raise PeerFault("message-unreadable")
    return tuple(
        Colleague(
            device=text(one, "device"),
            person=text(one, "person"),
            name=text(one, "name", 200),
            unit_path=text(one, "unit_path"),
            block=text(one, "block"),
            at=number(one, "at"),
            lost=one.get("lost") is True,
        )
        for one in listed
        if isinstance(one, dict)
    )
