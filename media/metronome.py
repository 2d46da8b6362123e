"""A thread that calls one function at an even pace, for sources and outputs that have no clock of their own."""

import threading
from collections.abc import Callable

CATCH_UP = 10
"""Beats that are made up for after a stall; what is older is skipped."""


class Metronome:
    """Calls `beat` every `period` seconds until stopped. An exception of `beat` ends it and is raised by the thread."""

    def __init__(self, period: float, beat: Callable[[], object], *, monotonic: Callable[[], float], name: str) -> None:
        self._period = period
        self._beat = beat
        self._monotonic = monotonic
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns once the last beat is over; from within a beat, at once."""
        self._stopping.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        due = self._monotonic()
        while not self._stopping.is_set():
            self._beat()
            due += self._period
            now = self._monotonic()
            if due < now - CATCH_UP * self._period:
                due = now
            if due > now:
                self._stopping.wait(due - now)
