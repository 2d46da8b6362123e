"""How the center and the hub speak: one TCP connection on loopback, length-prefixed JSON, both ends proven first.

Both know a secret. The hub sends a nonce; the center answers with its own and its proof; the hub answers with
its proof. A proof is HMAC-SHA256 over a word for the side and both nonces, so neither can be replayed or turned around.
"""

import asyncio
import hashlib
import hmac
import json
import secrets
import struct
from typing import Any

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import UnitPath
from media.engine.room import RecordingOrder

MESSAGE = 256 * 1024
"""Bytes of one message; an SDP is at most a fifth of it."""
NONCE = 32
_LENGTH = struct.Struct("!I")


async def read_message(reader: asyncio.StreamReader) -> dict[str, Any]:
    """The next message. Raises ConnectionError at the end, PeerFault (hub-message) for what is no message."""
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        if length > MESSAGE:
            raise PeerFault("hub-message", length=length)
        body = await reader.readexactly(length)
    except asyncio.IncompleteReadError as err:
        raise ConnectionResetError("the control connection ended") from err
    try:
        message = json.loads(body)
    except ValueError as err:
        raise PeerFault("hub-message") from err
    if not isinstance(message, dict):
        raise PeerFault("hub-message")
    return message


def write_message(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    writer.write(_LENGTH.pack(len(body)) + body)


def proof(secret: bytes, side: bytes, hub_nonce: bytes, center_nonce: bytes) -> bytes:
    return hmac.digest(secret, b"silian-hub-v1 " + side + hub_nonce + center_nonce, hashlib.sha256)


async def prove_as_hub(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, secret: bytes) -> None:
    """Let in only a center that knows the secret; raises PeerFault (hub-stranger)."""
    ours = secrets.token_bytes(NONCE)
    writer.write(ours)
    await writer.drain()
    answer = await reader.readexactly(NONCE + 32)
    theirs, proven = answer[:NONCE], answer[NONCE:]
    if not hmac.compare_digest(proven, proof(secret, b"center", ours, theirs)):
        raise PeerFault("hub-stranger")
    writer.write(proof(secret, b"hub", ours, theirs))
    await writer.drain()


async def prove_as_center(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, secret: bytes) -> None:
    """Talk only to a hub that knows the secret; raises PeerFault (hub-stranger)."""
    theirs = await reader.readexactly(NONCE)
    ours = secrets.token_bytes(NONCE)
    writer.write(ours + proof(secret, b"center", theirs, ours))
    await writer.drain()
    proven = await reader.readexactly(32)
    if not hmac.compare_digest(proven, proof(secret, b"hub", theirs, ours)):
        raise PeerFault("hub-stranger")


def write_order(order: RecordingOrder | None) -> dict[str, Any] | None:
    """What to record, as it travels; this connection never leaves the machine."""
    if order is None:
        return None
    return {"folder": order.folder, "key": order.key.hex(), "sites": sorted(order.sites)}


def read_order(value: Any) -> RecordingOrder | None:
    """KeyError, TypeError or ValueError for what is no order."""
    if value is None:
        return None
    key = bytes.fromhex(value["key"])
    if len(key) != 32 or not isinstance(value["folder"], str) or not value["folder"]:
        raise ValueError("an order has a folder and a key of 32 bytes")
    return RecordingOrder(value["folder"], key, frozenset(UnitPath(str(site)) for site in value["sites"]))
