"""Every SDP carries its author's word: the device's key under the offer, the center's key under the answer.

A DTLS fingerprint in an SDP proves nothing by itself: whoever can change the message can put a fingerprint of his own
there and sit in the middle. So the whole text is signed, together with the meeting, what it is for, and a nonce that
the terminal draws for each offer. An answer to another offer, of another meeting, or with a swapped fingerprint is
refused before a single packet is decrypted. `desktop_app` plugs the keys in.
"""

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import DeviceId, MeetingId

NONCE_BYTES = 16

Sign = Callable[[bytes], bytes]
"""The signature of this side's own key (Ed25519, 64 bytes)."""


@dataclass(frozen=True, slots=True)
class TerminalSigner:
    """What a terminal signs with, and whether something is signed by the center it enrolled with."""

    sign: Sign
    is_of_center: Callable[[bytes, bytes], bool]
    """message, signature."""


@dataclass(frozen=True, slots=True)
class CenterSigner:
    """What the center signs with, and whether something is signed by a device that it knows and has not revoked."""

    sign: Sign
    is_of_device: Callable[[DeviceId, bytes, bytes], bool]
    """device, message, signature. May read a disk: call it in a worker thread."""


def new_nonce() -> str:
    """For one offer, and the answer to it."""
    return os.urandom(NONCE_BYTES).hex()


def sealed(part: str, meeting: MeetingId, op: str, nonce: str, sdp: str) -> bytes:
    """The bytes under the signature. `part` is `offer` or `answer`, `op` is `publish` or `subscribe`."""
    digest = hashlib.sha256(sdp.encode("utf-8", "surrogatepass")).hexdigest()
    return b"silian-sdp-v1" + json.dumps([part, meeting, op, nonce, digest], ensure_ascii=False).encode()


def write_seal(signature: bytes) -> str:
    """A signature as it travels."""
    return base64.b64encode(signature).decode()


def read_seal(value: Any) -> bytes:
    """The signature in a message; PeerFault (sdp-unsigned) where there is none."""
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error) as err:
        raise PeerFault("sdp-unsigned") from err


def read_nonce(value: Any) -> str:
    """The nonce of an offer; PeerFault (sdp-unsigned) where there is none."""
    if not isinstance(value, str) or len(value) != 2 * NONCE_BYTES or not value.isascii():
        raise PeerFault("sdp-unsigned")
    return value
