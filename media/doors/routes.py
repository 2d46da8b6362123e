"""The doors over HTTP: `POST /v1/whip` and `POST /v1/whep` with an offer, `DELETE` on what they answer as `Location`.

Both are open to strangers, who show a bearer token; `POST /v1/meetings/{meeting}/doors` hands one out and is behind the
center's gate. See docs/protocol/doors.md.
"""

import asyncio
import contextlib
import ipaddress
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from desktop_app.domain.clock import Clock, stamp
from desktop_app.domain.faults import Fault, HostFault, PeerFault
from desktop_app.domain.ids import MeetingId
from desktop_app.domain.principal import Principal, Role
from media.doors.sessions import Guest, Observer, Studio, reached_at
from media.doors.tokens import MINUTES, DoorGrant, DoorRole, DoorTokens
from media.engine.room import MediaEngine
from media.meeting.air import AirLane
from media.meeting.decide import SiteActor
from media.meeting.room import Room
from media.meeting.wire import read_meeting_id, read_unit_path

log = logging.getLogger(__name__)

GUESTS = 64
SDP_TYPE = "application/sdp"
_STATUS = {
    "door-token-missing": 401,
    "door-token-invalid": 401,
    "door-token-expired": 401,
    "door-token-elsewhere": 403,
    "door-not-yours": 403,
    "door-session-unknown": 404,
    "meeting-unknown": 404,
    "door-trickle": 405,
    "meeting-not-open": 409,
    "meeting-ended": 409,
    "site-in-use": 409,
    "door-full": 503,
    "door-offer-type": 415,
}
_OPEN_TO_ALL = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Expose-Headers": "Location",
    "Accept-Post": SDP_TYPE,
}


class Meetings(Protocol):
    """The center's meetings, as `media.meeting.server.MeetingServer` has them."""

    async def entrance(self, meeting: MeetingId) -> tuple[Room, AirLane]: ...


class Doors:
    """Mount `routes()`, and keep `running()` open while the center serves."""

    def __init__(self, meetings: Meetings, engine: MediaEngine, key: bytes, clock: Clock) -> None:
        self._meetings, self._engine, self._clock = meetings, engine, clock
        self._tokens = DoorTokens(key)
        self._guests: dict[str, tuple[Guest, asyncio.Task[None]]] = {}

    def routes(self) -> list[BaseRoute]:
        methods = ["POST", "DELETE", "PATCH", "OPTIONS"]
        return [
            Route("/v1/meetings/{meeting}/doors", self._guarded(self._open), methods=["POST"]),
            Route("/v1/whip", self._guarded(self._whip), methods=methods),
            Route("/v1/whep", self._guarded(self._whep), methods=methods),
        ]

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        try:
            yield
        finally:
            tasks = [task for _, task in self._guests.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # the host's side

    async def _open(self, request: Request) -> Response:
        """A token, for a person with the role host at the meeting's host or chair site, or its provincial operator."""
        principal: Principal = request.scope["principal"]
        body = _read_object(await request.body())
        try:
            role = DoorRole(str(body.get("role")))
        except ValueError as err:
            raise PeerFault("field-invalid", field="role") from err
        minutes = body.get("minutes", 60)
        if not isinstance(minutes, int) or isinstance(minutes, bool) or not 1 <= minutes <= MINUTES:
            raise PeerFault("field-invalid", field="minutes")
        room, _ = await self._meetings.entrance(read_meeting_id(request.path_params["meeting"]))
        state = room.state
        actor = SiteActor.of(principal)
        if not room.admits(actor) or room.removal(actor) is not None:
            raise PeerFault("meeting-unknown")
        conducts = principal.unit_path in (state.host, state.chair) and Role.HOST in principal.roles
        if not conducts and not room.is_operated_by(actor):
            raise PeerFault("door-not-yours")
        unit_path = principal.unit_path
        if role is DoorRole.STUDIO:
            unit_path = read_unit_path(body.get("unit_path"))
            if unit_path not in (state.host, *state.invited):
                raise PeerFault("not-invited")
        until = self._clock.now() + timedelta(minutes=minutes)
        token = self._tokens.issue(state.meeting_id, role, unit_path, until)
        log.info("%s opened a door of meeting %s: %s", principal.unit_path, state.meeting_id, role)
        where = {DoorRole.STUDIO: "/v1/whip", DoorRole.OBSERVER: "/v1/whep"}[role]
        return JSONResponse({"url": where, "token": token, "until": stamp(until)}, 201)

    # the guests' side

    async def _whip(self, request: Request) -> Response:
        return await self._door(request, DoorRole.STUDIO)

    async def _whep(self, request: Request) -> Response:
        return await self._door(request, DoorRole.OBSERVER)

    async def _door(self, request: Request, role: DoorRole) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204)
        grant = self._tokens.read(_bearer(request), role, self._now_for(request))
        if request.method == "PATCH":
            raise PeerFault("door-trickle")
        if request.method == "DELETE":
            return await self._end(request.query_params.get("session", ""), grant)
        return await self._enter(request, role, grant)

    def _now_for(self, request: Request) -> datetime:
        """A token that has run out still ends its own session."""
        ending = request.method == "DELETE" and request.query_params.get("session", "") in self._guests
        return datetime.fromtimestamp(0, self._clock.now().tzinfo) if ending else self._clock.now()

    async def _enter(self, request: Request, role: DoorRole, grant: DoorGrant) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != SDP_TYPE:
            raise PeerFault("door-offer-type")
        if len(self._guests) >= GUESTS:
            raise PeerFault("door-full", limit=GUESTS)
        offer = (await request.body()).decode("utf-8", "replace")
        room, air = await self._meetings.entrance(grant.meeting)
        for older, task in list(self._guests.values()):
            if older.number == grant.number:  # one token is one guest: it connects anew
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        guest: Guest
        if role is DoorRole.STUDIO:
            guest = Studio(grant, room, air, self._engine, self._clock)
        else:
            guest = Observer(grant, room, self._engine, self._clock)
        try:
            answer = reached_at(await guest.enter(offer), _reached(request))
        except Fault:
            await self._let_go(guest)
            raise
        self._guests[guest.id] = guest, asyncio.create_task(self._stay(guest), name=f"{role} of {grant.meeting}")
        location = f"{request.url.path}?session={guest.id}"
        return Response(answer, 201, {"Location": location}, SDP_TYPE)

    async def _end(self, session: str, grant: DoorGrant) -> Response:
        found = self._guests.get(session)
        if found is None or found[0].number != grant.number:
            raise PeerFault("door-session-unknown")
        found[1].cancel()
        await asyncio.gather(found[1], return_exceptions=True)
        return Response(status_code=200)

    async def _stay(self, guest: Guest) -> None:
        try:
            await guest.stay()
        finally:
            self._guests.pop(guest.id, None)
            await self._let_go(guest)

    async def _let_go(self, guest: Guest) -> None:
        try:
            await guest.leave()
        except Fault as fault:
            log.info("a guest's connection was not ended: %s", fault)

    def _guarded(self, serve: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            try:
                response = await serve(request)
            except Fault as fault:
                status = _STATUS.get(fault.id, 503 if isinstance(fault, HostFault) else 400)
                values = {name: str(value) for name, value in fault.values.items()}
                response = JSONResponse({"now": stamp(self._clock.now()), **values, "id": fault.id}, status)
                if status == 401:
                    response.headers["WWW-Authenticate"] = "Bearer"
            if request.url.path in ("/v1/whip", "/v1/whep"):
                response.headers.update(_OPEN_TO_ALL)
            return response

        return guarded


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise PeerFault("door-token-missing")
    return token.strip()


def _reached(request: Request) -> str:
    """The address of this machine at which the request came in."""
    server = request.scope.get("server")
    try:
        return str(ipaddress.ip_address(str(server[0]))) if server else "127.0.0.1"
    except ValueError:
        return "127.0.0.1"


def _read_object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError as err:
        raise PeerFault("message-unreadable") from err
    if not isinstance(found, dict):
        raise PeerFault("message-unreadable")
    return found
