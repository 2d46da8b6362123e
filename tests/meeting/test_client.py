"""The terminal's side: it stays in its meeting by itself, whatever the link and the center do."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest

from desktop_app.demo.forwarder import Forwarder, Route
from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import Fault, OperatorError, PeerFault
from desktop_app.domain.ids import UnitPath
from media.live import ControlSignal
from media.meeting import commands as cmd
from media.meeting.client import MeetingClient, Timings
from media.meeting.events import Event, FloorExtended
from media.meeting.link import Connect, Connection, Retry, dialer, reach
from media.meeting.model import MeetingPhase, MeetingState
from media.meeting.stage import Layout
from media.meeting.wire import read_message
from tests.meeting.center import Center, until
from tests.meeting.rooms import BOLUO, CITY, HUIDONG, MEETING, NAMES, STRANGER, gone, signer_of

LISTEN = "127.0.1.33"


class Ears:
    def __init__(self) -> None:
        self.states: list[tuple[MeetingState, Event | None]] = []
        self.links: list[tuple[bool, float]] = []
        self.faults: list[Fault] = []

    def on_state(self, state: MeetingState, event: Event | None) -> None:
        self.states.append((state, event))

    def on_link(self, online: bool) -> None:
        self.links.append((online, time.monotonic()))

    def on_fault(self, fault: Fault) -> None:
        self.faults.append(fault)


class Terminal:
    """A site's client, running."""

    def __init__(self, connect: Connect, unit: UnitPath, timings: Timings | None = None) -> None:
        self.ears = Ears()
        self.client = MeetingClient(
            meeting_id=MEETING,
            site_name=unit,
            connect=connect,
            listener=self.ears,
            clock=SystemClock(),
            jitter=Random(7),
            timings=timings,
        )
        self.unit = unit

    @property
    def state(self) -> MeetingState:
        return self.client.state

    @property
    def is_in(self) -> bool:
        site = self.state.sites.get(self.unit)
        return self.client.online and site is not None and site.online

    async def entered(self) -> None:
        await until(lambda: self.is_in)


@contextlib.asynccontextmanager
async def running(*terminals: Terminal) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(terminal.client.run()) for terminal in terminals]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


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


async def test_two_sites_enter_and_see_each_others_acts(center: Center):
    host, boluo = Terminal(center.dial(HUIDONG), HUIDONG), Terminal(center.dial(BOLUO), BOLUO)
    async with running(host, boluo):
        await host.entered()
        await boluo.entered()
        await boluo.client.send(cmd.RequestFloor("r1", "m1", "委员"))
        await until(lambda: host.state.queue)
        await host.client.send(cmd.GrantFloor("r1", 120))
        await until(lambda: boluo.state.speaking)
        assert boluo.state.sites_on_air == {HUIDONG, BOLUO}
        assert boluo.state.sites[HUIDONG].name == NAMES[HUIDONG]
        with pytest.raises(OperatorError, match="chair-only"):
            await boluo.client.send(cmd.End())
        with pytest.raises(OperatorError) as held:
            await boluo.client.send(cmd.RequestChair())
        assert (held.value.id, held.value.values["site"]) == ("chair-held", NAMES[HUIDONG])
        assert abs((boluo.client.now() - SystemClock().now()).total_seconds()) < 1.0
        await boluo.client.leave()
        await until(lambda: not host.state.sites[BOLUO].online)
        assert host.state.speaking is None


async def test_the_listener_hears_each_event_once_in_order_and_a_catch_up_as_one(center: Center):
    host = Terminal(center.dial(HUIDONG), HUIDONG)
    async with running(host):
        await host.entered()
        for number in (1, 2, 3):
            await host.client.send(cmd.PointAgenda(number))
        boluo = Terminal(center.dial(BOLUO), BOLUO)
        async with running(boluo):
            await boluo.entered()
            assert boluo.ears.states[0][1] is None
            assert boluo.ears.states[0][0].agenda_at == 3
    seqs = [state.seq for state, event in host.ears.states if event is not None]
    assert seqs == sorted(set(seqs))


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
    host, boluo = Terminal(center.dial(HUIDONG), HUIDONG), Terminal(center.dial(BOLUO), BOLUO)
    async with running(host, boluo):
        await host.entered()
        await boluo.entered()
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


async def test_a_meeting_that_is_not_known_yet_is_entered_once_it_is(center: Center):
    plan = center.directory.plans.pop(MEETING)
    host = Terminal(center.dial(HUIDONG), HUIDONG, Timings(retry=Retry(0.05, 0.1)))
    async with running(host):
        await until(lambda: host.ears.faults)
        assert [fault.id for fault in host.ears.faults] == ["meeting-unknown"], "told once"
        center.directory.plans[MEETING] = plan
        await host.entered()
        await asyncio.sleep(0)
        assert host.state.phase is MeetingPhase.OPEN


async def test_a_stranger_learns_no_more_than_that_there_is_no_such_meeting(center: Center):
    stranger = Terminal(center.dial(STRANGER), STRANGER, Timings(retry=Retry(0.05, 0.1)))
    async with running(stranger):
        await until(lambda: stranger.ears.faults)
    assert stranger.ears.faults[0].id == "meeting-unknown"
    assert stranger.ears.states == []


async def test_media_questions_travel_on_the_same_socket(center: Center):
    host = Terminal(center.dial(HUIDONG), HUIDONG)
    async with running(host):
        await host.entered()
        signal = ControlSignal(host.client, MEETING, signer_of(HUIDONG), host.ears.on_fault)
        assert await signal.publish("offer") == "answer to offer"
        await host.client.ask_media("switch", slot="v3", source=CITY)
        assert ("switch", HUIDONG, "v3", CITY) in center.engine.calls
        with pytest.raises(PeerFault, match="sdp-unreadable"):
            await signal.publish("nonsense")


async def test_a_media_question_asked_the_moment_the_link_is_back_waits_until_this_site_is_in(center: Center):
    host = Terminal(center.dial(HUIDONG), HUIDONG)
    signal = ControlSignal(host.client, MEETING, signer_of(HUIDONG), host.ears.on_fault)
    asked: list[asyncio.Task[str]] = []
    was_in: list[bool] = []

    def ask(online: bool) -> None:
        if online:
            was_in.append(host.is_in)
            asked.append(asyncio.ensure_future(signal.publish("offer")))

    host.ears.on_link = ask  # type: ignore[method-assign]  # this listener asks from within the call
    async with running(host):
        await until(lambda: asked)
        assert was_in == [False], "asked before it joined"
        assert await asked[0] == "answer to offer"
        assert host.is_in


async def test_a_site_that_was_given_up_for_lost_while_it_was_there_comes_in_again(center: Center):
    boluo = Terminal(center.dial(BOLUO), BOLUO)
    async with running(boluo):
        await boluo.entered()
        room = center.meetings._rooms[MEETING]
        await room.do(gone(BOLUO), cmd.Leave(lost=True))
        await until(lambda: [type(event).__name__ for _, event in boluo.ears.states].count("SiteLeft"))
        await boluo.entered()


async def test_an_ended_meeting_is_shown_and_not_entered_again(center: Center):
    host, boluo = Terminal(center.dial(HUIDONG), HUIDONG), Terminal(center.dial(BOLUO), BOLUO)
    async with running(host, boluo):
        await host.entered()
        await boluo.entered()
        await host.client.send(cmd.End())
        await until(lambda: boluo.state.phase is MeetingPhase.ENDED)
        with pytest.raises(OperatorError, match="meeting-ended"):
            await boluo.client.send(cmd.RequestFloor("r", "m", "委员"))
        assert boluo.ears.faults == []


class Scripted:
    """A center of the test's own: says what it is told to, and hears everything."""

    def __init__(self, *texts: str) -> None:
        self._texts = asyncio.Queue[str]()
        for text in texts:
            self._texts.put_nowait(text)
        self.heard: list[dict[str, Any]] = []
        self.is_gone = asyncio.Event()

    async def __call__(self) -> Connection:
        return self

    async def send(self, text: str) -> None:
        self.heard.append(read_message(text))

    async def receive(self) -> str:
        return await self._texts.get()

    async def close(self) -> None:
        self.abort()

    def abort(self) -> None:
        self.is_gone.set()


WELCOME = '{"t":"welcome","since":0,"head":%d,"now":"2026-11-20T07:00:00.000Z"}'
SCHEDULED = (
    '{"seq":1,"event":{"kind":"scheduled","at":"2026-11-20T07:00:00.000Z","title":"t","mode":"consultation",'
    f'"host":"{HUIDONG}","invited":[],"agenda":[]}},"command":"","by":""}}'
)
NEWER = '{"seq":2,"event":{"kind":"fireworks","at":"2026-11-20T07:00:00.000Z"},"command":"","by":""}'
OPENED = '{"seq":3,"event":{"kind":"opened","at":"2026-11-20T07:00:00.000Z"},"command":"","by":""}'


async def test_an_event_of_a_newer_center_is_passed_over_and_the_rest_is_followed():
    center = Scripted(WELCOME % 3, '{"t":"events","events":[' + ",".join([SCHEDULED, NEWER, OPENED]) + "]}")
    terminal = Terminal(center, HUIDONG)
    async with running(terminal):
        await until(lambda: terminal.client.online)
        assert (terminal.state.seq, terminal.state.phase) == (3, MeetingPhase.OPEN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[" * 5000,
        '{"t":"welcome"}',
        '{"t":"events","events":[]}',
        '{"t":"events","events":7}',
        '{"t":"welcome","since":0,"head":0,"now":"yesterday"}',
        WELCOME % 1 + "garbage",
        '{"t":"result","id":{}}',
        '{"t":"media","id":[]}',
        '{"t":"fault"}',
        '{"t":"pong","now":7}',
    ],
    ids=range(12),
)
async def test_a_center_that_talks_nonsense_is_left_and_tried_again(text: str):
    center = Scripted(text)
    terminal = Terminal(center, HUIDONG, Timings(retry=Retry(0.01, 0.02)))
    async with running(terminal):
        await center.is_gone.wait()
        await until(lambda: terminal.ears.faults)
        assert isinstance(terminal.ears.faults[0], PeerFault)
        await until(lambda: sum(message["t"] == "hello" for message in center.heard) > 1)


@pytest.mark.parametrize(
    "line", [OPENED, '{"seq":1,"event":{"kind":"site_left"}}', "7"], ids=["gap", "broken", "no line"]
)
async def test_a_log_that_does_not_add_up_is_asked_for_from_the_start(line: str):
    center = Scripted(
        WELCOME % 3, '{"t":"events","events":[' + SCHEDULED + "]}", '{"t":"events","events":[' + line + "]}"
    )
    terminal = Terminal(center, HUIDONG, Timings(retry=Retry(0.01, 0.02)))
    async with running(terminal):
        await until(lambda: sum(message["t"] == "hello" for message in center.heard) > 1)
        assert [message["since"] for message in center.heard if message["t"] == "hello"][:2] == [0, 0]


async def test_an_attempt_that_got_stuck_does_not_delay_the_next():
    center, stuck = Scripted(), asyncio.Event()
    tries = 0

    async def connect() -> Connection:
        nonlocal tries
        tries += 1
        if tries < 3:
            try:
                await asyncio.Event().wait()
            finally:
                stuck.set()
        return center

    assert await asyncio.wait_for(reach(connect, Retry(0.01, 0.02, stuck=0.02), Random(1)), 5) is center
    assert stuck.is_set(), "what is left over is given up"


async def test_no_more_attempts_are_under_way_than_allowed():
    under_way, most = 0, 0

    async def connect() -> Connection:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        try:
            await asyncio.Event().wait()
        finally:
            under_way -= 1
        raise AssertionError

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reach(connect, Retry(0.005, 0.01, attempts=3, stuck=0.01), Random(1)), 0.3)
    assert (most, under_way) == (3, 0)


async def test_whoever_answers_the_handshake_with_something_else_is_a_fault_and_not_a_crash():
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answers[0])
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    def refused(status: int, body: bytes) -> Fault:
        return PeerFault(body.decode(), status=status)

    connect = dialer(f"ws://127.0.0.1:{port}/", tls=None, server_name="x", headers=dict, refused=refused)
    answers = [b"HTTP/1.1 401 No\r\nContent-Length: 9\r\n\r\nclock-off"]
    with pytest.raises(PeerFault) as caught:
        await connect()
    assert (caught.value.id, caught.value.values["status"]) == ("clock-off", 401)
    for nonsense in (b"SSH-2.0-dropbear\r\n", b"", b"\xff" * 100, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"):
        answers[0] = nonsense
        with pytest.raises((PeerFault, ConnectionError)):
            await connect()
    server.close()
    await server.wait_closed()
    with pytest.raises(ConnectionError):
        await connect()


async def test_far_behind_the_client_takes_the_state_at_once_and_goes_on_by_events(center: Center):
    host = Terminal(center.dial(HUIDONG), HUIDONG)
    async with running(host):
        await host.entered()
        for number in range(90):
            await host.client.send(cmd.RequestFloor(f"r{number}", "m", "委员"))
            await host.client.send(cmd.CancelFloor(f"r{number}"))
        late = Terminal(center.dial(BOLUO), BOLUO)
        async with running(late):
            await late.entered()
            assert [event for _, event in late.ears.states].count(None) == 1
            assert len(late.ears.states) < 10, "the history was not told event by event"
            await until(lambda: late.state == host.state)
            await host.client.send(cmd.SetLayout(Layout.GALLERY_2))
            await until(lambda: late.state.layout is Layout.GALLERY_2)
        again = Terminal(center.dial(BOLUO), BOLUO)
        again.client.state, again.client._mark = late.client.state, late.client._mark
        async with running(again):
            await again.entered()
            assert again.state == host.state, "the mark of a snapshot is the log's"


async def test_a_removed_site_is_told_once_and_is_back_by_itself_when_admitted(center: Center):
    host, boluo = Terminal(center.dial(HUIDONG), HUIDONG), Terminal(center.dial(BOLUO), BOLUO)
    async with running(host, boluo):
        await host.entered()
        await boluo.entered()
        await host.client.send(cmd.Remove(BOLUO, "走错会场"))
        await until(lambda: [fault.id for fault in boluo.ears.faults] == ["site-removed"])
        await host.client.send(cmd.Admit(BOLUO))
        await boluo.entered()


async def test_what_is_done_after_somebody_else_sat_down_is_told_as_theirs(center: Center):
    seat = {"x-unit": HUIDONG, "x-person": "morning"}
    host = Terminal(dialer(center.url(), tls=None, server_name="silian-center", headers=lambda: seat), HUIDONG)
    async with running(host):
        await host.entered()
        await host.client.send(cmd.PointAgenda(1))
        seat["x-person"] = "afternoon"
        host.client.dial_again()
        await host.client.send(cmd.PointAgenda(2))
        assert [actor.person for actor in center.disk.actors[-2:]] == ["morning", "afternoon"]
        assert [online for online, _ in host.ears.links] == [True, False, True]
        assert not host.ears.faults
