"""When each device was last heard of: kept in memory, and in the registry once a minute in one transaction."""

import threading
from datetime import datetime

from desktop_app.domain.ids import DeviceId
from sync.identity.registry import Registry

KEEP_EVERY = 60.0
"""Seconds; what is lost when the center is killed is no more than this."""


class Contacts:
    """Thread-safe; `note` costs no more than a look into a dictionary."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._lock = threading.Lock()
        self._heard: dict[DeviceId, datetime] = {}
        self._unkept: set[DeviceId] = set()

    def note(self, device: DeviceId, at: datetime) -> None:
        """A request of this device was found genuine."""
        with self._lock:
            self._heard[device] = at
            self._unkept.add(device)

    def keep(self) -> None:
        """Write down what is new; HostFault as the registry says, and it is tried again with the next."""
        with self._lock:
            fresh = {device: self._heard[device] for device in self._unkept}
        self._registry.note_contacts(fresh)
        with self._lock:
            self._unkept -= {device for device, at in fresh.items() if self._heard[device] == at}

    def all(self) -> dict[DeviceId, datetime]:
        """Every device that was ever heard of."""
        kept = self._registry.contacts()
        with self._lock:
            return kept | self._heard
