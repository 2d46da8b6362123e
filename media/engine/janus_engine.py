"""Janus as a media engine (Debian's `janus` 1.1, its VideoRoom): what the center has instead of the hub at scale.

Janus is a service of the system and outlives the center. A center that comes back claims its session, with all
connections in it; what it must know for that is in the file `state`. Where Janus itself was restarted the rooms are
made again, and the terminals come back by themselves.
"""

import asyncio
import contextlib
import importlib
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from desktop_app.domain.faults import Fault, HostFault, PeerFault
from desktop_app.domain.ids import MeetingId, UnitPath
from desktop_app.domain.limits import SITES
from media.engine.janus_client import NO_ROOM, ROOM_EXISTS, Answer, JanusRefusal, JanusSession
from media.engine.janus_config import JanusSecrets
from media.engine.janus_memory import JanusMemory
from media.engine.janus_placeholder import Placeholder
from media.engine.janus_room import JanusRoom
from media.engine.janus_stats import room_stats
from media.engine.layers import FULL_HEIGHT, Demand, Layer
from media.engine.room import RecordingOrder, RoomStats
from media.engine.trouble import Behaviour, behaviours

log = logging.getLogger(__name__)
_T = TypeVar("_T")

READY_WITHIN = 5.0
TRY_AGAIN = (0.1, 1.0)


@dataclass(frozen=True, slots=True)
class JanusAddress:
    """Where the center reaches one Janus: loopback, or the address of a tunnel of its own."""

    host: str = "127.0.0.1"
    api_port: int = 8188
    admin_port: int = 7188

    @property
    def api(self) -> str:
        return f"ws://{self.host}:{self.api_port}"

    @property
    def admin(self) -> str:
        return f"ws://{self.host}:{self.admin_port}"


class JanusEngine:
    """RoomEngine over one Janus."""

    def __init__(
        self,
        *,
        address: JanusAddress,
        secrets: JanusSecrets,
        state: Path | None = None,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_change`: connections or wishes of a room are others now, or Janus came or went."""
        self.address = address
        self.secrets = secrets
        self.control = 0
        self.version = 0
        """Of Janus, as it tells it: 1102 is 1.1.2."""
        self.rooms: dict[MeetingId, JanusRoom] = {}
        self._memory = JanusMemory(state)
        self.on_change = on_change
        self._session: JanusSession | None = None
        self._claim: int | None = None
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._changes: set[asyncio.Task[Any]] = set()
        self._placeholder = Placeholder(address.host)
        if (kept := self._memory.read(self, self._beat)) is not None:
            self._claim, self.control, self.rooms = kept

    # life

    async def open(self) -> None:
        """Begin to look for Janus; returns at once. Calls wait until it is there."""
        if self._task is None:
            self._task = asyncio.ensure_future(self._run())

    async def close(self) -> None:
        """Let go of Janus, which runs on with everything in it."""
        await self._finish()
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def shut_down(self) -> None:
        """End every room and connection of this center."""
        with contextlib.suppress(Fault):
            for meeting in list(self.rooms):
                await self.close_room(meeting)
        await self._finish()
        if self._session is not None:
            await self._session.destroy()
            self._session = None
        self._claim = None
        self._memory.forget()

    async def _finish(self) -> None:
        tasks = [each for each in (self._task, *self._tasks) if each is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._task = None

    @property
    def connected(self) -> bool:
        return self._ready.is_set()

    async def adopted(self) -> list[MeetingId]:
        """The rooms there are."""
        await self._is_ready()
        return sorted(self.rooms)

    # RoomEngine

    async def create_room(self, meeting: MeetingId) -> None:
        if meeting in self.rooms:
            return
        room = self.rooms[meeting] = JanusRoom(meeting, self, self._beat)
        if not self.connected:
            await self._is_ready()  # made with all the others
            return
        async with room.lock:
            await self._make(room)
        self.changed()

    async def close_room(self, meeting: MeetingId) -> None:
        room = self.rooms.pop(meeting, None)
        if room is not None:
            await self._is_ready()
            async with room.lock:
                for handle in room.handles():
                    await self.detach(handle)
                await self._destroy(meeting)
            self.changed()

    async def publish(self, meeting: MeetingId, site: UnitPath, offer: str) -> str:
        return await self._whole((await self.room(meeting)).publish(site, offer))

    async def subscribe(self, meeting: MeetingId, site: UnitPath, offer: str) -> str:
        return await self._whole((await self.room(meeting)).subscribe(site, offer))

    async def switch(
        self, meeting: MeetingId, site: UnitPath, slot: str, source: UnitPath | None, height: int = FULL_HEIGHT
    ) -> None:
        await self._whole((await self.room(meeting)).switch(site, slot, source, height))

    async def offer_layers(self, meeting: MeetingId, site: UnitPath, layers: frozenset[Layer]) -> None:
        await self._whole((await self.room(meeting)).offer_layers(site, layers))

    async def demand(self, meeting: MeetingId) -> Mapping[UnitPath, Demand]:
        return (await self.room(meeting)).demand()

    async def pause(self, meeting: MeetingId, site: UnitPath, slot: str, paused: bool) -> None:
        await self._whole((await self.room(meeting)).pause(site, slot, paused))

    async def keyframe(self, meeting: MeetingId, site: UnitPath) -> None:
        await self._whole((await self.room(meeting)).keyframe(site))

    async def set_on_air(self, meeting: MeetingId, sites: frozenset[UnitPath]) -> None:
        await self._whole((await self.room(meeting)).set_on_air(sites))

    async def record(self, meeting: MeetingId, order: RecordingOrder | None) -> None:
        await self._whole((await self.room(meeting)).record(order))

    async def leave(self, meeting: MeetingId, site: UnitPath) -> None:
        await self._whole((await self.room(meeting)).leave(site))

    async def stats(self, meeting: MeetingId) -> RoomStats:
        room = await self.room(meeting)
        if self._session is None:
            raise HostFault("engine-unreachable")
        return await room_stats(room, self.address.admin, self.secrets.admin, self._session.id)

    async def seated(self, meeting: MeetingId) -> tuple[frozenset[UnitPath], frozenset[UnitPath]]:
        room = await self.room(meeting)
        return frozenset(site for site, feed in room.feeds.items() if feed.handle), frozenset(room.watches)

    async def behaviours(self, meeting: MeetingId) -> Mapping[UnitPath, Behaviour]:
        """Who is connected. Janus limits requests by itself and counts none; sizes and times it does not look at."""
        publishers, subscribers = await self.seated(meeting)
        return behaviours({site: {} for site in publishers}, {site: {} for site in subscribers})

    async def _whole(self, change: Coroutine[Any, Any, _T]) -> _T:
        """Done to its end also where nobody waits for it any more: half a change would leave Janus in between."""
        task = asyncio.ensure_future(change)
        self._changes.add(task)
        task.add_done_callback(self._changes.discard)
        return await asyncio.shield(task)

    async def room(self, meeting: MeetingId) -> JanusRoom:
        """PeerFault (room-unknown), HostFault (engine-unreachable)."""
        room = self.rooms.get(meeting)
        if room is None:
            raise PeerFault("room-unknown", meeting=meeting)
        await self._is_ready()
        return room

    # what a room needs: `Desk`

    async def ask(self, handle: int, body: Mapping[str, Any], sdp: tuple[str, str] | None = None) -> Answer:
        if self._session is None:
            raise HostFault("engine-unreachable")
        jsep = {"type": sdp[0], "sdp": sdp[1]} if sdp is not None else None
        return await self._session.ask(handle, body, jsep)

    async def attach(self) -> int:
        if self._session is None:
            raise HostFault("engine-unreachable")
        return await self._session.attach()

    async def detach(self, handle: int) -> None:
        if self._session is not None:
            await self._session.detach(handle)

    def room_secret(self, meeting: MeetingId) -> str:
        return self.secrets.room(meeting)

    def changed(self) -> None:
        if self._session is not None:
            self._memory.keep(self._session.id, self.control, self.rooms.values())
        self.on_change()

    # staying connected

    async def _is_ready(self) -> None:
        try:
            await asyncio.wait_for(self._ready.wait(), READY_WITHIN)
        except TimeoutError as err:
            raise HostFault("engine-unreachable") from err

    async def _run(self) -> None:
        await asyncio.to_thread(importlib.import_module, "aiortc.sdp")  # the first terminal need not wait for it
        pause = TRY_AGAIN[0]
        while True:
            try:
                session, is_claimed = await JanusSession.open(
                    self.address.api, self.secrets.api, self._on_event, self._claim
                )
            except HostFault as fault:
                log.info("Janus at %s does not answer: %s", self.address.api, fault)
                await asyncio.sleep(pause)
                pause = min(TRY_AGAIN[1], pause * 1.5)
                continue
            self._session, self._claim = session, session.id
            try:
                self.version = await session.version()
                await (self._take_up() if is_claimed else self._begin())
                self._ready.set()
                self.changed()
                pause = TRY_AGAIN[0]
                await session.closed.wait()
                log.warning("the connection to Janus at %s ended", self.address.api)
            except HostFault as fault:
                log.warning("Janus at %s was not ready: %s", self.address.api, fault)
                await asyncio.sleep(pause)
            finally:
                self._ready.clear()
                if session.is_gone:
                    self._claim = None
                self._session = None
                await session.close()
                self.on_change()

    async def _begin(self) -> None:
        """A Janus that knows nothing of us, or nothing any more."""
        self.control = await self.attach()
        for room in self.rooms.values():
            room.forget_connections()
            await self._make(room)

    async def _take_up(self) -> None:
        """The session as it was; what ended while nobody listened is given up."""
        for room in self.rooms.values():
            try:
                found = await self.ask(self.control, {"request": "listparticipants", "room": room.meeting})
            except JanusRefusal as refusal:
                if refusal.code != NO_ROOM:
                    raise
                room.forget_connections()
                await self._make(room)
                continue
            there = {str(each["id"]) for each in found["participants"] if each.get("publisher")}
            await room.take_up(there)

    async def _make(self, room: JanusRoom) -> None:
        secret = self.room_secret(room.meeting)
        try:
            await self.ask(
                self.control, {"request": "create", "room": room.meeting, **_room_options(secret, self.secrets.rooms)}
            )
        except JanusRefusal as refusal:
            if refusal.code != ROOM_EXISTS:
                raise
            await self._destroy(room.meeting)
            await self.ask(
                self.control, {"request": "create", "room": room.meeting, **_room_options(secret, self.secrets.rooms)}
            )
        body = {"request": "add_remote_publisher", "room": room.meeting, "secret": secret, "id": Placeholder.ID}
        found = await self.ask(self.control, {**body, "iface": self.address.host, "streams": Placeholder.STREAMS})
        room.placeholder_port = int(found["port"])

    async def _destroy(self, meeting: MeetingId) -> None:
        with contextlib.suppress(JanusRefusal):
            await self.ask(self.control, {"request": "destroy", "room": meeting, "secret": self.room_secret(meeting)})

    async def _beat(self, room: JanusRoom) -> None:
        """So that a fresh receiver hears that its path lives."""
        self._spawn(self._placeholder.beat(room.placeholder_port))

    def _on_event(self, handle: int, message: Answer) -> None:
        room = next((each for each in self.rooms.values() if handle in each.handles()), None)
        if room is None:
            return
        kind = message["janus"]
        if kind == "webrtcup":
            self._spawn(room.is_up(handle))
        elif kind in ("hangup", "detached"):
            self._spawn(room.is_down(handle))
        elif kind == "event" and message.get("jsep", {}).get("type") == "offer":
            self._spawn(room.offered_again(handle, message["jsep"]["sdp"]))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (err := task.exception()) is not None:
            if isinstance(err, Fault):
                log.warning("Janus did not take a change: %s", err)
            else:
                log.error("a change in Janus failed", exc_info=err)


def _room_options(secret: str, admin_key: str) -> dict[str, Any]:
    return {
        "admin_key": admin_key,
        "secret": secret,
        "pin": secret,
        "is_private": True,
        "publishers": 4 * SITES,
        "audiocodec": "opus",
        "videocodec": "vp8",
        "opus_fec": True,
        "audiolevel_ext": False,
        "videoorient_ext": False,
        "playoutdelay_ext": False,
        "transport_wide_cc_ext": False,
        "notify_joining": False,
    }
