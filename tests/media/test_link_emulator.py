"""The bad line of tests and measurements: the same seed is the same line, and it does what it was told."""

import asyncio
import struct

from bench.link import Bursts, Conditions, Link, Way
from tests.media.rig import until


def rtp(ssrc: int, number: int, size: int = 100) -> bytes:
    return struct.pack("!BBHLL", 0x80, 111, number & 0xFFFF, number, ssrc).ljust(size, b"\0")


def arrivals(way: Way, ssrc: int, count: int, every: float = 0.02, size: int = 100) -> list[float | None]:
    found = []
    for number in range(count):
        at = way.arrival(rtp(ssrc, number, size), number * every)
        found.append(None if at is None else at - number * every)
    return found


def test_one_seed_is_one_line_whatever_else_is_sent_over_it():
    bad = Conditions(loss=0.1, bursts=Bursts(), delay=0.03, jitter=0.02, reorder=0.05)
    alone = arrivals(Way("up", 7, bad), 0xAAAA, 500)
    busy = Way("up", 7, bad)
    mixed = []
    for number in range(500):
        at = busy.arrival(rtp(0xBBBB, number), number * 0.02)
        mixed.append(None if at is None else at - number * 0.02)
        busy.arrival(b"\x16\xfe\xff handshake", number * 0.02)
        busy.arrival(rtp(0xCCCC, number), number * 0.02 + 0.001)
    assert [each is None for each in alone] == [each is None for each in mixed]
    assert arrivals(Way("up", 8, bad), 0xAAAA, 500) != alone
    assert arrivals(Way("down", 7, bad), 0xAAAA, 500) != alone


def test_it_loses_delays_and_reorders_as_told():
    found = arrivals(Way("up", 3, Conditions(loss=0.2, delay=0.03, jitter=0.02)), 1, 4000)
    came = [each for each in found if each is not None]
    assert 0.18 < 1 - len(came) / 4000 < 0.22
    assert min(came) >= 0.03
    assert max(came) < 0.0501
    late = arrivals(Way("up", 3, Conditions(reorder=0.1, reorder_by=0.05)), 1, 1000)
    assert 70 < sum(each is not None and each > 0.049 for each in late) < 130


def test_bursts_lose_several_packets_in_a_row():
    found = arrivals(Way("up", 5, Conditions(bursts=Bursts())), 1, 4000)
    runs, run = [], 0
    for each in found:
        run = run + 1 if each is None else 0
        runs.append(run)
    share = sum(each is None for each in found) / 4000
    assert 0.05 < share < 0.11
    assert max(runs) >= 4


def test_a_narrow_line_queues_and_then_drops():
    way = Way("up", 1, Conditions(rate=100_000, queue=0.2))
    found = arrivals(way, 1, 200, every=0.01, size=222)  # 200 kbit/s
    came = [each for each in found if each is not None]
    assert 95 <= len(came) <= 125
    assert 0.19 < max(came) < 0.25
    way.conditions = Conditions()
    assert way.arrival(rtp(1, 0), 9.0) == 9.0


def test_a_line_that_begins_anew_repeats_its_trace():
    way = Way("up", 4)
    bad = Conditions(loss=0.5)
    arrivals(way, 1, 33)
    way.begin(bad)
    first = arrivals(way, 1, 100)
    way.begin(bad)
    assert [each is None for each in arrivals(way, 1, 100)] == [each is None for each in first]
    assert first.count(None) in range(35, 65)


async def test_the_relay_carries_both_ways_and_can_be_cut():
    loop = asyncio.get_running_loop()
    got: list[bytes] = []

    class Echo(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            self.transport.sendto(data, addr)  # type: ignore[attr-defined]

    class Ear(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            got.append(data)

    echo, _ = await loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
    link = Link(Conditions(delay=0.02), Conditions(delay=0.03))
    port = await link.open(echo.get_extra_info("sockname"))
    ear, _ = await loop.create_datagram_endpoint(Ear, remote_addr=("127.0.0.1", port))
    sent_at = loop.time()
    for number in range(5):
        ear.sendto(rtp(1, number))
    await until(lambda: len(got) == 5)
    assert loop.time() - sent_at >= 0.05
    assert got == [rtp(1, number) for number in range(5)]
    link.cut = True
    ear.sendto(rtp(1, 5))
    await until(lambda: link.dropped == 1)
    link.cut = False
    ear.sendto(rtp(1, 6))
    await until(lambda: got[-1] == rtp(1, 6))
    assert len(got) == 6
    link.close()
    echo.close()
    ear.close()
