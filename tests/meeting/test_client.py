"""The terminal's side: what is said and heard in a meeting, and who is in it."""

import asyncio

import pytest

from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import OperatorError, PeerFault
from media.live import ControlSignal
from media.meeting import commands as cmd
from media.meeting.client import Timings
from media.meeting.link import Retry, dialer
from media.meeting.model import MeetingPhase
from media.meeting.stage import Layout
from tests.meeting.center import Center, until
from tests.meeting.rooms import BOLUO, CITY, HUIDONG, MEETING, NAMES, STRANGER, gone, signer_of
from tests.meeting.terminals import Terminal, both_in, running


async def test_two_sites_enter_and_see_each_others_acts(center: Center):
    async with both_in(center) as (host, boluo):
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
    async with both_in(center) as (host, boluo):
        await host.client.send(cmd.End())
        await until(lambda: boluo.state.phase is MeetingPhase.ENDED)
        with pytest.raises(OperatorError, match="meeting-ended"):
            await boluo.client.send(cmd.RequestFloor("r", "m", "委员"))
        assert boluo.ears.faults == []


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
    async with both_in(center) as (host, boluo):
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
