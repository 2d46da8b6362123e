"""The network between a terminal and the center: slow, lossy, repeating itself, cut, and once in a while lying."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

Carry = Callable[[httpx.Request, bytes], Awaitable[httpx.Response]]
"""Hand a request to the center and bring back its answer; httpx.TransportError where it is not there."""
Forge = Callable[[httpx.Request, bytes, httpx.Response], httpx.Response]


@dataclass
class Line(httpx.AsyncBaseTransport):
    """One terminal's line. A request that its sender gave up is still on its way."""

    carry: Carry
    rng: Random
    forge: Forge
    cut: bool = False
    lost: float = 0.0
    """The share of requests, and again of answers, that never arrive."""
    doubled: float = 0.0
    slow: float = 0.05
    """Seconds that a message takes at most; those of repeated ones ten times that."""
    lies: bool = False
    """The next answer is another one than the center's."""
    travelling: set["asyncio.Task[Any]"] = field(default_factory=set)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        if self.rng.random() < self.doubled:
            self._send(self._travel(request, body, self.slow * 10))
        journey = self._send(self._travel(request, body, self.slow))
        response = await asyncio.shield(journey)
        if response is None or self.cut or self.rng.random() < self.lost:
            await asyncio.get_running_loop().create_future()  # nobody will ever know
        await asyncio.sleep(self.rng.uniform(0, self.slow))
        if self.lies and response.status_code == 200:
            self.lies = False
            return self.forge(request, body, response)
        return response

    async def _travel(self, request: httpx.Request, body: bytes, longest: float) -> httpx.Response | None:
        if self.cut or self.rng.random() < self.lost:
            return None
        await asyncio.sleep(self.rng.uniform(0, longest))
        return await self.carry(request, body)

    def _send(self, journey: Any) -> "asyncio.Task[Any]":
        task = asyncio.get_running_loop().create_task(journey)
        self.travelling.add(task)
        task.add_done_callback(self._arrived)
        return task

    def _arrived(self, task: "asyncio.Task[Any]") -> None:
        self.travelling.discard(task)
        if not task.cancelled():
            task.exception()  # of a repeated request nobody asks
