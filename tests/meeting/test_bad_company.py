"""A site that is wrong, loud, slow or silent harms itself, and nobody else in the meeting."""

import asyncio
import contextlib

import pytest
from websockets.exceptions import ConnectionClosed

from media.meeting import commands as cmd
from media.meeting.events import SiteLeft
from tests.meeting.center import Center, RawSocket, until
from tests.meeting.rooms import (
    BOLUO,
    CITY,
    HUIDONG,
)

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
        await host.enter()
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
        await host.enter()
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
        await host.enter()
        await boluo.enter()
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


async def test_sites_that_fall_silent_together_are_lost_together_in_one_write_of_the_centers_own(center: Center):
    """One after the other each costs a turn of the disk and a word to everybody: ten took a second more than one."""
    async with center.raw(HUIDONG) as host, center.raw(BOLUO) as boluo, center.raw(CITY) as city:
        for site in (host, boluo, city):
            await site.enter()
        (room,) = center.meetings._rooms.values()
        for path in (BOLUO, CITY):
            room._heard[path] = -1e6
        written = len(center.disk.actors)
        await until(lambda: sum(isinstance(line.event, SiteLeft) for line in center.log) == 2)
        assert len(center.disk.actors) == written + 1
        assert center.disk.actors[-1].device == ""
        assert [path for path, site in room.state.sites.items() if site.online] == [HUIDONG]


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
