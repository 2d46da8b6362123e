"""The center's side of a meeting, over real sockets: it stores before it tells, and tells each site all of it, once."""

import asyncio
import json

import pytest

from media.meeting import commands as cmd
from media.meeting.apply import replay
from media.meeting.events import Opened, log_mark
from media.meeting.model import MeetingState
from media.meeting.wire import read_state, read_stored, write_message, write_stored
from tests.meeting.center import Center, until
from tests.meeting.rooms import (
    BOLUO,
    CITY,
    HUIDONG,
    MEETING,
    NAMES,
)


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
        await boluo.enter()
        await host.enter()
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
            await site.enter()
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
        await host.enter()
        center.disk.fails_after_commit = True
        assert (await host.command(cmd.PointAgenda(1)))["ok"]
        assert (await host.command(cmd.PointAgenda(2)))["ok"]
        assert [line.seq for line in center.log] == list(range(1, len(center.log) + 1))


@pytest.mark.usefixtures("hurry")
async def test_a_client_that_was_away_gets_what_it_missed_and_nothing_twice(center: Center):
    async with center.raw(HUIDONG) as host:
        await host.enter()
        async with center.raw(BOLUO) as boluo:
            await boluo.enter()
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
        await host.enter()
        async with center.raw(BOLUO) as boluo:
            assert (await boluo.hello(2, mark="0123456789abcdef"))["since"] == 0
            await until(lambda: True)
        async with center.raw(BOLUO) as boluo:
            assert (await boluo.hello(99))["since"] == 0, "a center restored from a backup has a shorter log"


async def test_a_repeated_command_happens_once_even_after_a_restart_of_the_center(center: Center):
    async with center.raw(HUIDONG) as host:
        await host.enter()
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


@pytest.mark.usefixtures("hurry")
async def test_every_message_of_the_center_is_within_the_limit(center: Center):
    async with center.raw(HUIDONG) as host:
        await host.enter()
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


async def test_who_is_far_behind_gets_the_state_instead_of_a_long_history(center: Center, hurry: None):
    async with center.raw(HUIDONG) as host:
        await host.enter("会场")
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
            await plain.enter("会场")
            assert plain.events[0]["seq"] == 1, "who does not ask for it gets the log itself"
