"""The hub's door for the center: authenticated, on loopback, one request at a time per connection.

Any number of centers may come and go one after the other; the rooms stay. A request it does not understand gets a fault
and disturbs nobody.
"""

import asyncio
import logging
import os
from typing import Any

from desktop_app.domain.faults import Fault, HostFault, PeerFault
from desktop_app.domain.ids import MeetingId, UnitPath
from media.engine.layers import FULL_HEIGHT, Layer
from media.engine.trouble import write_behaviours
from media.engine.wire import prove_as_hub, read_message, read_order, write_message
from media.hub.hub import Hub

log = logging.getLogger(__name__)

PROVE_WITHIN = 5.0
CONNECTIONS = 4


class ControlDoor:
    """Serves requests against a hub. `stopped` is set when the center asks the hub to end."""

    def __init__(self, hub: Hub, secret: bytes) -> None:
        self.stopped = asyncio.Event()
        self.attended = 0
        """Centers connected now."""
        self._hub = hub
        self._secret = secret
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def open(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; the port."""
        self._server = await asyncio.start_server(self._serve, host, port)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._writers) >= CONNECTIONS:
            writer.close()
            return
        self._writers.add(writer)
        try:
            async with asyncio.timeout(PROVE_WITHIN):
                await prove_as_hub(reader, writer, self._secret)
            self.attended += 1
            try:
                while True:
                    request = await read_message(reader)
                    write_message(writer, self._answer(request))
                    await writer.drain()
            finally:
                self.attended -= 1
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError, PeerFault) as err:
            log.info("a control connection ended: %s", err)
        finally:
            self._writers.discard(writer)
            writer.close()

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        number = request.get("id")
        try:
            return {"id": number, "ok": self._do(request)}
        except HostFault as fault:
            return {"id": number, "fault": fault.id, "values": fault.values, "host": True}
        except Fault as fault:
            return {"id": number, "fault": fault.id, "values": fault.values}
        except (KeyError, TypeError, ValueError):
            return {"id": number, "fault": "hub-message", "values": {}}

    def _do(self, request: dict[str, Any]) -> Any:
        hub = self._hub
        operation = request["op"]
        if operation == "hello":
            return {"pid": os.getpid(), "rooms": hub.rooms()}
        if operation == "shutdown":
            self.stopped.set()
            return None
        meeting = MeetingId(_text(request["meeting"]))
        if operation == "create_room":
            return hub.create_room(meeting)
        if operation == "close_room":
            return hub.close_room(meeting)
        if operation == "stats":
            return hub.stats(meeting)
        if operation == "behaviours":
            return write_behaviours(hub.behaviours(meeting))
        if operation == "demand":
            return hub.demand(meeting)
        if operation == "record":
            return hub.record(meeting, read_order(request["order"]))
        if operation == "set_on_air":
            return hub.set_on_air(meeting, frozenset(UnitPath(_text(site)) for site in request["sites"]))
        site = UnitPath(_text(request["site"]))
        if operation == "publish":
            return hub.publish(meeting, site, request["offer"])
        if operation == "subscribe":
            return hub.subscribe(meeting, site, request["offer"])
        if operation == "switch":
            source = request["source"]
            shown = None if source is None else UnitPath(_text(source))
            return hub.switch(meeting, site, _text(request["slot"]), shown, int(request.get("height", FULL_HEIGHT)))
        if operation == "offer_layers":
            return hub.offer_layers(meeting, site, frozenset(Layer(each) for each in request["layers"]))
        if operation == "pause":
            return hub.pause(meeting, site, _text(request["slot"]), bool(request["paused"]))
        if operation == "keyframe":
            return hub.keyframe(meeting, site)
        if operation == "leave":
            return hub.leave(meeting, site)
        raise KeyError(operation)


def _text(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 256:
        raise TypeError("a name was expected")
    return value
