"""开通: how a terminal becomes a device of a unit, with an activation code and nothing else.

The first contact trusts nobody: it asks for the center's authority and for its proof that it knows the code, bound
to that authority. Only then, over TLS that this authority vouches for, does the terminal show its own proof. A
stranger in the middle learns the locator, which opens nothing.
"""

import base64
import binascii
import hmac
import json
import os
import platform
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from desktop_app.domain.clock import Clock, SystemClock, moment
from desktop_app.domain.faults import Fault, OperatorError, PeerFault
from desktop_app.domain.ids import PersonId, UnitPath, device_id
from sync.identity.activation import ActivationCode, Transcript
from sync.identity.authority import SERVER_NAME, fingerprint, stranger_context, tls_context
from sync.identity.device import DeviceIdentity, DeviceKey, is_enrolled
from sync.identity.enrolment_desk import ENROL_PATH, HELLO_PATH, NAME
from sync.identity.keystore import KeyStore
from sync.identity.link_check import link_fault
from sync.identity.requests import RequestSigner

DEFAULT_PORT = 8443
ANSWER = 256 * 1024
"""The largest answer taken, in bytes."""
PATIENCE = 20.0
"""Seconds for one question and its answer, however slowly it drips."""
_PENDING = "enrolment"
_TOLD = frozenset(
    {
        "activation-code-wrong",
        "activation-code-locked",
        "activation-code-used",
        "activation-code-expired",
        "device-revoked",
        "enrolment-busy",
        "clock-off",
    }
)
"""What a center may tell a person here; any other refusal is shown as `center-refused`."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What came of it; the identity is already kept."""

    identity: DeviceIdentity
    unit: Mapping[str, Any]
    """The unit's record, for "is this your site?"."""
    person: PersonId
    """The operator made for `person_name`; empty when none was named."""
    operators: tuple[Mapping[str, Any], ...]
    clock_offset: timedelta
    """The center's clock minus this one; beyond a minute somebody should be warned."""


def center_url(address: str) -> str:
    """What a person typed as `https://host:port`; OperatorError `center-address-invalid` when it names no center."""
    text = address.strip()
    try:
        url = httpx.URL(text if "://" in text else f"https://{text}")
    except (httpx.InvalidURL, ValueError, TypeError) as err:
        raise OperatorError("center-address-invalid", address=text[:100]) from err
    named = re.fullmatch(r"[A-Za-z0-9._:-]{1,253}", url.host)
    if url.scheme != "https" or not named or url.path not in ("", "/") or url.query or url.userinfo:
        raise OperatorError("center-address-invalid", address=text[:100])
    host = f"[{url.host}]" if ":" in url.host else url.host
    return f"https://{host}:{url.port or DEFAULT_PORT}"


def enrol(
    url: str,
    code: str,
    folder: Path,
    *,
    keys: KeyStore,
    person_name: str = "",
    machine: str = "",
    clock: Clock | None = None,
) -> Enrolled:
    """Enrol this folder's terminal at the center and keep its identity in `folder` and `keys`. Blocking.

    OperatorError: `already-enrolled`, `name-unsuitable`, `center-address-invalid`, `activation-code-malformed`,
    `-wrong` (`tries`), `-locked`, `-used`, `-expired`, `enrolment-busy`, `center-unreachable`. PeerFault:
    `center-not-silian` (it answers something else), `center-certificate` (someone else answers), `clock-off`,
    `center-refused`. Nothing is kept when it fails, except the key it used, so that the same code typed again goes on
    where the link died.
    """
    if is_enrolled(folder):
        raise OperatorError("already-enrolled")
    clock = clock or SystemClock()
    base, typed = center_url(url), ActivationCode.read(code)
    if len(person_name) > NAME or not person_name.isprintable():
        raise OperatorError("name-unsuitable", most=NAME)
    key = _pending_key(keys, typed)
    nonce = os.urandom(32)
    common = {"version": 1, "locator": typed.locator, "device_key": _text(key.public), "nonce": _text(nonce)}

    hello = _ask(base + HELLO_PATH, json.dumps(common).encode(), {}, stranger_context(), clock)
    try:
        ca_pem, tries = str(hello["ca_pem"]), int(hello["tries_left"])
        center_key, salt, proof = (_bytes(hello, name) for name in ("center_key", "salt", "proof"))
        transcript = Transcript(fingerprint(ca_pem), center_key, key.public, nonce)
        context = tls_context(ca_pem)
        now = moment(str(hello["now"]))
        if len(salt) != 16 or len(center_key) != 32:
            raise ValueError("not the answer of a center")
    except (KeyError, ValueError, TypeError, OverflowError, ssl.SSLError) as err:
        raise PeerFault("center-not-silian", address=base) from err
    stretched = typed.stretched(salt)
    if not hmac.compare_digest(proof, transcript.center_proof(stretched)):
        keys.delete(_PENDING)
        if tries < 1:
            raise OperatorError("activation-code-locked")
        raise OperatorError("activation-code-wrong", tries=tries)

    offset = now - clock.now()
    body = json.dumps(
        common
        | {
            "proof": _text(transcript.terminal_proof(stretched)),
            "person_name": person_name,
            "machine": machine or platform.node()[:64],
        }
    ).encode()
    center = device_id(center_key)
    signer = RequestSigner.for_key(key, center)
    signed = signer.headers("POST", ENROL_PATH, body, now=clock.now() + offset)
    answer = _ask(base + ENROL_PATH, body, signed, context, clock)
    try:
        unit, rows = dict(answer["unit"]), tuple(dict(row) for row in answer["operators"])
        identity = DeviceIdentity(key, UnitPath(str(answer["unit_path"])), center, center_key, ca_pem, base, rows)
        person = PersonId(str(answer["person"]))
        if answer["device"] != key.id:
            raise ValueError("the answer is for another device")
    except (KeyError, ValueError, TypeError) as err:
        raise PeerFault("center-not-silian", address=base) from err
    identity.save(folder, keys)
    keys.delete(_PENDING)
    return Enrolled(identity, unit, person, rows, offset)


def _pending_key(keys: KeyStore, code: ActivationCode) -> DeviceKey:
    """The key that an earlier attempt with this very code used, or a new one."""
    held = keys.read(_PENDING)
    if held is not None and len(held) == 64:
        key = DeviceKey(held[:32])
        if hmac.compare_digest(held[32:], _mark(key, code)):
            return key
    key = DeviceKey.generate()
    keys.write(_PENDING, key.seed + _mark(key, code))
    return key


def _mark(key: DeviceKey, code: ActivationCode) -> bytes:
    return hmac.digest(key.derive("enrolment"), code.symbols.encode(), "sha256")


def _ask(url: str, body: bytes, headers: dict[str, str], context: ssl.SSLContext, clock: Clock) -> Mapping[str, Any]:
    """One POST and its JSON object; every way in which a center can fail becomes a fault with a name."""
    deadline = clock.monotonic() + PATIENCE
    sent = {"content-type": "application/json", "accept-encoding": "identity", **headers}
    extensions = {"sni_hostname": SERVER_NAME}
    raw = bytearray()
    try:
        with (
            httpx.Client(verify=context, timeout=httpx.Timeout(PATIENCE / 2, connect=6.0), trust_env=False) as client,
            client.stream("POST", url, content=body, headers=sent, extensions=extensions) as response,
        ):
            for chunk in response.iter_raw():
                raw += chunk
                if len(raw) > ANSWER or clock.monotonic() > deadline:
                    raise PeerFault("center-not-silian", address=url)
            status = response.status_code
    except httpx.TransportError as err:
        raise link_fault(err, url) from err
    try:
        answer = json.loads(bytes(raw))
    except (ValueError, RecursionError) as err:
        raise PeerFault("center-not-silian", address=url) from err
    if not isinstance(answer, dict):
        raise PeerFault("center-not-silian", address=url)
    if status == 200:
        return answer
    raise _refusal(answer, url)


def _refusal(answer: Mapping[str, Any], url: str) -> Fault:
    told = answer.get("id")
    if not isinstance(told, str):
        return PeerFault("center-not-silian", address=url)
    if told not in _TOLD:
        return PeerFault("center-refused", reason=told[:60])
    values = {
        str(name): value for name, value in answer.items() if name != "id" and isinstance(value, int | float | str)
    }
    return PeerFault(told, **values) if told in ("clock-off", "device-revoked") else OperatorError(told, **values)


def _bytes(answer: Mapping[str, Any], name: str) -> bytes:
    try:
        return base64.b64decode(answer[name], validate=True)
    except binascii.Error as err:
        raise ValueError(name) from err


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
