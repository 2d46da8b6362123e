"""The hub as a process of its own: started, adopted, killed, asked nonsense."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from desktop_app.domain.faults import HostFault, PeerFault
from desktop_app.domain.ids import MeetingId, UnitPath
from media.engine.hub_engine import HubEngine, read_announcement
from media.engine.wire import MESSAGE, prove_as_center, read_message, write_message
from media.hub.settings import HubSettings
from media.sdp import MediaLine, read_description, write_description
from media.transport.path import MediaPath
from tests.media.rig import MEETING, EngineSignal, Terminal, until

pytestmark = pytest.mark.processes
SECRET = b"s" * 32
OTHER = MeetingId("0192f0c0-0000-7000-8000-000000000009")


class Launcher:
    """Starts hub processes and ends every one of them."""

    def __init__(self, folder: Path) -> None:
        self.settings = HubSettings(SECRET, folder / "hub.json", "127.0.0.1", 41_500, 41_600, linger=60)
        self.started: list[asyncio.subprocess.Process] = []

    async def start(self) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "media.hub", stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        self.started.append(process)
        assert process.stdin is not None
        process.stdin.write(self.settings.line().encode())
        process.stdin.close()

    def engine(self, secret: bytes = SECRET, start: Callable[[], object] | None = None) -> HubEngine:
        return HubEngine(
            announce=self.settings.announce,
            secret=secret,
            start=start,  # type: ignore[arg-type]
            monotonic=time.monotonic,
        )

    async def end(self) -> None:
        for process in self.started:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


@pytest.fixture
async def launcher(tmp_path: Path) -> AsyncIterator[Launcher]:
    launcher = Launcher(tmp_path)
    yield launcher
    await launcher.end()


async def publish(engine: HubEngine, site: str) -> MediaPath:
    path = MediaPath("127.0.0.1", on_rtp=lambda _: None, on_rtcp=lambda _: None, monotonic=time.monotonic)
    offer = path.offer((MediaLine("audio", "audio", "sendonly", 111, 7),))
    answer = await engine.publish(MEETING, UnitPath(site), write_description(offer))
    await path.connect(read_description(answer))
    return path


async def test_a_restarted_center_adopts_the_running_hub_with_its_meetings_and_connections(launcher: Launcher):
    first = launcher.engine(start=launcher.start)
    await first.open()
    await first.create_room(MEETING)
    await first.create_room(OTHER)
    path = await publish(first, "a/")
    await first.close()

    second = launcher.engine(start=launcher.start)
    await second.open()
    assert await second.adopted() == [MEETING, OTHER]
    await second.create_room(MEETING)
    assert list((await second.stats(MEETING))["publishers"]) == ["a/"]
    assert path.ready
    assert len(launcher.started) == 1
    await second.close_room(OTHER)
    assert await second.adopted() == [MEETING]
    await path.close()
    await second.shut_down()
    assert await asyncio.wait_for(launcher.started[0].wait(), 5) == 0


async def test_a_killed_hub_is_replaced_and_told_its_rooms_and_who_is_on_air(launcher: Launcher):
    engine = launcher.engine(start=launcher.start)
    await engine.open()
    await engine.create_room(MEETING)
    await engine.set_on_air(MEETING, frozenset({UnitPath("a/")}))
    os.kill(launcher.started[0].pid, signal.SIGKILL)
    await launcher.started[0].wait()
    await until(lambda: len(launcher.started) == 2, within=8)
    await until(lambda: engine.connected, within=8)
    assert (await engine.stats(MEETING))["on_air"] == ["a/"]
    path = await publish(engine, "a/")
    await path.close()
    await engine.close()


async def test_terminals_go_on_while_the_center_is_away_and_come_back_by_themselves_when_the_hub_is_killed(
    launcher: Launcher,
):
    engine = launcher.engine(start=launcher.start)
    await engine.open()
    await engine.create_room(MEETING)
    await engine.set_on_air(MEETING, frozenset({UnitPath("b/")}))
    terminals = [
        Terminal(UnitPath(name), EngineSignal(engine, UnitPath(name)), silent_after=1.6) for name in ("a/", "b/")
    ]
    one, other = terminals
    for terminal in terminals:
        await terminal.media.start()
    one.see(other)
    other.media.set_on_air(True)
    one.media.set_speakers(frozenset({other.site}))

    def heard() -> int:
        return one.media.stats().sites[other.site].audio_decoded

    await until(lambda: one.frames(other) > 3 and heard() > 3)
    one.signal.broken = other.signal.broken = True
    await engine.close()
    seen = one.frames(other)
    await until(lambda: one.frames(other) > seen + 25 and heard() > 50)
    assert one.notes.up == [True]

    os.kill(launcher.started[0].pid, signal.SIGKILL)
    second = launcher.engine(start=launcher.start)
    await second.open()
    await second.create_room(MEETING)
    await second.set_on_air(MEETING, frozenset({other.site}))
    for terminal in terminals:
        terminal.signal.engine = second  # type: ignore[union-attr]
        terminal.signal.broken = False
    seen, before = one.frames(other), heard()
    await until(lambda: one.frames(other) > seen + 5 and heard() > before + 5, within=10)
    for terminal in terminals:
        await terminal.media.stop()
    await second.shut_down()


async def test_whoever_does_not_know_the_secret_is_not_let_in_and_the_rightful_center_is_not_disturbed(
    launcher: Launcher,
):
    engine = launcher.engine(start=launcher.start)
    await engine.open()
    await engine.create_room(MEETING)
    port = read_announcement(launcher.settings.announce)
    assert port is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await prove_as_center(reader, writer, b"w" * 32)
    writer.close()
    assert await engine.adopted() == [MEETING]
    await engine.close()


async def test_a_hub_that_cannot_prove_itself_is_not_believed(tmp_path: Path, unused_tcp_port: int):
    visits = 0

    async def pretend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal visits
        visits += 1
        writer.write(bytes(32))
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readexactly(64)
            writer.write(bytes(32))
            await writer.drain()
            await reader.read()
        writer.close()

    server = await asyncio.start_server(pretend, "127.0.0.1", unused_tcp_port)
    announce = tmp_path / "hub.json"
    announce.write_text(json.dumps({"port": unused_tcp_port, "pid": 1}))
    engine = HubEngine(announce=announce, secret=SECRET, start=None, monotonic=time.monotonic)
    await engine.open()
    await until(lambda: visits > 2)  # it was left and tried again, and again
    assert not engine.connected
    await engine.close()
    server.close()


async def test_what_the_hub_does_not_understand_is_refused_with_an_id_and_the_rest_goes_on(launcher: Launcher):
    await launcher.start()
    await until(lambda: read_announcement(launcher.settings.announce) is not None)
    port = read_announcement(launcher.settings.announce)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await prove_as_center(reader, writer, SECRET)
    requests = [
        ({"op": "dance"}, "hub-message"),
        ({"op": "publish", "meeting": 7}, "hub-message"),
        ({"op": "create_room", "meeting": "x" * 300}, "hub-message"),
        ({"op": "stats", "meeting": MEETING}, "room-unknown"),
        ({}, "hub-message"),
    ]
    for number, (request, fault) in enumerate(requests):
        write_message(writer, {"id": number, **request})
        answer = await asyncio.wait_for(read_message(reader), 5)
        assert (answer["id"], answer["fault"]) == (number, fault)
    writer.write((MESSAGE + 1).to_bytes(4, "big"))
    with pytest.raises(ConnectionError):
        await asyncio.wait_for(read_message(reader), 5)
    writer.close()
    engine = launcher.engine()
    await engine.open()
    await engine.create_room(MEETING)
    with pytest.raises(PeerFault) as caught:
        await engine.publish(MEETING, UnitPath("a/"), "nonsense")
    assert caught.value.id == "sdp-unsupported"
    with pytest.raises(PeerFault) as caught:
        await engine.switch(MEETING, UnitPath("a/"), "v99", None)
    assert caught.value.id == "slot-unknown"
    with pytest.raises(PeerFault) as caught:
        await engine.keyframe(MEETING, UnitPath("nobody/"))
    assert caught.value.id == "site-unknown"
    await engine.close()


async def test_a_hub_nobody_needs_ends_by_itself(tmp_path: Path):
    launcher = Launcher(tmp_path)
    launcher.settings = HubSettings(SECRET, tmp_path / "hub.json", "127.0.0.1", 41_500, 41_600, linger=0.2)
    await launcher.start()
    assert await asyncio.wait_for(launcher.started[0].wait(), 10) == 0


async def test_an_engine_without_a_hub_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("media.engine.hub_engine.ANSWER_WITHIN", 0.3)
    engine = HubEngine(announce=tmp_path / "none.json", secret=SECRET, start=None, monotonic=time.monotonic)
    await engine.open()
    with pytest.raises(HostFault) as caught:
        await engine.create_room(MEETING)
    assert caught.value.id == "hub-unreachable"
    await engine.close()


def test_the_settings_of_the_hub_survive_their_line_and_nothing_else_does():
    settings = HubSettings(SECRET, Path("/tmp/hub.json"), "127.0.0.1", 1, 2, 3.0)
    assert HubSettings.parse(settings.line()) == settings
    for line in ("", "{}", "[]", '{"secret": 7}'):
        with pytest.raises(ValueError, match=r"settings|Expecting"):
            HubSettings.parse(line)
