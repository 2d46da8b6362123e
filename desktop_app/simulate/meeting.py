"""`silian simulate meeting`: a whole meeting of many sites on this machine, timed against what it must reach.

A center of its own runs in a process; real control clients come in over TLS, as many as are asked for, and as many of
them as `--media` says see the chair by real sound and picture. The day goes from the opening over the floor and two
roll calls to ten sites that drop and come back. Nothing is left but its folder, where one was named.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from random import Random
from statistics import median

from desktop_app.domain.clock import Clock, SystemClock
from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import UnitPath
from desktop_app.domain.limits import SITES
from desktop_app.domain.meetings import MeetingKind
from desktop_app.domain.units import Level
from desktop_app.main import log_to_stderr
from desktop_app.simulate.center import SimulatedCenter
from desktop_app.simulate.media import Watch
from desktop_app.simulate.sites import SimulatedSite, percentile, simulated_sites, until
from media.meeting import commands as cmd
from media.meeting.calling import TIMEOUT_SECONDS
from media.meeting.model import MeetingPhase
from media.meeting.picture import shown
from media.meeting.roll_call import RollManner, tally, tally_by_city
from sync.reference.units import units

KINDS = {
    "lecture": MeetingKind.GUOSHI_LECTURE,
    "consultation": MeetingKind.REMOTE_CONSULT,
    "rehearsal": MeetingKind.REHEARSAL,
}
AGENDA = ("点名", "主讲", "提问")
VOICE_CALLS = 12
"""Sites called by voice; the others are marked where they stand."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of the day beside what it must reach, at most or `at_least`; `goal` None is told only."""

    what: str
    seconds: float
    goal: float | None = None
    at_least: bool = False

    @property
    def holds(self) -> bool:
        if self.goal is None:
            return True
        return self.seconds >= self.goal if self.at_least else self.seconds <= self.goal


@dataclass(frozen=True, slots=True)
class Size:
    """How large the day is."""

    sites: int
    drop: int
    join_seconds: float
    roll_seconds: int
    media: int = 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sites", type=int, default=145, help="how many sites, the host included (default 145)")
    parser.add_argument(
        "--kind", choices=sorted(KINDS), default="lecture", help="the kind of meeting (default lecture)"
    )
    parser.add_argument("--drop", type=int, default=10, help="how many sites lose their link and come back (10)")
    parser.add_argument("--join-seconds", type=float, default=10.0, help="over how long they come in (default 10)")
    parser.add_argument("--roll-seconds", type=int, default=30, help="time to answer the roll call (default 30)")
    parser.add_argument(
        "--media", type=int, default=0, help="how many guests see the chair by real sound and picture (default 0)"
    )
    parser.add_argument("--folder", type=Path, help="an empty folder for the center's stores, kept; default: none is")
    parser.add_argument("--json", action="store_true", help="print JSON instead of lines")


def run(options: argparse.Namespace) -> int:
    """0 when every figure holds, else 1."""
    most = len(places(SITES))
    rooms = 3 <= options.sites <= most and 0 <= options.drop <= options.sites - 2
    if not rooms or not 0 <= options.media <= options.sites - 1:
        raise OperatorError("simulation-size", least=3, most=most)
    if options.roll_seconds not in TIMEOUT_SECONDS:
        wanted = f"{TIMEOUT_SECONDS.start} to {TIMEOUT_SECONDS.stop - 1}"
        raise OperatorError(
            "setting-invalid", key="roll-seconds", value=options.roll_seconds, wanted=wanted, source="simulate"
        )
    if options.folder is not None and options.folder.exists() and any(options.folder.iterdir()):
        raise OperatorError("folder-not-empty", folder=str(options.folder))
    log_to_stderr("error")
    with tempfile.TemporaryDirectory(prefix="silian-simulation-", ignore_cleanup_errors=True) as spare:
        folder = options.folder or Path(spare)
        size = Size(options.sites, options.drop, options.join_seconds, options.roll_seconds, options.media)
        measures = asyncio.run(Day(folder, KINDS[options.kind], size, SystemClock()).play())
    if options.json:
        print(json.dumps([asdict(one) | {"holds": one.holds} for one in measures], ensure_ascii=False, indent=2))
    else:
        for one in measures:
            print(_line(one))
    return 0 if all(one.holds for one in measures) else 1


def _line(one: Measure) -> str:
    found = f"{one.what:<70} {one.seconds:8.3f}"
    if one.goal is None:
        return found
    return f"{found}   {'at least' if one.at_least else 'at most'} {one.goal:g}   {'holds' if one.holds else 'FAILS'}"


def _hears(path: UnitPath, site: SimulatedSite) -> bool:
    return path in site.state.sites_on_air


def _is_in(site: SimulatedSite) -> bool:
    return site.is_in


def places(count: int) -> list[UnitPath]:
    """The province first, which hosts, then the nation, the cities and the counties: at most as many as there are."""
    known = sorted(units().values(), key=lambda unit: (unit.level is not Level.PROVINCE, unit.level, unit.code))
    return [unit.unit_path for unit in known][:count]


class Day:
    """What happens, in order. `play` answers with its figures."""

    def __init__(self, folder: Path, kind: MeetingKind, size: Size, clock: Clock) -> None:
        self._folder, self._kind, self._clock = folder, kind, clock
        self._count, self._drop = size.sites, size.drop
        self._media = size.media
        self._join_seconds, self._roll_seconds = size.join_seconds, size.roll_seconds
        self._measures: list[Measure] = []
        self._sites: list[SimulatedSite] = []

    async def play(self) -> list[Measure]:
        with SimulatedCenter(self._folder / "center", self._clock) as center:
            seatings, (meeting,) = center.prepare(places(self._count), self._kind, AGENDA)
            self._note("center started", await asyncio.to_thread(center.start))
            async with simulated_sites(seatings, center, meeting, clock=self._clock) as sites:
                self._sites = sites
                await self._come_in()
                async with Watch(self._host, self._guests[: self._media], meeting, self._clock) as watch:
                    await self._see_the_chair(watch)
                    await self._agenda_and_floor()
                    await self._electronic_roll_call()
                    await self._voice_roll_call()
                    await self._drops()
                    self._tell_media(watch)
                    await self._end()
        return self._measures

    @property
    def _host(self) -> SimulatedSite:
        return self._sites[0]

    @property
    def _guests(self) -> list[SimulatedSite]:
        return self._sites[1:]

    def _note(self, what: str, seconds: float, goal: float | None = None) -> None:
        self._measures.append(Measure(what, round(seconds, 3), goal))

    async def _all(self, holds: Callable[[SimulatedSite], bool], among: Sequence[SimulatedSite] = ()) -> float:
        return await until(lambda: all(holds(site) for site in among or self._sites))

    async def _come_in(self) -> None:
        self._host.start()
        self._note("the host opens the meeting and holds the chair", await until(lambda: self._host.is_in), 1)
        waits = await asyncio.gather(
            *(
                self._enter(site, self._join_seconds * number / len(self._guests))
                for number, site in enumerate(self._guests)
            )
        )
        self._note(
            f"{self._count} sites come in within {self._join_seconds:g} s: each, p95", percentile(waits, 0.95), 3
        )
        refused = sum(len(site.faults) for site in self._sites)
        self._note("refusals while they came in (count)", refused, 0)

    async def _enter(self, site: SimulatedSite, after: float) -> float:
        await asyncio.sleep(after)
        site.start()
        return await until(lambda: site.is_in)

    async def _see_the_chair(self, watch: Watch) -> None:
        if not self._media:
            return
        self._note(f"all of {self._media} guests see the chair", await until(lambda: watch.is_seen), 3)
        self._note("sound and picture are connected: each, p95", percentile(watch.up_after, 0.95), 3)

    def _tell_media(self, watch: Watch) -> None:
        if not self._media:
            return
        fps = round(median(watch.fps), 1) if watch.fps else 0.0
        self._measures.append(Measure("the chair's picture, median (pictures a second)", fps, 20, at_least=True))
        self._note("media connections made anew without a cut (count)", watch.restarts, 0)

    async def _agenda_and_floor(self) -> None:
        began = time.monotonic()
        await self._host.send(cmd.PointAgenda(2))
        await self._all(lambda site: site.state.agenda_at == 2)
        self._note("the agenda is on all of them", time.monotonic() - began, 2)
        site = self._sites[min(87, self._count - 1)]
        began = time.monotonic()
        await site.send(cmd.RequestFloor("question", "member", "委员", sector="农业界", note="问题"))
        await until(lambda: bool(self._host.state.queue))
        self._note("a question is in the host's queue", time.monotonic() - began, 1)
        began = time.monotonic()
        await self._host.send(cmd.GrantFloor("question", 180))
        await self._all(lambda one: site.unit_path in one.state.sites_on_air)
        self._note("the asking site is on air at all", time.monotonic() - began, 1)
        await self._host.send(cmd.ReleaseFloor("question"))

    async def _electronic_roll_call(self) -> None:
        """As many as will drop later do not answer: their links are cut at the moment of the call."""
        dead = Random(7).sample(self._guests, self._drop)
        for site in dead:
            site.cut()
        began = time.monotonic()
        await self._host.send(cmd.OpenRollCall(RollManner.ELECTRONIC, self._roll_seconds))
        await until(lambda: self._host.state.roll_call is None and bool(self._host.state.roll_calls))
        took = time.monotonic() - began
        self._note(f"electronic roll call with {self._drop} dead", took, 60)
        whole = tally(self._host.state.roll_calls[-1])
        wrong = abs(whole.answered - (len(self._guests) - self._drop)) + abs(whole.offline - self._drop)
        self._note("roll call: sites counted wrong (count)", wrong, 0)
        by_city = tally_by_city(self._host.state.roll_calls[-1])
        self._note("roll call: cities in the tally (count)", len(by_city))
        for site in dead:
            site.mend()
        await self._all(lambda site: site.is_in)

    async def _voice_roll_call(self) -> None:
        await self._host.send(cmd.OpenRollCall(RollManner.VOICE))
        steps = []
        for site in self._guests[:VOICE_CALLS]:
            began = time.monotonic()
            await self._host.send(cmd.CallSite(site.unit_path))
            path = site.unit_path
            await self._all(partial(_hears, path))
            if shown(self._host.state, self._host.unit_path, self._host.client.now()) != path:
                raise RuntimeError("the called site is not shown")
            steps.append(time.monotonic() - began)
            await self._host.send(cmd.MarkRollCall(path, answered=True))
        self._note("voice roll call: a key until picture and microphone are there, most", max(steps), 1)
        await self._host.send(cmd.CloseRollCall())

    async def _drops(self) -> None:
        if not self._drop:
            return
        gone = Random(8).sample(self._guests, self._drop)
        paths = [site.unit_path for site in gone]
        others = [site for site in self._sites if site not in gone]
        for site in gone:
            site.cut()
        shown_after = await until(lambda: not any(self._host.state.sites[path].online for path in paths))
        self._note(f"{self._drop} sites drop: shown to the host", shown_after, 5)
        self._note("others disturbed by it (count)", sum(not site.is_in for site in others), 0)
        began = time.monotonic()
        for site in gone:
            site.mend()
        back = await asyncio.gather(*(until(partial(_is_in, site)) for site in gone))
        self._note("each is back in control", max(back), 10)
        await self._all(lambda site: site.state.seq >= self._host.state.seq)
        self._note("all hold the same state again", time.monotonic() - began, 10)

    async def _end(self) -> None:
        began = time.monotonic()
        await self._host.send(cmd.End())
        await self._all(lambda site: site.state.phase is MeetingPhase.ENDED)
        self._note("the end is everywhere", time.monotonic() - began, 1)
        different = sum(site.state != self._host.state for site in self._sites)
        self._note("sites whose state differs from the host's (count)", different, 0)
