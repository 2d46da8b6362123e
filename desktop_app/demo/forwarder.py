"""A terminal's only way to the center on the demonstration's machine: one TCP and UDP forwarder that can be cut.

A cut is what a pulled cable is: nothing arrives in either direction, and nobody is told. Datagrams are dropped. The
bytes of a TCP connection are dropped too, with no FIN and no RST; since bytes are then missing from the stream, a
connection that lived through a cut stays silent for ever, on both sides. A connection made during the cut is accepted
by the kernel and gets nothing. After `restore`, datagrams and new connections pass again.

As a program it reads one JSON line of settings and then commands (`cut`, `restore`, `stats`) from its standard input,
answers each with one JSON line, and ends when its input ends, so that it never outlives whoever started it.
"""

import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TextIO

from desktop_app.demo.cable import Cable
from desktop_app.demo.datagrams import Port
from desktop_app.demo.streams import End, Pair, catch_up
from media.thread import new_loop

FLOW_IDLE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Route:
    """Where a forwarder listens and where it leads: the same ports on two addresses."""

    listen: str
    target: str
    tcp: tuple[int, ...]
    udp: tuple[int, ...]


class Forwarder:
    """All ports of one terminal behind one cable."""

    def __init__(self, route: Route) -> None:
        self.route = route
        self.cable = Cable()
        self._servers: list[asyncio.Server] = []
        self._ports: list[Port] = []
        self._pairs: set[Pair] = set()
        self._dialling: set[asyncio.Task[None]] = set()
        self._sweep: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Listen on every port; OSError where one is taken."""
        loop = asyncio.get_running_loop()
        for number in self.route.tcp:
            self._servers.append(await loop.create_server(self._accept(number), self.route.listen, number))
        for number in self.route.udp:
            self._ports.append(await self._listen(number))
        self._sweep = asyncio.ensure_future(self._forget_idle_flows())

    async def _listen(self, number: int) -> Port:
        port = Port(self.cable, (self.route.target, number))
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: port, local_addr=(self.route.listen, number))
        return port

    def _accept(self, number: int) -> Callable[[], End]:
        return lambda: End(Pair(self.cable), is_client=True, opened=lambda pair: self._dial(pair, number))

    def _dial(self, pair: Pair, number: int) -> None:
        self._pairs.add(pair)
        self.cable.passed.tcp_connections += 1
        if not pair.alive:
            return
        task = asyncio.ensure_future(self._connect(pair, number))
        self._dialling.add(task)
        task.add_done_callback(self._dialling.discard)

    async def _connect(self, pair: Pair, number: int) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: End(pair, is_client=False, opened=catch_up), self.route.target, number)
        except OSError:  # nobody listens at the center: the terminal is told, since its cable is fine
            if pair.alive and pair.client is not None:
                pair.client.abort()
            return

    async def _forget_idle_flows(self) -> None:
        while True:
            await asyncio.sleep(FLOW_IDLE_SECONDS / 2)
            for port in self._ports:
                port.forget_idle(time.monotonic() - FLOW_IDLE_SECONDS)
            self._pairs = {pair for pair in self._pairs if _open(pair.client) or _open(pair.center)}

    def close(self) -> None:
        """Stop listening and drop everything; only now do the dead connections end."""
        if self._sweep is not None:
            self._sweep.cancel()
        for task in self._dialling:
            task.cancel()
        for server in self._servers:
            server.close()
        for port in self._ports:
            port.close()
        for pair in self._pairs:
            for end in (pair.client, pair.center):
                if end is not None:
                    end.abort()


def _open(end: asyncio.Transport | None) -> bool:
    return end is not None and not end.is_closing()


def obey(forwarder: Forwarder, command: str) -> dict[str, Any]:
    """Carry out one command of the control line and say how things stand."""
    if command == "cut":
        forwarder.cable.cut()
    elif command == "restore":
        forwarder.cable.restore()
    elif command != "stats":
        return {"fault": "unknown-command"}
    return {"up": forwarder.cable.up, "era": forwarder.cable.era, "at": time.time(), **asdict(forwarder.cable.passed)}


async def serve(route: Route, commands: TextIO, answers: TextIO) -> None:
    """Forward until the commands end."""
    forwarder = Forwarder(route)
    await forwarder.open()
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    def read() -> None:
        for line in commands:
            loop.call_soon_threadsafe(lines.put_nowait, line.strip())
        loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, daemon=True, name="commands").start()
    print(json.dumps({"listening": route.listen}), file=answers, flush=True)
    try:
        while (line := await lines.get()) is not None:
            print(json.dumps(obey(forwarder, line)), file=answers, flush=True)
    finally:
        forwarder.close()


def main() -> int:
    """`python -m desktop_app.demo.forwarder`."""
    settings = json.loads(sys.stdin.readline())
    route = Route(settings["listen"], settings["target"], tuple(settings["tcp"]), tuple(settings["udp"]))
    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(serve(route, sys.stdin, sys.stdout))
    except OSError as err:
        print(json.dumps({"fault": "address-in-use", "detail": str(err)}), flush=True)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
