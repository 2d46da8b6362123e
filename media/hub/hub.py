"""The hub itself: rooms on one UDP port. It decides nothing about a meeting; it does what the center tells it."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import MeetingId, UnitPath
from desktop_app.domain.limits import SITES
from media.engine.layers import FULL_HEIGHT, Layer
from media.engine.room import RecordingOrder
from media.engine.trouble import Behaviour
from media.hub.publisher import Publisher
from media.hub.recorder import Recorder
from media.hub.room import Room
from media.hub.subscriber import Subscriber
from media.sdp import Description, MediaLine, read_description, write_description
from media.transport.port import MediaPort, PortPeer

log = logging.getLogger(__name__)

ROOMS = 64
CONNECT_WITHIN = 15.0
"""Seconds a peer has for its checks and its handshake."""
SILENT_FOR = 30.0
"""Seconds after which a peer that sends nothing is forgotten."""
TICK = 0.05
BEAT = 0.25
"""Seconds between two signs of life to a peer whose line loses much: one report a second may well be lost thrice."""


class Hub:
    """Rooms, peers, and the clock that repairs and reports. Use within one asyncio loop."""

    def __init__(
        self,
        port: MediaPort,
        monotonic: Callable[[], float],
        unix_ms: Callable[[], int] = lambda: time.time_ns() // 10**6,
    ) -> None:
        self._port = port
        self._unix_ms = unix_ms
        self._monotonic = monotonic
        self._rooms: dict[MeetingId, Room] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: dict[tuple[str, ...], asyncio.Task[None]] = {}
        """Those of them in which a peer is still connecting, one for each side of a site."""

    async def run(self) -> None:
        """Repair every 50 ms, report and clear up every second, until cancelled."""
        report_at = beat_at = self._monotonic()
        while True:
            await asyncio.sleep(TICK)
            now = self._monotonic()
            for room in self._rooms.values():
                for publisher in room.publishers.values():
                    publisher.tick(now)
                for subscriber in room.subscribers.values():
                    subscriber.tick(now)
            if now >= report_at:
                report_at = now + 1.0
                self._report(now)
            if now >= beat_at:
                beat_at = now + BEAT
                for room in self._rooms.values():
                    room.beat(now)
                    room.fit(now)

    async def close(self) -> None:
        """End every connection and free the port."""
        for meeting in list(self._rooms):
            self.close_room(meeting)
        for task in list(self._waiting.values()):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2)
        self._port.close()

    @property
    def busy(self) -> bool:
        """Whether anyone is connected."""
        return any(True for room in self._rooms.values() for _ in room.peers())

    def create_room(self, meeting: MeetingId) -> None:
        """Make the room unless it is there. Where there are too many, one that nobody sits in gives way."""
        if meeting not in self._rooms:
            if len(self._rooms) >= ROOMS:
                empty = next((each for each, room in self._rooms.items() if not any(room.peers())), None)
                if empty is None:
                    raise PeerFault("room-full", limit=ROOMS)
                del self._rooms[empty]
            self._rooms[meeting] = Room()

    def close_room(self, meeting: MeetingId) -> None:
        room = self._rooms.pop(meeting, None)
        if room is not None:
            room.record(None, frozenset(), self._monotonic())
        for peer in list(room.peers()) if room is not None else ():
            self._spawn(peer.close())

    def publish(self, meeting: MeetingId, site: UnitPath, offer: str) -> str:
        """The answer; the site takes its place once it has connected, and until then keeps the one it had."""
        room = self._room(meeting)
        remote = read_description(offer)
        publisher = Publisher(site, remote)
        self._admit(len(room.publishers))
        publisher.peer = self._port.add(
            remote,
            lambda data: publisher.on_rtp(data, self._monotonic(), site in room.on_air),
            lambda data: publisher.on_rtcp(data, self._monotonic()),
        )
        self._await_peer((meeting, site, "up"), publisher.peer, lambda: self._seat_publisher(room, publisher))
        lines = tuple(replace(line, direction="recvonly", ssrc=None) for line in remote.lines)
        return self._answer(publisher.peer, lines)

    def subscribe(self, meeting: MeetingId, site: UnitPath, offer: str) -> str:
        room = self._room(meeting)
        remote = read_description(offer)
        subscriber = Subscriber(site, remote, self._monotonic)
        self._admit(len(room.subscribers))
        subscriber.peer = self._port.add(
            remote, lambda data: None, lambda data: subscriber.on_rtcp(data, self._monotonic())
        )
        self._await_peer((meeting, site, "down"), subscriber.peer, lambda: self._seat_subscriber(room, subscriber))
        return self._answer(subscriber.peer, tuple(subscriber.answer_line(line) for line in remote.lines))

    def switch(
        self, meeting: MeetingId, site: UnitPath, slot: str, source: UnitPath | None, height: int = FULL_HEIGHT
    ) -> None:
        self._room(meeting).switch(site, slot, source, height, self._monotonic())

    def offer_layers(self, meeting: MeetingId, site: UnitPath, layers: frozenset[Layer]) -> None:
        self._room(meeting).offer_layers(site, layers, self._monotonic())

    def demand(self, meeting: MeetingId) -> dict[str, list[int]]:
        """JSON-able: for each site the lines of the main picture, and 1 where the thumb is shown."""
        return {site: [each.main, int(each.thumb)] for site, each in self._room(meeting).demand().items()}

    def pause(self, meeting: MeetingId, site: UnitPath, slot: str, paused: bool) -> None:
        self._room(meeting).pause(site, slot, paused, self._monotonic())

    def keyframe(self, meeting: MeetingId, site: UnitPath) -> None:
        self._room(meeting).keyframe(site, self._monotonic())

    def set_on_air(self, meeting: MeetingId, sites: frozenset[UnitPath]) -> None:
        self._room(meeting).set_on_air(sites, self._monotonic())

    def record(self, meeting: MeetingId, order: RecordingOrder | None) -> None:
        """See `RoomEngine.record`. HostFault where the disk cannot."""
        room = self._room(meeting)
        recorder = room.recorder
        if order is None:
            recorder = None
        elif recorder is None or (recorder.order.folder, recorder.order.key) != (order.folder, order.key):
            recorder = Recorder(order, self._unix_ms)
        room.record(recorder, order.sites if order is not None else frozenset(), self._monotonic())

    def leave(self, meeting: MeetingId, site: UnitPath) -> None:
        room = self._room(meeting)
        now = self._monotonic()
        room.forget(site)
        if (publisher := room.publishers.get(site)) is not None:
            room.drop_publisher(publisher, now)
            self._spawn(publisher.peer.close())
        if (subscriber := room.subscribers.get(site)) is not None:
            room.drop_subscriber(subscriber, now)
            self._spawn(subscriber.peer.close())

    def stats(self, meeting: MeetingId) -> dict[str, Any]:
        return {**self._room(meeting).stats(), "dropped": self._port.dropped}

    def behaviours(self, meeting: MeetingId) -> dict[UnitPath, Behaviour]:
        return self._room(meeting).behaviours()

    def rooms(self) -> list[MeetingId]:
        return sorted(self._rooms)

    def _room(self, meeting: MeetingId) -> Room:
        room = self._rooms.get(meeting)
        if room is None:
            raise PeerFault("room-unknown", meeting=meeting)
        return room

    def _admit(self, seated: int) -> None:
        if seated >= SITES or len(self._waiting) >= SITES:
            raise PeerFault("room-full", limit=SITES)

    def _answer(self, peer: PortPeer, lines: tuple[MediaLine, ...]) -> str:
        host, number = self._port.address
        candidate = ("127.0.0.1" if host == "0.0.0.0" else host, number)
        return write_description(
            Description(lines, peer.ufrag, peer.password, peer.fingerprints, "passive", (candidate,), lite=True)
        )

    def _await_peer(self, side: tuple[str, ...], peer: PortPeer, seat: Callable[[], PortPeer | None]) -> None:
        """Wait for the peer; one of the same side that has not connected yet gives way to it."""
        older = self._waiting.get(side)
        if older is not None:
            older.cancel()
        task = self._waiting[side] = self._spawn(self._connect(peer, seat))

        def done(_: object) -> None:
            if task.cancelled():  # before it began
                self._spawn(peer.close())
            if self._waiting.get(side) is task:
                del self._waiting[side]

        task.add_done_callback(done)

    async def _connect(self, peer: PortPeer, seat: Callable[[], PortPeer | None]) -> None:
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                await peer.connect()
        except (TimeoutError, ConnectionError, asyncio.CancelledError) as err:
            log.info("a peer did not connect: %s", err)
            await peer.close()
            return
        replaced = seat()
        if replaced is not None:
            await replaced.close()

    def _seat_publisher(self, room: Room, publisher: Publisher) -> PortPeer | None:
        if room not in self._rooms.values():
            return publisher.peer
        old = room.put_publisher(publisher, self._monotonic())
        return old.peer if old is not None else None

    def _seat_subscriber(self, room: Room, subscriber: Subscriber) -> PortPeer | None:
        if room not in self._rooms.values():
            return subscriber.peer
        old = room.put_subscriber(subscriber, self._monotonic())
        return old.peer if old is not None else None

    def _report(self, now: float) -> None:
        for room in self._rooms.values():
            if room.recorder is not None:
                room.recorder.flush()
            for publisher in list(room.publishers.values()):
                if publisher.peer.gone or now - publisher.peer.heard_at > SILENT_FOR:
                    room.drop_publisher(publisher, now)
                    self._spawn(publisher.peer.close())
                else:
                    publisher.report(now)
            for subscriber in list(room.subscribers.values()):
                if subscriber.peer.gone or now - subscriber.peer.heard_at > SILENT_FOR:
                    room.drop_subscriber(subscriber, now)
                    self._spawn(subscriber.peer.close())
                else:
                    subscriber.report(now)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (err := task.exception()) is not None:
            log.error("a peer's task failed", exc_info=err)
