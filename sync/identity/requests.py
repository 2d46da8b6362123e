"""Every request and every WebSocket handshake is signed by the device that makes it.

HTTP Message Signatures (RFC 9421) with `ed25519`, over the method, the path, the query, the Content-Digest of
the body (RFC 9530) and the person, with a time and a nonce; the tag binds the signature to one center.
`docs/protocol/identity.md` says it exactly.
"""

import base64
import binascii
import hashlib
import re
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from desktop_app.domain.clock import stamp
from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import DeviceId, PersonId
from desktop_app.domain.principal import Principal, Role
from desktop_app.domain.units import Level, level_of
from sync.identity.device import DeviceIdentity, DeviceKey, verify
from sync.identity.registry import Device

LABEL = "silian"
PERSON_HEADER = "silian-person"
WINDOW = timedelta(seconds=90)
"""How far `created` may be from the center's clock; beyond it the answer `clock-off` carries the center's time."""
MOST_NONCES = 20_000
"""Requests of one device within twice the window; more is a flood."""

_ROLES = frozenset(role.value for role in Role)
_COMPONENTS = '"@method" "@path" "@query" "content-digest"'
_INPUT = re.compile(rf'{LABEL}=(\(([^()]*)\)((?:;[a-z]+=(?:\d{{1,15}}|"[ !#-\[\]-~]{{0,128}}"))+))')
_PARAMETER = re.compile(r';([a-z]+)=(?:(\d{1,15})|"([^"]*)")')
_SIGNATURE = re.compile(rf"{LABEL}=:([A-Za-z0-9+/=]{{88}}):")


def content_digest(body: bytes) -> str:
    """The Content-Digest of RFC 9530."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def center_tag(center: DeviceId) -> str:
    """What binds a signature to one center, so that another one cannot use it."""
    return f"silian-v1:{center}"


def _base(method: str, path: str, query: str, digest: str, person: str, parameters: str) -> bytes:
    lines = [
        f'"@method": {method.upper()}',
        f'"@path": {path}',
        f'"@query": ?{query}',
        f'"content-digest": {digest}',
        *([f'"{PERSON_HEADER}": {person}'] if person else []),
        f'"@signature-params": {parameters}',
    ]
    return "\n".join(lines).encode()


class RequestSigner:
    """Signs in the name of one device. Thread-safe."""

    def __init__(self, identity: DeviceIdentity) -> None:
        self._key = identity.key
        self._tag = center_tag(identity.center_device)

    @classmethod
    def for_key(cls, key: DeviceKey, center: DeviceId) -> "RequestSigner":
        """For a device that is about to enrol and has no identity yet."""
        signer = cls.__new__(cls)
        signer._key, signer._tag = key, center_tag(center)
        return signer

    def headers(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        now: datetime,
        person: PersonId | str = "",
    ) -> dict[str, str]:
        """The headers that make this one request acceptable, once.

        `target` is path and query exactly as they go on the wire (`/v1/changes?since=0`); a WebSocket handshake is
        a GET with an empty body. `now` is the center's time as far as it is known here.
        """
        path, _, query = target.partition("?")
        digest = content_digest(body)
        components = _COMPONENTS + (f' "{PERSON_HEADER}"' if person else "")
        parameters = (
            f'({components});created={int(now.timestamp())};nonce="{secrets.token_urlsafe(16)}"'
            f';keyid="{self._key.id}";alg="ed25519";tag="{self._tag}"'
        )
        signature = self._key.sign(_base(method, path, query, digest, person, parameters))
        headers = {
            "content-digest": digest,
            "signature-input": f"{LABEL}={parameters}",
            "signature": f"{LABEL}=:{base64.b64encode(signature).decode()}:",
        }
        if person:
            headers[PERSON_HEADER] = person
        return headers


@dataclass(frozen=True, slots=True)
class SignatureParts:
    """What a request says about its own signature, before any of it is believed."""

    parameters: str
    components: str
    created: datetime
    nonce: str
    keyid: DeviceId
    tag: str
    signature: bytes


def read_signature(headers: Mapping[str, str]) -> SignatureParts:
    """PeerFault `request-unsigned` where there is no signature, `signature-malformed` where it is not of our form."""
    given, sealed = headers.get("signature-input"), headers.get("signature")
    if not given or not sealed:
        raise PeerFault("request-unsigned")
    inputs, signature = _INPUT.fullmatch(given.strip()), _SIGNATURE.fullmatch(sealed.strip())
    if inputs is None or signature is None:
        raise PeerFault("signature-malformed")
    named: dict[str, str] = {}
    for name, number, text in _PARAMETER.findall(inputs[3]):
        if name in named:
            raise PeerFault("signature-malformed")
        named[name] = number or text
    try:
        if named.get("alg", "ed25519") != "ed25519" or not 16 <= len(named["nonce"]) <= 64:
            raise PeerFault("signature-malformed")
        created = datetime.fromtimestamp(int(named["created"]), UTC)
        raw = base64.b64decode(signature[1], validate=True)
        return SignatureParts(
            inputs[1], inputs[2], created, named["nonce"], DeviceId(named["keyid"]), named["tag"], raw
        )
    except (KeyError, ValueError, OverflowError, OSError, binascii.Error) as err:
        raise PeerFault("signature-malformed") from err


def check_signature(
    parts: SignatureParts,
    public_key: bytes,
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes,
) -> PersonId:
    """Whether the key signed exactly this request; returns the person it names. PeerFault otherwise."""
    person = headers.get(PERSON_HEADER, "")
    if parts.components != _COMPONENTS + (f' "{PERSON_HEADER}"' if person else ""):
        raise PeerFault("signature-incomplete")
    digest = headers.get("content-digest", "")
    if digest != content_digest(body):
        raise PeerFault("digest-mismatch")
    if not verify(public_key, _base(method, path, query, digest, person, parts.parameters), parts.signature):
        raise PeerFault("signature-invalid")
    return PersonId(person)


@dataclass(slots=True)
class _Seen:
    """The nonces of one device, oldest first."""

    order: deque[tuple[datetime, str]] = field(default_factory=deque)
    nonces: set[str] = field(default_factory=set)


class RequestVerifier:
    """The center's judgement of a request: one known device in force, one time, one request.

    Not thread-safe: it belongs to the one event loop that takes requests. What was seen is kept in memory for as
    long as it could be used again; a request made before this verifier was is refused as `clock-off`, so that a
    restart of the center opens no gap (the terminal stamps it anew and tries again).
    """

    def __init__(
        self,
        *,
        center: DeviceId,
        device: Callable[[DeviceId], Device | None],
        operator: Callable[[PersonId], Mapping[str, Any] | None],
        started: datetime,
        window: timedelta = WINDOW,
        heard: Callable[[DeviceId, datetime], object] = lambda _device, _at: None,
    ) -> None:
        """`device` and `operator` look up an enrolled device and an operator's record; `heard` is told who asked."""
        self._heard = heard
        self._tag = center_tag(center)
        self._device = device
        self._operator = operator
        self._started = started.replace(microsecond=0)
        self._window = window
        self._seen: dict[DeviceId, _Seen] = {}

    def verify_device(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Principal:
        """Who asks, without regard to the person: for the lanes, which carry everybody's work.

        `path` and `query` are as they were on the wire, `headers` has lower-case names. PeerFault with
        `request-unsigned`, `signature-malformed`, `signature-incomplete`, `digest-mismatch`, `signature-invalid`,
        `signature-elsewhere`, `device-unknown`, `device-revoked`, `clock-off`, `request-replayed` or
        `request-flood`.
        """
        device, _ = self._checked(method, path, query, headers, body, now)
        return Principal(device.device, device.unit_path)

    def verify(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Principal:
        """As `verify_device`, and the person, if one is named, is an active operator of the device's unit.

        PeerFault `person-unknown` otherwise.
        """
        device, person = self._checked(method, path, query, headers, body, now)
        if not person:
            return Principal(device.device, device.unit_path)
        row = self._operator(person)
        if row is None or row.get("unit_path") != device.unit_path or not row.get("is_active"):
            raise PeerFault("person-unknown")
        roles = frozenset(Role(role) for role in row.get("roles") or () if role in _ROLES)
        if level_of(device.unit_path) > Level.PROVINCE:  # a county writes its own operators, but makes none of these
            roles -= {Role.PROVINCIAL_OPERATOR}
        return Principal(device.device, device.unit_path, person, str(row.get("name") or ""), roles)

    def acquaint(self, headers: Mapping[str, str]) -> None:
        """A first look before a body is read: the request names a device that is in the book. It proves nothing."""
        self._named(read_signature(headers))

    def _checked(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> tuple[Device, PersonId]:
        parts = read_signature(headers)
        device = self._named(parts)
        person = check_signature(parts, device.public_key, method, path, query, headers, body)
        if device.revoked_at is not None:
            raise PeerFault("device-revoked")
        if abs(parts.created - now) > self._window or parts.created < self._started:
            raise PeerFault("clock-off", now=stamp(now))
        self._once(device.device, parts.nonce, now)
        self._heard(device.device, now)
        return device, person

    def _named(self, parts: SignatureParts) -> Device:
        if parts.tag != self._tag:
            raise PeerFault("signature-elsewhere")
        device = self._device(parts.keyid)
        if device is None:
            raise PeerFault("device-unknown")
        return device

    def _once(self, device: DeviceId, nonce: str, now: datetime) -> None:
        seen = self._seen.setdefault(device, _Seen())
        while seen.order and now - seen.order[0][0] > 2 * self._window:
            seen.nonces.discard(seen.order.popleft()[1])
        if nonce in seen.nonces:
            raise PeerFault("request-replayed")
        if len(seen.nonces) >= MOST_NONCES:
            raise PeerFault("request-flood")
        seen.nonces.add(nonce)
        seen.order.append((now, nonce))
