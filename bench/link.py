"""A bad line on one machine: a UDP relay that loses, delays, reorders and narrows by a seeded trace.

What happens to a packet hangs on the seed, the direction, its flow (an SSRC, in the order of appearance; all that is
not RTP is one more) and its number in that flow, and on nothing else but a full queue. So two programs that are sent
over the same link, one after the other, lose the same packets, whatever their clocks and SSRCs. Standard library only.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

Direction = Literal["up", "down"]
"""Up is from who comes to the relay towards its target."""

SRTP_TAG = 10
APART = 1e-6
"""Seconds between two packets that keep their order: a loop runs what is due at the same moment in any order."""


@dataclass(frozen=True, slots=True)
class Bursts:
    """Gilbert and Elliott's two states: `into` and `out` are the chances of the change at each packet."""

    into: float = 0.03
    out: float = 0.25
    loss: float = 0.75
    """The chance to be lost in the bad state; in the good one nothing is."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """One direction of a line. Times are seconds, `rate` is in bits per second, headers of IP and UDP included."""

    loss: float = 0.0
    bursts: Bursts | None = None
    delay: float = 0.0
    jitter: float = 0.0
    """Up to this much more, evenly; packets keep their order."""
    reorder: float = 0.0
    """The chance to be held back for `reorder_by`, so that others overtake it."""
    reorder_by: float = 0.03
    rate: float | None = None
    queue: float = 0.4
    """What may wait for a narrow line, in seconds of its rate; the rest is dropped."""

    def lossless(self) -> "Conditions":
        """The same line before it loses anything."""
        return replace(self, loss=0.0, bursts=None)


CLEAN = Conditions()


class Chance(NamedTuple):
    """Four numbers between 0 and 1 that belong to one packet of one flow."""

    loss: float
    jitter: float
    reorder: float
    burst: float


def chances(seed: int, direction: Direction, flow: int) -> Iterator[Chance]:
    """What befalls the packets of one flow, one after the other, for ever."""
    draw = random.Random(f"{seed}/{direction}/{flow}").random
    while True:
        yield Chance(draw(), draw(), draw(), draw())


class _Flow:
    """The packets of one SSRC."""

    def __init__(self, seed: int, direction: Direction, number: int) -> None:
        self._chances = chances(seed, direction, number)
        self._bad = False

    def next(self, conditions: Conditions) -> tuple[bool, Chance]:
        """Whether the next packet is lost, and its chances."""
        chance = next(self._chances)
        lost = chance.loss < conditions.loss
        bursts = conditions.bursts
        if bursts is not None:
            self._bad = chance.burst >= bursts.out if self._bad else chance.burst < bursts.into
            lost = lost or (self._bad and chance.loss < bursts.loss)
        return lost, chance


class Way:
    """One direction. `conditions` and `cut` may be set at any time; the traces then go on where they are."""

    def __init__(self, direction: Direction, seed: int = 1, conditions: Conditions = CLEAN) -> None:
        self.conditions = conditions
        self.cut = False
        self.passed = 0
        self.dropped = 0
        self.octets: Counter[int] = Counter()
        """What was sent since the traces began, by RTP payload type: payloads alone, lost ones too."""
        self._direction: Direction = direction
        self._seed = seed
        self._flows: dict[int, _Flow] = {-1: _Flow(seed, direction, 0)}
        self._free_at = 0.0
        """When the narrow line has sent what waits."""
        self._last = 0.0
        """When the last packet that keeps its order arrives."""

    def arrival(self, data: bytes, now: float) -> float | None:
        """When a packet that is sent now arrives; None where it is lost."""
        conditions = self.conditions
        if _ssrc(data) >= 0:
            self.octets[data[1] & 0x7F] += _payload_octets(data)
        lost, chance = self._flow(data).next(conditions)
        leaves = now
        if not (lost or self.cut) and conditions.rate is not None:
            waits = max(0.0, self._free_at - now)
            if waits > conditions.queue:
                lost = True
            else:
                leaves = self._free_at = now + waits + (len(data) + 28) * 8 / conditions.rate
        if lost or self.cut:
            self.dropped += 1
            return None
        self.passed += 1
        arrives = leaves + conditions.delay + chance.jitter * conditions.jitter
        if chance.reorder < conditions.reorder:
            return arrives + conditions.reorder_by
        self._last = max(self._last + APART, arrives)
        return self._last

    def begin(self, conditions: Conditions) -> None:
        """These conditions from now on, and every flow's trace from its beginning."""
        self.conditions = conditions
        self.octets.clear()
        for number, key in enumerate(self._flows):
            self._flows[key] = _Flow(self._seed, self._direction, number)

    def _flow(self, data: bytes) -> _Flow:
        key = _ssrc(data)
        flow = self._flows.get(key)
        if flow is None:
            flow = self._flows[key] = _Flow(self._seed, self._direction, len(self._flows))
        return flow


def _payload_octets(data: bytes) -> int:
    """Of an SRTP packet, without its header, extensions and tag."""
    head = 12 + 4 * (data[0] & 0x0F)
    if data[0] & 0x10 and len(data) >= head + 4:
        head += 4 + 4 * int.from_bytes(data[head + 2 : head + 4], "big")
    return max(0, len(data) - head - SRTP_TAG)


def _ssrc(data: bytes) -> int:
    """The SSRC of what looks like (S)RTP, -1 for everything else."""
    if len(data) >= 12 and data[0] >> 6 == 2 and not 192 <= data[1] <= 223:
        return int.from_bytes(data[8:12], "big")
    return -1


class Link(asyncio.DatagramProtocol):
    """A relay in front of one UDP port. Each sender has a socket of its own towards the target; all share the line."""

    def __init__(self, up: Conditions = CLEAN, down: Conditions = CLEAN, seed: int = 1) -> None:
        self.up = Way("up", seed, up)
        self.down = Way("down", seed, down)
        self._flows: dict[tuple[str, int], asyncio.DatagramTransport] = {}
        self._begun: set[asyncio.Task[None]] = set()
        self._waiting: dict[tuple[str, int], list[bytes]] = {}
        self._front: asyncio.DatagramTransport | None = None

    @property
    def cut(self) -> bool:
        """Cut, it swallows everything in both directions and tells nobody."""
        return self.up.cut and self.down.cut

    @cut.setter
    def cut(self, cut: bool) -> None:
        self.up.cut = self.down.cut = cut

    @property
    def dropped(self) -> int:
        return self.up.dropped + self.down.dropped

    def set(self, conditions: Conditions) -> None:
        """The same for both directions, from now on; the traces begin anew."""
        for way in (self.up, self.down):
            way.begin(conditions)

    async def open(self, target: tuple[str, int]) -> int:
        """Listen on a port of 127.0.0.1 in front of the target; the port."""
        self._target = target
        loop = asyncio.get_running_loop()
        self._front, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        return int(self._front.get_extra_info("sockname")[1])

    def close(self) -> None:
        """Everything on its way is lost."""
        for task in self._begun:
            task.cancel()
        if self._front is not None:
            self._front.close()
        for flow in self._flows.values():
            flow.close()

    async def change_address(self) -> None:
        """From now on the target hears everybody from other ports, and what it sends to the old ones is lost."""
        for addr, flow in list(self._flows.items()):
            flow.close()
            self._waiting[addr] = []
            del self._flows[addr]
            await self._begin(addr)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._carry(self.up, data, lambda: self._forward(data, addr))

    def _carry(self, way: Way, data: bytes, deliver: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        arrives = way.arrival(data, now)
        if arrives is None:
            return
        if arrives > now:
            loop.call_at(arrives, deliver)
        else:
            deliver()

    def _forward(self, data: bytes, addr: tuple[str, int]) -> None:
        flow = self._flows.get(addr)
        if flow is not None:
            _send(flow, data)
        elif (waiting := self._waiting.get(addr)) is not None:
            waiting.append(data)
        elif self._front is not None and not self._front.is_closing():
            self._waiting[addr] = [data]
            task = asyncio.get_running_loop().create_task(self._begin(addr))
            self._begun.add(task)
            task.add_done_callback(self._begun.discard)

    async def _begin(self, addr: tuple[str, int]) -> None:
        link = self

        class Back(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, _: tuple[str, int]) -> None:
                link._carry(link.down, data, lambda: _send(link._front, data, addr))

        loop = asyncio.get_running_loop()
        flow, _ = await loop.create_datagram_endpoint(Back, remote_addr=self._target)
        self._flows[addr] = flow
        for data in self._waiting.pop(addr):
            _send(flow, data)


def _send(transport: asyncio.DatagramTransport | None, data: bytes, addr: tuple[str, int] | None = None) -> None:
    if transport is not None and not transport.is_closing():
        transport.sendto(data, addr)
