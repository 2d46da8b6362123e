"""A device is its Ed25519 key: the key names it, and everything it says is signed with it.

The private half never leaves this module as anything but the 32-byte seed that a `KeyStore` keeps; it is never
written to a file in the clear.
"""

import base64
import binascii
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from desktop_app.domain.faults import HostFault
from desktop_app.domain.ids import DeviceId, UnitPath, device_id
from sync.identity.files import write_whole
from sync.identity.keystore import KeyStore

DEVICE_KEY = "device-key"
"""The name under which a key store keeps the device's seed."""
IDENTITY_FILE = "identity.json"
KEY_BYTES = 32
SIGNATURE_BYTES = 64
NONCE_BYTES = 12


class DeviceKey:
    """An Ed25519 key pair (RFC 8032). Immutable, usable from any thread."""

    __slots__ = ("_private", "_seed", "id", "public")

    def __init__(self, seed: bytes) -> None:
        """`seed` is the 32-byte private key of RFC 8032; ValueError for any other length."""
        if len(seed) != KEY_BYTES:
            raise ValueError("an Ed25519 seed has 32 bytes")
        self._seed = seed
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public: bytes = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id: DeviceId = device_id(self.public)

    @classmethod
    def generate(cls) -> "DeviceKey":
        return cls(os.urandom(KEY_BYTES))

    @property
    def seed(self) -> bytes:
        """The private key itself: for a `KeyStore`, and for the process that takes in pushes for the center."""
        return self._seed

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return self._private.sign(message)

    def derive(self, purpose: str) -> bytes:
        """A 32-byte secret for one purpose (HKDF-SHA256), which tells nothing about the key or about the others."""
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"silian/" + purpose.encode()).derive(self._seed)

    def __repr__(self) -> str:
        return f"DeviceKey({self.id})"


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` is the key's own over `message`; False too for a key or signature that is none."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """A device and its place: its key, its unit, and the one center it trusts.

    The center has one too, in which `center_device` and `center_key` are its own.
    """

    key: DeviceKey
    unit_path: UnitPath
    center_device: DeviceId
    center_key: bytes
    """The center's raw Ed25519 public key, 32 bytes: receipts and pages are verified with it."""
    ca_pem: str
    """The certificate of the center's own authority; nothing else is trusted for TLS."""
    center_url: str
    operators: tuple[Mapping[str, Any], ...] = ()
    """The operator records that came with the enrolment, each with its `pk`: who may unlock before the first pull."""

    @property
    def device(self) -> DeviceId:
        return self.key.id

    @property
    def public_key(self) -> bytes:
        return self.key.public

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message)

    @property
    def store_key(self) -> bytes:
        """Under which the stores of this folder are encrypted: it follows from the key that the key store keeps."""
        return self.key.derive("store")

    @classmethod
    def of_center(cls, key: DeviceKey, *, unit_path: UnitPath, ca_pem: str, url: str) -> "DeviceIdentity":
        """The center's own: it is an origin of changes like a terminal."""
        return cls(key, unit_path, key.id, key.public, ca_pem, url)

    def save(self, folder: Path, keys: KeyStore) -> None:
        """Keep it: the seed in `keys`, the public rest in `identity.json`, in this order and both durable."""
        keys.write(DEVICE_KEY, self.key.seed)
        body = {
            "version": 1,
            "device": self.device,
            "unit_path": self.unit_path,
            "center_device": self.center_device,
            "center_key": base64.b64encode(self.center_key).decode(),
            "ca_pem": self.ca_pem,
            "center_url": self.center_url,
            "operators": self._sealed_operators(),
        }
        write_whole(folder / IDENTITY_FILE, json.dumps(body, ensure_ascii=False, indent=1).encode())

    def _sealed_operators(self) -> str:
        """The people are content: they are in no file in the clear."""
        rows = json.dumps([dict(row) for row in self.operators], ensure_ascii=False).encode()
        nonce = os.urandom(NONCE_BYTES)
        return base64.b64encode(nonce + AESGCM(self.key.derive("operators")).encrypt(nonce, rows, None)).decode()

    @classmethod
    def load(cls, folder: Path, keys: KeyStore) -> "DeviceIdentity":
        """Read what `save` kept.

        HostFault `not-enrolled` when there is none, `identity-damaged` when it cannot be read, and
        `device-key-missing` when the key store does not hold the key that belongs to it.
        """
        try:
            raw = (folder / IDENTITY_FILE).read_bytes()
        except FileNotFoundError:
            raise HostFault("not-enrolled", folder=str(folder)) from None
        seed = keys.read(DEVICE_KEY)
        try:
            body = json.loads(raw)
            center_key = base64.b64decode(body["center_key"], validate=True)
            key = DeviceKey(seed or bytes(KEY_BYTES))
            operators = _opened_operators(body["operators"], key) if key.id == body["device"] else ()
            identity = cls(
                key,
                UnitPath(str(body["unit_path"])),
                DeviceId(str(body["center_device"])),
                center_key,
                str(body["ca_pem"]),
                str(body["center_url"]),
                operators,
            )
            device = str(body["device"])
        except (ValueError, KeyError, TypeError, binascii.Error, InvalidTag) as err:
            raise HostFault("identity-damaged", file=str(folder / IDENTITY_FILE)) from err
        if seed is None or identity.device != device:
            raise HostFault("device-key-missing", device=device)
        return identity


def _opened_operators(kept: Any, key: DeviceKey) -> tuple[Mapping[str, Any], ...]:
    if isinstance(kept, list):  # of an earlier version
        return tuple(dict(row) for row in kept)
    raw = base64.b64decode(kept, validate=True)
    rows = AESGCM(key.derive("operators")).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None)
    return tuple(dict(row) for row in json.loads(rows))


def trusted_center(folder: Path) -> tuple[str, str] | None:
    """The center's address and its authority's certificate, without opening any secret; None when not enrolled."""
    try:
        body = json.loads((folder / IDENTITY_FILE).read_bytes())
        return str(body["center_url"]), str(body["ca_pem"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as err:
        raise HostFault("identity-damaged", file=str(folder / IDENTITY_FILE)) from err


def is_enrolled(folder: Path) -> bool:
    """Whether this folder belongs to an enrolled device; says nothing about whether its key is there."""
    return (folder / IDENTITY_FILE).exists()
