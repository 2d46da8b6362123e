"""An event loop with a clock of its own: nobody waits; what is due in an hour happens when all else is done."""

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any


class Stuck(Exception):
    """Everybody waits for somebody, and no clock will ring."""


class _Waiting(selectors.SelectSelector):
    """Asked to wait, it moves the loop's clock instead."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> list[Any]:
        events = super().select(0)
        if not events and (timeout is None or timeout > 0):
            self.loop.rest(timeout)
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """Deterministic: one thread, first come first served, and work for other threads is done in its turn."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        self._settled: asyncio.Future[None] | None = None
        selector = _Waiting()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.elapsed

    def rest(self, timeout: float | None) -> None:
        """Nothing is to be done now: tell who asked for that, or go on to the next timer."""
        if self._settled is not None and not self._settled.done():
            self._settled.set_result(None)
        elif timeout is None:
            raise Stuck
        else:
            self.elapsed += timeout

    async def settled(self) -> None:
        """Until nothing more happens without time passing."""
        self._settled = self.create_future()
        await self._settled
        self._settled = None

    def run_in_executor(  # type: ignore[override]  # the work is done here, not in an executor
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        done: asyncio.Future[Any] = self.create_future()
        self.call_soon(_work, done, func, args)
        return done


def _work(done: "asyncio.Future[Any]", func: Callable[..., Any], args: tuple[Any, ...]) -> None:
    if done.cancelled():
        return
    try:
        done.set_result(func(*args))
    except BaseException as err:  # noqa: BLE001  (a simulated kill is one, and belongs to who waits)
        done.set_exception(err)
