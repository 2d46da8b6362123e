"""What an administrator orders of a center that runs: sealed notes in its folder, each carried out once and answered.

Only the running center may write its store, so a command lays a note there and waits. A note and its answer are sealed
under a key that follows from the center's own: nobody gives an order who has not the center's keys, and nobody else
reads one. An order is bound to its file's name and its hour; one that is found later is not carried out.
"""

import json
import os
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from desktop_app.domain.clock import Clock, moment, stamp
from desktop_app.domain.faults import Fault, HostFault, OperatorError, PeerFault
from sync.blobs.disk import disk_faults

FOLDER, ORDER, ANSWER, DRAFT = "orders", ".order", ".answer", ".new"
PURPOSE = "orders"
"""What the key is derived for: see `DeviceKey.derive`."""
LOOK_EVERY = 0.2
STILL_GOOD = timedelta(minutes=10)
NONCE = 12
Values = Mapping[str, Any]
Act = Callable[[Values], Values]
_KINDS = {kind.__name__: kind for kind in (OperatorError, PeerFault, HostFault)}


class Orders:
    """Both ends of the folder."""

    def __init__(self, folder: Path, key: bytes, clock: Clock) -> None:
        self._folder = folder / FOLDER
        self._cipher = AESGCM(key)
        self._clock = clock

    # The command

    def give(self, act: str, values: Values, *, seconds: float, pause: Callable[[float], None] = time.sleep) -> Values:
        """Have the running center do it; what it said. The fault with which it refused; OperatorError `center-busy`
        where nobody answered in time; HostFault `disk-full`, `disk-failing`."""
        name = secrets.token_hex(8)
        order, answer = (self._folder / f"{name}{suffix}" for suffix in (ORDER, ANSWER))
        try:
            self._write(order, {"act": act, "values": dict(values), "at": stamp(self._clock.now())})
            waited = 0.0
            while not answer.is_file():
                if waited >= seconds:
                    raise OperatorError("center-busy")
                pause(LOOK_EVERY)
                waited += LOOK_EVERY
            told = self._read(answer)
        finally:
            for path in (order, answer, order.with_suffix(DRAFT)):
                with suppress(OSError):
                    path.unlink(missing_ok=True)
        if told is None:
            raise OperatorError("center-busy")
        if fault := told.get("fault"):
            raise _KINDS.get(str(told.get("kind")), PeerFault)(str(fault), **dict(told.get("values") or {}))
        return told

    # The center

    def serve(self, acts: Mapping[str, Act]) -> int:
        """Carry out what lies there; how many orders that were. A fault goes back to who ordered."""
        notes = sorted(self._folder.glob(f"*{ORDER}")) if self._folder.is_dir() else []
        for note in notes:
            order = self._read(note)
            with suppress(OSError):
                note.unlink(missing_ok=True)
            act = None if order is None or self._is_old(order) else acts.get(str(order.get("act")))
            if order is None or act is None:
                continue  # not of this center, or of another hour
            try:
                told = dict(act(order.get("values") or {}))
            except Fault as fault:
                told = {"fault": fault.id, "kind": type(fault).__name__, "values": fault.values}
            with suppress(HostFault):
                self._write(note.with_suffix(ANSWER), told)
        return len(notes)

    def clear(self) -> None:
        """At the center's start: what a command that died left here."""
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                with suppress(OSError):
                    path.unlink()

    def _is_old(self, order: Values) -> bool:
        try:
            return abs(self._clock.now() - moment(str(order["at"]))) > STILL_GOOD
        except (KeyError, ValueError):
            return True

    def _write(self, path: Path, body: Values) -> None:
        nonce = os.urandom(NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, json.dumps(body, default=str).encode(), path.name.encode())
        draft = path.with_suffix(DRAFT)
        with disk_faults(path):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.write_bytes(sealed)
            os.replace(draft, path)

    def _read(self, path: Path) -> dict[str, Any] | None:
        """None for what was not sealed by this center's key for this place."""
        try:
            raw = path.read_bytes()
            body = json.loads(self._cipher.decrypt(raw[:NONCE], raw[NONCE:], path.name.encode()))
        except (OSError, ValueError, InvalidTag):
            return None
        return body if isinstance(body, dict) else None
