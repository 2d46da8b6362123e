"""操作员: the people who may use this terminal, and the PIN with which each unlocks it, also offline.

Who they are is a record and travels. The PIN never does: only a verifier is kept, here, stretched by Argon2id under
a secret that the key store holds, so that the file alone is of no use to a thief.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

from desktop_app.domain.clock import Clock, moment, stamp
from desktop_app.domain.faults import HostFault, OperatorError
from desktop_app.domain.ids import PersonId, UnitPath
from desktop_app.domain.principal import Role
from sync.identity.device import DeviceIdentity, DeviceKey
from sync.identity.files import write_whole
from sync.identity.keystore import Stretch

PIN_FILE = "pins.json"
LEAST_DIGITS, MOST_DIGITS = 4, 12
TRIES = 5
FIRST_LOCK, LONGEST_LOCK = timedelta(seconds=30), timedelta(hours=1)
STRETCH = Stretch(passes=2, memory=32 * 1024, lanes=1)


@dataclass(frozen=True, slots=True)
class Operator:
    """A person who may use the program in the name of a unit."""

    person: PersonId
    name: str
    unit_path: UnitPath
    roles: frozenset[Role]
    active: bool = True

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> "Operator":
        """From an `operator` record; roles this version does not know are left out."""
        known = {role.value for role in Role}
        roles = frozenset(Role(role) for role in row.get("roles") or () if role in known)
        active = bool(row.get("is_active"))
        return cls(
            PersonId(row["pk"]), str(row.get("name") or ""), UnitPath(str(row.get("unit_path") or "")), roles, active
        )


def operators_of(identity: DeviceIdentity, rows: Iterable[Mapping[str, Any]]) -> list[Operator]:
    """Who may unlock this terminal: the active operators of its unit, by name.

    `rows` are the operator records held here; those that came with the enrolment stand in until the first pull.
    """
    merged = {str(row["pk"]): row for row in identity.operators} | {str(row["pk"]): row for row in rows}
    people = (Operator.of_row(row) for row in merged.values())
    here = (person for person in people if person.active and person.unit_path == identity.unit_path)
    return sorted(here, key=lambda person: (person.name, person.person))


@dataclass(frozen=True, slots=True)
class _Entry:
    salt: str
    verifier: str
    wrong: int = 0
    wrong_at: str = ""


class PinBook:
    """The PINs of one terminal. Thread-safe; blocking (each try costs some 50 ms of Argon2id)."""

    def __init__(self, folder: Path, key: DeviceKey, clock: Clock, stretch: Stretch = STRETCH) -> None:
        self._path = folder / PIN_FILE
        self._pepper = key.derive("pin")
        self._clock = clock
        self._stretch = stretch
        self._lock = Lock()

    def has(self, person: PersonId) -> bool:
        return person in self._read()

    def set(self, person: PersonId, pin: str) -> None:
        """A new PIN, which also ends a lock.

        OperatorError `pin-too-short` unless it is 4 to 12 digits, `pin-too-simple` when they are all the same.
        """
        if not (LEAST_DIGITS <= len(pin) <= MOST_DIGITS and pin.isascii() and pin.isdigit()):
            raise OperatorError("pin-too-short", least=LEAST_DIGITS, most=MOST_DIGITS)
        if len(set(pin)) == 1:
            raise OperatorError("pin-too-simple")
        salt = os.urandom(16)
        verifier = self._verifier(pin, salt)
        with self._lock:
            entry = _Entry(base64.b64encode(salt).decode(), base64.b64encode(verifier).decode())
            self._write(self._read() | {person: entry})

    def forget(self, person: PersonId) -> None:
        """Take a PIN away: the person sets a new one."""
        with self._lock:
            entries = self._read()
            if entries.pop(person, None) is not None:
                self._write(entries)

    def verify(self, person: PersonId, pin: str) -> None:
        """Return when it is this person's PIN.

        OperatorError `pin-missing`, `pin-wrong` (`left`: tries before a lock) or `pin-locked` (`seconds` to wait).
        A wrong try is on the disk before the answer is given. After five the book is locked for 30 s, and for twice
        as long after each further one, an hour at most; a clock that is turned back starts the wait anew.
        """
        with self._lock:
            entries = self._read()
            entry = entries.get(person)
            if entry is None:
                raise OperatorError("pin-missing")
            now = self._clock.now()
            entry = self._waited(entries, person, entry, now)
            salt, verifier = base64.b64decode(entry.salt), base64.b64decode(entry.verifier)
            if hmac.compare_digest(self._verifier(pin, salt), verifier):
                if entry.wrong:
                    self._write(entries | {person: replace(entry, wrong=0, wrong_at="")})
                return
            entry = replace(entry, wrong=entry.wrong + 1, wrong_at=stamp(now))
            self._write(entries | {person: entry})
            if entry.wrong >= TRIES:
                raise OperatorError("pin-locked", seconds=int(_lock_of(entry.wrong).total_seconds()))
            raise OperatorError("pin-wrong", left=TRIES - entry.wrong)

    def _waited(self, entries: dict[PersonId, _Entry], person: PersonId, entry: _Entry, now: datetime) -> _Entry:
        if entry.wrong < TRIES:
            return entry
        since = moment(entry.wrong_at)
        if now < since - timedelta(seconds=2):  # the clock was turned back
            entry = replace(entry, wrong_at=stamp(now))
            self._write(entries | {person: entry})
            since = now
        left = since + _lock_of(entry.wrong) - now
        if left > timedelta():
            raise OperatorError("pin-locked", seconds=-(-left // timedelta(seconds=1)))
        return entry

    def _verifier(self, pin: str, salt: bytes) -> bytes:
        return self._stretch.key(hmac.digest(self._pepper, pin.encode(), hashlib.sha256), salt)

    def _read(self) -> dict[PersonId, _Entry]:
        try:
            body = json.loads(self._path.read_bytes())
            entries = {PersonId(person): _Entry(**entry) for person, entry in body.items()}
            for entry in entries.values():
                base64.b64decode(entry.salt + entry.verifier, validate=False)
                if not isinstance(entry.wrong, int) or (entry.wrong and not moment(entry.wrong_at)):
                    raise ValueError("not an entry")
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, AttributeError, binascii.Error) as err:
            raise HostFault("pins-damaged", file=str(self._path)) from err
        return entries

    def _write(self, entries: dict[PersonId, _Entry]) -> None:
        body = {person: asdict(entry) for person, entry in entries.items()}
        write_whole(self._path, json.dumps(body, indent=1).encode())


def _lock_of(wrong: int) -> timedelta:
    doublings: int = 2 ** min(wrong - TRIES, 16)
    return min(FIRST_LOCK * doublings, LONGEST_LOCK)
