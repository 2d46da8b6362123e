"""Janus's WebSocket API (protocol `janus-protocol`): one session, its handles, requests and the events between them.

A session outlives its socket: after a reconnect it is claimed again, with every handle and connection in it. Nothing
of Janus's answers leaves this module as anything but JSON objects and faults.
"""

import asyncio
import contextlib
import itertools
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.typing import Subprotocol

from desktop_app.domain.faults import HostFault

log = logging.getLogger(__name__)

ANSWER_WITHIN = 4.0
CONNECT_WITHIN = 3.0
KEEP_ALIVE = 15.0
PING_EVERY = 1.0
PING_WITHIN = 3.0
MESSAGE = 1024 * 1024
PLUGIN = "janus.plugin.videoroom"

NO_ROOM, ROOM_EXISTS, NO_FEED, ID_EXISTS, NOT_OFFERED = 426, 427, 428, 436, 469
_NO_SESSION = 458

Answer = Mapping[str, Any]


class JanusRefusal(HostFault):
    """Janus said no; `code` is its own number."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__("engine-refused", code=code, reason=reason[:200])
        self.code = code


class JanusSession:
    """One open socket with its session; `open` makes it, and it is of no use after `closed`."""

    def __init__(self, socket: ClientConnection, secret: str, on_event: Callable[[int, Answer], None]) -> None:
        self._socket = socket
        self._secret = secret
        self._on_event = on_event
        self._numbers = itertools.count(1)
        self._answers: dict[str, asyncio.Future[Answer]] = {}
        self.id = 0
        self.closed = asyncio.Event()
        self.is_gone = False
        """Whether Janus itself ended the session: then there is nothing left to claim."""
        self._tasks = [asyncio.ensure_future(self._listen()), asyncio.ensure_future(self._keep_alive())]

    @classmethod
    async def open(
        cls, url: str, secret: str, on_event: Callable[[int, Answer], None], claim: int | None
    ) -> tuple["JanusSession", bool]:
        """A session, and whether it is the claimed one. HostFault (engine-unreachable, engine-refused)."""
        try:
            socket = await asyncio.wait_for(
                connect(
                    url,
                    subprotocols=[Subprotocol("janus-protocol")],
                    compression=None,
                    max_size=MESSAGE,
                    ping_interval=PING_EVERY,
                    ping_timeout=PING_WITHIN,
                    close_timeout=0.5,
                    proxy=None,
                ),
                CONNECT_WITHIN,
            )
        except (OSError, TimeoutError, InvalidHandshake, WebSocketException) as err:
            raise HostFault("engine-unreachable") from err
        session = cls(socket, secret, on_event)
        try:
            if claim is not None and await session._claims(claim):
                return session, True
            session.id = int((await session._exchange({"janus": "create"}))["data"]["id"])
        except (HostFault, KeyError, ValueError) as err:
            await session.close()
            raise err if isinstance(err, HostFault) else HostFault("engine-unreachable") from err
        return session, False

    async def _claims(self, session: int) -> bool:
        self.id = session
        try:
            await self._exchange({"janus": "claim", "session_id": session})
        except JanusRefusal:
            self.id = 0
            return False
        return True

    async def version(self) -> int:
        """Janus's own: 1102 is 1.1.2."""
        return int((await self._exchange({"janus": "info"})).get("version", 0))

    async def attach(self) -> int:
        """A new handle on the VideoRoom."""
        return int((await self._exchange(self._within({"janus": "attach", "plugin": PLUGIN})))["data"]["id"])

    async def detach(self, handle: int) -> None:
        """Drop a handle and its connection, if it is still there."""
        with contextlib.suppress(JanusRefusal):
            await self._exchange(self._within({"janus": "detach", "handle_id": handle}))

    async def ask(self, handle: int, body: Mapping[str, Any], jsep: Mapping[str, str] | None = None) -> Answer:
        """Ask the VideoRoom; its data, with the SDP beside it under `jsep`. JanusRefusal where it says no."""
        message = self._within({"janus": "message", "handle_id": handle, "body": body})
        if jsep is not None:
            message["jsep"] = jsep
        answer = await self._exchange(message)
        data = answer.get("plugindata", {}).get("data", {})
        if "error_code" in data:
            raise JanusRefusal(int(data["error_code"]), str(data.get("error", "")))
        return {**data, "jsep": answer.get("jsep", {}).get("sdp")}

    async def close(self) -> None:
        """Let go of the socket; the session waits to be claimed."""
        for task in self._tasks:
            task.cancel()
        with contextlib.suppress(WebSocketException, OSError):
            await self._socket.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._end()

    async def destroy(self) -> None:
        """End the session with every connection in it."""
        with contextlib.suppress(HostFault):
            await self._exchange(self._within({"janus": "destroy"}))
        await self.close()

    def _within(self, message: dict[str, Any]) -> dict[str, Any]:
        return {**message, "session_id": self.id}

    async def _exchange(self, message: dict[str, Any]) -> Answer:
        number = str(next(self._numbers))
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            if self.closed.is_set():
                raise ConnectionResetError("the session is over")
            await self._socket.send(json.dumps({**message, "transaction": number, "apisecret": self._secret}))
            found: Answer = await asyncio.wait_for(answer, ANSWER_WITHIN)
        except (TimeoutError, OSError, WebSocketException) as err:
            raise HostFault("engine-unreachable") from err
        finally:
            self._answers.pop(number, None)
        if found["janus"] == "error":
            error = found.get("error", {})
            raise JanusRefusal(int(error.get("code", 0)), str(error.get("reason", "")))
        return found

    async def _listen(self) -> None:
        try:
            async for text in self._socket:
                self._take(text)
        except WebSocketException as err:
            log.info("the socket of an engine ended: %s", err)
        finally:
            self._end()

    def _take(self, text: str | bytes) -> None:
        try:
            message = json.loads(text)
            kind = message["janus"]
        except (ValueError, KeyError, TypeError):
            log.warning("an engine said something that is no message")
            return
        answer = self._answers.get(message.get("transaction", ""))
        if kind == "timeout":
            self.is_gone = True
            self._end()
        elif answer is not None and kind in ("success", "event", "error", "server_info"):
            if not answer.done():
                answer.set_result(message)
        elif "sender" in message:
            self._on_event(int(message["sender"]), message)

    def _end(self) -> None:
        self.closed.set()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ConnectionResetError("the engine went away"))

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(KEEP_ALIVE)
            with contextlib.suppress(OSError, WebSocketException):
                await self._socket.send(
                    json.dumps(self._within({"janus": "keepalive", "transaction": "k", "apisecret": self._secret}))
                )
