"""A terminal follows a newer center, and leaves one that talks nonsense or does not answer."""

import asyncio
from random import Random
from typing import Any

import pytest

from desktop_app.domain.faults import Fault, PeerFault
from media.meeting.client import Timings
from media.meeting.link import Connection, Retry, dialer, reach
from media.meeting.model import MeetingPhase
from media.meeting.wire import read_message
from tests.meeting.center import until
from tests.meeting.rooms import HUIDONG
from tests.meeting.terminals import Terminal, running


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
