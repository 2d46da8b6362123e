"""Whether this machine kept time while something was measured: a voice is not judged by what else it was doing."""

import threading
import time

STALL = 0.1
"""Seconds that nothing may stand still."""
TICK = 0.005
TRIES = 3


class Steady:
    """Watches while it is entered; `stalled` is the longest time for which nothing ran, in seconds."""

    def __init__(self) -> None:
        self.stalled = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="steady", daemon=True)

    def __enter__(self) -> "Steady":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        before = time.monotonic()
        while not self._over.wait(TICK):
            now = time.monotonic()
            self.stalled = max(self.stalled, now - before - TICK)
            before = now
