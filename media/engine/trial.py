"""Whether packets reach the media engine, tried before any meeting: `POST /v1/media-trial` with an offer of one voice.

The engine answers as in a meeting, in a room where nobody is on the air and nobody receives. A connection that was
tried is ended after some seconds, whether it came about or not.
"""

import asyncio
import json
import logging

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from desktop_app.domain.clock import Clock, stamp
from desktop_app.domain.faults import Fault, HostFault, PeerFault
from desktop_app.domain.ids import MeetingId, UnitPath
from desktop_app.domain.principal import Principal
from media.engine.room import RoomEngine
from media.transport.relay import RelayDesk, write_relay

log = logging.getLogger(__name__)

ROOM = MeetingId("00000000-0000-0000-0000-000000000000")
AT_ONCE = 32
LASTS = 12.0
"""Seconds; a terminal tries for less."""


class MediaTrials:
    """Mount `routes()` behind the authentication."""

    def __init__(self, engine: RoomEngine, relays: RelayDesk | None, clock: Clock) -> None:
        self._engine, self._relays, self._clock = engine, relays, clock
        self._under_way: dict[UnitPath, asyncio.Task[None]] = {}

    def routes(self) -> list[BaseRoute]:
        return [Route("/v1/media-trial", self._serve, methods=["POST"])]

    async def _serve(self, request: Request) -> Response:
        try:
            return JSONResponse(await self._try(request.scope["principal"], await request.body()))
        except Fault as fault:
            status = 503 if isinstance(fault, HostFault) else 400
            values = {name: str(value) for name, value in fault.values.items()}
            return JSONResponse({"now": stamp(self._clock.now()), **values, "id": fault.id}, status)

    async def _try(self, principal: Principal, body: bytes) -> dict[str, object]:
        try:
            offer = json.loads(body)["sdp"]
        except (ValueError, KeyError, TypeError) as err:
            raise PeerFault("sdp-unreadable") from err
        # A name under the unit's, so that a cascade tries the engine on which the unit would be.
        site = UnitPath(f"{principal.unit_path}{principal.device}/")
        if len(self._under_way) >= AT_ONCE and site not in self._under_way:
            raise PeerFault("room-full", limit=AT_ONCE)
        await self._engine.create_room(ROOM)
        answer = await self._engine.publish(ROOM, site, offer)
        if (older := self._under_way.get(site)) is not None:
            older.cancel()
        task = self._under_way[site] = asyncio.create_task(self._end(site), name=f"media trial of {site}")
        task.add_done_callback(lambda _: self._forget(site, task))
        relay = None if self._relays is None else self._relays.grant(principal.device, self._clock.now())
        return {"sdp": answer, "relay": None if relay is None else write_relay(relay)}

    async def _end(self, site: UnitPath) -> None:
        await asyncio.sleep(LASTS)
        try:
            await self._engine.leave(ROOM, site)
        except Fault as fault:
            log.info("a tried connection was not ended: %s", fault)

    def _forget(self, site: UnitPath, task: "asyncio.Task[None]") -> None:
        if self._under_way.get(site) is task:
            del self._under_way[site]
