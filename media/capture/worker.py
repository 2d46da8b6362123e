"""The thread on which one picture source is read: a slow device holds up nothing else."""

import threading
from collections.abc import Callable


class CaptureThread:
    """`start` and `stop` from one thread; it may be started again. What runs on it looks at `stopping`, or waits on
    it."""

    def __init__(self, name: str, run: Callable[[], None]) -> None:
        self.stopping = threading.Event()
        self._name, self._run = name, run
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self.stopping.clear()
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Waits for the thread."""
        self.stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
