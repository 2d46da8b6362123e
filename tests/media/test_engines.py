"""One set of tests for every media engine: the same terminals, the same center's calls, the same promises."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import av
import pytest

from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import MeetingId, UnitPath
from media.engine.layers import Demand
from media.engine.room import RecordingOrder, recording_name
from media.engine.trial import ROOM, MediaTrials
from media.recording.webm import write_webm
from media.selftest.way import Way, find_way
from tests.media.engine_stage import HubStage, JanusStage, Meeting, Stage, center_with
from tests.media.janus_rig import needs_janus, own_network
from tests.media.rig import MEETING, Terminal, TwoWay, until

pytestmark = pytest.mark.processes


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
