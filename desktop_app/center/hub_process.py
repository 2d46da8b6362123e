"""The media hub beside the center: in a session of its own, so that it outlives the center and is adopted again.

Its secret is derived from the center's key and goes to it over standard input; the folder only holds its port and pid.
"""

import argparse
import asyncio
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import HostFault
from desktop_app.platform import program, start_apart
from desktop_app.settings import (
    ENV_PASSPHRASE,
    CenterSettings,
    Settings,
    add_setting_options,
    port_range,
    settings_of,
)

if TYPE_CHECKING:
    from media.engine.hub_engine import HubEngine
    from sync.identity.device import DeviceKey

ANNOUNCE_FILE = "hub.json"
LOG_FILE = "hub.log"
FOR_GOOD = 10 * 365 * 86_400.0
"""A service is ended by whoever started it, not by itself."""


def hub_engine(folder: Path, settings: CenterSettings, secret: bytes, clock: Clock) -> "HubEngine":
    """The engine of this center; it starts or adopts the hub once it is opened."""
    from media.engine.hub_engine import HubEngine

    start = HubLauncher(folder, settings, secret).start if settings.hub == "own" else None
    return HubEngine(announce=folder / ANNOUNCE_FILE, secret=secret, start=start, monotonic=clock.monotonic)


def hub_secret(key: "DeviceKey") -> bytes:
    """What the center and its hub prove themselves to each other with; nothing of it is on the disk."""
    return key.derive("hub")


def hub_line(folder: Path, settings: CenterSettings, secret: bytes, linger: float | None = None) -> str:
    """What a hub of this center is told when it starts; `linger`: seconds it waits for a center, None: as usual."""
    from media.hub.settings import HubSettings

    first, last = port_range(settings.media_ports)
    told = HubSettings(
        secret=secret,
        announce=(folder / ANNOUNCE_FILE).resolve(),
        host=settings.media_host or settings.host,
        first_port=first,
        last_port=last,
    )
    return (told if linger is None else replace(told, linger=linger)).line()


class HubLauncher:
    """Starts hubs, one after the other, and takes leave of those that ended."""

    def __init__(self, folder: Path, settings: CenterSettings, secret: bytes) -> None:
        self._log = folder / LOG_FILE
        self._line = hub_line(folder, settings, secret)
        self._children: list[subprocess.Popen[bytes]] = []

    async def start(self) -> None:
        """Start one and hand it its settings; HostFault `hub-not-started` when the process cannot be made."""
        self._children = [child for child in self._children if child.poll() is None]
        self._children.append(await asyncio.to_thread(self._launch))

    def _launch(self) -> "subprocess.Popen[bytes]":
        try:
            environ = {name: value for name, value in os.environ.items() if name != ENV_PASSPHRASE}
            child = start_apart([*program(), "hub"], stdin=subprocess.PIPE, log=self._log, environ=environ)
            if child.stdin is not None:
                with child.stdin as stdin:
                    stdin.write(self._line.encode())
        except OSError as err:
            raise HostFault("hub-not-started", log=str(self._log)) from err
        return child


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `silian hub`."""
    parser.add_argument(
        "--service", action="store_true", help="be the hub of the center in --folder, for good (a system service)"
    )
    add_setting_options(parser, "center", "log")


def run(options: argparse.Namespace) -> int:
    """`silian hub`: be the hub. Its settings are one line on standard input, or, as a service, those of the center."""
    from media.hub import process

    return process.main(_service_line(settings_of(options, "center", "log")) if options.service else None)


def _service_line(settings: Settings) -> str:
    """The line of a service. The center's key is made here where the hub is the first of the two to start."""
    from desktop_app.center.keys import open_center_keystore, open_keys

    folder = settings.center_folder
    keys = open_keys(folder, open_center_keystore(settings), settings)
    keys.registry.close()
    return hub_line(folder, settings.center, hub_secret(keys.identity.key), linger=FOR_GOOD)
