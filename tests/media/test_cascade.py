"""Several engines as one: where a site is placed, and what reaches whom when an engine is lost."""

import contextlib
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from desktop_app.domain.ids import UnitPath
from media.engine.cascade import CascadeEngine, link_key
from media.engine.placement import Place, engine_of
from tests.media.janus_rig import Janus, needs_janus, own_network
from tests.media.rig import MEETING, EngineSignal, Terminal, until

PROVINCE, HUIZHOU, MEIZHOU = "100000/440000/", "100000/440000/441300/", "100000/440000/441400/"
HUIDONG, BOLUO, WUHUA = HUIZHOU + "441323/", HUIZHOU + "441322/", MEIZHOU + "441424/"
PLACES = tuple(Place(name, UnitPath(path)) for name, path in (("province", PROVINCE), ("hz", HUIZHOU), ("mz", MEIZHOU)))
ALL = frozenset({"province", "hz", "mz"})


@pytest.mark.parametrize(
    ("site", "there", "engine"),
    [
        (HUIDONG, ALL, "hz"),
        (HUIZHOU, ALL, "hz"),
        (WUHUA, ALL, "mz"),
        (PROVINCE, ALL, "province"),
        ("100000/440000/440100/440103/", ALL, "province"),
        ("100000/450000/450100/", ALL, "province"),
        ("100000/", ALL, "province"),
        (HUIDONG, ALL - {"hz"}, "province"),
        (HUIDONG, {"mz"}, "mz"),
        (HUIDONG, set(), "hz"),
    ],
)
def test_a_site_is_on_the_nearest_engine_that_is_there(site: str, there: set[str], engine: str):
    assert engine_of(UnitPath(site), PLACES, frozenset(there)) == engine


def test_a_link_has_a_key_of_its_own_where_both_engines_know_how():
    assert link_key(1102, 1400) == {}
    one, other = link_key(1300, 1400), link_key(1400, 1400)
    assert one["srtp_suite"] == 80
    assert one["srtp_crypto"] != other["srtp_crypto"]


class Province:
    """A province's and a city's engine, and terminals."""

    def __init__(self, folder: Path) -> None:
        self.processes = {"province": Janus(folder, 1), "hz": Janus(folder, 2)}
        self.terminals: list[Terminal] = []
        self.engine = self.center()

    def center(self) -> CascadeEngine:
        engines = {name: process.engine(remembers=True) for name, process in self.processes.items()}
        return CascadeEngine(engines, PLACES[:2])

    async def open(self) -> None:
        for process in self.processes.values():
            await process.start()
        await self.engine.open()
        await until(lambda: all(engine.connected for engine in self.engine._engines.values()))
        await self.engine.create_room(MEETING)

    async def join(self, *sites: str) -> list[Terminal]:
        for site in map(UnitPath, sites):
            self.terminals.append(Terminal(site, EngineSignal(self.engine, site), silent_after=1.5))
            await self.terminals[-1].media.start()
        return self.terminals

    async def engines_of(self) -> dict[str, str]:
        found = await self.engine.stats(MEETING)
        return {site: each["engine"] for site, each in found["publishers"].items()}

    async def close(self) -> None:
        for terminal in self.terminals:
            await terminal.media.stop()
        with contextlib.suppress(Exception):
            await self.engine.close()
        for process in self.processes.values():
            await process.kill()


@pytest.fixture
async def province(tmp_path: Path) -> AsyncIterator[Province]:
    with own_network("10.77.0.1", "10.77.0.2"):
        province = Province(tmp_path)
        try:
            await province.open()
            yield province
        finally:
            await province.close()


@needs_janus
@pytest.mark.processes
async def test_a_meeting_runs_over_two_engines_and_goes_on_over_one_when_the_citys_is_lost(
    province: Province, record_property: Callable[[str, object], None]
):
    host, near, far = await province.join(PROVINCE, HUIDONG, BOLUO)
    for terminal in (host, near, far):
        terminal.see(*(other for other in (host, near, far) if other is not terminal))
    pairs = [(here, there) for here in (host, near, far) for there in (host, near, far) if here is not there]
    await until(lambda: all(here.frames(there) > 10 for here, there in pairs), within=20)
    assert await province.engines_of() == {PROVINCE: "province", HUIDONG: "hz", BOLUO: "hz"}

    await province.engine.set_on_air(MEETING, frozenset({near.site}))
    near.media.set_on_air(True)
    far.media.set_on_air(True)  # is not on air, whatever it sends
    host.media.set_speakers(frozenset({near.site}))
    await until(lambda: host.media.stats().sites[near.site].audio_decoded > 50)
    heard = host.media.stats().sites[near.site]
    assert heard.audio_decoded >= 0.9 * heard.audio_due
    found = (await province.engine.stats(MEETING))["subscribers"][host.site]["slots"]
    silent = next(slot for slot, each in found.items() if each["shows"] == far.site and slot.startswith("a"))
    assert found[silent]["packets"] < 10

    await province.processes["hz"].kill()
    seen = {pair: pair[0].frames(pair[1]) for pair in pairs}
    took = await until(lambda: all(here.frames(there) > seen[here, there] + 10 for here, there in pairs), within=20)
    record_property("recovery_seconds", round(took, 2))
    assert took < 10
    decoded = host.media.stats().sites[near.site].audio_decoded
    await until(lambda: host.media.stats().sites[near.site].audio_decoded > decoded + 25)
    assert await province.engines_of() == dict.fromkeys((PROVINCE, HUIDONG, BOLUO), "province")
    assert host.media.stats().restarts == 0


@needs_janus
@pytest.mark.processes
async def test_a_link_ends_when_nobody_watches_and_is_made_anew_for_a_site_that_came_back(province: Province):
    host, near = await province.join(PROVINCE, HUIDONG)
    host.see(near)
    await until(lambda: host.frames(near) > 5)
    room = province.engine._engines["province"].rooms[MEETING]
    assert room.feeds[near.site].handle == 0
    for times in (1, 2, 3):  # each new feed has the SSRC of the one before it, and other numbers
        await near.media.restart()
        await until(lambda: near.media.stats().restarts == times and near.media.stats().up)  # noqa: B023
        seen = host.frames(near)
        await until(lambda: host.frames(near) > seen + 15)  # noqa: B023
    host.media.show([])
    await until(lambda: near.site not in room.feeds)

    province.terminals[0].signal.broken = True
    await province.engine.close()
    province.engine = province.center()
    await province.engine.open()
    for terminal in (host, near):
        assert isinstance(terminal.signal, EngineSignal)
        terminal.signal.engine, terminal.signal.broken = province.engine, False
    host.see(near)
    seen = host.frames(near)
    await until(lambda: host.frames(near) > seen + 5)
    assert host.media.stats().restarts == 0
    assert os.getpid() not in {process.pid for process in province.processes.values()}
