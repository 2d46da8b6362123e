"""The media thread: one asyncio loop of its own, away from Qt's.

Everything live runs on it (control client, peers, jitter buffers), so that a slow repaint never delays sound and a
burst of packets never delays a key press. uvloop where there is one.
"""

import asyncio
import concurrent.futures
import logging
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)


def new_loop() -> asyncio.AbstractEventLoop:
    """The fastest loop this machine has that also knows datagrams."""
    if sys.platform == "win32":
        return asyncio.SelectorEventLoop()  # the proactor loop reports a peer's closed UDP port as a fatal error
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


class MediaThread:
    """A running loop on a daemon thread. `run` and `call` may be called from any thread."""

    def __init__(self, name: str = "media") -> None:
        self._loop = new_loop()
        self._thread = threading.Thread(target=self._main, name=name, daemon=True)
        self._started = threading.Event()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def start(self) -> None:
        """Start the thread; returns once its loop turns."""
        self._thread.start()
        self._started.wait()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run a coroutine on the media thread; callable from any thread."""
        if self._loop.is_closed():
            coroutine.close()
            raise RuntimeError("the media thread has stopped")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def call(self, fn: Callable[..., object], *args: Any) -> None:
        """Call a plain function on the media thread soon; nothing happens after `stop`."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(fn, *args)

    def stop(self, timeout: float = 5.0) -> None:
        """Cancel what still runs, end the loop and join the thread. Idempotent."""
        if not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout)

    def _main(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.call_soon(self._started.set)
        try:
            self._loop.run_forever()
        finally:
            left = asyncio.all_tasks(self._loop)
            for task in left:
                task.cancel()
            if left:
                self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()
