"""The center's side of a meeting, over real sockets: it stores before it tells, and nobody's fault is another's."""

import asyncio
import contextlib
import json
from dataclasses import replace

import pytest
from websockets.exceptions import ConnectionClosed

from media.engine.content import content_of
from media.meeting import commands as cmd
from media.meeting.apply import replay
from media.meeting.events import Opened, ScheduleChanged, SiteLeft, log_mark
from media.meeting.model import MeetingState
from media.meeting.seals import read_seal, sealed
from media.meeting.stage import SCREEN
from media.meeting.wire import read_state, read_stored, write_message, write_stored
from tests.meeting.center import Center, RawSocket, until
from tests.meeting.rooms import (
    BOLUO,
    CITY,
    HUIDONG,
    MEETING,
    NAMES,
    PROVINCE,
    STRANGER,
    device_of,
    sealed_offer,
    signer_of,
)


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A site may say as much as the test wants at once."""
    monkeypatch.setattr("media.meeting.session.MESSAGES_AT_ONCE", 1e9)
    monkeypatch.setattr("media.meeting.session.MESSAGES_PER_SECOND", 1e9)


async def test_the_hosts_first_join_opens_the_scheduled_meeting_for_everyone(center: Center):
    async with center.raw(BOLUO) as boluo, center.raw(HUIDONG) as host:
        welcome = await boluo.hello()
        assert welcome["site"] == BOLUO
        assert (await boluo.command(cmd.Join("我自己起的名字")))["ok"]
        await host.hello()
        assert (await host.command(cmd.Join("惠东")))["ok"]
        await boluo.say({"t": "ping"})
        await boluo.hear("pong")
        kinds = [line["event"]["kind"] for line in boluo.events]
        assert kinds == ["scheduled", "site_joined", "site_joined", "opened", "chair_passed"]
        assert boluo.events[1]["event"]["name"] == NAMES[BOLUO], "a unit's name comes from the records"
        await until(lambda: center.engine.on_air == {HUIDONG})


async def test_what_anybody_hears_is_already_on_the_disk(center: Center):
    async with center.raw(BOLUO) as boluo, center.raw(HUIDONG) as host:
        await boluo.hello()
        await boluo.command(cmd.Join(""))
        await host.hello()
        await host.command(cmd.Join(""))
        seen = 0
        for number in range(10):
            asking = asyncio.create_task(host.command(cmd.RequestFloor(f"r{number}", f"m{number}", "委员")))
            while not asking.done() or seen < len(boluo.events):
                assert len(boluo.events) <= len(center.log)
                seen = len(boluo.events)
                await asyncio.sleep(0)
            assert asking.result()["ok"]


async def test_a_full_disk_refuses_the_command_and_nobody_hears_of_it(center: Center):
    async with center.raw(BOLUO) as boluo, center.raw(HUIDONG) as host:
        for site in (host, boluo):
            await site.hello()
            await site.command(cmd.Join(""))
        center.disk.is_full = True
        result = await host.command(cmd.PointAgenda(1))
        assert result["refused"]["id"] == "disk-full"
        center.disk.is_full = False
        assert (await host.command(cmd.PointAgenda(2)))["ok"]
        await boluo.say({"t": "ping"})
        await boluo.hear("pong")
        assert [e["event"]["number"] for e in boluo.events if e["event"]["kind"] == "agenda_pointed"] == [2]


async def test_a_disk_that_kept_the_event_before_it_failed_is_believed(center: Center):
    async with center.raw(HUIDONG) as host:
        await host.hello()
        await host.command(cmd.Join(""))
        center.disk.fails_after_commit = True
        assert (await host.command(cmd.PointAgenda(1)))["ok"]
        assert (await host.command(cmd.PointAgenda(2)))["ok"]
        assert [line.seq for line in center.log] == list(range(1, len(center.log) + 1))


@pytest.mark.usefixtures("hurry")
async def test_a_client_that_was_away_gets_what_it_missed_and_nothing_twice(center: Center):
    async with center.raw(HUIDONG) as host:
        await host.hello()
        await host.command(cmd.Join(""))
        async with center.raw(BOLUO) as boluo:
            await boluo.hello()
            await boluo.command(cmd.Join(""))
            known = len(boluo.events)
            mark = ""
            for line in boluo.events:
                mark = log_mark(mark, write_message(write_stored(read_stored(line))))
        for number in range(300):
            await host.command(cmd.RequestFloor(f"r{number}", f"m{number}", "委员" * 30))
            await host.command(cmd.CancelFloor(f"r{number}"))
        async with center.raw(BOLUO) as boluo:
            welcome = await boluo.hello(known, mark=mark)
            assert (welcome["since"], welcome["head"]) == (known, len(center.log))
            while len(boluo.events) < welcome["head"] - known:
                await boluo.hear("events")
            assert [line["seq"] for line in boluo.events] == list(range(known + 1, welcome["head"] + 1))


async def test_a_client_with_another_history_gets_this_one_from_the_start(center: Center):
    async with center.raw(HUIDONG) as host:
        await host.hello()
        await host.command(cmd.Join(""))
        async with center.raw(BOLUO) as boluo:
            assert (await boluo.hello(2, mark="0123456789abcdef"))["since"] == 0
            await until(lambda: True)
        async with center.raw(BOLUO) as boluo:
            assert (await boluo.hello(99))["since"] == 0, "a center restored from a backup has a shorter log"


async def test_a_repeated_command_happens_once_even_after_a_restart_of_the_center(center: Center):
    async with center.raw(HUIDONG) as host:
        await host.hello()
        await host.command(cmd.Join(""))
        await host.command(cmd.RequestFloor("r1", "m1", "委员"))
        await host.command(cmd.GrantFloor("r1", 60))
        assert (await host.command(cmd.ExtendFloor("r1", 120), "extend-1"))["ok"]
        assert (await host.command(cmd.ExtendFloor("r1", 120), "extend-1"))["ok"]
    await center.stop()
    await center.start()
    async with center.raw(HUIDONG) as host:
        await host.hello()
        assert (await host.command(cmd.ExtendFloor("r1", 120), "extend-1"))["ok"]
    assert [line.command_id for line in center.log].count("extend-1") == 1


async def test_the_log_names_the_site_and_the_disk_the_person(center: Center):
    async with center.raw(HUIDONG) as host:
        await host.hello()
        await host.command(cmd.Join(""), "join-1")
    opened = next(line for line in center.log if isinstance(line.event, Opened))
    assert (opened.by, opened.command_id) == (HUIDONG, "join-1")
    assert center.disk.actors[-1].person == "person-of-" + HUIDONG


async def test_a_unit_that_is_not_invited_is_told_that_there_is_no_such_meeting(center: Center):
    for unit, meeting in ((STRANGER, None), (BOLUO, "019a0000-0000-7000-8000-00000000dead"), (BOLUO, "nonsense")):
        async with center.raw(unit, **({"meeting": meeting} if meeting else {})) as stranger:
            assert (await stranger.hear("fault"))["id"] == "meeting-unknown"
            with pytest.raises(ConnectionClosed):
                await stranger.connection.recv()


async def test_a_stranger_sees_nothing_of_an_ended_meeting_either(center: Center):
    async with center.raw(HUIDONG) as host:
        await host.hello()
        await host.command(cmd.Join(""))
        await host.command(cmd.End())
        async with center.raw(STRANGER) as stranger:
            assert (await stranger.hear("fault"))["id"] == "meeting-unknown"
        async with center.raw(BOLUO) as boluo:
            assert (await boluo.hello())["head"] == len(center.log)


WRONG_MESSAGES = [
    ("{", "message-unreadable"),
    ("[1]", "message-unreadable"),
    ({"t": "dance"}, "kind-unknown"),
    ({"t": "hello"}, "hello-again"),
    ({"t": "command"}, "field-invalid"),
    ({"t": "command", "id": ""}, "field-invalid"),
    ({"t": "command", "id": "x" * 65}, "field-invalid"),
]


async def test_a_wrong_message_gets_its_fault_and_disturbs_nobody(center: Center):
    async with center.raw(BOLUO) as boluo, center.raw(HUIDONG) as host:
        await boluo.hello()
        await host.hello()
        for message, fault in WRONG_MESSAGES:
            await boluo.say(message)
            assert (await boluo.hear("fault"))["id"] == fault, message
        assert (await host.command(cmd.Join("")))["ok"]
        assert (await boluo.command(cmd.Join("")))["ok"], "one mistake does not end the session"


REFUSED_COMMANDS = [
    ({"kind": "tick"}, "command-not-allowed"),
    ({"kind": "leave", "lost": True}, "command-not-allowed"),
    ({"kind": "jump"}, "kind-unknown"),
    (None, "message-unreadable"),
    ({"kind": "grant_floor", "request_id": "r"}, "field-missing"),
    ({"kind": "grant_floor", "request_id": "r", "limit_seconds": -1}, "field-invalid"),
    ({"kind": "end"}, "not-joined"),
]


async def test_a_command_that_cannot_be_followed_is_refused_with_a_stable_id(center: Center):
    async with center.raw(HUIDONG) as host, center.raw(BOLUO) as boluo:
        await host.hello()
        await host.command(cmd.Join(""))
        await boluo.hello()
        for command, refusal in REFUSED_COMMANDS:
            await boluo.say({"t": "command", "id": "c1", "command": command})
            assert (await boluo.hear("result"))["refused"]["id"] == refusal, command


@pytest.mark.parametrize(
    ("message", "fault"),
    [("x" * 70_000, "message-too-large"), ({"t": "ping"}, "hello-missing"), (b"\x00\x01", "message-unreadable")],
    ids=["too large", "no hello", "binary"],
)
async def test_who_does_not_keep_to_the_protocol_is_shown_out(center: Center, message, fault):
    async with center.raw(BOLUO) as boluo:
        if isinstance(message, bytes):
            await boluo.connection.send(message)
        else:
            await boluo.say(message)
        assert (await boluo.hear("fault"))["id"] == fault
        with pytest.raises(ConnectionClosed):
            await boluo.connection.recv()


async def ping_without_end(site: RawSocket) -> None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            await site.say({"t": "ping"})
            await asyncio.sleep(0)


async def test_a_flood_is_cut_off_and_the_others_do_not_notice(center: Center):
    async with center.raw(BOLUO) as boluo, center.raw(HUIDONG) as host:
        await boluo.hello()
        await host.hello()
        flood = asyncio.create_task(ping_without_end(boluo))
        assert (await boluo.hear("fault"))["id"] == "too-many-messages"
        await asyncio.wait([flood])
        assert (await host.command(cmd.Join("")))["ok"]


@pytest.mark.usefixtures("hurry")
async def test_a_client_that_does_not_read_is_dropped_and_the_meeting_goes_on(center: Center, monkeypatch):
    monkeypatch.setattr("media.meeting.session.SEND_SECONDS", 0.2)
    async with center.raw(HUIDONG) as host, center.raw(BOLUO) as boluo:
        await host.hello()
        await host.command(cmd.Join(""))
        await boluo.hello()
        boluo.connection.transport.pause_reading()
        for number in range(1_500):
            await host.command(cmd.RequestFloor(f"r{number}", f"m{number}", "委" * 200))
            await host.command(cmd.CancelFloor(f"r{number}"))
            if not any(s.actor.unit_path == BOLUO for all_ in center.meetings._sessions.values() for s in all_):
                break
        else:
            pytest.fail("the slow client was never dropped")
        boluo.connection.transport.resume_reading()
        assert (await host.command(cmd.PointAgenda(1)))["ok"]


async def test_a_silent_site_is_lost_after_its_time_and_keeps_its_place(center: Center, monkeypatch):
    monkeypatch.setattr("media.meeting.room.SILENT_AFTER", 0.8)
    monkeypatch.setattr("media.meeting.session.SILENT_AFTER", 0.8)
    async with center.raw(HUIDONG) as host, center.raw(BOLUO) as boluo:
        await host.hello()
        await host.command(cmd.Join(""))
        await boluo.hello()
        await boluo.command(cmd.Join(""))
        await boluo.command(cmd.RequestFloor("r1", "m1", "委员"))
        for _ in range(100):
            await host.say({"t": "ping"})
            await host.hear("pong")
            if any(isinstance(line.event, SiteLeft) for line in center.log):
                break
            await asyncio.sleep(0.05)
        (left,) = [line.event for line in center.log if isinstance(line.event, SiteLeft)]
        assert (left.unit_path, left.lost) == (BOLUO, True)
        state = center.meetings._rooms[next(iter(center.meetings._rooms))].state
        assert [turn.request_id for turn in state.queue] == ["r1"]


async def test_a_client_that_is_slow_to_say_hello_in_a_crowd_has_the_time_for_it(center: Center, monkeypatch):
    monkeypatch.setattr("media.meeting.session.SILENT_AFTER", 0.3)
    async with center.raw(HUIDONG) as host, center.raw(BOLUO) as boluo:
        await host.hello()
        for _ in range(30):
            await host.say({"t": "ping"})
            await host.hear("pong")
            await asyncio.sleep(0.05)
        await boluo.hello()
        assert (await boluo.command(cmd.Join("")))["t"] == "result"


async def test_a_newer_socket_of_the_same_computer_replaces_the_older(center: Center):
    async with center.raw(BOLUO) as older, center.raw(BOLUO) as newer:
        await older.hello()
        await newer.hello()
        assert (await older.hear("fault"))["id"] == "replaced"
        assert (await newer.command(cmd.Join("")))["ok"]


async def test_a_screen_is_taken_only_of_the_site_whose_screen_the_meeting_shows(center: Center):
    async with center.raw(HUIDONG) as host, center.raw(BOLUO) as boluo:
        await host.hello()
        await host.command(cmd.Join(""))
        await boluo.hello()
        await boluo.command(cmd.Join(""))
        await host.say({"t": "media", "id": "c0", **sealed_offer(HUIDONG, "content")})
        assert (await host.hear("media"))["fault"]["id"] == "slides-not-yours"
        assert (await host.command(cmd.PointSlide(SCREEN, 1, 1, "表格")))["ok"]
        await boluo.say({"t": "media", "id": "c1", **sealed_offer(BOLUO, "content")})
        assert (await boluo.hear("media"))["fault"]["id"] == "slides-not-yours"
        await host.say({"t": "media", "id": "c2", **sealed_offer(HUIDONG, "publish"), "op": "content"})
        assert (await host.hear("media"))["fault"]["id"] == "sdp-unsigned"
        await host.say({"t": "media", "id": "c3", **sealed_offer(HUIDONG, "content")})
        assert (await host.hear("media"))["sdp"] == "answer to offer"
        await boluo.say({"t": "media", "id": "c4", "op": "switch", "slot": "v0", "source": HUIDONG, "content": True})
        assert await boluo.hear("media") == {"t": "media", "id": "c4"}
        screen = content_of(HUIDONG)
        assert ("switch", BOLUO, "v0", screen) in center.engine.calls
        assert (await host.command(cmd.PointSlide("")))["ok"]
        await until(lambda: ("leave", screen) in center.engine.calls)


async def test_media_goes_through_to_the_engine_and_back(center: Center):
    async with center.raw(HUIDONG) as host, center.raw(BOLUO) as boluo:
        await boluo.hello()
        await boluo.say({"t": "media", "id": "m0", "op": "publish", "sdp": "offer"})
        assert (await boluo.hear("media"))["fault"]["id"] == "meeting-not-open"
        await host.hello()
        await host.command(cmd.Join(""))
        await boluo.say({"t": "media", "id": "m1", "op": "publish", "sdp": "offer"})
        assert (await boluo.hear("media"))["fault"]["id"] == "not-joined"
        await boluo.command(cmd.Join(""))
        for op in ("publish", "subscribe"):
            offer = sealed_offer(BOLUO, op)
            await boluo.say({"t": "media", "id": op, **offer})
            answer = await boluo.hear("media")
            assert (answer["id"], answer["sdp"]) == (op, "answer to offer")
            told = sealed("answer", MEETING, op, offer["nonce"], answer["sdp"])
            assert signer_of(BOLUO).is_of_center(told, read_seal(answer["seal"]))
        await boluo.say({"t": "media", "id": "m2", "op": "switch", "slot": "v0", "source": HUIDONG})
        assert await boluo.hear("media") == {"t": "media", "id": "m2"}
        assert ("switch", BOLUO, "v0", HUIDONG) in center.engine.calls
        for message, fault in (
            (sealed_offer(BOLUO, "publish", "nonsense"), "sdp-unreadable"),
            ({"op": "publish"}, "sdp-unreadable"),
            ({"op": "publish", "sdp": "x" * 50_000}, "sdp-too-long"),
            ({"op": "publish", "sdp": "offer"}, "sdp-unsigned"),
            ({**sealed_offer(BOLUO, "publish"), "seal": 7}, "sdp-unsigned"),
            ({**sealed_offer(BOLUO, "publish"), "sdp": "another fingerprint"}, "sdp-unsigned"),
            ({**sealed_offer(BOLUO, "publish"), "nonce": "0" * 32}, "sdp-unsigned"),
            ({**sealed_offer(BOLUO, "publish"), "op": "subscribe"}, "sdp-unsigned"),
            (sealed_offer(CITY, "publish"), "sdp-unsigned"),
            ({"op": "switch", "slot": "v0", "source": "here"}, "field-invalid"),
            ({"op": "switch", "slot": "v0", "source": HUIDONG, "height": 0}, "field-invalid"),
            ({"op": "pause", "slot": "v0"}, "field-invalid"),
            ({"op": "layers", "sent": ["huge"]}, "field-invalid"),
            ({"op": "dance"}, "kind-unknown"),
        ):
            await boluo.say({"t": "media", "id": "m3", **message})
            assert (await boluo.hear("media"))["fault"]["id"] == fault


async def test_a_site_is_told_what_the_others_show_of_its_picture_and_again_when_it_comes_back(center: Center):
    async with center.raw(HUIDONG) as host, center.raw(BOLUO) as boluo:
        for site in (host, boluo):
            await site.hello()
            await site.command(cmd.Join(""))
        assert (await host.hear("demand"))["main"] == 0
        for height, told in ((180, (0, True)), (360, (360, False))):
            question = {"op": "switch", "slot": "v0", "source": HUIDONG, "height": height}
            await boluo.say({"t": "media", "id": "m1", **question})
            demand = await host.hear("demand")
            assert (demand["main"], demand["thumb"]) == told
        async with center.raw(HUIDONG) as again:
            await again.hello()
            assert (await again.hear("demand"))["main"] == 360


async def test_the_engine_is_told_who_is_on_air_also_when_it_was_away(center: Center):
    async with center.raw(HUIDONG) as host, center.raw(CITY) as city:
        await host.hello()
        await host.command(cmd.Join(""))
        await city.hello()
        await city.command(cmd.Join(""))
        await until(lambda: center.engine.on_air == {HUIDONG})
        center.engine.is_away = True
        await city.command(cmd.RequestFloor("r1", "m1", "委员"))
        assert (await host.command(cmd.GrantFloor("r1", 60)))["ok"], "control does not wait for the engine"
        center.engine.is_away = False
        await until(lambda: center.engine.on_air == {HUIDONG, CITY})
        await city.command(cmd.Leave())
        await until(lambda: ("leave", CITY) in center.engine.calls)
        await host.command(cmd.End())
        await until(lambda: ("close_room",) in center.engine.calls)


async def test_a_provincial_operator_who_was_not_invited_may_come_in_and_conduct(center: Center):
    plan = center.directory.plans
    (meeting, known), *_ = plan.items()
    plan[meeting] = type(known)(meeting, known.title, known.mode, HUIDONG, (BOLUO,), known.agenda, NAMES)
    async with center.raw(HUIDONG) as host, center.raw(PROVINCE, x_provincial="1") as province:
        await host.hello()
        await host.command(cmd.Join(""))
        await province.hello()
        await province.command(cmd.Join(""))
        assert (await province.command(cmd.PointAgenda(1)))["ok"]


@pytest.mark.usefixtures("hurry")
async def test_every_message_of_the_center_is_within_the_limit(center: Center):
    async with center.raw(HUIDONG) as host:
        await host.hello()
        await host.command(cmd.Join(""))
        for number in range(200):
            await host.command(cmd.RequestFloor(f"r{number}", f"m{number}", "委" * 200))
            await host.command(cmd.CancelFloor(f"r{number}"))
        async with center.raw(BOLUO) as boluo:
            await boluo.say({"t": "hello", "since": 0})
            heard = 0
            while heard < len(center.log):
                text = await boluo.connection.recv()
                assert len(text.encode()) <= 64 * 1024
                heard += len(json.loads(text).get("events", []))


async def test_a_removed_site_gets_nothing_more_and_reads_why(center: Center):
    async with center.raw(HUIDONG) as host, center.raw(BOLUO) as boluo:
        for one in (host, boluo):
            await one.hello()
            await one.command(cmd.Join("会场"))
        assert (await host.command(cmd.Remove(BOLUO, "走错会场")))["ok"]
        fault = await boluo.hear("fault")
        assert (fault["id"], fault["values"]) == ("site-removed", {"reason": "走错会场"})
        assert not [line for line in boluo.events if line["event"]["kind"] == "site_removed"]
        await until(lambda: ("leave", BOLUO) in center.engine.calls)
        async with center.raw(BOLUO) as again:
            assert (await again.hear("fault"))["id"] == "site-removed"
        assert (await host.command(cmd.Admit(BOLUO)))["ok"]
        async with center.raw(BOLUO) as admitted:
            await admitted.hello()
            assert (await admitted.command(cmd.Join("会场")))["ok"]


async def test_who_waits_at_a_locked_meeting_is_let_in_without_asking_again(center: Center):
    async with center.raw(HUIDONG) as host, center.raw(BOLUO) as boluo:
        await host.hello()
        await host.command(cmd.Join("会场"))
        await host.command(cmd.Lock())
        await boluo.hello()
        assert (await boluo.command(cmd.Join("会场")))["ok"]
        assert (await boluo.command(cmd.RequestFloor("1", "m", "n")))["refused"]["id"] == "meeting-locked"
        await host.command(cmd.Admit(BOLUO))
        assert (await boluo.command(cmd.RequestFloor("1", "m", "n")))["ok"]


async def test_who_is_far_behind_gets_the_state_instead_of_a_long_history(center: Center, hurry: None):
    async with center.raw(HUIDONG) as host:
        await host.hello()
        await host.command(cmd.Join("会场"))
        for number in range(160):
            await host.command(cmd.RequestFloor(f"r{number}", "m", "委员"))
            await host.command(cmd.CancelFloor(f"r{number}"))
        async with center.raw(BOLUO) as late:
            welcome = await late.hello(snapshot=True)
            assert (welcome["since"], welcome["head"]) == (0, len(center.log))
            part = await late.hear("snapshot")
            texts = [part["text"]]
            while part["part"] < part["parts"]:
                part = await late.hear("snapshot")
                texts.append(part["text"])
            state = read_state(json.loads("".join(texts)))
            assert state == replay(MeetingState(MEETING), [line.event for line in center.log])
            assert late.events == []
            await host.command(cmd.Lock())
            await late.command(cmd.Join("会场"))
            assert late.events[0]["seq"] == state.seq + 1
        async with center.raw(CITY) as plain:
            await plain.hello()
            await plain.command(cmd.Join("会场"))
            assert plain.events[0]["seq"] == 1, "who does not ask for it gets the log itself"


async def test_a_guest_invited_after_the_opening_gets_in_and_all_hear_of_it(center: Center):
    async with center.raw(HUIDONG) as host:
        await host.hello()
        await host.command(cmd.Join("会场"))
        plan = center.directory.plans[MEETING]
        center.directory.plans[MEETING] = replace(plan, invited=(*plan.invited, STRANGER))
        center.meetings.plan_changed(MEETING)
        await until(lambda: any(isinstance(line.event, ScheduleChanged) for line in center.log))
        async with center.raw(STRANGER) as guest:
            await guest.hello()
            assert (await guest.command(cmd.Join("会场")))["ok"]


async def test_who_listens_and_is_uninvited_hears_no_more_of_it(center: Center):
    async with center.raw(HUIDONG) as host, center.raw(BOLUO) as boluo:
        await host.hello()
        await host.command(cmd.Join("会场"))
        await boluo.hello()
        plan = center.directory.plans[MEETING]
        center.directory.plans[MEETING] = replace(plan, invited=(CITY,))
        center.meetings.plan_changed(MEETING)
        assert (await boluo.hear("fault"))["id"] == "meeting-unknown"
        assert not [line for line in boluo.events if line["event"]["kind"] == "schedule_changed"]


async def test_a_revoked_terminal_loses_its_socket_and_its_sound_and_picture(center: Center, monkeypatch):
    monkeypatch.setattr("media.meeting.server.REVOKED_SECONDS", 0.1)
    async with center.raw(HUIDONG) as host, center.raw(BOLUO) as boluo, center.raw(CITY) as city:
        for one in (host, boluo, city):
            await one.hello()
            await one.command(cmd.Join("会场"))
        await city.connection.close()  # its sound and picture go on
        center.revoked = frozenset({device_of(BOLUO), device_of(CITY)})
        assert (await boluo.hear("fault"))["id"] == "device-revoked"
        await until(lambda: {("leave", BOLUO), ("leave", CITY)} <= set(center.engine.calls))
        assert ("leave", HUIDONG) not in center.engine.calls
        left = {line.event.unit_path for line in center.log if isinstance(line.event, SiteLeft)}
        assert {BOLUO, CITY} <= left
