"""How the sites' devices and lines are: said with each ping, told to whoever conducts and to nobody else."""

import asyncio
from itertools import pairwise

from media.meeting import commands as cmd
from media.meeting.case import Case, Rules
from media.meeting.client import Timings
from media.meeting.health import STEADY_SECONDS, Health, WeakLines
from media.meeting.roll_call import DeviceHealth, RollManner
from tests.meeting.center import Center, RawSocket, until
from tests.meeting.rooms import BOLUO, CITY, HUIDONG, Play, at
from tests.meeting.terminals import Terminal, running

WEAK = {"camera": "fault", "microphone": "ok", "speaker": "unknown", "delay_ms": 420, "loss_permille": 61}


async def joined(site: RawSocket) -> None:
    await site.enter()


async def test_whoever_conducts_hears_how_a_site_is_and_the_others_do_not(center: Center):
    async with center.raw(HUIDONG) as host, center.raw(BOLUO) as boluo, center.raw(CITY) as city:
        for site in (host, boluo, city):
            await joined(site)
        await boluo.say({"t": "ping", "health": WEAK})
        told = await host.hear("health")
        assert {one["unit_path"]: one["health"] for one in told["sites"]}[BOLUO].items() >= (
            WEAK | {"weak": True}
        ).items()
        room = center.meetings._rooms[next(iter(center.meetings._rooms))]  # type: ignore[union-attr]  # it runs
        assert room.healths_for(at(CITY)) == {}
        assert not center.log or all("health" not in type(line.event).__name__.lower() for line in center.log)


async def test_an_unreadable_word_about_oneself_is_a_fault_and_the_ping_is_answered_all_the_same(center: Center):
    async with center.raw(BOLUO) as boluo:
        await boluo.hello()
        for wrong in ({"delay_ms": "fast"}, {"camera": "great"}, 7, {"delay_ms": -1}):
            await boluo.say({"t": "ping", "health": wrong})
            await boluo.hear("pong")
            assert (await boluo.hear("fault"))["id"] in ("field-invalid", "message-unreadable")


async def test_a_client_measures_its_line_and_the_chair_knows_it_with_the_devices(center: Center):
    host, boluo = Terminal(center.dial(HUIDONG), HUIDONG), Terminal(center.dial(BOLUO), BOLUO)
    boluo.client.own_health = lambda: Health(DeviceHealth.OK, DeviceHealth.FAULT, loss_permille=12)
    async with running(host, boluo):
        await host.entered()
        await boluo.entered()
        await until(lambda: boluo.client.round_trip_ms > 0)
        await until(lambda: host.client.healths.get(BOLUO, Health()).delay_ms > 0)
        known = host.client.healths[BOLUO]
        assert (known.camera, known.microphone, known.loss_permille) == (DeviceHealth.OK, DeviceHealth.FAULT, 12)
        assert boluo.client.healths == {}, "who does not conduct is told nothing"
        await host.client.send(cmd.OpenRollCall(RollManner.VOICE))
        await host.client.send(cmd.CallSite(BOLUO))
        await host.client.send(cmd.MarkRollCall(BOLUO, True))
        roll = host.state.roll_call
        assert roll is not None
        answer = roll.answer_of(BOLUO)
        assert answer is not None
        assert (answer.camera, answer.loss_permille) == (DeviceHealth.OK, 12)
        assert answer.delay_ms > 0


def test_a_sub_chair_knows_of_the_sites_under_it_alone():
    play = Play()
    for unit in (HUIDONG, CITY, BOLUO):
        play.does(at(unit), cmd.Join(unit))
    play.does(at(HUIDONG), cmd.Delegate(CITY))
    case = Case(play.state, at(CITY), play.now, Rules())
    assert case.leads(BOLUO)
    assert not Case(play.state, at(BOLUO), play.now, Rules()).leads(CITY)


async def test_a_terminal_that_pings_says_how_it_is_no_more_often_than_whoever_conducts_is_told(center: Center):
    asked: list[float] = []

    def own_health() -> Health:
        asked.append(asyncio.get_running_loop().time())
        return Health(DeviceHealth.OK)

    boluo = Terminal(center.dial(BOLUO), BOLUO, Timings(ping_every=0.25, say_every=1.0))
    boluo.client.own_health = own_health
    async with running(boluo):
        await boluo.entered()
        await until(lambda: len(asked) == 4, 30)
        assert boluo.client.round_trip_ms > 0
    assert all(after - before > 0.9 for before, after in pairwise(asked))


def signs(told: list[Health], every: float = 2.0) -> list[bool]:
    """The sign of one line after each of its words."""
    lines = WeakLines()
    return [lines.judge(BOLUO, one, every * number) for number, one in enumerate(told)]


def changes(shown: list[bool]) -> int:
    return sum(before != after for before, after in pairwise([False, *shown]))


def test_a_line_that_swings_around_the_threshold_changes_its_sign_once():
    for swing in (
        [Health(delay_ms=310), Health(delay_ms=290)],
        [Health(loss_permille=90), Health(loss_permille=0)],
        [Health(step=2), Health(step=1), Health(step=0)],
        [Health(delay_ms=900), *[Health(delay_ms=20)] * 8],
    ):
        shown = signs(swing * 40)
        assert shown[0]
        assert changes(shown) == 1, swing


def test_a_line_that_became_good_is_weak_no_more_after_a_while_and_one_a_little_below_the_threshold_still_is():
    fine = signs([Health(delay_ms=420), *[Health(delay_ms=40)] * 30])
    assert changes(fine) == 2
    assert fine.index(False) * 2.0 == STEADY_SECONDS
    assert all(signs([Health(delay_ms=420), *[Health(delay_ms=220)] * 30]))
    assert not any(signs([Health(delay_ms=220)] * 30)), "it never was weak"


async def test_the_center_says_which_line_is_weak_whatever_its_terminal_says(center: Center):
    async with center.raw(HUIDONG) as host, center.raw(BOLUO) as boluo:
        for site in (host, boluo):
            await joined(site)
        room = center.meetings._rooms[next(iter(center.meetings._rooms))]  # type: ignore[union-attr]  # it runs
        for said, weak in (
            ({"delay_ms": 40, "weak": True}, False),
            ({"delay_ms": 420, "weak": False}, True),
            ({"delay_ms": 290}, True),
        ):
            await boluo.say({"t": "ping", "health": said})
            await until(lambda: room.healths.get(BOLUO, Health()).delay_ms == said["delay_ms"], 30)  # noqa: B023 - now
            assert room.healths_for(at(HUIDONG))[BOLUO].weak is weak
