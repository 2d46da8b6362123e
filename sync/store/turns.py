"""Whose turn it is to write: one at a time, and who waits in the first row goes before all in the second.

In the first row are people and meetings, in the second what terminals bring in bulk: a county's day must not stand
before a command of a meeting that runs.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST_STEPPED_BACK = 1.0
"""Seconds for which the second row lets others pass; then it is its turn as much as theirs."""


class Turns:
    """A lock as `threading.RLock` is one, taken from the first row; `second` takes it from the second."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._second = threading.RLock()
        """Held by whoever of the second row is the next: behind it nobody stands before the first row."""
        self._changed = threading.Condition()
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """How many stand in the first row."""
        return self._waiting

    def __enter__(self) -> None:
        if self._lock.acquire(blocking=False):
            return
        with self._changed:
            self._waiting += 1
        try:
            self._lock.acquire()
        finally:
            with self._changed:
                self._waiting -= 1
                self._changed.notify_all()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    @contextmanager
    def second(self) -> Iterator[None]:
        """Once nobody waits in the first row."""
        with self._second:
            with self._changed:
                self._changed.wait_for(lambda: not self._waiting, LONGEST_STEPPED_BACK)
            with self._lock:
                yield
