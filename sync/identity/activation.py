"""激活码: sixteen symbols that a person carries from the center to a terminal, once.

The first four are the locator, by which the center finds the code; they are no secret. The other twelve (60 bits)
are, and are only ever used through a slow stretch. From it come two proofs over one transcript, which holds the
fingerprint of the center's authority: the center shows its own first, the terminal answers with its own.
See `docs/adr/0007-activation-code.md`.
"""

import hashlib
import hmac
import os
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from desktop_app.domain.clock import unix_ms
from desktop_app.domain.faults import HostFault, OperatorError
from desktop_app.domain.ids import UnitPath, uuid7
from desktop_app.domain.principal import Role
from sync.identity.deeds import Deed
from sync.identity.device import DeviceKey
from sync.identity.keystore import Stretch
from sync.identity.registry import CodeRow, Registry
from sync.log.audit import AuditKind

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 symbols; 0, O, 1 and I are not among them."""
SYMBOLS = 16
LOCATOR = 4
TRIES = 5
LIFETIME = timedelta(days=3)
STRETCH = Stretch(passes=2, memory=32 * 1024, lanes=1)
"""Part of the protocol: both ends use exactly this."""


@dataclass(frozen=True, slots=True)
class ActivationCode:
    """One code, as a person reads it."""

    symbols: str

    @classmethod
    def draw(cls, choice: Callable[[str], str] = secrets.choice) -> "ActivationCode":
        return cls("".join(choice(ALPHABET) for _ in range(SYMBOLS)))

    @classmethod
    def read(cls, text: str) -> "ActivationCode":
        """What a person typed: any case, full-width or half-width, with or without dashes and spaces.

        OperatorError `activation-code-malformed` when it is not sixteen symbols of the alphabet.
        """
        plain = unicodedata.normalize("NFKC", text[:200]).upper()
        symbols = "".join(symbol for symbol in plain if symbol.isalnum())
        wrong = next((symbol for symbol in symbols if symbol not in ALPHABET), "")
        if len(symbols) != SYMBOLS or wrong:
            raise OperatorError("activation-code-malformed", symbols=len(symbols), wrong=wrong)
        return cls(symbols)

    @property
    def locator(self) -> str:
        return self.symbols[:LOCATOR]

    def stretched(self, salt: bytes) -> bytes:
        """The 32-byte key both proofs are made with; slow on purpose."""
        return STRETCH.key(self.symbols[LOCATOR:].encode(), salt)

    def __str__(self) -> str:
        return "-".join(self.symbols[at : at + 4] for at in range(0, SYMBOLS, 4))

    def __repr__(self) -> str:
        return f"ActivationCode({self.locator}-…)"


@dataclass(frozen=True, slots=True)
class Transcript:
    """What both proofs speak of."""

    authority: bytes
    """SHA-256 of the DER of the authority's certificate."""
    center_key: bytes
    device_key: bytes
    nonce: bytes
    """32 bytes, chosen by the terminal."""

    def center_proof(self, stretched: bytes) -> bytes:
        return self._proof(stretched, b"silian-enrol-center-v1")

    def terminal_proof(self, stretched: bytes) -> bytes:
        return self._proof(stretched, b"silian-enrol-terminal-v1")

    def _proof(self, stretched: bytes, label: bytes) -> bytes:
        spoken = self.authority + self.center_key + self.device_key + self.nonce
        return hmac.digest(stretched, label + b"\0" + spoken, hashlib.sha256)


class CodeBook:
    """The codes a center has given out, sealed under a secret of the center's key."""

    def __init__(self, registry: Registry, center: DeviceKey) -> None:
        self._registry = registry
        self._seal = AESGCM(center.derive("activation-codes"))
        self._decoy = center.derive("activation-decoys")

    def issue(
        self, unit_path: UnitPath, roles: frozenset[Role], now: datetime, lifetime: timedelta = LIFETIME, by: str = ""
    ) -> ActivationCode:
        """A new code for one terminal of this unit; whoever enrols with it gets these roles.

        `by` is the account that does it beside the center: the audit log is told.
        """
        while True:
            code, salt, nonce = ActivationCode.draw(), os.urandom(16), os.urandom(12)
            sealed = nonce + self._seal.encrypt(nonce, code.stretched(salt), code.locator.encode())
            row = CodeRow(code.locator, unit_path, roles, salt, sealed, now, now + lifetime)
            kind, pk = AuditKind.CODE_ISSUED.value, uuid7(unix_ms(now))
            deed = Deed(pk, kind, unit_path, by, "", code.locator, now) if by else None
            if self._registry.issue(row, deed):
                return code

    def key_of(self, row: CodeRow) -> bytes:
        """The stretched secret of a code. HostFault `registry-damaged` when it was not sealed by this center."""
        try:
            return self._seal.decrypt(row.sealed[:12], row.sealed[12:], row.locator.encode())
        except InvalidTag as err:
            raise HostFault("registry-damaged", file="identity.db") from err

    def decoy(self, locator: str) -> tuple[bytes, bytes]:
        """Salt and key for a locator that names no code: always the same, so that nobody can tell."""
        salt = hmac.digest(self._decoy, b"salt" + locator.encode(), hashlib.sha256)[:16]
        return salt, hmac.digest(self._decoy, b"key" + locator.encode(), hashlib.sha256)
