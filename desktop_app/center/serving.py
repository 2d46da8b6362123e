"""`silian center`: the center's routes behind one TLS socket, until the process is told to end."""

import argparse
import asyncio
import json
import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from desktop_app.center.app import Center
from desktop_app.center.intake_command import starter
from desktop_app.center.keys import open_center_keystore
from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import HostFault
from desktop_app.domain.limits import CONTROL_MESSAGE
from desktop_app.main import log_to_stderr
from desktop_app.platform import when_told_to_end
from desktop_app.settings import Settings
from media.thread import new_loop


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Until it is told to end; HostFault as `listening` and `Center.open` say."""
    log_to_stderr(settings.log.level)
    listener = listening(settings.center.host, settings.center.port)
    with listener:
        folder = settings.center_folder
        center = Center.open(folder, open_center_keystore(settings), settings, SystemClock(), starter(folder))
        try:
            # On Windows the selector's loop, which new_loop makes there, has room for 512 sockets only.
            with asyncio.Runner(loop_factory=None if sys.platform == "win32" else new_loop) as runner:
                runner.run(_serve(center, listener, options, settings))
        finally:
            center.close()
    return 0


def listening(host: str, port: int) -> socket.socket:
    """A socket bound to the address, not yet listening; HostFault `address-in-use` when it cannot be had."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind)
    except OSError as err:
        raise HostFault("address-in-use", host=host, port=port) from err
    try:
        if os.name == "posix":  # elsewhere it would let two programs have one port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except (OSError, OverflowError) as err:
        listener.close()
        raise HostFault("address-in-use", host=host, port=port) from err
    return listener


async def _serve(center: Center, listener: socket.socket, options: argparse.Namespace, settings: Settings) -> None:
    config = uvicorn.Config(
        center.app,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ws_max_size=CONTROL_MESSAGE,
        ws_ping_interval=None,  # both ends of a meeting have pings of their own
        ws_per_message_deflate=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=1,
        lifespan="on",
    )
    config.load()
    config.ssl = center.keys.authority.server_context()

    class Announcing(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            with when_told_to_end(self._told_to_end):
                yield

        def _told_to_end(self) -> None:
            # Terminals wait in long polls; that these are cut off now is no error worth a traceback each.
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
            self.should_exit, self.force_exit = True, self.should_exit

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                _announce(center, listener, options, settings)

    server = Announcing(config)
    await server.serve(sockets=[listener])
    if not server.started:
        raise HostFault("center-not-started")


def _announce(center: Center, listener: socket.socket, options: argparse.Namespace, settings: Settings) -> None:
    host, port = listener.getsockname()[:2]
    identity = center.keys.identity
    ready = {
        "silian": "center",
        "url": f"https://{f'[{host}]' if ':' in host else host}:{port}",
        "port": port,
        "pid": os.getpid(),
        "device": identity.device,
        "unit_path": identity.unit_path,
        "folder": str(settings.center_folder),
        "media_ports": settings.center.media_ports,
    }
    if options.announce:
        draft = options.announce.with_name(options.announce.name + ".new")
        draft.write_text(json.dumps(ready) + "\n", "utf-8")
        os.replace(draft, options.announce)
    if options.json:
        print(json.dumps(ready, ensure_ascii=False), flush=True)
        return
    print(f"The center is ready at {ready['url']}", flush=True)
    print(f"  records      {ready['folder']}", flush=True)
    print(f"  media        UDP {settings.center.media_ports} at {settings.center.media_host or host}", flush=True)
    print("  a code for a terminal:  silian center code --unit 441323", flush=True)
