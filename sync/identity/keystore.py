"""Where secrets are kept: the operating system's keyring or, on a machine without one, a file sealed by a passphrase.

Never in plain text: a keyring backend that would keep them so, or keep nothing, counts as none.
"""

import base64
import binascii
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import argon2.low_level
import keyring
import keyring.backend
import keyring.errors
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from desktop_app.domain.faults import HostFault, OperatorError
from sync.identity.files import write_whole

KEYSTORE_FILE = "keystore.json"
"""Says how this folder's secrets are kept; with a passphrase it holds them, sealed."""
LEAST_PASSPHRASE = 8
_UNSAFE = ("fail", "null", "plaintext")


@dataclass(frozen=True, slots=True)
class Stretch:
    """The cost of Argon2id (RFC 9106): passes, KiB of memory, lanes."""

    passes: int = 3
    memory: int = 64 * 1024
    lanes: int = 1

    def key(self, secret: bytes, salt: bytes) -> bytes:
        """32 bytes."""
        return argon2.low_level.hash_secret_raw(
            secret, salt, self.passes, self.memory, self.lanes, 32, argon2.low_level.Type.ID
        )

    @property
    def bearable(self) -> bool:
        """Whether a file that asks for this cost can be honest."""
        return 1 <= self.passes <= 16 and 8 <= self.memory <= 1024 * 1024 and 1 <= self.lanes <= 16


class KeyStore(Protocol):
    """Named secrets of one folder."""

    @property
    def kind(self) -> str:
        """`keyring` or `passphrase`, for a person to read."""
        ...

    def read(self, name: str) -> bytes | None: ...

    def write(self, name: str, secret: bytes) -> None:
        """Durable when it returns."""
        ...

    def delete(self, name: str) -> None:
        """Nothing happens when there is none."""
        ...


class KeyringStore:
    """Secrets in the operating system's keyring, under the service `silian/<folder id>`."""

    kind = "keyring"

    def __init__(self, service: str, backend: keyring.backend.KeyringBackend) -> None:
        self._service = service
        self._backend = backend

    def read(self, name: str) -> bytes | None:
        try:
            text = self._backend.get_password(self._service, name)
        except keyring.errors.KeyringError as err:
            raise HostFault("keyring-locked") from err
        if text is None:
            return None
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error as err:
            raise HostFault("keystore-damaged", file=self._service) from err

    def write(self, name: str, secret: bytes) -> None:
        text = base64.b64encode(secret).decode()
        try:
            self._backend.set_password(self._service, name, text)
            kept = self._backend.get_password(self._service, name)
        except keyring.errors.KeyringError as err:
            raise HostFault("keyring-locked") from err
        if kept != text:
            raise HostFault("keyring-missing")

    def delete(self, name: str) -> None:
        try:
            self._backend.delete_password(self._service, name)
        except keyring.errors.PasswordDeleteError:
            return
        except keyring.errors.KeyringError as err:
            raise HostFault("keyring-locked") from err


class PassphraseStore:
    """Secrets in one file: AES-256-GCM under a key stretched from a passphrase by Argon2id."""

    kind = "passphrase"

    def __init__(self, path: Path, folder_id: str, key: bytes, salt: bytes, stretch: Stretch, held: dict[str, bytes]):
        self._path = path
        self._folder_id = folder_id
        self._key = key
        self._salt = salt
        self._stretch = stretch
        self._held = held

    @classmethod
    def create(cls, path: Path, folder_id: str, passphrase: str, stretch: Stretch) -> "PassphraseStore":
        if len(passphrase) < LEAST_PASSPHRASE:
            raise OperatorError("passphrase-short", least=LEAST_PASSPHRASE)
        salt = os.urandom(16)
        store = cls(path, folder_id, stretch.key(passphrase.encode(), salt), salt, stretch, {})
        store._keep()
        return store

    @classmethod
    def unseal(cls, path: Path, body: dict[str, Any], passphrase: str) -> "PassphraseStore":
        """OperatorError `passphrase-wrong`, or HostFault `keystore-damaged` for a file that is not one of ours."""
        try:
            folder_id = str(body["id"])
            stretch = Stretch(int(body["passes"]), int(body["memory"]), int(body["lanes"]))
            salt, nonce, sealed = (
                base64.b64decode(body[field], validate=True) for field in ("salt", "nonce", "sealed")
            )
            if not stretch.bearable or len(nonce) != 12 or len(salt) < 8:
                raise ValueError("not a key store")
        except (KeyError, TypeError, ValueError, binascii.Error) as err:
            raise HostFault("keystore-damaged", file=str(path)) from err
        key = stretch.key(passphrase.encode(), salt)
        try:
            plain = AESGCM(key).decrypt(nonce, sealed, folder_id.encode())
        except InvalidTag as err:
            raise OperatorError("passphrase-wrong") from err
        held = {name: base64.b64decode(text) for name, text in json.loads(plain).items()}
        return cls(path, folder_id, key, salt, stretch, held)

    def read(self, name: str) -> bytes | None:
        return self._held.get(name)

    def write(self, name: str, secret: bytes) -> None:
        if self._held.get(name) != secret:
            self._held[name] = secret
            self._keep()

    def delete(self, name: str) -> None:
        if self._held.pop(name, None) is not None:
            self._keep()

    def _keep(self) -> None:
        plain = json.dumps({name: base64.b64encode(secret).decode() for name, secret in self._held.items()}).encode()
        nonce = os.urandom(12)
        sealed = AESGCM(self._key).encrypt(nonce, plain, self._folder_id.encode())
        body = {
            "id": self._folder_id,
            "kind": self.kind,
            "passes": self._stretch.passes,
            "memory": self._stretch.memory,
            "lanes": self._stretch.lanes,
            "salt": base64.b64encode(self._salt).decode(),
            "nonce": base64.b64encode(nonce).decode(),
            "sealed": base64.b64encode(sealed).decode(),
        }
        write_whole(self._path, json.dumps(body, indent=1).encode())


def safe_backend() -> keyring.backend.KeyringBackend | None:
    """The operating system's keyring, or None where there is none that keeps secrets secret."""
    chosen = keyring.get_keyring()
    for backend in getattr(chosen, "backends", (chosen,)):  # a chain asks several, and might ask a plain-text one
        name = f"{type(backend).__module__}.{type(backend).__qualname__}".lower()
        if isinstance(backend, keyring.backend.KeyringBackend) and not any(word in name for word in _UNSAFE):
            return backend
    return None


def kept_by(folder: Path) -> str:
    """How this folder's secrets are kept: `keyring`, `passphrase`, or empty where nothing was kept yet."""
    try:
        return str(json.loads((folder / KEYSTORE_FILE).read_bytes())["kind"])
    except FileNotFoundError:
        return ""
    except (ValueError, KeyError, TypeError) as err:
        raise HostFault("keystore-damaged", file=str(folder / KEYSTORE_FILE)) from err


def open_keystore(
    folder: Path,
    *,
    passphrase: str | None = None,
    backend: keyring.backend.KeyringBackend | None = None,
    stretch: Stretch | None = None,
) -> KeyStore:
    """The folder's key store, made at first use: sealed by `passphrase` where one is given, else in the keyring.

    `backend` is the keyring to use instead of the machine's own. HostFault `keyring-missing` when there is neither
    keyring nor passphrase, `passphrase-needed` when the folder is sealed and none is given; OperatorError
    `passphrase-wrong` or `passphrase-short`. How an existing folder is kept never changes here.
    """
    path = folder / KEYSTORE_FILE
    try:
        body = json.loads(path.read_bytes())
        kind, folder_id = str(body["kind"]), str(body["id"])
    except FileNotFoundError:
        kind, folder_id, body = "", secrets.token_hex(8), {}
    except (ValueError, KeyError, TypeError) as err:
        raise HostFault("keystore-damaged", file=str(path)) from err
    if kind == PassphraseStore.kind:
        if not passphrase:
            raise HostFault("passphrase-needed", folder=str(folder))
        return PassphraseStore.unseal(path, body, passphrase)
    if not kind and passphrase:
        return PassphraseStore.create(path, folder_id, passphrase, stretch or Stretch())
    found = backend or safe_backend()
    if found is None:
        raise HostFault("keyring-missing")
    store = KeyringStore(f"silian/{folder_id}", found)
    if not kind:
        store.write("probe", b"probe")
        store.delete("probe")
        write_whole(path, json.dumps({"id": folder_id, "kind": store.kind}).encode())
    return store
