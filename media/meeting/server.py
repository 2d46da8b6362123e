"""`WS /v1/meetings/{id}`: the center's side of every meeting.

Expects `scope["principal"]` from the authentication in front of it. It holds the rooms, gives silent sites up for
lost, lets graces run out, and takes a meeting up again after a restart where its log ended.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import Fault, HostFault, PeerFault
from desktop_app.domain.ids import DeviceId, MeetingId
from desktop_app.domain.principal import Principal
from media.engine.room import RoomEngine
from media.meeting.air import AirLane
from media.meeting.commands import Leave
from media.meeting.decide import Rules, SiteActor
from media.meeting.media_desk import MediaDesk
from media.meeting.model import MeetingPhase
from media.meeting.room import Room
from media.meeting.seals import CenterSigner
from media.meeting.seams import EventStore, LineBook, MeetingDirectory, Tapes
from media.meeting.session import POLICY_VIOLATION, TRY_AGAIN, Session, fault_message
from media.meeting.wire import read_meeting_id, write_message
from media.transport.relay import RelayDesk

log = logging.getLogger(__name__)

SWEEP_SECONDS = 0.25
HEALTH_SECONDS = 2.0
"""How often whoever conducts hears how the sites are."""
REVOKED_SECONDS = 2.0
"""How often it is looked whether a device was revoked: the one look of a center, by which its gate knows it too."""
IDLE_SECONDS = 60.0
REFRESH_SECONDS = 0.2


class MeetingServer:
    """All meetings of one center. Make it, mount `routes()`, and keep `running()` open while the center serves."""

    def __init__(
        self,
        *,
        store: EventStore,
        directory: MeetingDirectory,
        engine: RoomEngine,
        signer: CenterSigner,
        clock: Clock,
        relays: RelayDesk | None = None,
        tapes: Tapes | None = None,
        lines: LineBook | None = None,
        rules: Rules | None = None,
        revoked: Callable[[], frozenset[DeviceId]] = frozenset,
    ) -> None:
        """`revoked`: the devices that may not take part any more; may read a disk."""
        self._desk = MediaDesk(engine, signer, relays, clock)
        self._store, self._directory, self._engine, self._clock = store, directory, engine, clock
        self._tapes, self._lines, self._rules = tapes, lines, rules or Rules()
        self._disk = ThreadPoolExecutor(4, "meeting-log")
        self._rooms: dict[MeetingId, Room] = {}
        self._lanes: dict[MeetingId, AirLane] = {}
        self._opening: dict[MeetingId, asyncio.Lock] = {}
        self._sessions: dict[MeetingId, set[Session]] = {}
        self._health_due: dict[MeetingId, float] = {}
        self._revoked = revoked
        self._shown_out: set[DeviceId] = set()
        self._revoked_due = 0.0
        self._refreshing: dict[MeetingId, asyncio.Task[None]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def routes(self) -> list[BaseRoute]:
        return [WebSocketRoute("/v1/meetings/{meeting}", self._endpoint)]

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Take up what was running, watch over it, and end the sockets at the close."""
        loop = self._loop = asyncio.get_running_loop()
        for meeting in await loop.run_in_executor(self._disk, self._directory.open_meetings):
            await self._room(meeting)
        sweeping = asyncio.create_task(self._sweep_forever(), name="meeting sweep")
        try:
            yield
        finally:
            self._loop = None
            ending = [sweeping, *self._refreshing.values()]
            for task in ending:
                task.cancel()
            await asyncio.gather(*ending, return_exceptions=True)
            for sessions in self._sessions.values():
                for session in sessions:
                    session.end(PeerFault("center-stopping"), 1012)
            for meeting in list(self._rooms):
                await self._forget(meeting)
            self._disk.shutdown()

    async def _endpoint(self, socket: WebSocket) -> None:
        principal: Principal = socket.scope["principal"]
        actor = SiteActor.of(principal)
        await socket.accept()
        try:
            meeting = read_meeting_id(socket.path_params["meeting"])
            room = await self._room(meeting)
            await room.refresh_plan()
            if not room.admits(actor):
                raise PeerFault("meeting-unknown")
            removal = room.removal(actor)
            if removal is not None:
                raise removal
        except Fault as fault:
            known = fault if fault.id != "field-invalid" else PeerFault("meeting-unknown")
            await _refuse(socket, known)
            return
        sessions = self._sessions.setdefault(meeting, set())

        def replace_older() -> None:
            for older in sessions - {session}:
                if older.is_greeted and older.actor.device == actor.device:
                    older.end(PeerFault("replaced"))

        session = Session(socket, room, self._lanes[meeting], self._desk, actor, self._clock, replace_older)
        sessions.add(session)
        try:
            await session.run()
        finally:
            sessions.discard(session)

    async def entrance(self, meeting: MeetingId) -> tuple[Room, AirLane]:
        """The meeting for who takes part without a terminal (`media.doors`). PeerFault (meeting-unknown)."""
        room = await self._room(meeting)
        await room.refresh_plan()
        if room.state.phase is MeetingPhase.NONE:
            raise PeerFault("meeting-unknown")
        return room, self._lanes[meeting]

    def plan_changed(self, meeting: MeetingId) -> None:
        """What the records say of this meeting has changed. From any thread; nothing where no such meeting is held."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # it stops at this moment
                loop.call_soon_threadsafe(self._refresh_soon, meeting)

    def _refresh_soon(self, meeting: MeetingId) -> None:
        room = self._rooms.get(meeting)
        if room is None or meeting in self._refreshing:
            return
        task = asyncio.create_task(self._refresh(room), name=f"plan of meeting {meeting}")
        self._refreshing[meeting] = task
        task.add_done_callback(lambda _: self._refreshing.pop(meeting, None))

    async def _refresh(self, room: Room) -> None:
        await asyncio.sleep(REFRESH_SECONDS)  # a schedule comes as several changes
        try:
            await room.refresh_plan()
        except HostFault as fault:
            log.error("the changed plan of meeting %s could not be taken over: %s", room.meeting, fault)

    async def _room(self, meeting: MeetingId) -> Room:
        async with self._opening.setdefault(meeting, asyncio.Lock()):
            room = self._rooms.get(meeting)
            if room is None:
                room = Room(
                    meeting,
                    store=self._store,
                    directory=self._directory,
                    clock=self._clock,
                    rules=self._rules,
                    disk=self._disk,
                )
                await room.open()
                self._rooms[meeting] = room
                self._lanes[meeting] = AirLane(
                    room, self._engine, self._clock, lambda: self._greeted(meeting), self._tapes
                )
            return room

    def _greeted(self, meeting: MeetingId) -> list[Session]:
        return [session for session in self._sessions.get(meeting, ()) if session.is_greeted]

    async def _forget(self, meeting: MeetingId) -> None:
        await self._lanes.pop(meeting).close()
        await self._rooms.pop(meeting).close()
        self._opening.pop(meeting, None)
        self._sessions.pop(meeting, None)
        self._health_due.pop(meeting, None)

    async def _sweep_forever(self) -> None:
        last = self._clock.monotonic()
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = self._clock.monotonic()
            stuck = now - last - 2 * SWEEP_SECONDS
            last = now
            await self._show_out(now)
            for meeting, room in list(self._rooms.items()):
                if stuck > 0:
                    room.grant_delay(stuck)
                    for session in self._sessions.get(meeting, ()):
                        session.grant_delay(stuck)
                try:
                    await self._sweep(meeting, room, now)
                except HostFault as fault:
                    log.error("meeting %s: %s", meeting, fault)
                except Exception:  # the sweep of one meeting must not end that of all others
                    log.exception("the sweep of meeting %s failed", meeting)

    async def _show_out(self, now: float) -> None:
        """A device that was revoked loses its socket, and sound and picture too, which go on without one."""
        if self._revoked_due > now or self._loop is None:
            return
        self._revoked_due = now + REVOKED_SECONDS
        try:
            revoked = await self._loop.run_in_executor(self._disk, self._revoked)
            newly = revoked - self._shown_out
            for meeting, room in list(self._rooms.items()):
                for session in self._sessions.get(meeting, ()):
                    if session.actor.device in revoked:
                        session.end(PeerFault("device-revoked"))
                for path, site in room.state.sites.items():
                    if site.device in newly:
                        await room.do(SiteActor(path, site.device, center=True), Leave())
                        self._lanes[meeting].end_site(path)
            self._shown_out = set(revoked)
        except Exception:  # it is tried again, and the meetings are watched over meanwhile
            log.exception("whether a terminal was revoked cannot be told")

    async def _sweep(self, meeting: MeetingId, room: Room, now: float) -> None:
        for session in self._sessions.get(meeting, ()):
            session.end_if_idle(now)
        if self._health_due.get(meeting, 0.0) <= now:
            self._health_due[meeting] = now + HEALTH_SECONDS
            for session in self._greeted(meeting):
                session.tell_healths()
            if self._lines is not None and room.state.phase is MeetingPhase.OPEN:
                self._lines.note(meeting, room.online_healths())
        await room.sweep()
        is_over = room.state.phase is not MeetingPhase.OPEN and not self._sessions.get(meeting)
        if is_over and room.idle_since + IDLE_SECONDS <= now:
            await self._forget(meeting)

    def snapshot(self) -> dict[str, Any]:
        """What the center's status page tells: meetings and the sites in them."""
        return {
            meeting: {"phase": room.state.phase.value, "sites": sum(site.online for site in room.state.sites.values())}
            for meeting, room in self._rooms.items()
        }


async def _refuse(socket: WebSocket, fault: Fault) -> None:
    code = POLICY_VIOLATION if isinstance(fault, PeerFault) else TRY_AGAIN
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        await socket.send_text(write_message(fault_message(fault)))
        await socket.close(code)
