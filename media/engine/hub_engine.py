"""The embedded engine as the center sees it: a client of the hub process, which it finds, starts or adopts.

The hub outlives the center. A center that starts finds the announce file, proves itself and goes on with the rooms that
are there; where no hub answers, `start` makes one. After every reconnect the rooms and the sites on air are told again.
"""

import asyncio
import contextlib
import itertools
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from desktop_app.domain.faults import HostFault, PeerFault
from desktop_app.domain.ids import MeetingId, UnitPath
from media.engine.layers import FULL_HEIGHT, Demand, Layer
from media.engine.room import RecordingOrder, RoomStats
from media.engine.trouble import Behaviour, read_behaviours
from media.engine.wire import prove_as_center, read_message, write_message, write_order

log = logging.getLogger(__name__)

ANSWER_WITHIN = 5.0
CONNECT_WITHIN = 3.0
START_AGAIN = 5.0
"""Seconds a fresh hub has to announce itself before another is started."""


def read_announcement(path: Path) -> int | None:
    """The control port of the hub that last announced itself there, or None."""
    try:
        return int(json.loads(path.read_text(encoding="utf-8"))["port"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


class HubEngine:
    """RoomEngine over the hub process. `start` launches one (or is None where another program does)."""

    def __init__(
        self,
        *,
        announce: Path,
        secret: bytes,
        start: Callable[[], Awaitable[None]] | None,
        monotonic: Callable[[], float],
    ) -> None:
        self._announce = announce
        self._secret = secret
        self._start = start
        self._monotonic = monotonic
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._rooms: dict[MeetingId, frozenset[UnitPath]] = {}
        """The rooms that should be there, with the sites on air."""
        self._orders: dict[MeetingId, RecordingOrder] = {}

    async def open(self) -> None:
        """Begin to look for the hub, or start it; returns at once. Calls wait until it is there."""
        if self._task is None:
            self._task = asyncio.ensure_future(self._run())

    async def close(self) -> None:
        """Let go of the hub, which runs on."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def shut_down(self) -> None:
        """End the hub process itself."""
        with contextlib.suppress(HostFault):
            await self._ask("shutdown")
        await self.close()

    @property
    def connected(self) -> bool:
        return self._ready.is_set()

    async def adopted(self) -> list[MeetingId]:
        """The rooms the hub holds now."""
        return [MeetingId(each) for each in (await self._ask("hello"))["rooms"]]

    async def create_room(self, meeting: MeetingId) -> None:
        self._rooms.setdefault(meeting, frozenset())
        await self._ask("create_room", meeting=meeting)

    async def close_room(self, meeting: MeetingId) -> None:
        self._rooms.pop(meeting, None)
        self._orders.pop(meeting, None)
        await self._ask("close_room", meeting=meeting)

    async def publish(self, meeting: MeetingId, site: UnitPath, offer: str) -> str:
        return str(await self._ask("publish", meeting=meeting, site=site, offer=offer))

    async def subscribe(self, meeting: MeetingId, site: UnitPath, offer: str) -> str:
        return str(await self._ask("subscribe", meeting=meeting, site=site, offer=offer))

    async def switch(
        self, meeting: MeetingId, site: UnitPath, slot: str, source: UnitPath | None, height: int = FULL_HEIGHT
    ) -> None:
        await self._ask("switch", meeting=meeting, site=site, slot=slot, source=source, height=height)

    async def offer_layers(self, meeting: MeetingId, site: UnitPath, layers: frozenset[Layer]) -> None:
        await self._ask("offer_layers", meeting=meeting, site=site, layers=sorted(layers))

    async def demand(self, meeting: MeetingId) -> Mapping[UnitPath, Demand]:
        found: Mapping[str, list[int]] = await self._ask("demand", meeting=meeting)
        return {UnitPath(site): Demand(main, bool(thumb)) for site, (main, thumb) in found.items()}

    async def pause(self, meeting: MeetingId, site: UnitPath, slot: str, paused: bool) -> None:
        await self._ask("pause", meeting=meeting, site=site, slot=slot, paused=paused)

    async def keyframe(self, meeting: MeetingId, site: UnitPath) -> None:
        await self._ask("keyframe", meeting=meeting, site=site)

    async def set_on_air(self, meeting: MeetingId, sites: frozenset[UnitPath]) -> None:
        self._rooms[meeting] = sites
        await self._ask("set_on_air", meeting=meeting, sites=sorted(sites))

    async def record(self, meeting: MeetingId, order: RecordingOrder | None) -> None:
        if order is None:
            self._orders.pop(meeting, None)
        else:
            self._orders[meeting] = order
        await self._ask("record", meeting=meeting, order=write_order(order))

    async def leave(self, meeting: MeetingId, site: UnitPath) -> None:
        await self._ask("leave", meeting=meeting, site=site)

    async def stats(self, meeting: MeetingId) -> RoomStats:
        found: RoomStats = await self._ask("stats", meeting=meeting)
        return found

    async def behaviours(self, meeting: MeetingId) -> Mapping[UnitPath, Behaviour]:
        return read_behaviours(await self._ask("behaviours", meeting=meeting))

    async def seated(self, meeting: MeetingId) -> tuple[frozenset[UnitPath], frozenset[UnitPath]]:
        found = await self.stats(meeting)
        return frozenset(found["publishers"]), frozenset(found["subscribers"])

    async def _ask(self, operation: str, **fields: Any) -> Any:
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                await self._ready.wait()
            async with asyncio.timeout(ANSWER_WITHIN):
                return await self._exchange({"op": operation, **fields})
        except (TimeoutError, ConnectionError) as err:
            raise HostFault("hub-unreachable") from err

    async def _exchange(self, request: dict[str, Any]) -> Any:
        writer = self._writer
        if writer is None:
            raise ConnectionResetError("the hub is away")
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            write_message(writer, {"id": number, **request})
            await writer.drain()
            return await answer
        finally:
            self._answers.pop(number, None)

    async def _run(self) -> None:
        """Stay connected to a hub; where none is to be had, start one."""
        started_at = float("-inf")
        pause = 0.05
        while True:
            port = read_announcement(self._announce)
            if port is not None and await self._attend(port):
                pause = 0.05
                started_at = float("-inf")
                continue
            now = self._monotonic()
            if self._start is not None and now - started_at > START_AGAIN:
                started_at = now
                try:
                    await self._start()
                except (HostFault, OSError) as err:
                    log.error("the media hub did not start: %s", err)
            await asyncio.sleep(pause)
            pause = min(0.5, pause * 1.5)

    async def _attend(self, port: int) -> bool:
        """Serve one connection to its end; whether there was one."""
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except (OSError, TimeoutError):
            return False
        listening: asyncio.Task[None] | None = None
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                await prove_as_center(reader, writer, self._secret)
            self._writer = writer
            listening = asyncio.ensure_future(self._listen(reader))
            await self._tell_again()
            self._ready.set()
            await listening
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError, PeerFault) as err:
            log.info("the hub's control connection ended: %s", err)
            return listening is not None
        finally:
            self._ready.clear()
            self._writer = None
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(ConnectionResetError("the hub went away"))
            if listening is not None:
                listening.cancel()
                await asyncio.wait([listening])
            writer.close()
        return True

    async def _tell_again(self) -> None:
        for meeting, sites in list(self._rooms.items()):
            await self._exchange({"op": "create_room", "meeting": meeting})
            await self._exchange({"op": "set_on_air", "meeting": meeting, "sites": sorted(sites)})
            if meeting in self._orders:
                await self._exchange({"op": "record", "meeting": meeting, "order": write_order(self._orders[meeting])})

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while True:
            message = await read_message(reader)
            answer = self._answers.get(message.get("id", 0))
            if answer is None or answer.done():
                continue
            if "fault" in message:
                kind = HostFault if message.get("host") else PeerFault
                answer.set_exception(kind(str(message["fault"]), **message.get("values", {})))
            else:
                answer.set_result(message.get("ok"))
