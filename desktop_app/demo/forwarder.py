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
from dataclasses import asdict, dataclass, field
from typing import Any, TextIO, cast

from media.thread import new_loop

FLOW_IDLE_SECONDS = 60.0
_FIRST_DATAGRAMS = 32
_WRITE_HIGH = 1 << 20


@dataclass(slots=True)
class Passed:
    """What went through and what was swallowed, in both directions together."""

    tcp_connections: int = 0
    tcp_bytes: int = 0
    tcp_discarded: int = 0
    datagrams: int = 0
    datagrams_discarded: int = 0


@dataclass(slots=True)
class Cable:
    """Whether bits pass now. `era` counts the cuts: what was born in an earlier era is dead."""

    up: bool = True
    era: int = 0
    passed: Passed = field(default_factory=Passed)

    def cut(self) -> None:
        if self.up:
            self.up = False
            self.era += 1

    def restore(self) -> None:
        self.up = True


class _Pair:
    """The two ends of one TCP connection, and whether it has lost bytes."""

    def __init__(self, cable: Cable) -> None:
        self.cable = cable
        self._era = cable.era
        self._born_dead = not cable.up
        self.client: asyncio.Transport | None = None
        self.center: asyncio.Transport | None = None
        self.early: list[bytes] = []
        self.finished: set[bool] = set()
        """Which ends have said that they are done: True for the client's."""

    @property
    def alive(self) -> bool:
        return not self._born_dead and self.cable.up and self._era == self.cable.era


class _End(asyncio.Protocol):
    """One side of a pair: hands what it gets to the other side, as long as the pair lives."""

    def __init__(self, pair: _Pair, *, is_client: bool, opened: Callable[["_Pair"], None] | None = None) -> None:
        self._pair = pair
        self._is_client = is_client
        self._opened = opened

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = cast("asyncio.Transport", transport)
        stream.set_write_buffer_limits(high=_WRITE_HIGH)
        if self._is_client:
            self._pair.client = stream
        else:
            self._pair.center = stream
        if self._opened is not None:
            self._opened(self._pair)

    @property
    def _other(self) -> asyncio.Transport | None:
        return self._pair.center if self._is_client else self._pair.client

    def data_received(self, data: bytes) -> None:
        passed = self._pair.cable.passed
        if not self._pair.alive:
            passed.tcp_discarded += len(data)
            return
        passed.tcp_bytes += len(data)
        if self._other is not None:
            self._other.write(data)
        else:
            self._pair.early.append(data)

    def eof_received(self) -> bool:
        if self._pair.alive:
            self._pair.finished.add(self._is_client)
            if self._other is not None:
                _finish(self._pair, self._other)
        return True  # a dead pair says nothing, not even that it is over

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._pair.alive or self._other is None:
            return
        if exc is None:
            self._other.close()
        else:
            self._other.abort()

    def pause_writing(self) -> None:
        if self._other is not None:
            self._other.pause_reading()

    def resume_writing(self) -> None:
        if self._other is not None and not self._other.is_closing():
            self._other.resume_reading()


def _finish(pair: _Pair, towards: asyncio.Transport) -> None:
    """Pass on that one end is done; once both are, the connection is over."""
    if len(pair.finished) < 2:
        towards.write_eof()
        return
    for end in (pair.client, pair.center):
        if end is not None:
            end.close()


def _catch_up(pair: _Pair) -> None:
    """The center is reached: hand over what the terminal said meanwhile, before anything newer."""
    if pair.center is None:
        return
    if pair.client is None or pair.client.is_closing():
        pair.center.close()
        return
    if pair.alive:
        pair.center.writelines(pair.early)
        if pair.finished:
            _finish(pair, pair.center)
    pair.early.clear()


class _Upstream(asyncio.DatagramProtocol):
    """One terminal socket's flow to one port of the hub."""

    def __init__(self, cable: Cable, back: Callable[[bytes], None]) -> None:
        self._cable = cable
        self._back = back
        self.used = time.monotonic()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.used = time.monotonic()
        if self._cable.up:
            self._cable.passed.datagrams += 1
            self._back(data)
        else:
            self._cable.passed.datagrams_discarded += 1

    def error_received(self, exc: Exception) -> None:
        """Nobody listens at that port now (ICMP): on a wire that would be silence too."""


@dataclass(slots=True)
class _Flow:
    early: list[bytes] = field(default_factory=list)
    transport: asyncio.DatagramTransport | None = None
    protocol: _Upstream | None = None


class _Port(asyncio.DatagramProtocol):
    """One forwarded UDP port; each source address gets an upstream socket of its own, as behind a NAT."""

    def __init__(self, cable: Cable, target: tuple[str, int]) -> None:
        self._cable = cable
        self._target = target
        self._flows: dict[Any, _Flow] = {}
        self._opening: set[asyncio.Task[None]] = set()
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if not self._cable.up:
            self._cable.passed.datagrams_discarded += 1
            return
        self._cable.passed.datagrams += 1
        flow = self._flows.get(addr)
        if flow is None:
            flow = self._flows[addr] = _Flow()
            task = asyncio.ensure_future(self._open(addr, flow))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)
        if flow.transport is not None:
            if flow.protocol is not None:
                flow.protocol.used = time.monotonic()
            flow.transport.sendto(data)
        elif len(flow.early) < _FIRST_DATAGRAMS:
            flow.early.append(data)

    async def _open(self, addr: Any, flow: _Flow) -> None:
        def back(data: bytes) -> None:
            if self.transport is not None:
                self.transport.sendto(data, addr)

        loop = asyncio.get_running_loop()
        transport, flow.protocol = await loop.create_datagram_endpoint(
            lambda: _Upstream(self._cable, back), remote_addr=self._target
        )
        flow.transport = transport
        for data in flow.early:
            transport.sendto(data)
        flow.early.clear()

    def error_received(self, exc: Exception) -> None:
        """The terminal closed its socket: nothing to tell anybody."""

    def forget_idle(self, before: float) -> None:
        """Close flows that nothing used since `before` (monotonic seconds)."""
        for addr, flow in list(self._flows.items()):
            if flow.transport is not None and flow.protocol is not None and flow.protocol.used < before:
                flow.transport.close()
                del self._flows[addr]

    def close(self) -> None:
        for flow in self._flows.values():
            if flow.transport is not None:
                flow.transport.close()
        if self.transport is not None:
            self.transport.close()


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
        self._ports: list[_Port] = []
        self._pairs: set[_Pair] = set()
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

    async def _listen(self, number: int) -> _Port:
        port = _Port(self.cable, (self.route.target, number))
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: port, local_addr=(self.route.listen, number))
        return port

    def _accept(self, number: int) -> Callable[[], _End]:
        return lambda: _End(_Pair(self.cable), is_client=True, opened=lambda pair: self._dial(pair, number))

    def _dial(self, pair: _Pair, number: int) -> None:
        self._pairs.add(pair)
        self.cable.passed.tcp_connections += 1
        if not pair.alive:
            return
        task = asyncio.ensure_future(self._connect(pair, number))
        self._dialling.add(task)
        task.add_done_callback(self._dialling.discard)

    async def _connect(self, pair: _Pair, number: int) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(
                lambda: _End(pair, is_client=False, opened=_catch_up), self.route.target, number
            )
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
