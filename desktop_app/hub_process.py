"""The media hub beside the center: in a session of its own, so that it outlives the center and is adopted again.

Its secret is derived from the center's key and goes to it over standard input; the folder only holds its port and pid.
"""

import argparse
import asyncio
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import HostFault
from desktop_app.platform import program, start_apart
from desktop_app.settings import CenterSettings, port_range

if TYPE_CHECKING:
    from media.engine.hub_engine import HubEngine

ANNOUNCE_FILE = "hub.json"
LOG_FILE = "hub.log"


def hub_engine(folder: Path, settings: CenterSettings, secret: bytes, clock: Clock) -> "HubEngine":
    """The engine of this center; it starts or adopts the hub once it is opened."""
    from media.engine.hub_engine import HubEngine

    launcher = HubLauncher(folder, settings, secret)
    return HubEngine(announce=folder / ANNOUNCE_FILE, secret=secret, start=launcher.start, monotonic=clock.monotonic)


class HubLauncher:
    """Starts hubs, one after the other, and takes leave of those that ended."""

    def __init__(self, folder: Path, settings: CenterSettings, secret: bytes) -> None:
        from media.hub.settings import HubSettings

        first, last = port_range(settings.media_ports)
        self._log = folder / LOG_FILE
        self._line = HubSettings(
            secret=secret,
            announce=(folder / ANNOUNCE_FILE).resolve(),
            host=settings.media_host or settings.host,
            first_port=first,
            last_port=last,
        ).line()
        self._children: list[subprocess.Popen[bytes]] = []

    async def start(self) -> None:
        """Start one and hand it its settings; HostFault `hub-not-started` when the process cannot be made."""
        self._children = [child for child in self._children if child.poll() is None]
        self._children.append(await asyncio.to_thread(self._launch))

    def _launch(self) -> "subprocess.Popen[bytes]":
        try:
            child = start_apart([*program(), "hub"], stdin=subprocess.PIPE, log=self._log)
            if child.stdin is not None:
                with child.stdin as stdin:
                    stdin.write(self._line.encode())
        except OSError as err:
            raise HostFault("hub-not-started", log=str(self._log)) from err
        return child


def run(_: argparse.Namespace) -> int:
    """`silian hub`: be the hub. Its settings are one line on standard input."""
    from media.hub import process

    return process.main()
