"""Meeting control at its full size: 145 real clients over TLS against a center in a process of its own.

Clients and center share this machine, so every figure holds the clients' own work as well; only the terminals that
drain are a process of their own (`bench.meeting_drain`): the sites do not wait for their hundred handshakes. At the end
the operator's window is looked at by itself, for `SILIAN_BENCH_OPERATOR` seconds (40; 1800 is the half hour). Rows go
to `bench-out/meeting.json` as `{"row", "ours", "goal", "holds"}`; exit code 1 when one does not hold.
"""

import asyncio
import itertools
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from bench import meeting_operator
from bench.meeting_drain import Terminals, terminals
from bench.rows import OUT, Row, at_most
from desktop_app.domain.clock import SystemClock
from desktop_app.domain.ids import MeetingId
from desktop_app.domain.meetings import MeetingKind
from desktop_app.simulate.center import Seating, SimulatedCenter
from desktop_app.simulate.meeting import places
from desktop_app.simulate.sites import Arrivals, SimulatedSite, percentile, simulated_sites, until
from media.meeting import commands as cmd
from media.meeting.roll_call import RollManner, Tally, tally
from media.meeting.stage import Layout

SITES = int(os.environ.get("SILIAN_BENCH_SITES", "145"))
DEAD = 10
JOIN_SECONDS = 10.0
COMMANDS = 300
DRAINING, CHANGES_EACH = 120, 200
EVERY = 0.05
"""Seconds between two commands of the host."""
AWAY_SECONDS = float(os.environ.get("SILIAN_BENCH_AWAY", "60"))
EVENTS_BEHIND = 5_000
WRITERS = 8
"""Sites of the long meeting that make its events."""
AGENDA = ("点名", "主讲", "提问")

COMMAND_MS, JOIN_S, RESUME_S, RESTART_S, ROLL_S = 250, 3, 1, 5, 60


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="silian-bench-", ignore_cleanup_errors=True) as folder:
        rows = asyncio.run(measured(Path(folder)))
    rows += meeting_operator.rows()
    keep(rows)
    return 0 if all(row.holds for row in rows) else 1


async def measured(folder: Path) -> list[Row]:
    with SimulatedCenter(folder / "center", SystemClock()) as center:
        seatings, (lecture, long_one) = center.prepare(places(SITES), MeetingKind.GUOSHI_LECTURE, AGENDA, meetings=2)
        rows = []
        with terminals(seatings[-DRAINING:]) as bringing:
            await asyncio.to_thread(bringing.write, folder / "terminals", lecture, CHANGES_EACH)
            await asyncio.to_thread(center.start)
            async with simulated_sites(seatings, center, lecture, clock=SystemClock()) as sites:
                rows.append(await join_storm(sites))
                rows += await commands(sites, f"command to event at all of {SITES} sites")
                rows += await while_draining(sites, bringing, center)
                rows += await roll_call(sites)
                rows += await restart(sites, center)
        rows += await resume(seatings, center, long_one)
        return rows


async def join_storm(sites: list[SimulatedSite]) -> Row:
    host, *guests = sites
    host.start()
    await until(lambda: host.is_in)

    async def enter(site: SimulatedSite, after: float) -> float:
        await asyncio.sleep(after)
        site.start()
        return await until(lambda: site.is_in)

    pace = JOIN_SECONDS / len(guests)
    waits = await asyncio.gather(*(enter(site, pace * number) for number, site in enumerate(guests)))
    refused = [fault.id for site in sites for fault in site.faults]
    if refused:
        print("refused:", ", ".join(refused))
    took = percentile(waits, 0.95) if not refused else float("inf")
    return at_most(f"join storm: {SITES} in 10 s, none refused, p95 (s)", round(took, 3), JOIN_S)


async def commands(sites: list[SimulatedSite], what: str, enough: Callable[[int], bool] = COMMANDS.__le__) -> list[Row]:
    """From the host's key to the event at every site, one figure per site and command; the slowest of all beside."""
    host, *guests = sites
    arrivals = Arrivals(sites)
    for number in itertools.takewhile(lambda done: not enough(done), itertools.count()):
        layouts = list(Layout)
        wishes = (
            cmd.PointAgenda(1 + host.state.agenda_at % len(AGENDA)),
            cmd.Record(recording=host.state.recording_since is None),
            cmd.SetLayout(layouts[(layouts.index(host.state.layout) + 1) % len(layouts)]),
            cmd.Broadcast(guests[number % len(guests)].unit_path),
        )
        await arrivals.of(host, wishes[number % len(wishes)])
        await asyncio.sleep(EVERY)
    for site in sites:
        site.heard = None
    took, slowest = percentile(arrivals.milliseconds, 0.99), max(arrivals.milliseconds)
    return [
        at_most(f"{what}, p99 (ms)", round(took, 1), COMMAND_MS),
        Row(f"{what}, the slowest (ms)", round(slowest, 1), None, "-", True),
    ]


async def while_draining(sites: list[SimulatedSite], bringing: Terminals, center: SimulatedCenter) -> list[Row]:
    """The same commands for as long as so many terminals push at once, as after an outage of the province's network."""
    pushing = bringing.push(center.url, center.ca_pem)
    what = f"the same while {DRAINING} terminals drain {CHANGES_EACH} changes each"
    rows = await commands(sites, what, lambda _: pushing.done())
    drained = pushing.result()
    return [
        *rows,
        at_most("terminals whose changes were not taken", float(DRAINING - len(drained)), 0),
        Row("all of them drained after (s)", round(max(drained, default=0.0), 2), None, "-", True),
    ]


async def roll_call(sites: list[SimulatedSite]) -> list[Row]:
    host, *guests = sites
    dead = Random(3).sample(guests, DEAD)
    for site in dead:
        site.cut()
    began = time.monotonic()
    await host.send(cmd.OpenRollCall(RollManner.ELECTRONIC, timeout_seconds=30))
    await until(lambda: host.state.roll_call is None and bool(host.state.roll_calls))
    took = time.monotonic() - began
    right = Tally(expected=len(guests), answered=len(guests) - DEAD, offline=DEAD)
    found = tally(host.state.roll_calls[-1])
    for site in dead:
        site.mend()
    await until(lambda: all(site.is_in for site in sites))
    return [
        at_most(f"electronic roll call of {SITES} with ten dead (s)", round(took, 2), ROLL_S),
        at_most("sites counted wrong in it", float(found != right), 0),
    ]


async def restart(sites: list[SimulatedSite], center: SimulatedCenter) -> list[Row]:
    """The center is killed and at once started again; until each site is in control, and whether anything is gone."""
    host = sites[0]
    await until(lambda: all(site.state.seq == host.state.seq for site in sites))
    before = host.state
    began = time.monotonic()
    center.kill()
    await until(lambda: not any(site.client.online for site in sites))
    await asyncio.to_thread(center.start)
    await until(lambda: all(site.is_in for site in sites))
    waits = [site.online_at - began for site in sites]
    await until(lambda: all(site.state.seq == host.state.seq for site in sites))
    kept = (before.agenda, before.chair, before.floor, before.roll_calls, before.broadcast, before.layout)
    after = host.state
    same = kept == (after.agenda, after.chair, after.floor, after.roll_calls, after.broadcast, after.layout)
    return [
        at_most(
            f"center restart with {SITES} connected: back in control, p95 (s)",
            round(percentile(waits, 0.95), 2),
            RESTART_S,
        ),
        at_most("things forgotten by it", 0.0 if same and after.seq >= before.seq else 1.0, 0),
    ]


async def resume(seatings: list[Seating], center: SimulatedCenter, meeting: MeetingId) -> list[Row]:
    """A site loses its link for a minute in which the others make 5,000 events; from the link's return to the state."""
    async with simulated_sites(seatings[: WRITERS + 1], center, meeting, clock=SystemClock()) as sites:
        *writers, away = sites
        for site in sites:
            site.start()
        await until(lambda: all(site.is_in for site in sites))
        behind = away.state.seq
        away.cut()
        began = time.monotonic()
        await asyncio.gather(*(_write_events(site, number) for number, site in enumerate(writers)))
        await asyncio.sleep(max(0.0, AWAY_SECONDS - (time.monotonic() - began)))
        missed = writers[0].state.seq - behind
        mended = time.monotonic()
        away.mend()
        await until(lambda: away.client.online)
        took = away.online_at - mended
        await until(lambda: away.is_in)
        fresh = SimulatedSite(
            seatings[WRITERS + 1], center, meeting, tls=sites[0].tls, clock=SystemClock(), jitter=Random(5)
        )
        joined = time.monotonic()
        fresh.start()
        await until(lambda: fresh.is_in)
        entered = time.monotonic() - joined
        await fresh.stop()
        killed = time.monotonic()
        center.kill()
        await asyncio.to_thread(center.start)
        await until(lambda: all(site.is_in and site.online_at > killed for site in sites))
        restarted = time.monotonic() - killed
    return [
        at_most(f"center restart with a log of {missed} events: back in control (s)", round(restarted, 2), RESTART_S),
        at_most(f"resume after {AWAY_SECONDS:.0f} s away, {missed} events behind (s)", round(took, 3), RESUME_S),
        at_most(f"a site that comes in anew after {missed} events (s)", round(entered, 3), RESUME_S),
    ]


async def _write_events(site: SimulatedSite, number: int) -> None:
    """Three events for every two commands, as fast as they are answered and no faster than a site may speak."""
    for turn in range(EVENTS_BEHIND // 3 // WRITERS + 1):
        request = f"w{number}-{turn}"
        began = time.monotonic()
        await site.send(cmd.RequestFloor(request, "member", "委员"))
        await site.send(cmd.CancelFloor(request))
        await asyncio.sleep(max(0.0, 0.06 - (time.monotonic() - began)))


def keep(rows: list[Row]) -> None:
    """Print them and write them down."""
    OUT.mkdir(exist_ok=True)
    listed = [{"row": row.row, "ours": row.ours, "goal": row.goal, "holds": row.holds} for row in rows]
    (OUT / "meeting.json").write_text(json.dumps(listed, ensure_ascii=False, indent=2) + "\n", "utf-8")
    for row in rows:
        print(f"{row.row:<90} {row.ours!s:>9}  goal {row.goal:>8}  {'holds' if row.holds else 'FAILS'}")


if __name__ == "__main__":
    raise SystemExit(main())
