"""Nothing reaches a route of the center without a signature, but for a short list that is open on purpose.

ASGI middleware over HTTP and WebSocket: it reads the body (bounded), lets `RequestVerifier` judge the request, and
puts the `Principal` into `scope["principal"]`. A refusal is JSON with a stable id, and reaches nobody else.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from desktop_app.domain import limits
from desktop_app.domain.clock import Clock, stamp
from desktop_app.domain.faults import Fault, PeerFault
from desktop_app.domain.ids import DeviceId
from desktop_app.domain.principal import Principal, may_work
from sync.identity.requests import RequestVerifier

DOORS = frozenset(
    (method, path) for method in ("POST", "DELETE", "PATCH", "OPTIONS") for path in ("/v1/whip", "/v1/whep")
)
"""Where other people's software comes in, with a bearer token that `media.doors` reads."""
OPEN = DOORS | {("GET", "/healthz"), ("GET", "/readyz"), ("POST", "/v1/enrolments"), ("POST", "/v1/enrolments/hello")}
"""What a stranger may ask."""
OPEN_BODY = 64 * 1024
BODY_WITHIN = 120.0
"""Seconds for a body to arrive: the largest one takes 65 at 512 kbit/s."""
LANES = "/v1/terminals/"
READING = frozenset({"/v1/changes", "/v1/snapshot", "/v1/heads"})
WORK = ("/v1/meetings/", "/v1/docs/")
"""What nobody does who only watches: see `may_work`."""
_STATUS = {
    "device-revoked": 403,
    "device-mismatch": 403,
    "person-unknown": 403,
    "role-not-allowed": 403,
    "body-too-large": 413,
    "request-too-slow": 408,
    "request-flood": 429,
}
_HEADERS = frozenset({"signature", "signature-input", "content-digest", "silian-person"})
_log = logging.getLogger("silian.authentication")


class Authentication:
    """The gate before every route."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        verifier: RequestVerifier,
        clock: Clock,
        was_revoked: Callable[[DeviceId], bool],
    ) -> None:
        """`was_revoked`: whether a device may not speak any more; asked for each message of a socket."""
        self._app = app
        self._verifier = verifier
        self._clock = clock
        self._was_revoked = was_revoked

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        known_open = (scope["method"], scope["path"]) in OPEN
        try:
            if not known_open:
                self._verifier.acquaint(_signature_headers(scope))  # of a stranger's body nothing is read
            body = await _body(receive, OPEN_BODY if known_open else limits.REQUEST_BODY)
            if body is None:
                return
            if not known_open:
                scope["principal"] = self._principal(scope, scope["method"], body)
        except Fault as fault:
            await self._refuse(fault, scope, send)
            return
        await self._app(scope, _replay(body, receive), send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            principal = scope["principal"] = self._principal(scope, "GET", b"")
        except Fault as fault:
            await receive()
            await self._refuse(fault, scope, send)
            return
        revoked = False

        async def watched() -> Message:
            nonlocal revoked
            message = await receive()
            if message["type"] == "websocket.receive" and self._was_revoked(principal.device):
                revoked = True
                await send({"type": "websocket.close", "code": 1008, "reason": "device-revoked"})
                return {"type": "websocket.disconnect", "code": 1008}
            return message

        async def unless_revoked(message: Message) -> None:
            if not revoked:
                await send(message)

        await self._app(scope, watched, unless_revoked)

    def _principal(self, scope: Scope, method: str, body: bytes) -> Principal:
        path = scope.get("raw_path") or scope["path"].encode()
        wire = path.partition(b"?")[0].decode("ascii", "replace")
        query = scope["query_string"].decode("ascii", "replace")
        headers = _signature_headers(scope)
        now = self._clock.now()
        if scope["path"].startswith(LANES) or scope["path"] in READING:
            # A lane carries the work of everybody who used the device, also of people the center has yet to hear of.
            principal = self._verifier.verify_device(method, wire, query, headers, body, now)
            named = scope["path"].removeprefix(LANES).partition("/")[0]
            if scope["path"].startswith(LANES) and named != principal.device:
                raise PeerFault("device-mismatch")
            return principal
        principal = self._verifier.verify(method, wire, query, headers, body, now)
        if scope["path"].startswith(WORK) and not may_work(principal.roles):
            raise PeerFault("role-not-allowed")
        return principal

    async def _refuse(self, fault: Fault, scope: Scope, send: Send) -> None:
        _log.info("refused %s from %s: %s", scope["path"], (scope.get("client") or ("?",))[0], fault)
        body = refusal(fault, self._clock)
        status = _STATUS.get(fault.id, 401)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        kind = "http.response"
        if scope["type"] == "websocket":
            if "websocket.http.response" not in scope.get("extensions", {}):
                await send({"type": "websocket.close", "code": 1008, "reason": fault.id})
                return
            kind = "websocket.http.response"
        await send({"type": f"{kind}.start", "status": status, "headers": headers})
        await send({"type": f"{kind}.body", "body": body})


def refusal(fault: Fault, clock: Clock) -> bytes:
    """The body of a refusal; the center's time is in every one, so that a terminal can set its stamp right."""
    return json.dumps({"now": stamp(clock.now()), **fault.values, "id": fault.id}, default=str).encode()


def _signature_headers(scope: Scope) -> Mapping[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1").lower()
        if name in _HEADERS:
            if name in headers:
                raise PeerFault("signature-malformed")
            headers[name] = raw_value.decode("latin-1")
    return headers


async def _body(receive: Receive, most: int) -> bytes | None:
    """The whole body, or None when the client left in the middle of it."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_WITHIN):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                body += message.get("body", b"")
                if len(body) > most:
                    raise PeerFault("body-too-large", most=most)
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError as err:
        raise PeerFault("request-too-slow") from err


def _replay(body: bytes, receive: Receive) -> Receive:
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return pending.pop() if pending else await receive()

    return replayed
