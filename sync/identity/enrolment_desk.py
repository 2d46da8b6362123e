"""The center's side of enrolment: `POST /v1/enrolments/hello`, then `POST /v1/enrolments`.

Both are open to strangers, so both are small, rated and say no more than they must. A code is used once; the
terminal that used it may ask again (its link may have died before the answer) and gets the same answer.
"""

import base64
import binascii
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from desktop_app.domain.clock import Clock, stamp
from desktop_app.domain.faults import OperatorError, PeerFault
from desktop_app.domain.ids import DeviceId, UnitPath, device_id
from desktop_app.domain.principal import Role
from sync.identity.activation import ALPHABET, LOCATOR, TRIES, CodeBook, Transcript
from sync.identity.authority import fingerprint
from sync.identity.device import KEY_BYTES, DeviceKey
from sync.identity.registry import CodeRow, Device, Registry
from sync.identity.requests import WINDOW, center_tag, check_signature, read_signature

HELLO_PATH = "/v1/enrolments/hello"
ENROL_PATH = "/v1/enrolments"
BODY = 8 * 1024
"""The largest request taken here, in bytes."""
NAME = 64
"""The longest name of a person or a machine, in characters."""
RATE, BURST = 10.0, 100.0
"""Requests a second, from all strangers together."""

STATUS = {
    "activation-code-wrong": 403,
    "activation-code-locked": 403,
    "activation-code-used": 410,
    "activation-code-expired": 410,
    "device-revoked": 403,
    "clock-off": 401,
    "enrolment-busy": 429,
    "body-too-large": 413,
}


class Office(Protocol):
    """What the desk needs of the records: the unit a code is for, and the people who work there."""

    def unit(self, unit_path: UnitPath) -> Mapping[str, Any] | None: ...

    def operators(self, unit_path: UnitPath) -> Sequence[Mapping[str, Any]]:
        """The active operators of exactly this unit, each with its `pk`."""
        ...

    def admit(self, unit_path: UnitPath, name: str, roles: frozenset[Role], device: DeviceId) -> str:
        """The operator of this name, made if need be, with at least these roles; returns the person's id."""
        ...


class EnrolmentDesk:
    """Turns codes into devices."""

    def __init__(
        self, registry: Registry, codes: CodeBook, *, key: DeviceKey, ca_pem: str, office: Office, clock: Clock
    ) -> None:
        self._registry = registry
        self._codes = codes
        self._key = key
        self._ca_pem = ca_pem
        self._authority = fingerprint(ca_pem)
        self._office = office
        self._clock = clock
        self._allowance = BURST
        self._counted = clock.monotonic()

    def routes(self) -> list[Route]:
        return [
            Route(HELLO_PATH, self._on_hello, methods=["POST"]),
            Route(ENROL_PATH, self._on_enrol, methods=["POST"]),
        ]

    async def _on_hello(self, request: Request) -> Response:
        return await self._answer(request, lambda body: self.hello(_object(body)))

    async def _on_enrol(self, request: Request) -> Response:
        path = request.scope.get("raw_path", request.url.path.encode()).partition(b"?")[0].decode("ascii", "replace")
        query = request.scope["query_string"].decode("ascii", "replace")
        return await self._answer(request, lambda body: self.enrol(path, query, dict(request.headers), body))

    async def _answer(self, request: Request, act: Any) -> Response:
        try:
            self._spend()
            body = bytearray()
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY:
                    raise PeerFault("body-too-large", most=BODY)
            return JSONResponse(await run_in_threadpool(act, bytes(body)))
        except (PeerFault, OperatorError) as fault:
            return JSONResponse({**fault.values, "id": fault.id}, status_code=STATUS.get(fault.id, 400))

    def _spend(self) -> None:
        now = self._clock.monotonic()
        self._allowance = min(BURST, self._allowance + (now - self._counted) * RATE)
        self._counted = now
        if self._allowance < 1:
            raise OperatorError("enrolment-busy")
        self._allowance -= 1

    def hello(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The center shows that it knows the code, before the terminal has shown anything."""
        locator, device_key, nonce = _locator(body), _bytes(body, "device_key", KEY_BYTES), _bytes(body, "nonce", 32)
        now, device = self._clock.now(), device_id(device_key)
        row = self._registry.code(locator)
        if row is not None:
            _still_good(row, device, now)
        tried = 0 if row is not None and row.used_by == device else self._registry.attempts(locator, device, now)
        if tried > TRIES:
            raise OperatorError("activation-code-locked")
        salt, stretched = (row.salt, self._codes.key_of(row)) if row is not None else self._codes.decoy(locator)
        transcript = Transcript(self._authority, self._key.public, device_key, nonce)
        return {
            "version": 1,
            "salt": _text(salt),
            "ca_pem": self._ca_pem,
            "center_key": _text(self._key.public),
            "proof": _text(transcript.center_proof(stretched)),
            "tries_left": max(0, TRIES - tried),
            "now": stamp(now),
        }

    def enrol(self, path: str, query: str, headers: Mapping[str, str], raw: bytes) -> dict[str, Any]:
        """The terminal shows that it knows the code, and becomes a device of the code's unit."""
        body = _object(raw)
        locator, device_key, nonce = _locator(body), _bytes(body, "device_key", KEY_BYTES), _bytes(body, "nonce", 32)
        now, device = self._clock.now(), device_id(device_key)
        parts = read_signature(headers)
        check_signature(parts, device_key, "POST", path, query, headers, raw)
        if parts.tag != center_tag(self._key.id) or parts.keyid != device:
            raise PeerFault("signature-elsewhere")
        if abs(parts.created - now) > WINDOW:
            raise PeerFault("clock-off", now=stamp(now))
        row = self._registry.code(locator)
        proof = _bytes(body, "proof", 32)
        transcript = Transcript(self._authority, self._key.public, device_key, nonce)
        count, announced = self._registry.attempted(locator, device)
        known = row is not None and (announced or row.used_by == device)
        if row is None or not known or count > TRIES:
            raise OperatorError("activation-code-wrong", tries=max(0, TRIES - count))
        if not hmac.compare_digest(proof, transcript.terminal_proof(self._codes.key_of(row))):
            count = self._registry.attempts(locator, DeviceId(f"wrong:{parts.nonce}"), now)
            raise OperatorError("activation-code-wrong", tries=max(0, TRIES - count))
        _still_good(row, device, now)
        person_name = _name(body, "person_name")
        label = _name(body, "machine")
        unit = dict(self._office.unit(row.unit_path) or {})
        unit_path = UnitPath(str(unit.get("unit_path") or row.unit_path))  # it may be elsewhere than the code says
        holder = self._registry.enrol(locator, Device(device, device_key, unit_path, label, now))
        if holder != device:
            raise OperatorError("activation-code-used")
        held = self._registry.device(device)
        if held is None or held.revoked_at is not None:
            raise PeerFault("device-revoked")
        person = self._office.admit(unit_path, person_name, row.roles, device) if person_name else ""
        return {
            "version": 1,
            "device": device,
            "unit_path": unit_path,
            "unit": unit,
            "person": person,
            "operators": [dict(operator) for operator in self._office.operators(unit_path)],
            "now": stamp(now),
        }


def _still_good(row: CodeRow, device: DeviceId, now: datetime) -> None:
    if row.used_by is not None and row.used_by != device:
        raise OperatorError("activation-code-used")
    grace = timedelta(hours=1) if row.used_by == device else timedelta()
    if now >= row.expires_at + grace:
        raise OperatorError("activation-code-expired", expired=stamp(row.expires_at))


def _object(raw: bytes) -> Mapping[str, Any]:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as err:
        raise PeerFault("enrolment-malformed", field="") from err
    if not isinstance(body, dict) or body.get("version") != 1:
        raise PeerFault("enrolment-malformed", field="version")
    return body


def _locator(body: Mapping[str, Any]) -> str:
    value = body.get("locator")
    if not isinstance(value, str) or len(value) != LOCATOR or any(symbol not in ALPHABET for symbol in value):
        raise PeerFault("enrolment-malformed", field="locator")
    return value


def _bytes(body: Mapping[str, Any], name: str, length: int) -> bytes:
    try:
        value = base64.b64decode(body[name], validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error) as err:
        raise PeerFault("enrolment-malformed", field=name) from err
    if len(value) != length:
        raise PeerFault("enrolment-malformed", field=name)
    return value


def _name(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str) or len(value) > NAME or not value.isprintable():
        raise PeerFault("enrolment-malformed", field=name)
    return value.strip()


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
