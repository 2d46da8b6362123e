"""One site's socket at the center: reads within limits, answers, and never lets its slowness reach anybody else.

Events are not queued per client: the session keeps only how far its client has been told, and sends from the room's
log. What else is owed (results, answers about media, pongs) waits in a short queue; a client that lets it fill up, or
does not take what is sent for `SEND_SECONDS`, is dropped, and comes back to where it was.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from desktop_app.domain.clock import Clock, stamp
from desktop_app.domain.faults import Fault, PeerFault
from desktop_app.domain.ids import UnitPath
from media.engine.layers import Demand
from media.meeting.air import AirLane
from media.meeting.commands import Leave, Schedule, Tick
from media.meeting.decide import Refusal, SiteActor
from media.meeting.health import Health
from media.meeting.media_desk import MediaDesk
from media.meeting.room import SILENT_AFTER, Room, Snapshot
from media.meeting.wire import (
    COMMAND_ID,
    PING,
    read_command,
    read_health,
    read_message,
    read_number,
    read_text,
    write_healths,
    write_message,
)

log = logging.getLogger(__name__)

PROTOCOL = 1
HELLO_SECONDS = 10.0
SEND_SECONDS = 5.0
OUTBOX = 64
MEDIA_WAITING = 32
SNAPSHOT_AFTER = 300
"""Events behind from which on a client that takes snapshots gets one instead of them."""
SNAPSHOT_PART = 16 * 1024
"""Characters of a snapshot in one message."""
MESSAGES_PER_SECOND = 50.0
MESSAGES_AT_ONCE = 200.0
FAULTS_TOLERATED = 20
POLICY_VIOLATION, TOO_BIG, TRY_AGAIN = 1008, 1009, 1013

_Message = dict[str, Any]
_PING: _Message = {"t": "ping"}


class _Over(Exception):
    """The session ends, with this fault where there is one."""

    def __init__(self, fault: Fault | None = None, code: int = POLICY_VIOLATION) -> None:
        super().__init__(fault)
        self.fault, self.code = fault, code


class Session:
    """The socket of one site in one meeting, from its accepted handshake to its end."""

    def __init__(
        self,
        socket: WebSocket,
        room: Room,
        air: AirLane,
        desk: MediaDesk,
        actor: SiteActor,
        clock: Clock,
        on_hello: Callable[[], None],
    ) -> None:
        """`on_hello`: the client is really there (a handshake alone may be an attempt that was given up)."""
        self.actor = actor
        self.is_greeted = False
        self.demand: Demand | None = None
        self._on_hello = on_hello
        self.heard_at = clock.monotonic()
        self._socket, self._room, self._air, self._desk, self._clock = socket, room, air, desk, clock
        self._told = 0
        self._healths: dict[UnitPath, Health] = {}
        self._snapshot: Snapshot | None = None
        self._outbox: asyncio.Queue[str] = asyncio.Queue(OUTBOX)
        self._media: asyncio.Queue[_Message] = asyncio.Queue(MEDIA_WAITING)
        self._more = asyncio.Event()
        self._ended: asyncio.Future[_Over] = asyncio.get_running_loop().create_future()
        self._sending_since: float | None = None
        self._tokens, self._tokens_at = MESSAGES_AT_ONCE, clock.monotonic()
        self._faults = 0

    @property
    def site(self) -> UnitPath:
        return self.actor.unit_path

    def tell_demand(self, demand: Demand) -> None:
        """What the others show of this site's picture."""
        self.demand = demand
        self._send({"t": "demand", "main": demand.main, "thumb": demand.thumb})

    def tell_healths(self) -> None:
        """To whoever conducts: how the sites are, where it is otherwise than it was told before."""
        now = self._room.healths_for(self.actor) if self.is_greeted else {}
        told, self._healths = self._healths, now
        changed = {path: health for path, health in now.items() if told.get(path) != health}
        if changed:
            self._send({"t": "health", "sites": write_healths(changed)})

    def end(self, fault: Fault | None = None, code: int = POLICY_VIOLATION) -> None:
        """End it from outside: replaced by a newer socket, silent, or the center stops."""
        if not self._ended.done():
            self._ended.set_result(_Over(fault, code))

    async def run(self) -> None:
        """Serve until either side ends it."""
        stop_listening = self._room.listen(self._more.set)
        tasks = [asyncio.create_task(part) for part in (self._read(), self._write(), self._serve_media())]
        waited: list[asyncio.Future[Any]] = [*tasks, self._ended]
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop_listening()
            for task in tasks:
                task.cancel()
            endings = await asyncio.gather(*tasks, return_exceptions=True)
        over = self._ended.result() if self._ended.done() else None
        for ending in endings:
            if isinstance(ending, _Over):
                over = over or ending
            elif isinstance(ending, Exception):
                log.error("a session of meeting %s failed", self._room.meeting, exc_info=ending)
        await self._say_goodbye(over or _Over())

    async def _say_goodbye(self, over: _Over) -> None:
        if self._socket.application_state is not WebSocketState.CONNECTED:
            return
        with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError, OSError):
            async with asyncio.timeout(1.0):
                if over.fault is not None:
                    await self._socket.send_text(write_message(fault_message(over.fault)))
                await self._socket.close(over.code if over.fault is not None else 1000)

    # what comes in

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                await self._hello()
        except TimeoutError:
            raise _Over(PeerFault("hello-missing")) from None
        self._more.set()
        while True:
            try:
                await self._take(await self._next())
            except PeerFault as fault:
                self._faults += 1
                if self._faults > FAULTS_TOLERATED:
                    raise _Over(fault) from fault
                self._send(fault_message(fault))

    async def _next(self) -> _Message:
        try:
            packet = await self._socket.receive()
        except RuntimeError as err:  # Starlette: receiving after the end
            raise _Over() from err
        if packet["type"] == "websocket.disconnect":
            raise _Over()
        self.heard_at = self._clock.monotonic()
        self._room.heard(self.actor)
        self._tokens = min(MESSAGES_AT_ONCE, self._tokens + (self.heard_at - self._tokens_at) * MESSAGES_PER_SECOND)
        self._tokens_at = self.heard_at
        self._tokens -= 1
        if self._tokens < 0:
            raise _Over(PeerFault("too-many-messages"))
        text = packet.get("text")
        if text == PING:
            return _PING
        try:
            return read_message(text if text is not None else b"")
        except PeerFault as fault:
            if fault.id == "message-too-large":
                raise _Over(fault, TOO_BIG) from fault
            raise

    async def _hello(self) -> None:
        try:
            message = await self._next()
            if message["t"] != "hello":
                raise PeerFault("hello-missing")
            since = read_number(message.get("since", 0), high=1 << 53)
            mark = message.get("mark")
            mark = None if mark is None else read_text(mark, 16)
            takes_snapshots = message.get("snapshot") is True
        except PeerFault as fault:
            raise _Over(fault) from fault
        self.is_greeted = True
        self._on_hello()
        self._told = since if self._room.knows(since, mark) else 0
        welcome: _Message = {
            "t": "welcome",
            "protocol": PROTOCOL,
            "meeting": self._room.meeting,
            "site": self.actor.unit_path,
            "since": self._told,
            "head": len(self._room.lines),
            "now": stamp(self._clock.now()),
        }
        if takes_snapshots and len(self._room.lines) - self._told > SNAPSHOT_AFTER:
            self._snapshot = self._room.snapshot()
            self._told = self._snapshot.seq
        self._send(welcome)
        self._air.demand.changed()

    async def _take(self, message: _Message) -> None:
        match message["t"]:
            case "ping":
                self._send_text(f'{{"now":"{stamp(self._clock.now())}","t":"pong"}}')
                if "health" in message:
                    self._room.told_health(self.actor, read_health(message["health"]))
            case "command":
                await self._command(message)
            case "media":
                try:
                    self._media.put_nowait(message)
                except asyncio.QueueFull:
                    raise PeerFault("media-busy") from None
            case "hello":
                raise PeerFault("hello-again")
            case _:
                raise PeerFault("kind-unknown")

    async def _command(self, message: _Message) -> None:
        command_id = read_text(message.get("id"), COMMAND_ID)
        if not command_id:
            raise PeerFault("field-invalid", field="id")
        result: _Message = {"t": "result", "id": command_id, "ok": False}
        try:
            command = read_command(message.get("command"))
            if isinstance(command, Tick | Schedule) or (isinstance(command, Leave) and command.lost):
                raise PeerFault("command-not-allowed")
            answer = await self._room.do(self.actor, command, command_id)
        except Fault as fault:
            self._send({**result, "refused": {"id": fault.id, "values": _plain_values(fault)}})
            return
        if isinstance(answer, Refusal):
            self._send({**result, "refused": {"id": answer.id, "values": answer.values}})
            return
        if isinstance(command, Leave):
            self._air.end_site(self.actor.unit_path)
        self._send({"t": "result", "id": command_id, "ok": True, "seq": answer})

    # media: passed on to the engine, one at a time, without holding up control

    async def _serve_media(self) -> None:
        while True:
            message = await self._media.get()
            reply: _Message = {"t": "media"}
            try:
                reply["id"] = read_text(message.get("id"), COMMAND_ID)
                reply |= await self._desk.answer(self._room, self._air, self.actor, message)
            except Fault as fault:
                reply["fault"] = {"id": fault.id, "values": _plain_values(fault)}
            self._send(reply)

    # what goes out

    def _send(self, message: _Message) -> None:
        self._send_text(write_message(message))

    def _send_text(self, text: str) -> None:
        try:
            self._outbox.put_nowait(text)
        except asyncio.QueueFull:
            self.end(PeerFault("too-slow"), TRY_AGAIN)
            return
        self._more.set()

    async def _write(self) -> None:
        """Events first: a result always comes after the events it speaks of. The first thing of all is the welcome."""
        is_welcomed = False
        while True:
            await self._more.wait()
            self._more.clear()
            if is_welcomed:
                await self._put_events()
            while not self._outbox.empty():
                await self._put(self._outbox.get_nowait())
                is_welcomed = True
                if self._snapshot is not None:
                    snapshot, self._snapshot = self._snapshot, None
                    await self._put_snapshot(snapshot)
                await self._put_events()

    async def _put_events(self) -> None:
        while self._told < len(self._room.lines):
            removal = self._room.removal(self.actor)
            if removal is not None:
                raise _Over(removal)
            if not self._room.admits(self.actor):  # uninvited since it came
                raise _Over(PeerFault("meeting-unknown"))
            text, self._told = self._room.parcel(self._told)
            await self._put(text)

    async def _put_snapshot(self, snapshot: Snapshot) -> None:
        parts = [snapshot.text[at : at + SNAPSHOT_PART] for at in range(0, len(snapshot.text), SNAPSHOT_PART)]
        for number, text in enumerate(parts, start=1):
            message = {"t": "snapshot", "seq": snapshot.seq, "mark": snapshot.mark, "part": number, "text": text}
            await self._put(write_message(message | {"parts": len(parts)}))

    async def _put(self, text: str) -> None:
        self._sending_since = self._clock.monotonic()
        try:
            await self._socket.send_text(text)
        except (WebSocketDisconnect, RuntimeError, OSError) as err:
            raise _Over() from err
        self._sending_since = None

    # how it fares: looked at from outside, all sessions at once, so that none needs a timer for each message

    def end_if_idle(self, now: float) -> None:
        """End it where its client fell silent (before its hello `HELLO_SECONDS` is its time) or takes nothing."""
        if self.is_greeted and self.heard_at + SILENT_AFTER <= now:
            self.end(PeerFault("too-silent"))
        elif self._sending_since is not None and self._sending_since + SEND_SECONDS <= now:
            self.end(PeerFault("too-slow"), TRY_AGAIN)

    def grant_delay(self, seconds: float) -> None:
        """The center itself was stuck this long, so the client's silence is not counted against it."""
        self.heard_at += seconds
        if self._sending_since is not None:
            self._sending_since += seconds


def fault_message(fault: Fault) -> _Message:
    """A fault as it is told to a peer."""
    return {"t": "fault", "id": fault.id, "values": _plain_values(fault)}


def _plain_values(fault: Fault) -> dict[str, Any]:
    return {name: value if isinstance(value, int | float) else str(value) for name, value in fault.values.items()}
