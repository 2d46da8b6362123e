"""The demonstration's cable: what passes, and what a cut swallows without a word."""

import asyncio
import contextlib
import io
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from desktop_app.demo.forwarder import Forwarder, Route, obey

LISTEN, TARGET = "127.0.1.99", "127.0.0.1"
WAIT = 5.0


class Center:
    """An echo server on TCP and UDP that knows whether a connection ended."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.heard = bytearray()
        self.datagrams: list[tuple[bytes, tuple[str, int]]] = []
        self.udp_port = self.tcp_port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while data := await reader.read(65536):
                self.heard += data
                writer.write(data)
            self.ended.set()
        writer.close()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Center"]:
        center = self

        class Echo(asyncio.DatagramProtocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                self.transport = transport

            def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
                center.datagrams.append((data, addr))
                self.transport.sendto(b"re:" + data, addr)

        loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self.serve, TARGET, 0)
        transport, _ = await loop.create_datagram_endpoint(Echo, local_addr=(TARGET, 0))
        self.tcp_port = server.sockets[0].getsockname()[1]
        self.udp_port = transport.get_extra_info("sockname")[1]
        try:
            yield self
        finally:
            server.close()
            transport.close()


class Terminal(asyncio.DatagramProtocol):
    """A UDP socket of a terminal."""

    def __init__(self) -> None:
        self.got: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.got.put_nowait(data)

    @classmethod
    async def open(cls, port: int) -> tuple["Terminal", asyncio.DatagramTransport]:
        transport, terminal = await asyncio.get_running_loop().create_datagram_endpoint(cls, remote_addr=(LISTEN, port))
        return terminal, transport


@pytest.fixture
async def wired() -> AsyncIterator[tuple[Center, Forwarder]]:
    async with Center().running() as center:
        forwarder = Forwarder(Route(LISTEN, TARGET, (center.tcp_port,), (center.udp_port,)))
        await forwarder.open()
        try:
            yield center, forwarder
        finally:
            forwarder.close()


async def _dial(center: Center) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(LISTEN, center.tcp_port)


async def _answer(reader: asyncio.StreamReader, size: int) -> bytes:
    return await asyncio.wait_for(reader.readexactly(size), WAIT)


async def _silent(reader: asyncio.StreamReader) -> bool:
    try:
        await asyncio.wait_for(reader.read(1), 0.3)
    except TimeoutError:
        return True
    return False


async def test_a_megabyte_comes_back_whole_while_the_cable_is_in(wired: tuple[Center, Forwarder]) -> None:
    center, _ = wired
    reader, writer = await _dial(center)
    data = bytes(range(256)) * 4096
    writer.write(data)
    assert await _answer(reader, len(data)) == data
    writer.close()
    await asyncio.wait_for(center.ended.wait(), WAIT)


async def test_a_terminal_that_hangs_up_is_noticed_by_the_center(wired: tuple[Center, Forwarder]) -> None:
    center, _ = wired
    _, writer = await _dial(center)
    writer.write(b"x")
    writer.write_eof()
    await asyncio.wait_for(center.ended.wait(), WAIT)


async def test_a_cut_discards_what_is_sent_without_ending_the_connection_on_either_side(
    wired: tuple[Center, Forwarder],
) -> None:
    center, forwarder = wired
    reader, writer = await _dial(center)
    writer.write(b"before")
    await _answer(reader, 6)
    forwarder.cable.cut()
    writer.write(b"during")
    assert await _silent(reader)
    assert bytes(center.heard) == b"before"
    assert not center.ended.is_set()
    assert forwarder.cable.passed.tcp_discarded == 6


async def test_a_connection_that_lived_through_a_cut_stays_silent_after_it(wired: tuple[Center, Forwarder]) -> None:
    center, forwarder = wired
    reader, writer = await _dial(center)
    writer.write(b"before")
    await _answer(reader, 6)
    forwarder.cable.cut()
    forwarder.cable.restore()
    writer.write(b"after")
    assert await _silent(reader)
    writer.close()
    await writer.wait_closed()
    assert bytes(center.heard) == b"before"
    assert not center.ended.is_set()


async def test_a_connection_made_during_a_cut_is_accepted_and_gets_nothing_even_later(
    wired: tuple[Center, Forwarder],
) -> None:
    center, forwarder = wired
    forwarder.cable.cut()
    reader, writer = await _dial(center)
    writer.write(b"hello")
    assert await _silent(reader)
    forwarder.cable.restore()
    writer.write(b"hello")
    assert await _silent(reader)
    assert not center.heard


async def test_a_new_connection_passes_once_the_cable_is_back(wired: tuple[Center, Forwarder]) -> None:
    center, forwarder = wired
    forwarder.cable.cut()
    forwarder.cable.restore()
    reader, writer = await _dial(center)
    writer.write(b"again")
    assert await _answer(reader, 5) == b"again"


async def test_each_socket_of_a_terminal_is_a_flow_of_its_own_to_the_hub(wired: tuple[Center, Forwarder]) -> None:
    center, _ = wired
    one, one_transport = await Terminal.open(center.udp_port)
    two, two_transport = await Terminal.open(center.udp_port)
    one_transport.sendto(b"1")
    two_transport.sendto(b"2")
    assert await asyncio.wait_for(one.got.get(), WAIT) == b"re:1"
    assert await asyncio.wait_for(two.got.get(), WAIT) == b"re:2"
    assert len({addr for _, addr in center.datagrams}) == 2
    one_transport.close()
    two_transport.close()


async def test_datagrams_are_dropped_in_a_cut_and_pass_again_after_it(wired: tuple[Center, Forwarder]) -> None:
    center, forwarder = wired
    terminal, transport = await Terminal.open(center.udp_port)
    forwarder.cable.cut()
    transport.sendto(b"lost")
    async with asyncio.timeout(WAIT):
        while not forwarder.cable.passed.datagrams_discarded:  # noqa: ASYNC110 - a counter tells nobody
            await asyncio.sleep(0.01)
    forwarder.cable.restore()
    transport.sendto(b"found")
    assert await asyncio.wait_for(terminal.got.get(), WAIT) == b"re:found"
    assert [data for data, _ in center.datagrams] == [b"found"]
    transport.close()


async def test_a_center_that_is_not_there_refuses_through_the_cable_as_without_it() -> None:
    with socket.socket() as taken:
        taken.bind((TARGET, 0))
        port = taken.getsockname()[1]
        forwarder = Forwarder(Route(LISTEN, TARGET, (port,), ()))
        await forwarder.open()
        reader, _ = await asyncio.open_connection(LISTEN, port)
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(1), WAIT) == b""
        forwarder.close()


async def test_an_unknown_command_changes_nothing() -> None:
    forwarder = Forwarder(Route(LISTEN, TARGET, (), ()))
    assert obey(forwarder, "explode") == {"fault": "unknown-command"}
    assert forwarder.cable.up
    assert obey(forwarder, "cut")["up"] is False


@pytest.mark.processes
def test_the_forwarder_program_obeys_its_input_and_ends_with_it() -> None:
    route = {"listen": LISTEN, "target": TARGET, "tcp": [], "udp": []}
    commands = json.dumps(route) + "\ncut\nrestore\n"
    done = subprocess.run(
        [sys.executable, "-m", "desktop_app.demo.forwarder"],
        input=commands,
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    answers = [json.loads(line) for line in io.StringIO(done.stdout)]
    assert answers[0] == {"listening": LISTEN}
    assert [answer["up"] for answer in answers[1:]] == [False, True]
