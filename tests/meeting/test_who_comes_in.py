"""Who may come into a meeting, who is shown out of it, and what they hear of it then."""

from dataclasses import replace

import pytest
from websockets.exceptions import ConnectionClosed

from media.meeting import commands as cmd
from media.meeting.events import ScheduleChanged, SiteLeft
from tests.meeting.center import Center, until
from tests.meeting.rooms import (
    BOLUO,
    CITY,
    HUIDONG,
    MEETING,
    NAMES,
    PROVINCE,
    STRANGER,
    device_of,
)


async def test_a_unit_that_is_not_invited_is_told_that_there_is_no_such_meeting(center: Center):
    for unit, meeting in ((STRANGER, None), (BOLUO, "019a0000-0000-7000-8000-00000000dead"), (BOLUO, "nonsense")):
        async with center.raw(unit, **({"meeting": meeting} if meeting else {})) as stranger:
            assert (await stranger.hear("fault"))["id"] == "meeting-unknown"
            with pytest.raises(ConnectionClosed):
                await stranger.connection.recv()


async def test_a_stranger_sees_nothing_of_an_ended_meeting_either(center: Center):
    async with center.raw(HUIDONG) as host:
        await host.enter()
        await host.command(cmd.End())
        async with center.raw(STRANGER) as stranger:
            assert (await stranger.hear("fault"))["id"] == "meeting-unknown"
        async with center.raw(BOLUO) as boluo:
            assert (await boluo.hello())["head"] == len(center.log)


async def test_a_newer_socket_of_the_same_computer_replaces_the_older(center: Center):
    async with center.raw(BOLUO) as older, center.raw(BOLUO) as newer:
        await older.hello()
        await newer.hello()
        assert (await older.hear("fault"))["id"] == "replaced"
        assert (await newer.command(cmd.Join("")))["ok"]


async def test_a_provincial_operator_who_was_not_invited_may_come_in_and_conduct(center: Center):
    plan = center.directory.plans
    (meeting, known), *_ = plan.items()
    plan[meeting] = type(known)(meeting, known.title, known.mode, HUIDONG, (BOLUO,), known.agenda, NAMES)
    async with center.raw(HUIDONG) as host, center.raw(PROVINCE, x_provincial="1") as province:
        await host.enter()
        await province.enter()
        assert (await province.command(cmd.PointAgenda(1)))["ok"]


async def test_a_removed_site_gets_nothing_more_and_reads_why(center: Center):
    async with center.raw(HUIDONG) as host, center.raw(BOLUO) as boluo:
        for one in (host, boluo):
            await one.enter("会场")
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
        await host.enter("会场")
        await host.command(cmd.Lock())
        await boluo.hello()
        assert (await boluo.command(cmd.Join("会场")))["ok"]
        assert (await boluo.command(cmd.RequestFloor("1", "m", "n")))["refused"]["id"] == "meeting-locked"
        await host.command(cmd.Admit(BOLUO))
        assert (await boluo.command(cmd.RequestFloor("1", "m", "n")))["ok"]


async def test_a_guest_invited_after_the_opening_gets_in_and_all_hear_of_it(center: Center):
    async with center.raw(HUIDONG) as host:
        await host.enter("会场")
        plan = center.directory.plans[MEETING]
        center.directory.plans[MEETING] = replace(plan, invited=(*plan.invited, STRANGER))
        center.meetings.plan_changed(MEETING)
        await until(lambda: any(isinstance(line.event, ScheduleChanged) for line in center.log))
        async with center.raw(STRANGER) as guest:
            await guest.hello()
            assert (await guest.command(cmd.Join("会场")))["ok"]


async def test_who_listens_and_is_uninvited_hears_no_more_of_it(center: Center):
    async with center.raw(HUIDONG) as host, center.raw(BOLUO) as boluo:
        await host.enter("会场")
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
            await one.enter("会场")
        await city.connection.close()  # its sound and picture go on
        center.revoked = frozenset({device_of(BOLUO), device_of(CITY)})
        assert (await boluo.hear("fault"))["id"] == "device-revoked"
        await until(lambda: {("leave", BOLUO), ("leave", CITY)} <= set(center.engine.calls))
        assert ("leave", HUIDONG) not in center.engine.calls
        left = {line.event.unit_path for line in center.log if isinstance(line.event, SiteLeft)}
        assert {BOLUO, CITY} <= left
