"""The hub as a process: `python -m media.hub`, or the hidden command `silian hub`.

Settings and the secret come as one JSON line on standard input:

    {"secret": "<hex>", "host": "0.0.0.0", "first_port": 40000, "last_port": 40199, "announce": "<file>",
     "linger": 600}

Once it serves, it writes {"port": <control port>, "pid": <pid>} to the announce file. It ends when a center asks it to,
or when no center was connected and no peer was there for `linger` seconds. It never reads standard input again.
"""

import asyncio
import contextlib
import json
import logging
import os
import sys
import time
from pathlib import Path

from desktop_app.domain.faults import HostFault
from media.hub.control import ControlDoor
from media.hub.hub import Hub
from media.hub.settings import HubSettings
from media.thread import new_loop
from media.transport.port import MediaPort

log = logging.getLogger(__name__)


async def serve(settings: HubSettings) -> None:
    """Run a hub until it is told to end or nobody needs it."""
    port = await MediaPort.open(settings.host, range(settings.first_port, settings.last_port + 1), time.monotonic)
    hub = Hub(port, time.monotonic)
    door = ControlDoor(hub, settings.secret)
    control = await door.open()
    _announce(settings.announce, control)
    clock = asyncio.ensure_future(hub.run())
    try:
        needed_at = time.monotonic()
        while not door.stopped.is_set() and time.monotonic() - needed_at < settings.linger:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await door.stopped.wait()
            if door.attended or hub.busy:
                needed_at = time.monotonic()
            if clock.done():
                clock.result()
    finally:
        clock.cancel()
        await hub.close()
        await door.close()


def _announce(path: Path, port: int) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_text(json.dumps({"port": port, "pid": os.getpid()}), encoding="utf-8")
    os.replace(fresh, path)


def main(line: str | None = None) -> int:
    """Be the hub; `line` is given where it does not come on standard input."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s hub %(levelname)s %(name)s: %(message)s")
    logging.getLogger("aioice").setLevel(logging.WARNING)
    try:
        settings = HubSettings.parse(sys.stdin.readline() if line is None else line)
    except ValueError as err:
        print(err, file=sys.stderr)
        return 2
    loop = new_loop()
    try:
        loop.run_until_complete(serve(settings))
    except HostFault as fault:
        print(fault, file=sys.stderr)
        return 1
    finally:
        loop.close()
    return 0
