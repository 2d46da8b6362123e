"""Which devices there are, kept up to date: whoever listens hears of one that comes or goes within two seconds."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from media.devices.devices import MachineDevices
from media.devices.kinds import Found

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0
"""Seconds; the sound server tells by itself, cameras have to be looked for."""
SETTLES_IN = 0.2
"""Seconds; one device that comes or goes is told of several times."""


class Looks(Protocol):
    """What finds the devices."""

    def look(self) -> Found: ...

    def close(self) -> None: ...


class DeviceBook:
    """Callable from any thread. Listeners are called on the book's own thread, and must return soon."""

    def __init__(self, make: Callable[[Callable[[], None]], Looks] = MachineDevices) -> None:
        self._stirred = threading.Event()
        self._stopping = False
        self._looks = make(self._stirred.set)
        self._lock = threading.Lock()
        self._found: Found | None = None
        self._listeners: list[Callable[[], object]] = []
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look again and again from now on; returns at once."""
        self._thread = threading.Thread(target=self._run, name="devices", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._stirred.set()
        if self._thread is not None:
            self._thread.join(5)
            self._thread = None
        with self._lock:
            self._looks.close()

    def devices(self) -> Found:
        """What was found last; looks where nothing was yet."""
        found = self._found
        return self.look() if found is None else found

    def look(self) -> Found:
        """Look now."""
        with self._lock:
            if self._stopping:
                return self._found or ()
            found = self._looks.look()
            changed = self._found is not None and set(found) != set(self._found)
            self._found = found
        if changed:
            log.info("devices: %s", ", ".join(f"{each.kind} {each.name}" for each in found) or "none")
            self._tell()
        return found

    def listen(self, changed: Callable[[], object]) -> Callable[[], None]:
        """`changed` is called after each change; what is returned ends that."""
        self._listeners.append(changed)
        return lambda: self._listeners.remove(changed) if changed in self._listeners else None

    def settings_changed(self) -> None:
        """Somebody chose another device: whoever uses one looks again."""
        self._tell()

    def _run(self) -> None:
        while not self._stopping:
            self._stirred.clear()
            self.look()
            if self._stirred.wait(LOOK_EVERY) and not self._stopping:
                time.sleep(SETTLES_IN)

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()
