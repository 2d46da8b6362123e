"""A real coturn between a site behind a strict firewall and the engine, with passwords that the center gives out."""

import asyncio
import contextlib
import shutil
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from desktop_app.demo.cable import Cable
from desktop_app.demo.datagrams import Port
from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import DeviceId, UnitPath
from media.selftest.way import Way, find_way
from media.transport.path import MediaPath
from media.transport.relay import VALID, Relay, RelayDesk, read_relay, relay_config, write_relay
from tests.media.rig import MEETING, Room, until

WALL, RELAY = "127.0.9.1", "127.0.9.5"
DEVICE = DeviceId("0a" * 16)
DESK = RelayDesk(RELAY, 33_478, "a secret of the tests")

needs_coturn = pytest.mark.skipif(
    shutil.which("turnserver") is None, reason="coturn is not installed (sh installer/setup.sh test)"
)


class Wall(Port):
    """A firewall before the engine: datagrams pass from the relay's address alone."""

    def __init__(self, target: tuple[str, int]) -> None:
        super().__init__(Cable(), target)
        self.refused = 0

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if addr[0] == RELAY:
            super().datagram_received(data, addr)
        else:
            self.refused += 1


@contextlib.asynccontextmanager
async def coturn(folder: Path, *engines: str) -> AsyncIterator[None]:
    config = folder / "turnserver.conf"
    config.write_text(relay_config(DESK, engines=engines, ports=(43_000, 43_099)))
    files = [
        "--log-file",
        str(folder / "log"),
        "--simple-log",
        "--pidfile",
        str(folder / "pid"),
        "-b",
        str(folder / "db"),
    ]
    process = await asyncio.create_subprocess_exec(
        "turnserver", "-c", str(config), *files, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await until(lambda: _is_taken(DESK.port), within=20)
        yield
    finally:
        process.terminate()
        await process.wait()


def _is_taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((RELAY, port))
        except OSError:
            return True
    return False


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    room = Room()
    await room.open()
    yield room
    await room.close()


@contextlib.asynccontextmanager
async def wall(room: Room) -> AsyncIterator[Wall]:
    port = room.port.address[1]
    loop = asyncio.get_running_loop()
    transport, standing = await loop.create_datagram_endpoint(
        lambda: Wall(("127.0.0.1", port)), local_addr=(WALL, port)
    )
    try:
        yield standing
    finally:
        transport.close()


@needs_coturn
async def test_a_site_behind_a_strict_firewall_is_in_the_meeting_through_the_relay(room: Room, tmp_path: Path) -> None:
    async with wall(room) as standing, coturn(tmp_path, WALL):
        free, walled = room.join("100000/440000/"), room.join("100000/440000/441300/", host=WALL)
        assert not isinstance(walled.signal.opens, Relay), "nothing is known of a relay before the center is asked"
        walled.signal.opens = DESK.grant(DEVICE, SystemClock().now())
        for terminal, other in ((free, walled), (walled, free)):
            terminal.see(other)
            await terminal.media.start()
        await until(lambda: free.frames(walled) > 10 and walled.frames(free) > 10, within=40)
        assert standing.refused > 0, "the direct way was tried first"
        assert free.frames(walled) > 10


@needs_coturn
async def test_a_self_test_behind_a_strict_firewall_finds_the_way_through_the_relay(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Relay | None] = [DESK.grant(DEVICE, SystemClock().now())]

    async def ask(offer: str) -> tuple[str, Relay | None]:
        return room.hub.publish(MEETING, UnitPath("100000/440000/441300/"), offer), given[0]

    async with wall(room), coturn(tmp_path, WALL):
        assert await find_way(WALL, ask, SystemClock().monotonic) is Way.RELAYED
        monkeypatch.setattr("media.selftest.way.WITHIN", 1.0)
        assert await find_way(WALL, ask, SystemClock().monotonic, relay=False) is Way.BLOCKED
        given[0] = None
        assert await find_way(WALL, ask, SystemClock().monotonic) is Way.BLOCKED


@needs_coturn
@pytest.mark.parametrize("why", ["password", "expired"])
async def test_the_relay_opens_for_nobody_without_a_password_of_this_hour(tmp_path: Path, why: str) -> None:
    now = SystemClock().now()
    relay = DESK.grant(DEVICE, now)
    if why == "password":
        relay = Relay(relay.host, relay.port, relay.username, relay.password[::-1])
    else:
        relay = DESK.grant(DEVICE, now - 2 * VALID)
    async with coturn(tmp_path, WALL):
        path = _path(relay)
        with pytest.raises(ConnectionError, match="relay"):
            await path._connection.get_component_candidates(1, [])
        await path.close()


@needs_coturn
async def test_the_relay_leads_to_the_engine_and_to_nobody_else(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    heard: list[bytes] = []

    class Ears(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: Any) -> None:
            heard.append(data)

    ends = [await loop.create_datagram_endpoint(Ears, local_addr=(host, 0)) for host in ("127.0.0.1", WALL)]
    addresses = [transport.get_extra_info("sockname") for transport, _ in ends]
    async with coturn(tmp_path, WALL):
        path = _path(DESK.grant(DEVICE, SystemClock().now()))
        await path._connection.get_component_candidates(1, [])
        through = path._connection._protocols[0].transport
        through.sendto(b"to anybody", addresses[0])
        through.sendto(b"to the engine", addresses[1])
        await until(lambda: heard != [], within=20)
        assert heard == [b"to the engine"]
        await path.close()
    for transport, _ in ends:
        transport.close()


def _path(relay: Relay) -> MediaPath:
    return MediaPath(
        "127.0.0.1", on_rtp=lambda _: None, on_rtcp=lambda _: None, monotonic=SystemClock().monotonic, relay=relay
    )


def test_a_password_of_the_relay_names_its_device_and_its_end() -> None:
    now = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
    relay = DESK.grant(DEVICE, now)
    assert relay.username == f"{int((now + VALID).timestamp())}:{DEVICE}"
    assert read_relay(write_relay(relay)) == relay
    assert read_relay(None) is None


@pytest.mark.parametrize(
    "said", [7, {}, {"host": "", "port": 0, "username": "u", "password": "p"}, {"host": "h" * 300, "port": 1}]
)
def test_a_relay_that_cannot_be_read_is_refused(said: Any) -> None:
    with pytest.raises(PeerFault, match="field-invalid"):
        read_relay(said)
