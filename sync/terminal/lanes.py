"""The lanes between a terminal and its center: a heartbeat, a push lane and a pull lane, for as long as it runs.

Silence is noticed within five seconds, and then all connections are made anew. Whatever fails is tried again, with
jitter and never later than a few seconds while there is work. A chain the center cannot accept stops the push lane
with a stable id; pulling goes on.
"""

import asyncio
import dataclasses
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from random import Random
from typing import Any, TypeVar

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import Fault, PeerFault
from desktop_app.domain.limits import BATCH_CHANGES
from sync.blobs.lane import BlobLane
from sync.log.envelope import HASH_BYTES
from sync.replication.client import CenterClient, LinkFault
from sync.replication.part import read_part
from sync.terminal.pushing import push_all
from sync.terminal.records import Records, SyncStatus

log = logging.getLogger("silian.sync")
Answer = TypeVar("Answer")
BLOBS = "blobs"
GAP = "chain-gap"
PUSH, PULL, HEADS = "push", "pull", "heads"
HEALED_AT_ONCE = 32
"""Buckets that are mended in one go."""
TELL_EVERY = 0.25
"""Seconds between two tellings of what waits, however fast it is written."""
RESUMABLE = frozenset({"epoch-old", "chain-gap", "chain-fork"})
"""Refusals that say where the chain ends at the center, so that the terminal can go on from there."""


class LinkState(StrEnum):
    """How the center can be reached."""

    ONLINE = "online"
    OFFLINE = "offline"
    """It is silent."""
    UNREACHABLE = "unreachable"
    """Nobody answers at its address, or somebody else does."""
    REFUSED = "refused"
    """It answers, and does not take this terminal's requests or changes."""


@dataclass(frozen=True, slots=True)
class Link:
    """`reason` is the id of a fault, empty where all is well."""

    state: LinkState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds."""

    heartbeat: float = 2.0
    answer: float = 2.5
    """A heartbeat without an answer for so long is silence: told within heartbeat + answer, less than 5 s."""
    retry: float = 0.25
    longest_retry: float = 3.0
    refused_retry: float = 15.0
    wait: int = 20
    """How long a pull waits at the center for something new."""
    first_heads: float = 60.0
    """Checksums are compared so long after the start, and again after so long where they could not be."""
    heads: float = 6 * 3600.0


class SyncLoop:
    """Belongs to the event loop in which `run` runs; `poke` may be called from any thread."""

    def __init__(
        self,
        records: Records,
        client: CenterClient,
        *,
        clock: Clock,
        jitter: Random,
        on_link: Callable[[Link], None],
        on_progress: Callable[[SyncStatus], None],
        pace: Pace | None = None,
        blobs: BlobLane | None = None,
    ) -> None:
        self._records = records
        self._client = client
        self._clock = clock
        self._jitter = jitter
        self._on_link = on_link
        self._on_progress = on_progress
        self._pace = pace or Pace()
        self._blobs = blobs
        self._loop: asyncio.AbstractEventLoop | None = None
        self._work = asyncio.Event()
        self._written = asyncio.Event()
        self._attached = asyncio.Event()
        self._drained = asyncio.Event()
        """Every change is at the center: contents may go."""
        self._online = asyncio.Event()
        self._requests: set[asyncio.Task[Any]] = set()
        self._link: Link | None = None
        self._heard = Link(LinkState.OFFLINE)
        self._faults: dict[str, str] = {}
        """What each lane stands still for."""
        self._resumed = 0
        self._next_comparison = self._pace.first_heads

    async def run(self) -> None:
        """Until it is cancelled."""
        self._loop = asyncio.get_running_loop()
        unsubscribe = self._records.subscribe(lambda _touched: self.poke())
        try:
            async with asyncio.TaskGroup() as lanes:
                lanes.create_task(self._kept(self._heartbeat))
                lanes.create_task(self._kept(lambda: self._lane(PUSH, self._push_once)))
                lanes.create_task(self._kept(lambda: self._lane(PULL, self._pull_once)))
                lanes.create_task(self._kept(lambda: self._lane(HEADS, self._compare_once)))
                if self._blobs is not None:
                    lane = self._blobs
                    lanes.create_task(self._kept(lambda: self._lane(BLOBS, lambda: self._blob_once(lane))))
                lanes.create_task(self._tell_what_waits())
        finally:
            unsubscribe()
            await self._client.close()

    def poke(self) -> None:
        """There is something to send, or a person wants it now."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._work.set)
            loop.call_soon_threadsafe(self._written.set)
            loop.call_soon_threadsafe(self._attached.set)

    async def _kept(self, forever: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """A bug in one lane is logged and costs a pause; the records of this terminal still have to travel."""
        while True:
            try:
                await forever()
            except Exception:
                log.exception("a lane was ended by a bug and begins again")
                await asyncio.sleep(self._pace.refused_retry)

    # The heartbeat

    async def _heartbeat(self) -> None:
        while True:
            try:
                await self._client.health(self._pace.answer)
            except LinkFault as fault:
                silent = fault.id == "link-silent"
                self._hear(Link(LinkState.OFFLINE if silent else LinkState.UNREACHABLE, fault.id))
                self._look_at_clock(None)
                await asyncio.sleep(self._jitter.uniform(0.3, 0.6) * self._pace.heartbeat)
                continue
            self._hear(Link(LinkState.ONLINE))
            self._look_at_clock(self._client.clock_offset)
            await asyncio.sleep(self._pace.heartbeat)

    def _look_at_clock(self, center_ahead: timedelta | None) -> None:
        if self._records.clock_watch.look(center_ahead):
            watch = self._records.clock_watch
            log.warning("the clock is %d s off, and jumped by %d s", watch.off_seconds, watch.jumped_seconds)
            self._written.set()  # so that it is told

    def _hear(self, link: Link) -> None:
        self._heard = link
        if link.state is LinkState.ONLINE:
            self._online.set()
        elif self._online.is_set() or link.state is LinkState.OFFLINE:
            self._online.clear()
            for request in self._requests:
                request.cancel()
            self._client.reset()
        self._tell_link()

    def _tell_link(self) -> None:
        link = self._heard
        if link.state is LinkState.ONLINE and self._faults:
            link = Link(LinkState.REFUSED, next(iter(self._faults.values())))
        if link != self._link:
            self._link = link
            self._on_link(link)

    async def _tell_progress(self) -> None:
        self._on_progress(await asyncio.to_thread(self._records.status))

    async def _tell_what_waits(self) -> None:
        """Also while nothing can be sent: what is written offline is seen to wait."""
        while True:
            await self._written.wait()
            self._written.clear()
            await self._tell_progress()
            await asyncio.sleep(TELL_EVERY)

    # The lanes

    async def _lane(self, name: str, step: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do one step after another; after a failure wait, longer each time up to a bound."""
        failures = 0
        while True:
            await self._online.wait()
            try:
                await step()
                self._mended(name)
                failures = 0
                continue
            except LinkFault as fault:
                log.info("%s: %s", name, fault)
                longest = self._pace.longest_retry
            except Fault as fault:
                log.warning("%s: %s", name, fault)
                self._faults[name] = fault.id
                self._tell_link()
                longest = self._pace.refused_retry
            failures += 1
            wait = min(longest, self._pace.retry * 2 ** min(failures, 10))
            await asyncio.sleep(wait * self._jitter.uniform(0.5, 1.0))

    async def _request(self, request: Coroutine[Any, Any, Answer]) -> Answer:
        """A request that ends as silence when the heartbeat says so."""
        task = asyncio.ensure_future(request)
        self._requests.add(task)
        try:
            await asyncio.wait({task})
            if task.cancelled():
                raise LinkFault("link-silent")
            return task.result()
        finally:
            task.cancel()
            self._requests.discard(task)

    def _mended(self, name: str) -> None:
        if self._faults.pop(name, None) is not None:
            self._tell_link()

    async def _push_once(self) -> None:
        self._work.clear()
        try:
            pushes = await push_all(self._records, self._push, self._pushed)
        except PeerFault as fault:
            if fault.id not in RESUMABLE or self._resumed >= 3:
                raise
            self._resumed += 1
            await asyncio.to_thread(self._records.go_on_from, *_place(fault))
            return
        if not pushes:
            self._drained.set()
            self._mended(PUSH)
            await self._tell_progress()
            await self._work.wait()

    async def _push(self, batch: bytes) -> bytes:
        self._drained.clear()
        return await self._request(self._client.push(self._records.device, batch))

    def _pushed(self) -> None:
        self._resumed = 0
        self._mended(PUSH)
        self._written.set()  # so that it is told

    async def _blob_once(self, lane: BlobLane) -> None:
        """One request for a content that waits; the changes go first."""
        self._attached.clear()
        await self._drained.wait()
        if await lane.step(self._request):
            await self._tell_progress()
            return
        self._mended(BLOBS)
        with suppress(TimeoutError):
            async with asyncio.timeout(lane.next_try()):
                await self._attached.wait()

    async def _pull_once(self) -> None:
        snapshot = await asyncio.to_thread(self._records.snapshot_position)
        position = await asyncio.to_thread(self._records.pull_position)
        if snapshot is not None:
            begun = dataclasses.replace(position, feed=snapshot.feed)
            raw = await self._request(self._client.snapshot(begun, after=snapshot.after, until=snapshot.until))
            await asyncio.to_thread(self._records.take_part, raw)
            await self._tell_progress()
            return
        raw = await self._request(self._client.pull(position, limit=BATCH_CHANGES, wait=self._pace.wait))
        page = await asyncio.to_thread(self._records.take_page, raw)
        if page.feed != position.feed:
            self.poke()  # the center was restored, and is asked what it still has
        if page.following != position.cursor:
            await self._tell_progress()

    async def _compare_once(self) -> None:
        """Compare checksums with the center's, and mend what differs; send again what a restored center lacks."""
        await asyncio.sleep(self._next_comparison * self._jitter.uniform(0.5, 1.0))
        await self._online.wait()
        position = await asyncio.to_thread(self._records.pull_position)
        try:
            raw = await self._request(self._client.heads(position))
        except PeerFault as fault:
            if fault.id not in RESUMABLE:
                raise
            self._next_comparison = self._pace.first_heads
            if fault.id != GAP and (await asyncio.to_thread(self._records.status)).pending:
                return  # the push lane has the word
            await asyncio.to_thread(self._records.go_on_from, *_place(fault))
            self.poke()
            return
        buckets = await asyncio.to_thread(self._records.differing, raw)
        self._next_comparison = self._pace.first_heads if buckets is None else self._pace.heads
        if not buckets:
            return
        self._next_comparison = self._pace.first_heads  # and look again soon
        parts: list[bytes] = []
        for bucket in buckets[:HEALED_AT_ONCE]:
            after = until = 0
            while True:
                asked = self._client.snapshot(position, bucket=bucket, after=after, until=until)
                parts.append(await self._request(asked))
                part = read_part(parts[-1])
                after, until = part.following, part.until
                if part.done:
                    break
        differ = await asyncio.to_thread(self._records.heal, parts, position)
        log.warning("%d changes differed from the center's and were mended", differ)
        self.poke()
        await self._tell_progress()


def _place(fault: PeerFault) -> tuple[int, int, bytes]:
    """Where the center says our chain ends; PeerFault `center-not-silian` where it does not say it properly."""
    try:
        epoch, seq = int(fault.values["epoch"]), int(fault.values["seq"])
        head_hash = bytes.fromhex(fault.values["head_hash"])
    except (KeyError, ValueError, TypeError) as err:
        raise PeerFault("center-not-silian") from err
    if epoch < 0 or seq < 0 or len(head_hash) != HASH_BYTES:
        raise PeerFault("center-not-silian")
    return epoch, seq, head_hash
