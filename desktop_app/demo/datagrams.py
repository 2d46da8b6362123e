"""UDP through the cable: each socket of a terminal is a flow of its own to the port of the hub, as behind a NAT."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from desktop_app.demo.cable import Cable

_FIRST_DATAGRAMS = 32


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


class Port(asyncio.DatagramProtocol):
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
