"""The thread on which a terminal's lanes run, so that neither the window nor the media waits for them."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from random import Random
from typing import Any, TypeVar

from desktop_app.domain.clock import Clock
from sync.blobs.lane import BlobLane
from sync.replication.client import CenterClient, LinkFault
from sync.terminal.lanes import Link, Pace, SyncLoop
from sync.terminal.live import LiveDocuments
from sync.terminal.records import Records, SyncStatus

Answer = TypeVar("Answer")


class SyncThread:
    """Start once, close once. The listeners are called on this thread."""

    def __init__(
        self,
        records: Records,
        client: CenterClient,
        *,
        clock: Clock,
        on_link: Callable[[Link], None],
        on_progress: Callable[[SyncStatus], None],
        jitter: Random | None = None,
        pace: Pace | None = None,
        blobs: BlobLane | None = None,
        live: LiveDocuments | None = None,
    ) -> None:
        self._blobs = blobs
        self._live = live
        self._thread = threading.Thread(target=self._run, name="silian-sync", daemon=True)
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lanes: asyncio.Task[None] | None = None
        self._sync = SyncLoop(
            records,
            client,
            clock=clock,
            jitter=jitter or Random(),
            on_link=on_link,
            on_progress=on_progress,
            pace=pace,
            blobs=blobs,
        )

    def start(self) -> None:
        self._thread.start()
        self._ready.wait()

    def poke(self) -> None:
        """There is something to send, or a person wants it now; from any thread."""
        self._sync.poke()

    def fetch(self, sha256: str, length: int) -> Future[None]:
        """Bring a content here, from any thread; faults as in `BlobLane.fetch`, LinkFault while there is no lane."""
        loop, lane = self._loop, self._blobs
        if loop is None or lane is None or loop.is_closed():
            raise LinkFault("center-unreachable")
        return asyncio.run_coroutine_threadsafe(lane.fetch(sha256, length), loop)

    def ask(self, request: Coroutine[Any, Any, Answer]) -> Future[Answer]:
        """Run a request to the center on this thread, from any other; LinkFault while it does not run."""
        loop = self._loop
        if loop is None or loop.is_closed():
            request.close()
            raise LinkFault("center-unreachable")
        return asyncio.run_coroutine_threadsafe(request, loop)

    def close(self, timeout: float = 5.0) -> None:
        """End the lanes and the thread; what was under way is done again at the next start."""
        loop, lanes = self._loop, self._lanes
        if loop is not None and lanes is not None and not loop.is_closed():
            loop.call_soon_threadsafe(lanes.cancel)
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lanes = asyncio.create_task(self._sync.run())
        self._ready.set()
        live = asyncio.create_task(self._live.run()) if self._live is not None else None
        with suppress(asyncio.CancelledError):
            await self._lanes
        if live is not None:
            live.cancel()
            await asyncio.wait({live}, timeout=2.0)
