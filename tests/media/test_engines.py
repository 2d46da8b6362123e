"""One set of tests for every media engine: the same terminals, the same center's calls, the same promises."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import av
import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from bench.link import Link
from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import DeviceId, MeetingId, UnitPath
from desktop_app.domain.principal import Principal
from media.engine.hub_engine import HubEngine
from media.engine.janus_engine import JanusEngine
from media.engine.layers import Demand
from media.engine.room import RecordingOrder, RoomEngine, recording_name
from media.engine.trial import ROOM, MediaTrials
from media.recording.webm import write_webm
from media.sdp import read_description, write_description
from media.selftest.way import Way, find_way
from tests.media.janus_rig import Janus, needs_janus, own_network
from tests.media.rig import MEETING, CableSignal, EngineSignal, Terminal, TwoWay, until
from tests.media.test_hub_process import Launcher

pytestmark = pytest.mark.processes


class Engine(RoomEngine, Protocol):
    async def open(self) -> None: ...

    async def close(self) -> None: ...

    @property
    def connected(self) -> bool: ...

    async def adopted(self) -> list[MeetingId]: ...


class Stage(Protocol):
    """An engine's process, and the center's end of it."""

    def center(self) -> Engine: ...

    async def kill(self) -> None: ...

    async def start(self) -> None: ...

    async def end(self) -> None: ...


class HubStage:
    def __init__(self, folder: Path) -> None:
        self.launcher = Launcher(folder)

    def center(self) -> HubEngine:
        return self.launcher.engine()

    async def start(self) -> None:
        self.launcher.settings.announce.unlink(missing_ok=True)
        await self.launcher.start()

    async def kill(self) -> None:
        self.launcher.started[-1].kill()
        await self.launcher.started[-1].wait()

    async def end(self) -> None:
        await self.launcher.end()


class JanusStage:
    def __init__(self, folder: Path) -> None:
        self.janus = Janus(folder)

    def center(self) -> JanusEngine:
        return self.janus.engine(remembers=True)

    async def start(self) -> None:
        await self.janus.start()

    async def kill(self) -> None:
        await self.janus.kill()

    async def end(self) -> None:
        await self.janus.kill()


class Meeting:
    """Terminals in one room of an engine."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.engine = stage.center()
        self.terminals: list[Terminal] = []
        self._cables: list[CableSignal] = []

    async def open(self) -> None:
        await self.stage.start()
        await self.engine.open()
        await until(lambda: self.engine.connected)
        await self.engine.create_room(MEETING)

    async def join(self, *names: str, silent_after: float = 3.0) -> list[Terminal]:
        return [
            await self._joined(EngineSignal(self.engine, UnitPath(name)), UnitPath(name), silent_after)
            for name in names
        ]

    async def join_by_cable(self, name: str) -> tuple[Terminal, CableSignal]:
        signal = CableSignal(self.engine, UnitPath(name))
        self._cables.append(signal)
        return await self._joined(signal, UnitPath(name), 1.6), signal

    async def _joined(self, signal: EngineSignal, site: UnitPath, silent_after: float) -> Terminal:
        terminal = Terminal(site, signal, silent_after=silent_after)
        await terminal.media.start()
        self.terminals.append(terminal)
        return terminal

    async def talk(self) -> tuple[Terminal, CableSignal, TwoWay]:
        """One behind a cable and one beside the engine see and hear each other."""
        far, cable = await self.join_by_cable("a/")
        (near,) = await self.join("b/", silent_after=1.6)
        talk = TwoWay(far, near)
        await self.engine.set_on_air(MEETING, frozenset({far.site, near.site}))
        for here, there in talk.ways:
            here.see(there)
            here.media.set_speakers(frozenset({there.site}))
            here.media.set_on_air(True)
        await talk.is_back()
        return far, cable, talk

    async def replace_center(self) -> None:
        """The center ends without a word to its engine, and comes back."""
        for terminal in self.terminals:
            terminal.signal.broken = True
        await self.engine.close()
        self.engine = self.stage.center()
        await self.engine.open()
        await until(lambda: self.engine.connected)
        for terminal in self.terminals:
            assert isinstance(terminal.signal, EngineSignal)
            terminal.signal.engine = self.engine
            terminal.signal.broken = False

    async def put_on_air(self, speaker: Terminal) -> None:
        await self.engine.set_on_air(MEETING, frozenset({speaker.site}))
        for terminal in self.terminals:
            if terminal is not speaker:
                terminal.media.set_speakers(frozenset({speaker.site}))
        speaker.media.set_on_air(True)

    async def gone(self, terminal: Terminal) -> None:
        """Wait until the engine knows that this one no longer publishes."""
        async with asyncio.timeout(10):
            while terminal.site in (await self.engine.stats(MEETING))["publishers"]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def close(self) -> None:
        for terminal in self.terminals:
            await terminal.media.stop()
        for cable in self._cables:
            cable.close()
        with contextlib.suppress(Exception):
            await self.engine.close()


async def recovered(talk: TwoWay, record_property: Callable[[str, object], None]) -> None:
    took = await talk.is_back()
    record_property("recovery_seconds", round(took, 2))
    assert took < 10


def up(*terminals: Terminal) -> Callable[[], bool]:
    return lambda: all(terminal.media.stats().up for terminal in terminals)


class EnginePromises:
    """What every engine keeps. A subclass gives the stage."""

    @pytest.fixture
    async def meeting(self, stage: Stage) -> AsyncIterator[Meeting]:
        meeting = Meeting(stage)
        try:
            await meeting.open()
            yield meeting
        finally:
            await meeting.close()

    async def test_each_terminal_sees_the_others_soon_and_at_full_rate(self, meeting: Meeting):
        one, two, three = terminals = await meeting.join("a/", "b/", "c/")
        for terminal in terminals:
            terminal.see(*(other for other in terminals if other is not terminal))
        pairs = [(here, there) for here in terminals for there in terminals if here is not there]
        assert await until(lambda: all(here.frames(there) for here, there in pairs)) < 4
        await until(lambda: all(here.media.stats().sites[there.site].fps >= 20 for here, there in pairs))
        assert one.media.stats().restarts == two.media.stats().restarts == three.media.stats().restarts == 0

    async def test_only_who_is_on_air_is_heard_even_where_another_program_sends(self, meeting: Meeting):
        speaker, loud, listener = await meeting.join("a/", "b/", "c/")
        listener.see(speaker, loud)
        await until(lambda: listener.frames(speaker) > 0 and listener.frames(loud) > 0)
        loud.media.set_on_air(True)  # a program that sends although it is not on air
        await meeting.put_on_air(speaker)
        await until(lambda: listener.media.stats().sites[speaker.site].audio_decoded > 50)
        heard = listener.media.stats().sites
        assert heard[speaker.site].audio_decoded >= 0.9 * heard[speaker.site].audio_due
        sent = (await meeting.engine.stats(MEETING))["subscribers"][listener.site]["slots"]
        loud_slot = next(slot for slot, each in sent.items() if each["shows"] == loud.site and slot.startswith("a"))
        assert sent[loud_slot]["packets"] < 5
        loud.media.set_on_air(False)
        await meeting.put_on_air(loud)
        await until(lambda: listener.media.stats().sites[loud.site].audio_decoded > 25)

    async def test_a_slot_is_switched_without_a_new_connection(self, meeting: Meeting):
        viewer, first, second = await meeting.join("a/", "b/", "c/")
        viewer.see(first)
        await until(lambda: viewer.frames(first) > 0)
        viewer.see(second)
        assert await until(lambda: viewer.frames(second) > 0) < 2
        viewer.see(first)
        seen = viewer.frames(first)
        await until(lambda: viewer.frames(first) > seen)
        assert viewer.media.stats().restarts == 0

    async def test_a_source_that_comes_later_is_shown_once_it_is_there_and_again_when_it_comes_back(
        self, meeting: Meeting
    ):
        (viewer,) = await meeting.join("a/")
        late = UnitPath("b/")
        viewer.media.source(late).want(320, 180)
        viewer.media.show([late])
        await until(up(viewer))
        (site,) = await meeting.join("b/")
        await until(lambda: viewer.frames(site) > 0)
        await site.media.stop()
        meeting.terminals.remove(site)
        await meeting.gone(site)
        seen = viewer.frames(site)
        (again,) = await meeting.join("b/")
        await until(lambda: viewer.frames(again) > seen)
        assert viewer.media.stats().restarts == 0

    async def test_a_paused_slot_carries_nothing_and_goes_on_with_a_whole_picture(self, meeting: Meeting):
        viewer, site = await meeting.join("a/", "b/")
        viewer.see(site)
        await until(lambda: viewer.frames(site) > 5)
        await meeting.engine.pause(MEETING, viewer.site, "v0", True)
        await until(lambda: viewer.media.stats().sites[site.site].fps == 0)
        seen = viewer.frames(site)
        await meeting.engine.pause(MEETING, viewer.site, "v0", False)
        assert await until(lambda: viewer.frames(site) > seen + 5) < 2

    async def test_a_slot_goes_between_the_two_pictures_of_a_site_and_the_engine_knows_who_wants_which(
        self, meeting: Meeting
    ):
        viewer, site = await meeting.join("a/", "b/")
        for width, height, lines, demand in ((300, 170, 180, Demand(0, True)), (640, 360, 360, Demand(360, False))) * 2:
            if lines == 180:
                viewer.see(site, width=width, height=height)
            else:
                viewer.media.source(site.site).want(width, height)
            await until(
                lambda lines=lines: viewer.frames(site) > 0 and viewer.media.stats().sites[site.site].height == lines
            )  # type: ignore[misc]
            assert await meeting.engine.demand(MEETING) == {site.site: demand}
        viewer.media.source(site.site).want(0, 0)
        async with asyncio.timeout(10):
            while await meeting.engine.demand(MEETING):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert viewer.media.stats().restarts == 0

    async def test_a_lone_terminal_stays_connected_although_nothing_is_shown_to_it(self, meeting: Meeting):
        (alone,) = await meeting.join("a/", silent_after=1.8)
        await until(up(alone))
        began = time.monotonic()
        await until(lambda: time.monotonic() - began > 3.0 or not alone.media.stats().up)
        assert alone.media.stats().up
        assert alone.media.stats().restarts == 0

    async def test_new_connections_of_a_site_take_the_place_of_its_old_ones(self, meeting: Meeting):
        viewer, site = await meeting.join("a/", "b/")
        viewer.see(site)
        site.see(viewer)
        await until(lambda: viewer.frames(site) > 0 and site.frames(viewer) > 0)
        await site.media.restart()
        await until(lambda: site.media.stats().restarts == 1 and site.media.stats().up)
        seen, saw = viewer.frames(site), site.frames(viewer)
        await until(lambda: viewer.frames(site) > seen + 20 and site.frames(viewer) > saw + 20)
        await until(lambda: viewer.media.stats().restarts == 0)
        assert set((await meeting.engine.stats(MEETING))["publishers"]) == {viewer.site, site.site}

    async def test_a_site_that_leaves_is_gone_at_once(self, meeting: Meeting):
        viewer, site = await meeting.join("a/", "b/")
        viewer.see(site)
        await until(lambda: viewer.frames(site) > 0)
        site.signal.broken = True
        await meeting.engine.leave(MEETING, site.site)
        found = await meeting.engine.stats(MEETING)
        assert list(found["publishers"]) == list(found["subscribers"]) == [viewer.site]
        seen = viewer.frames(site)
        await until(lambda: viewer.media.stats().sites[site.site].fps == 0)
        assert viewer.frames(site) <= seen + 2
        assert viewer.media.stats().restarts == 0

    async def test_a_closed_room_ends_every_connection(self, meeting: Meeting):
        one, two = await meeting.join("a/", "b/")
        await until(up(one, two))
        for terminal in (one, two):
            terminal.signal.broken = True
        await meeting.engine.close_room(MEETING)
        await until(lambda: not one.media.stats().up and not two.media.stats().up)
        with pytest.raises(PeerFault) as caught:
            await meeting.engine.set_on_air(MEETING, frozenset())
        assert caught.value.id == "room-unknown"

    async def test_the_sites_that_agreed_are_recorded_and_the_files_are_whole_when_it_ends(
        self, meeting: Meeting, tmp_path: Path
    ):
        agreed, other = await meeting.join("a/", "b/")
        agreed.see(other)
        other.see(agreed)
        await meeting.put_on_air(agreed)
        await until(lambda: other.frames(agreed) > 0 and agreed.frames(other) > 0)
        folder = tmp_path / "tape"
        folder.mkdir()
        order = RecordingOrder(str(folder), bytes(32), frozenset({agreed.site}))
        await meeting.engine.record(MEETING, order)
        await meeting.engine.record(MEETING, order)
        assert agreed.site in await meeting.engine.demand(MEETING)
        heard, seen = other.media.stats().sites[agreed.site].audio_decoded, other.frames(agreed)
        await until(lambda: other.media.stats().sites[agreed.site].audio_decoded > heard + 75)
        await until(lambda: other.frames(agreed) > seen + 30)
        await meeting.engine.record(MEETING, None)
        files = sorted(folder.iterdir())
        assert files
        assert all(path.name.startswith(recording_name(agreed.site)) for path in files)
        out, began = tmp_path / "out.webm", time.time_ns() // 10**6 - 60_000
        made = await asyncio.to_thread(write_webm, files, order.key, out, began=began)
        assert made is not None
        assert made.pictures > 20
        assert made.sounds > 50
        with av.open(str(out)) as file:
            assert sum(1 for _ in file.decode(video=0)) == made.pictures

    async def test_what_is_not_there_is_refused_by_name(self, meeting: Meeting):
        engine, site = meeting.engine, UnitPath("a/")
        refused = {
            "sdp-unsupported": engine.publish(MEETING, site, "nonsense"),
            "sdp-unreadable": engine.subscribe(MEETING, site, "v=0\r\nm=x"),
            "slot-unknown": engine.switch(MEETING, site, "v99", None),
            "site-unknown": engine.keyframe(MEETING, UnitPath("nobody/")),
            "room-unknown": engine.stats(MeetingId("0192f0c0-0000-7000-8000-00000000dead")),
        }
        for fault, call in refused.items():
            with pytest.raises(PeerFault) as caught:
                await call
            assert caught.value.id == fault
        with pytest.raises(PeerFault) as caught:
            await engine.pause(MEETING, site, "v0", True)
        assert caught.value.id == "site-unknown"

    async def test_sound_and_picture_go_on_while_the_center_is_away_and_it_takes_up_where_it_was(
        self, meeting: Meeting
    ):
        viewer, site, third = await meeting.join("a/", "b/", "c/")
        viewer.see(site)
        await meeting.put_on_air(site)
        await until(lambda: viewer.frames(site) > 0 and third.media.stats().up)
        await meeting.replace_center()
        assert await meeting.engine.adopted() == [MEETING]
        seen = viewer.frames(site)
        await until(lambda: viewer.frames(site) > seen + 10)
        viewer.see(third)
        await until(lambda: viewer.frames(third) > 0)
        assert viewer.media.stats().restarts == 0
        await meeting.engine.set_on_air(MEETING, frozenset())
        assert set((await meeting.engine.stats(MEETING))["publishers"]) == {"a/", "b/", "c/"}

    async def test_a_killed_engine_comes_back_with_its_rooms_and_both_sites_see_and_hear_each_other_again(
        self, meeting: Meeting, record_property: Callable[[str, object], None]
    ):
        _, _, talk = await meeting.talk()
        await meeting.stage.kill()
        await until(lambda: not meeting.engine.connected)
        await meeting.stage.start()
        await recovered(talk, record_property)

    @pytest.mark.parametrize("seconds", [2.0, 5.0])
    async def test_after_a_cut_line_both_sites_see_and_hear_each_other_again(
        self, meeting: Meeting, seconds: float, record_property: Callable[[str, object], None]
    ):
        """After 2 s, and after a time in which the terminal has given its connections up. `bench.media recovery` cuts
        for 20 and 90 s."""
        far, cable, talk = await meeting.talk()
        cable.cut(True)
        began = time.monotonic()
        await until(lambda: time.monotonic() - began > seconds)
        assert seconds < 3 or far.notes.up[-1] is False
        cable.cut(False)
        await recovered(talk, record_property)

    async def test_after_a_change_of_address_both_sites_see_and_hear_each_other_again(
        self, meeting: Meeting, record_property: Callable[[str, object], None]
    ):
        _, cable, talk = await meeting.talk()
        await cable.change_address()
        await recovered(talk, record_property)

    async def test_a_terminal_learns_before_any_meeting_whether_packets_reach_the_engine(
        self, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr("media.selftest.way.WITHIN", 1.5)
        monkeypatch.setattr("media.engine.trial.LASTS", 4.0)
        async with center_with(MediaTrials(meeting.engine, None, SystemClock())) as center:
            assert await find_way("127.0.0.1", center.ask, time.monotonic) is Way.DIRECT
            center.blocks = True
            assert await find_way("127.0.0.1", center.ask, time.monotonic) is Way.BLOCKED
            wrong = await center.client.post("/v1/media-trial", json={"sdp": "v=0\r\nm=x"})
            assert (wrong.status_code, wrong.json()["id"]) == (400, "sdp-unreadable")
        async with asyncio.timeout(20):
            while (await meeting.engine.stats(ROOM))["publishers"]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)


class TrialCenter:
    """A center's trial over HTTP. Where it `blocks`, a line that is cut stands before the engine."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.blocks = False
        self.links: list[Link] = []

    async def ask(self, offer: str) -> tuple[str, None]:
        answer = (await self.client.post("/v1/media-trial", json={"sdp": offer})).json()["sdp"]
        if self.blocks:
            link, description = Link(), read_description(answer)
            self.links.append(link)
            number = await link.open(description.candidates[0])
            link.cut = True
            answer = write_description(replace(description, candidates=(("127.0.0.1", number),)))
        return answer, None


@contextlib.asynccontextmanager
async def center_with(trials: MediaTrials) -> AsyncIterator[TrialCenter]:
    app = Starlette(routes=trials.routes())

    async def with_principal(scope: Scope, receive: Receive, send: Send) -> None:
        principal = Principal(DeviceId("d" * 32), UnitPath("100000/440000/"))
        await app({**scope, "principal": principal}, receive, send)

    transport = httpx.ASGITransport(with_principal)
    async with httpx.AsyncClient(transport=transport, base_url="http://center") as client:
        center = TrialCenter(client)
        yield center
        for link in center.links:
            link.close()


class TestHub(EnginePromises):
    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[HubStage]:
        stage = HubStage(tmp_path)
        yield stage
        await stage.end()


@needs_janus
class TestJanus(EnginePromises):
    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[JanusStage]:
        with own_network("10.77.0.1"):
            stage = JanusStage(tmp_path)
            try:
                yield stage
            finally:
                await stage.end()
