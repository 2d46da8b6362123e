"""Who misuses the media or has none is named to whoever conducts, and nobody else is."""

import asyncio
from collections.abc import Iterable

import pytest

from desktop_app.domain.ids import MeetingId, UnitPath
from media.engine.trouble import Behaviour, Trouble, behaviours, read_behaviours, write_behaviours
from media.meeting.health import Health
from media.meeting.troubles import ABSENT_SECONDS, FORGIVEN_AFTER, LOOK_SECONDS, NAMED_AFTER, Troubles
from tests.meeting.center import Center, until
from tests.meeting.rooms import BOLUO, CITY, HUIDONG
from tests.meeting.terminals import Terminal, running

FINE = Behaviour(True, True)


class Looks:
    """A judgement, looked at every two seconds."""

    def __init__(self) -> None:
        self.troubles = Troubles()
        self.now = 0.0
        self.counted: dict[Trouble, int] = {}

    def look(self, *found: Behaviour, times: int = 1) -> Trouble:
        for _ in range(times):
            self.now += LOOK_SECONDS
            self.troubles.look([BOLUO], {BOLUO: found[0]} if found else {}, self.now)
        return self.troubles.named.get(BOLUO, Trouble.NONE)

    def refusing(self, per_second: Iterable[int], trouble: Trouble = Trouble.FLOOD) -> list[Trouble]:
        said = []
        for each in per_second:
            self.counted[trouble] = self.counted.get(trouble, 0) + round(each * LOOK_SECONDS)
            said.append(self.look(Behaviour(True, True, dict(self.counted))))
        return said


def test_a_site_is_named_after_some_looks_and_forgiven_only_after_many():
    looks = Looks()
    assert looks.refusing([500] * NAMED_AFTER) == [Trouble.NONE] * (NAMED_AFTER - 1) + [Trouble.FLOOD]
    assert set(looks.refusing([0, 0, 500, 0, 0])) == {Trouble.FLOOD}, "on and off is still that"
    said = looks.refusing([0] * FORGIVEN_AFTER)
    assert said[-1] is Trouble.NONE
    assert said.count(Trouble.FLOOD) >= FORGIVEN_AFTER - 4


def test_a_moment_of_too_much_accuses_nobody():
    looks = Looks()
    assert set(looks.refusing([100_000, 0, 0, 0, 0, 0, 0, 0, 100_000, 100_000, 0, 0, 0])) == {Trouble.NONE}
    assert set(looks.refusing([3] * 100, Trouble.FLOOD)) == {Trouble.NONE}, "a little, for ever"


def test_what_tells_more_is_named_and_a_new_connection_counts_from_nothing():
    looks = Looks()
    for _ in range(NAMED_AFTER):
        for trouble in (Trouble.FLOOD, Trouble.LARGE):
            looks.counted[trouble] = looks.counted.get(trouble, 0) + 1000
        said = looks.look(Behaviour(True, True, dict(looks.counted)))
    assert said is Trouble.LARGE
    looks.counted = {}
    assert looks.refusing([1], Trouble.LARGE) == [Trouble.LARGE], "still that of a moment ago"
    assert looks.look(FINE, times=FORGIVEN_AFTER) is Trouble.NONE


def test_a_site_without_any_connection_is_named_after_a_while_and_no_longer_once_it_has_one():
    looks = Looks()
    assert looks.look(times=round(ABSENT_SECONDS / LOOK_SECONDS) - 1) is Trouble.NONE
    assert looks.look(times=2) is Trouble.ABSENT
    assert looks.look(Behaviour(True, False)) is Trouble.NONE
    assert looks.look(times=4) is Trouble.NONE, "a cut line comes back in ten seconds"


def test_what_a_shared_screen_does_wrong_is_its_presenters_and_the_way_from_the_hub_keeps_all_of_it():
    screen = UnitPath(f"{BOLUO}content/")
    found = behaviours({BOLUO: {}, screen: {Trouble.LARGE: 3}}, {BOLUO: {Trouble.REPEATS: 2}, CITY: {}})
    assert found[BOLUO] == Behaviour(True, True, {Trouble.LARGE: 3, Trouble.REPEATS: 2})
    assert found[CITY] == Behaviour(False, True)
    assert read_behaviours(write_behaviours(found)) == found
    assert read_behaviours({BOLUO: [1, 0, {"magic": 7}]}) == {BOLUO: Behaviour(True, False)}


async def test_whoever_conducts_is_told_and_the_site_itself_and_what_a_terminal_says_counts_nothing(
    center: Center, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("media.meeting.troubles.LOOK_SECONDS", 0.2)
    host, boluo = Terminal(center.dial(HUIDONG), HUIDONG), Terminal(center.dial(BOLUO), BOLUO)
    city = Terminal(center.dial(CITY), CITY)
    boluo.client.own_health = lambda: Health(loss_permille=7, trouble=Trouble.FLOOD)
    floods, counted = False, 0

    async def behaviours_of(meeting: MeetingId) -> dict[UnitPath, Behaviour]:
        nonlocal counted
        counted += 500 * floods
        return {HUIDONG: FINE, CITY: FINE, BOLUO: Behaviour(True, True, {Trouble.TIMES: counted})}

    monkeypatch.setattr(center.engine, "behaviours", behaviours_of)

    def known() -> Health:
        return host.client.healths.get(BOLUO, Health())

    async with running(host, boluo, city):
        await host.entered()
        await boluo.entered()
        await city.entered()
        await until(lambda: known().loss_permille == 7)
        assert known().trouble is Trouble.NONE
        floods = True
        await until(lambda: known().trouble is Trouble.TIMES)
        assert known().loss_permille == 7
        await until(lambda: boluo.client.healths == {BOLUO: Health(trouble=Trouble.TIMES)}, 30)
        assert city.client.healths == {}, "it is told of itself alone"
        floods = False
        await until(lambda: known().trouble is Trouble.NONE)
        await until(lambda: boluo.client.healths == {BOLUO: Health()}, 30)


async def test_a_site_whose_terminal_says_nothing_of_itself_is_told_too_and_that_it_is_over(
    center: Center, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("media.meeting.troubles.LOOK_SECONDS", 0.2)
    monkeypatch.setattr("media.meeting.troubles.ABSENT_SECONDS", 1.0)
    center.engine.found = {HUIDONG: FINE}
    host = Terminal(center.dial(HUIDONG), HUIDONG)
    async with center.raw(BOLUO) as boluo, running(host):
        await host.entered()
        await boluo.enter()
        while host.client.healths.get(BOLUO, Health()).trouble is not Trouble.ABSENT:
            await boluo.say({"t": "ping"})
            await boluo.hear("pong")
            await asyncio.sleep(0.1)
        center.engine.found = {HUIDONG: FINE, BOLUO: FINE}
        while host.client.healths[BOLUO].trouble is Trouble.ABSENT:
            await boluo.say({"t": "ping"})
            await boluo.hear("pong")
            await asyncio.sleep(0.1)
        assert host.client.healths[BOLUO].trouble is Trouble.NONE
