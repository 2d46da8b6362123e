"""A terminal stays in its meeting by itself, whatever the link and the center do."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest

from desktop_app.demo.forwarder import Forwarder, Route
from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import UnitPath
from media.meeting import commands as cmd
from media.meeting.client import Timings
from media.meeting.events import FloorExtended
from media.meeting.link import Connect, Connection, dialer
from tests.meeting.center import Center, until
from tests.meeting.rooms import BOLUO, HUIDONG, MEETING
from tests.meeting.terminals import Terminal, both_in, running

LISTEN = "127.0.1.33"


@contextlib.asynccontextmanager
async def cable(center: Center) -> AsyncIterator[Forwarder]:
    forwarder = Forwarder(Route(LISTEN, "127.0.0.1", (center.port,), ()))
    await forwarder.open()
    try:
        yield forwarder
    finally:
        forwarder.close()


def over(center: Center, unit: UnitPath) -> Connect:
    """The way through the cable."""
    url = center.url().replace("127.0.0.1", LISTEN)
    return dialer(url, tls=None, server_name="silian-center", headers=lambda: {"x-unit": unit})


async def test_a_link_that_discards_in_silence_is_noticed_and_the_site_comes_back_to_where_all_are(center: Center):
    async with cable(center) as forwarder:
        host = Terminal(over(center, HUIDONG), HUIDONG)
        boluo = Terminal(center.dial(BOLUO), BOLUO)
        async with running(host, boluo):
            await host.entered()
            await boluo.entered()
            await host.client.send(cmd.RequestFloor("r1", "m1", "委员"))
            await host.client.send(cmd.GrantFloor("r1", 300))
            forwarder.cable.cut()
            cut = time.monotonic()
            await until(lambda: not host.client.online)
            assert host.ears.links[-1][0] is False
            assert host.ears.links[-1][1] - cut < 4.0
            asked = asyncio.create_task(host.client.send(cmd.ExtendFloor("r1", 60)))
            await until(lambda: not boluo.state.sites[HUIDONG].online)
            assert time.monotonic() - cut < 7.0
            assert boluo.state.speaking is not None, "the turn waits for its site"
            assert boluo.state.chair == HUIDONG
            await boluo.client.send(cmd.RequestFloor("r2", "m2", "另一位委员"))
            forwarder.cable.restore()
            back = time.monotonic()
            await until(lambda: host.is_in and host.state == boluo.state)
            assert time.monotonic() - back < 5.0
            await asked
            await until(lambda: boluo.state.floor[0].limit_seconds == 360)
            assert host.state.chair_grace_until is None
            assert [online for online, _ in host.ears.links] == [True, False, True]


async def test_after_a_restart_of_the_center_all_are_back_by_themselves_with_nothing_forgotten(center: Center):
    async with both_in(center) as (host, boluo):
        await boluo.client.send(cmd.RequestFloor("r1", "m1", "委员"))
        await boluo.client.send(cmd.RequestFloor("r2", "m2", "委员"))
        await host.client.send(cmd.GrantFloor("r1", 300))
        before = host.state
        center.directory.open = [MEETING]
        await center.stop()
        await until(lambda: not host.client.online and not boluo.client.online)
        began = time.monotonic()
        await center.start()
        await until(lambda: host.is_in and boluo.is_in)
        assert time.monotonic() - began < 5.0
        assert host.state == boluo.state == before, "nobody was counted as gone"
        await host.client.send(cmd.GrantFloor("r2", 60))


class Dropping:
    """A way to the center on which the answer to one command gets lost with the link."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self.sent: list[str] = []
        self.drops = 0

    async def __call__(self) -> Connection:
        return _DroppingSocket(await self._connect(), self)


class _DroppingSocket:
    def __init__(self, inner: Connection, way: Dropping) -> None:
        self._inner, self._way = inner, way

    async def send(self, text: str) -> None:
        self._way.sent.append(text)
        await self._inner.send(text)

    async def receive(self) -> str:
        text = await self._inner.receive()
        if '"result"' in text and "extend_floor" in self._way.sent[-1] and self._way.drops < 2:
            self._way.drops += 1
            self._inner.abort()
            raise ConnectionError("lost with its answer")
        return text

    async def close(self) -> None:
        await self._inner.close()

    def abort(self) -> None:
        self._inner.abort()


async def test_a_command_whose_answer_was_lost_is_sent_again_and_happens_once(center: Center):
    way = Dropping(center.dial(HUIDONG))
    host = Terminal(way, HUIDONG)
    async with running(host):
        await host.entered()
        await host.client.send(cmd.RequestFloor("r1", "m1", "委员"))
        await host.client.send(cmd.GrantFloor("r1", 60))
        await host.client.send(cmd.ExtendFloor("r1", 120))
        assert way.drops > 0
        assert sum("extend_floor" in text for text in way.sent) > 1
        assert sum(isinstance(line.event, FloorExtended) for line in center.log) == 1
        await until(lambda: host.state.floor[0].limit_seconds == 180)


async def test_a_command_that_nobody_answers_says_so_in_time(center: Center):
    async with cable(center) as forwarder:
        host = Terminal(over(center, HUIDONG), HUIDONG, Timings(patience=0.4))
        async with running(host):
            await host.entered()
            forwarder.cable.cut()
            with pytest.raises(OperatorError, match="center-silent"):
                await host.client.send(cmd.PointAgenda(1))
            with pytest.raises(ConnectionError):
                await host.client.ask_media("publish", sdp="offer")


async def test_a_center_restored_from_a_backup_is_believed(center: Center):
    host = Terminal(center.dial(HUIDONG), HUIDONG)
    async with running(host):
        await host.entered()
        for number in (1, 2, 3):
            await host.client.send(cmd.PointAgenda(number))
        await center.stop()
        del center.log[-2:]
        await center.start()
        await until(lambda: host.is_in and host.state.agenda_at == 1)
        await host.client.send(cmd.PointAgenda(2))
        await until(lambda: host.state.agenda_at == 2)
