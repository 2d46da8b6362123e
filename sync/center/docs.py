"""`WS /v1/docs/{id}`: minutes that are open at several places at once.

A change that comes here is a signed push like any other: it goes through `CenterStore.receive`, and `saved` is said
when that is committed. Whatever way an update came (a socket, the push lane, a stick), all who have the document
open hear of it after its commit. Who is here and where their cursor is, is told and kept nowhere.
"""

import asyncio
import contextlib
import logging
from typing import Any

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import Fault, HostFault, PeerFault
from desktop_app.domain.limits import CONTROL_MESSAGE
from desktop_app.domain.principal import Principal
from desktop_app.domain.units import governs
from sync.center.routes import Receive
from sync.center.store import CenterStore
from sync.documents import live
from sync.documents.live import Colleague
from sync.log.envelope import Op, Verdict
from sync.log.payload import open_payload
from sync.merge.fold import update_bytes
from sync.store.engine import reading
from sync.store.store import Touched
from sync.store.tables import change, participant, record

log = logging.getLogger("silian.documents")
BEHIND = 200
"""Frames that may wait for one socket; one that is further behind is closed and pulls what it missed."""
POLICY_VIOLATION, TRY_AGAIN = 1008, 1013
Update = tuple[str, str, bytes]
"""Change id, the terminal that wrote it, the update."""


def read_updates(store: CenterStore, pk: str, after: int) -> tuple[list[Update], int]:
    """The applied updates of a document after a position of this store, and the last position there is."""
    columns = (change.c.position, change.c.change_id, change.c.terminal, change.c.payload)
    with reading(store.engine) as connection:
        rows = connection.execute(
            sa.select(*columns)
            .where(
                change.c.entity == "minutes",
                change.c.pk == pk,
                change.c.op == Op.UPDATE.value,
                change.c.verdict == Verdict.APPLIED.value,
                change.c.position > after,
            )
            .order_by(change.c.position)
        ).all()
    updates = [(row.change_id, row.terminal, update_bytes(open_payload(row.payload))) for row in rows if row.payload]
    return updates, rows[-1].position if rows else after


def end_of_log(store: CenterStore) -> int:
    with reading(store.engine) as connection:
        return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(change.c.position), 0))).scalar_one())


def may_read(store: CenterStore, principal: Principal, pk: str) -> bool:
    """Whether these minutes are in the unit's charge, or of a meeting that it convenes or is invited to."""
    with reading(store.engine) as connection:
        row = connection.execute(
            sa.select(record.c.owner_path, record.c.meeting).where(
                record.c.entity == "minutes", record.c.pk == pk, record.c.retracted.is_(False)
            )
        ).first()
        if row is None:
            return False
        if governs(principal.unit_path, row.owner_path):
            return True
        seat = sa.select(participant.c.unit_path).where(
            participant.c.meeting == row.meeting, participant.c.unit_path == principal.unit_path
        )
        return connection.execute(seat).first() is not None


class Desk:
    """All open documents of one center."""

    def __init__(self, store: CenterStore, clock: Clock, receive: Receive | None = None) -> None:
        """`receive` takes in the changes; the store itself where it is not given."""
        self._store = store
        self._receive = receive or store.receive
        self._clock = clock
        self._rooms: dict[str, Room] = {}

    def routes(self) -> list[BaseRoute]:
        return [WebSocketRoute("/v1/docs/{document}", self._endpoint)]

    async def _endpoint(self, socket: WebSocket) -> None:
        principal: Principal = socket.scope["principal"]
        pk = socket.path_params["document"]
        await socket.accept()
        try:
            if not await run_in_threadpool(may_read, self._store, principal, pk):
                raise PeerFault("minutes-unknown")
        except Fault as fault:
            await _refuse(socket, fault)
            return
        room = self._rooms.get(pk)
        if room is None:
            room = self._rooms[pk] = Room(self._store, self._clock, pk)
        room.visitors += 1
        try:
            await room.open()
            await Session(socket, room, principal, self._receive, self._clock).run()
        finally:
            room.visitors -= 1
            if room.visitors == 0:
                del self._rooms[pk]
                room.close()


class Room:
    """One document and whoever has it open."""

    def __init__(self, store: CenterStore, clock: Clock, pk: str) -> None:
        self._store, self._clock, self._pk = store, clock, pk
        self._sessions: set[Session] = set()
        self._lost: dict[str, tuple[Colleague, float]] = {}
        self.visitors = 0
        self._news = asyncio.Event()
        self._opening = asyncio.Lock()
        self._position = 0
        self._telling: asyncio.Task[None] | None = None
        self._unsubscribe: Any = None

    async def open(self) -> None:
        """Listen to the store from now on. Once, however many come in at a time."""
        async with self._opening:
            if self._telling is None:
                await self._begin()

    async def _begin(self) -> None:
        loop = asyncio.get_running_loop()

        def hear(touched: Touched) -> None:
            if ("minutes", self._pk) in touched:
                with contextlib.suppress(RuntimeError):  # the center stops at this moment
                    loop.call_soon_threadsafe(self._news.set)

        self._unsubscribe = self._store.subscribe(hear)
        self._position = await run_in_threadpool(end_of_log, self._store)
        self._telling = asyncio.create_task(self._tell_forever(), name=f"document {self._pk}")

    def close(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._telling is not None:
            self._telling.cancel()

    def enter(self, session: "Session") -> None:
        for older in [one for one in self._sessions if one.me.device == session.me.device]:
            self._sessions.discard(older)
            older.end(PeerFault("replaced"))
        self._lost.pop(session.me.device, None)
        self._sessions.add(session)
        self.tell_people()

    def leave(self, session: "Session", *, goodbye: bool) -> None:
        if session not in self._sessions:
            return
        self._sessions.discard(session)
        if not goodbye:
            gone = Colleague(**{**_values(session.me), "lost": True})
            self._lost[gone.device] = (gone, self._clock.monotonic() + live.LOST_SHOWN_SECONDS)
        self.tell_people()

    def tell_people(self) -> None:
        """Everybody hears who else is here, and who was until the line broke."""
        now = self._clock.monotonic()
        self._lost = {device: one for device, one in self._lost.items() if one[1] > now}
        here = [session.me for session in self._sessions] + [one for one, _ in self._lost.values()]
        for session in self._sessions:
            others = sorted((one for one in here if one.device != session.me.device), key=lambda one: one.device)
            session.say(live.pack_people(others))

    async def _tell_forever(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self._tell_once()
            except HostFault as fault:
                log.error("the news of document %s could not be read: %s", self._pk, fault)
                await asyncio.sleep(1.0)
                self._news.set()

    async def _tell_once(self) -> None:
        updates, self._position = await run_in_threadpool(read_updates, self._store, self._pk, self._position)
        if not updates:
            return
        for session in tuple(self._sessions):
            if not await run_in_threadpool(may_read, self._store, session.principal, self._pk):
                session.end(PeerFault("minutes-unknown"))
                continue
            for change_id, terminal, update in updates:
                if terminal != session.me.device and len(update) < live.LARGEST_FROM_CENTER - 1024:
                    session.say(live.pack("update", change=change_id, update=update))


class Session:
    """One terminal at one document."""

    def __init__(self, socket: WebSocket, room: Room, principal: Principal, receive: Receive, clock: Clock) -> None:
        self.principal = principal
        self.me = Colleague(principal.device, principal.person, principal.person_name, principal.unit_path)
        self._socket, self._room, self._receive, self._clock = socket, room, receive, clock
        self._out: asyncio.Queue[bytes | Fault] = asyncio.Queue()
        self._goodbye = False

    def say(self, frame: bytes) -> None:
        """In order, behind what waits; whoever is too far behind is let go."""
        if self._out.qsize() > BEHIND:
            self.end(PeerFault("too-slow"))
        else:
            self._out.put_nowait(frame)

    def end(self, fault: Fault) -> None:
        self._out.put_nowait(fault)

    async def run(self) -> None:
        """Until either end leaves, or nothing was heard for a while."""
        sending = asyncio.create_task(self._send())
        hearing = asyncio.create_task(self._hear())
        try:
            await asyncio.wait({sending, hearing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._room.leave(self, goodbye=self._goodbye)
            for task in (sending, hearing):
                task.cancel()
            for ended in await asyncio.gather(sending, hearing, return_exceptions=True):
                if isinstance(ended, Exception) and not isinstance(ended, WebSocketDisconnect | RuntimeError):
                    log.error("a socket of a document ended by a bug", exc_info=ended)

    async def _send(self) -> None:
        while True:
            frame = await self._out.get()
            if isinstance(frame, Fault):
                await _refuse(self._socket, frame)
                return
            await self._socket.send_bytes(frame)

    async def _hear(self) -> None:
        greeted = False
        while True:
            try:
                async with asyncio.timeout(live.SILENT_SECONDS):
                    message = await self._socket.receive()
            except TimeoutError:
                self.end(PeerFault("too-silent"))
                return
            if message["type"] == "websocket.disconnect":
                self._goodbye = message.get("code") == 1000
                return
            try:
                body = live.unpack(message.get("bytes") or b"", CONTROL_MESSAGE)
                if not greeted and body["t"] != "hello":
                    raise PeerFault("hello-missing")
                if body["t"] == "hello":
                    greeted = True
                    self.say(live.pack("welcome", protocol=live.PROTOCOL))
                    self._room.enter(self)
                else:
                    await self._take(body)
            except PeerFault as fault:
                self.end(fault)
                return

    async def _take(self, body: dict[str, Any]) -> None:
        match body["t"]:
            case "ping":
                self.say(live.pack("pong"))
            case "here":
                values = _values(self.me) | {"block": live.text(body, "block"), "at": live.number(body, "at")}
                if (moved := Colleague(**values)) != self.me:
                    self.me = moved
                    self._room.tell_people()
            case "changes":
                await self._take_changes(live.number(body, "id"), live.blob(body, "batch"))

    async def _take_changes(self, asked: int, batch: bytes) -> None:
        """`saved` is said once it is committed; what the lane would refuse stays the push lane's business."""
        try:
            await run_in_threadpool(self._receive, self.principal.device, batch)
        except Fault as fault:
            self.say(live.pack("refused", id=asked, fault=fault.id))
        else:
            self.say(live.pack("saved", id=asked))


def _values(one: Colleague) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Colleague.__slots__}


async def _refuse(socket: WebSocket, fault: Fault) -> None:
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await socket.send_bytes(live.pack("fault", id=fault.id))
        code = TRY_AGAIN if isinstance(fault, HostFault) else POLICY_VIOLATION
        await socket.close(code, fault.id)
