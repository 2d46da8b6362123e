"""`silian simulate sync`: the records of many terminals drain into one center, and all of them compare their checksums.

A center of its own runs in a process, over TLS; the terminals are the real stores and clients without a window. Each
has held a meeting of its own offline and written its changes; then all links come back at once.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from desktop_app.domain.clock import Clock, SystemClock, unix_ms
from desktop_app.domain.faults import OperatorError, PeerFault
from desktop_app.domain.ids import uuid7
from desktop_app.domain.limits import BATCH_CHANGES, SITES
from desktop_app.domain.meetings import MeetingKind
from desktop_app.main import log_to_stderr
from desktop_app.simulate.center import Seating, SimulatedCenter
from desktop_app.simulate.meeting import Measure, places
from sync.identity.requests import RequestSigner
from sync.log.write import Write
from sync.replication.client import CenterClient, LinkFault
from sync.terminal.pushing import push_all
from sync.terminal.records import Records

DRAINED_GOAL = 60.0
GROWTH_GOAL = 16.0
"""MiB; what 120 answers under way may add for a moment."""
WRITTEN_AT_ONCE = 500
RETRY_SECONDS = 0.5
LATEST = 1800.0


@dataclass(frozen=True, slots=True)
class Size:
    terminals: int
    changes: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--terminals", type=int, default=120, help="how many terminals (default 120)")
    parser.add_argument("--changes", type=int, default=1000, help="changes that each has written offline (1000)")
    parser.add_argument("--folder", type=Path, help="an empty folder for the stores, kept; default: none is")
    parser.add_argument("--json", action="store_true", help="print JSON instead of lines")


def run(options: argparse.Namespace) -> int:
    """0 when every figure holds, else 1."""
    most = len(places(SITES))
    if not 3 <= options.terminals <= most or options.changes < 1:
        raise OperatorError("simulation-size", least=3, most=most)
    if options.folder is not None and options.folder.exists() and any(options.folder.iterdir()):
        raise OperatorError("folder-not-empty", folder=str(options.folder))
    log_to_stderr("error")
    with tempfile.TemporaryDirectory(prefix="silian-simulation-", ignore_cleanup_errors=True) as spare:
        size = Size(options.terminals, options.changes)
        measures = asyncio.run(drain(options.folder or Path(spare), size, SystemClock(), _say))
    if options.json:
        print(json.dumps([asdict(one) | {"holds": one.holds} for one in measures], ensure_ascii=False, indent=2))
    else:
        for one in measures:
            goal = "" if one.goal is None else f"goal {one.goal:g}   {'holds' if one.holds else 'FAILS'}"
            print(f"{one.what:<58} {one.seconds:10.3f}   {goal}")
    return 0 if all(one.holds for one in measures) else 1


def _say(what: str) -> None:
    print(f"... {what}", file=sys.stderr, flush=True)


async def drain(
    folder: Path, size: Size, clock: Clock, say: Callable[[str], None] = lambda _what: None
) -> list[Measure]:
    """Write offline, send, read, compare; `say` is told what is done now."""
    with SimulatedCenter(folder / "center", clock) as center:
        seatings, _ = center.prepare(places(size.terminals), MeetingKind.GUOSHI_LECTURE, ())
        began = time.monotonic()
        terminals = [SimulatedTerminal(folder, seating, clock) for seating in seatings]
        try:
            say(f"{size.terminals} terminals write {size.changes} changes each")
            for terminal in terminals:
                await asyncio.to_thread(terminal.write_a_day, size.changes)
            written = time.monotonic() - began
            await asyncio.to_thread(center.start)
            before = center.memory_mib()
            for terminal in terminals:
                terminal.connect(center)
            say("all of them send")
            began = time.monotonic()
            await _all(terminal.push() for terminal in terminals)
            drained = time.monotonic() - began
            after = center.memory_mib()
            say(f"drained in {drained:.1f} s; all of them read")
            await _all(terminal.pull() for terminal in terminals)
            say("all of them compare their checksums")
            differing = await _all(terminal.differing() for terminal in terminals)
            equal = time.monotonic() - began
            later = center.memory_mib()
            say(f"equal after {equal:.1f} s; all of them ask once more")
            await _all(terminal.pull() for terminal in terminals)
            differing += await _all(terminal.differing() for terminal in terminals)
            last = center.memory_mib()
            lost = sum(terminal.records.status().pending for terminal in terminals)
        finally:
            for terminal in terminals:
                await terminal.close()
    return [
        Measure("written offline at all terminals (s)", written),
        Measure("all drained into the center (s)", drained, DRAINED_GOAL),
        Measure("changes a second at the center (1/s)", size.terminals * size.changes / drained),
        Measure("all drained and read, with equal checksums (s)", equal, DRAINED_GOAL),
        Measure("terminals whose checksums differ (count)", sum(differing), 0),
        Measure("changes not acknowledged (count)", lost, 0),
        Measure("memory of the center before (MiB)", before),
        Measure("memory of the center, drained (MiB)", after),
        Measure("memory of the center after all have read (MiB)", later),
        Measure("memory that grew while all asked once more (MiB)", last - later, GROWTH_GOAL),
    ]


async def _all(works: Iterable[Coroutine[Any, Any, int]]) -> list[int]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work) for work in works]
    return [task.result() for task in tasks]


class SimulatedTerminal:
    """A real store and a real client."""

    def __init__(self, folder: Path, seating: Seating, clock: Clock) -> None:
        self._seating, self._clock = seating, clock
        self.records = Records.open(folder / seating.identity.device, identity=seating.identity, clock=clock)
        self.records.act_as(seating.person)
        self._signer = RequestSigner(seating.identity)
        self._client: CenterClient | None = None

    def write_a_day(self, changes: int) -> None:
        """A meeting of this unit, and opinions of it: as many changes as are asked for."""
        now, site = unix_ms(self._clock.now()), self._seating.unit_path
        meeting = uuid7(now)
        plan = {"title": "本县协商会", "convener_unit": site, "invited": [], "state": "planned"}
        self.records.write(Write("meeting", meeting, plan, meeting))
        for at in range(1, changes, WRITTEN_AT_ONCE):
            self.records.write(
                *(
                    Write(
                        "opinion",
                        uuid7(now),
                        {"meeting": meeting, "site": site, "text": f"第{number}条意见建议", "state": "noted"},
                    )
                    for number in range(at, min(at + WRITTEN_AT_ONCE, changes))
                )
            )

    def connect(self, center: SimulatedCenter) -> None:
        self._client = CenterClient(center.url, center.ca_pem, self, self._clock)

    def headers(self, method: str, target: str, body: bytes = b"", *, now: datetime) -> dict[str, str]:
        return self._signer.headers(method, target, body, now=now, person=self._seating.person)

    @property
    def client(self) -> CenterClient:
        if self._client is None:
            raise RuntimeError("not connected yet")
        return self._client

    async def push(self) -> int:
        """Until everything is acknowledged; how many pushes the last attempt took."""
        ended = time.monotonic() + LATEST
        while True:
            try:
                return await push_all(self.records, lambda batch: self.client.push(self.records.device, batch))
            except (LinkFault, PeerFault):
                if time.monotonic() > ended:
                    raise
                await asyncio.sleep(RETRY_SECONDS)

    async def pull(self) -> int:
        """All that this unit may see, by snapshot, and what came meanwhile; how many parts the snapshot had."""
        parts = 0
        while (at := self.records.snapshot_position()) is not None:
            try:
                raw = await self.client.snapshot(self.records.pull_position(), after=at.after, until=at.until)
            except LinkFault:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            await asyncio.to_thread(self.records.take_part, raw)
            parts += 1
        more = True
        while more:
            try:
                raw = await self.client.pull(self.records.pull_position(), limit=BATCH_CHANGES, wait=0)
            except LinkFault:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            more = (await asyncio.to_thread(self.records.take_page, raw)).more
        return parts

    async def differing(self) -> int:
        """1 where this store and the center hold different changes, or cannot tell."""
        while True:
            try:
                raw = await self.client.heads(self.records.pull_position())
                break
            except LinkFault:
                await asyncio.sleep(RETRY_SECONDS)
        return 0 if await asyncio.to_thread(self.records.differing, raw) == [] else 1

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
        self.records.close()
