"""The records beside their peers: PouchDB to express-pouchdb, Yjs, Hocuspocus, and raw SQLite and PostgreSQL.

The peers come from npm into a cache folder, by this measurement itself; without node and npm their columns are empty,
and without PostgreSQL its rows are not there. `SILIAN_BENCH_CHANGES` is how many changes are pushed (100,000; each
terminal of the fleet writes a hundredth of it), `SILIAN_BENCH_PARTS` what is measured ("lanes raw minutes fleet").
What is held against a raw peer is measured in turns with it, each three times, and the medians are told.
"""

import asyncio
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path
from pycrdt import Doc, Text

from bench import sync_kills, sync_raw
from bench.rows import Row, keep
from bench.sync_center import center, terminal
from bench.sync_postgres import Cluster, cluster
from desktop_app.domain.clock import SystemClock
from desktop_app.domain.ids import DeviceId, PersonId, uuid7
from desktop_app.simulate.sync import Size, drain
from sync.replication.client import CenterClient, LinkFault
from sync.store.store import Store
from sync.terminal.pushing import push_all
from sync.terminal.records import Records, Write

CHANGES = int(os.environ.get("SILIAN_BENCH_CHANGES", "100000"))
PARTS = ("lanes", "raw", "minutes", "fleet")
TEXT = "请相关部门在下季度前完成入户调查，并把结果报送县政协办公室。"
PACKAGES = (
    "pouchdb-node@9",
    "express-pouchdb@4",
    "express@4",
    "yjs@13",
    "@hocuspocus/server@2",
    "@hocuspocus/provider@2",
    "@hocuspocus/extension-database@2",
    "ws@8",
)
MEETING = "01939c3e-7a00-7000-8000-000000000001"
PERSON = PersonId("01939c3e-7a00-7000-8000-0000000000aa")
HERE = Path(__file__).parent
DURABLE = 400
BATCH = 1000
AT_MOST = 20_000
"""Changes that are held against a raw peer, of those there are."""
TERMINALS = 120


class _Named:
    def __init__(self, device: DeviceId) -> None:
        self._device = device

    def headers(self, method: str, target: str, body: bytes = b"", *, now: datetime) -> dict[str, str]:
        return {"bench-device": self._device}


def _records(folder: Path, number: int) -> Records:
    records = Records.open(folder, identity=terminal(number), clock=SystemClock())
    records.act_as(PERSON)
    return records


def _opinions(count: int, begun: int = 0) -> Iterable[list[Write]]:
    for at in range(0, count, BATCH):
        yield [
            Write(
                "opinion",
                uuid7(begun + number),
                {"meeting": MEETING, "site": terminal(1).unit_path, "text": f"{TEXT}{number}", "state": "noted"},
            )
            for number in range(at, min(at + BATCH, count))
        ]


def _filled(folder: Path, count: int) -> Records:
    records = _records(folder, 1)
    fields = {"title": "协商会", "convener_unit": records.unit_path, "invited": [], "state": "planned"}
    records.write(Write("meeting", MEETING, fields))
    for writes in _opinions(count):
        records.write(*writes)
    return records


# Push, bytes, replay, pull


async def _over_http(folder: Path, filled: Path, database: str = "") -> dict[str, float]:
    """Push, the same once more, and a snapshot into an empty terminal; `filled` is the terminal's folder, and kept."""
    shutil.copytree(filled, folder / "terminal")
    records = _records(folder / "terminal", 1)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    child = _center_process(folder, port, database)
    client = CenterClient(f"http://127.0.0.1:{port}", "", _Named(records.device), SystemClock(), transport=_plain())
    try:
        await _answers(client, records)
        batches: list[bytes] = []

        async def send(batch: bytes) -> bytes:
            batches.append(batch)
            return await client.push(records.device, batch)

        began = time.perf_counter()
        await push_all(records, send)
        push = time.perf_counter() - began
        sent = sum(map(len, batches))
        began = time.perf_counter()
        for batch in batches:
            await client.push(records.device, batch)
        again = time.perf_counter() - began
        empty = _records(folder / "empty", 2)
        other = CenterClient(f"http://127.0.0.1:{port}", "", _Named(empty.device), SystemClock(), transport=_plain())
        began = time.perf_counter()
        while (at := empty.snapshot_position()) is not None:
            empty.take_part(await other.snapshot(empty.pull_position(), after=at.after, until=at.until))
        pull = time.perf_counter() - began
        if len(empty.list("opinion")) != CHANGES:
            raise SystemExit("bench: the empty terminal did not get everything")
        raw = statistics.median(_raw(empty, folder / f"raw{turn}.db", sync_raw.MERGED_AT_TERMINAL) for turn in range(3))
        empty.close()
        await other.close()
        lost = await _kill_ours(folder, port, child, database) if not database else 0
    finally:
        await client.close()
        records.close()
        child.kill()
        child.wait()
    count = CHANGES + 1
    return {
        "push": count / push,
        "bytes": sent / count,
        "again": push / again,
        "pull": count / pull,
        "raw": raw,
        "lost": lost,
    }


async def _kill_ours(folder: Path, port: int, child: "subprocess.Popen[bytes]", database: str) -> int:
    def kill() -> None:
        child.kill()
        child.wait()

    with closing(_records(folder / "writer", 5)) as writer:
        client = CenterClient(f"http://127.0.0.1:{port}", "", _Named(writer.device), SystemClock(), transport=_plain())
        lost = await sync_kills.ours(folder / "center", writer, MEETING, client, kill)
        await client.close()
        return lost


def _raw(store: Store, file: Path, tables: Sequence[str], *, encrypted: bool = True) -> float:
    rows = sync_raw.rows_of(store, tables, min(CHANGES, AT_MOST))
    return sync_raw.sqlite(store, file, rows, BATCH, encrypted=encrypted)


def _center_process(folder: Path, port: int, database: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "bench.sync_center", str(folder / "center"), str(port), database])


def _plain() -> Any:
    import httpx

    return httpx.AsyncHTTPTransport(trust_env=False)


async def _answers(client: CenterClient, records: Records) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            await client.pull(records.pull_position(), limit=1, wait=0)
            return
        except LinkFault:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)


# The peers


def peers() -> Path | None:
    """The folder with the peers' packages; None where node or npm is missing or nothing could be fetched."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    folder = user_cache_path("silian-bench") / "peers"
    folder.mkdir(parents=True, exist_ok=True)
    if not all((folder / "node_modules" / name.rpartition("@")[0]).is_dir() for name in PACKAGES):
        (folder / "package.json").write_text('{"private": true}')
        quiet = ["--no-audit", "--no-fund", "--loglevel=error"]
        if subprocess.run([npm, "install", *quiet, *PACKAGES], cwd=folder, check=False).returncode:
            return None
    return folder


def _node(folder: Path | None, script: str, *words: str) -> dict[str, Any]:
    if folder is None:
        return {}
    done = subprocess.run(
        ["node", "--max-old-space-size=4096", str(HERE / script), *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stderr[-500:], file=sys.stderr)
        return {}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


# Raw


def _one(folder: Path) -> tuple[float, float, float]:
    """Durable changes a second, each a transaction: ours, raw encrypted, raw plain."""
    with closing(_records(folder / "ours", 3)) as records:
        writes = [one for some in _opinions(DURABLE) for one in some]
        began = time.perf_counter()
        for write in writes:
            records.write(write)
        took = DURABLE / (time.perf_counter() - began)
        rows = sync_raw.rows_of(records, sync_raw.MERGED_AT_TERMINAL, DURABLE)
        raw = sync_raw.sqlite(records, folder / "raw.db", rows, 1, encrypted=True)
        return took, raw, sync_raw.sqlite(records, folder / "plain.db", rows, 1, encrypted=False)


def _received(
    folder: Path, batches: Sequence[bytes], tables: Sequence[str], new: Callable[[], str] | None
) -> tuple[float, float, float]:
    """Changes a second received at the center without the network; then raw (encrypted, or COPY), and plain."""
    database = new() if new else ""
    with closing(center(folder / "center", database)) as above:
        began = time.perf_counter()
        for batch in batches:
            above.receive(terminal(4).device, batch)
        took = time.perf_counter() - began
        rows = sync_raw.rows_of(above, tables, BATCH * (len(batches) - 1))
        ours = BATCH * len(batches) / took
        if new:
            return ours, sync_raw.postgresql(new(), rows, BATCH), 0.0
        raw = sync_raw.sqlite(above, folder / "raw.db", rows, BATCH, encrypted=True)
        return ours, raw, sync_raw.sqlite(above, folder / "plain.db", rows, BATCH, encrypted=False)


def _batches(folder: Path, count: int, entity: str) -> list[bytes]:
    """Pushes of a terminal's day. Of an entity that the center does not know nothing is merged."""
    from unittest import mock

    from sync.entities import ENTITIES

    with closing(_records(folder, 4)) as records, mock.patch.dict(ENTITIES, {"later": ENTITIES["opinion"]}):
        fields = {"title": "协商会", "convener_unit": records.unit_path, "invited": [], "state": "planned"}
        records.write(Write("meeting", MEETING, fields))
        for writes in _opinions(count - 1):
            records.write(*(Write(entity, one.pk, one.fields) for one in writes))
        return records.pending_batches()


def _turns(folder: Path, name: str, measure: Callable[[Path], tuple[float, float, float]]) -> tuple[float, ...]:
    """The medians of three rounds, ours and raw in turns."""
    rounds = []
    for turn in range(3):
        where = folder / f"{name}-{turn}"
        where.mkdir()
        rounds.append(measure(where))
        shutil.rmtree(where)
    return tuple(statistics.median(column) for column in zip(*rounds, strict=True))


# Minutes


def _minutes(folder: Path, node: Path | None) -> Row:
    base: Doc[Any] = Doc()
    base["text"] = text = Text()
    text += TEXT * (50_000 // len(TEXT))
    start = base.get_update()
    edits = []
    for hand in (1, 2):
        document: Doc[Any] = Doc(client_id=hand)
        document.apply_update(start)
        before, typed = document.get_state(), document.get("text", type=Text)
        for number in range(2000):
            typed.insert((number * 37 * hand) % 16_000 * 3, "补")
        edits.append(document.get_update(before))
    times = []
    for _ in range(5):
        merged: Doc[Any] = Doc()
        merged.apply_update(start)
        began = time.perf_counter()
        for edit in edits:
            merged.apply_update(edit)
        merged.get_update()
        times.append(time.perf_counter() - began)
    files = []
    for name, update in zip(("base", "a", "b"), (start, *edits), strict=True):
        (folder / name).write_bytes(update)
        files.append(str(folder / name))
    peer = _node(node, "peer_yjs.js", *files).get("seconds")
    ours = statistics.median(times)
    return _row(
        "minutes of 50,000 characters, two offline edits merged (ms, Yjs)", ours * 1e3, _times(peer, 1e3), most=0.2
    )


def _times(figure: float | None, factor: float) -> float | None:
    return None if figure is None else figure * factor


def _row(row: str, ours: float, peer: float | None, *, least: float | None = None, most: float | None = None) -> Row:
    goal = f"{'>=' if most is None else '<='} {least if most is None else most:g} x" if (least or most) else None
    holds = None
    if peer and (least or most):
        ratio = ours / peer
        holds = ratio >= least if least is not None else ratio <= (most or 0)
    return Row(row, round(ours, 2), None if peer is None else round(peer, 2), goal, holds)


BEGAN = time.monotonic()


def _say(what: str) -> None:
    """What is measured now, and how long all of it has taken."""
    print(f"[{time.monotonic() - BEGAN:5.0f} s] {what}", flush=True)


def measure(folder: Path, postgres: Cluster | None, parts: Sequence[str] = PARTS) -> list[Row]:
    """The rows of these parts, in their order."""
    node = peers()
    rows: list[Row] = []
    if "lanes" in parts:
        rows += _lane_rows(folder, node, postgres)
    if "raw" in parts:
        rows += _raw_rows(folder, postgres)
    if "minutes" in parts:
        _say("minutes, and Yjs")
        rows.append(_minutes(folder, node))
    if "fleet" in parts:
        rows += _fleet(folder)
    return rows


def _lane_rows(folder: Path, node: Path | None, postgres: Cluster | None) -> list[Row]:
    _say(f"a terminal writes {CHANGES} changes")
    _filled(folder / "filled", CHANGES).close()
    _say("PouchDB pushes and pulls as many")
    pouch = _node(node, "peer_pouch.js", str(folder / "pouch"), str(CHANGES), TEXT)
    rows: list[Row] = []
    for name, database in (("SQLite", ""), ("PostgreSQL", postgres.new() if postgres else None)):
        if database is None:
            continue
        _say(f"push, the same again, snapshot: {name}")
        ours = asyncio.run(_over_http(folder / f"http-{name}", folder / "filled", database))
        rows += [
            _row(
                f"push, signed, merged, acknowledged, {name} (1/s, PouchDB)", ours["push"], pouch.get("push"), least=8
            ),
            _row(f"replayed duplicates, {name} (times faster than the first push)", ours["again"], 1.0, least=6),
            _row(f"pull by snapshot from {name} (1/s, PouchDB)", ours["pull"], pouch.get("pull")),
            _row(f"pull by snapshot from {name} (1/s, raw encrypted)", ours["pull"], ours["raw"], least=0.25),
        ]
        if not database:
            rows.append(_row("bytes a change on the wire (PouchDB)", ours["bytes"], pouch.get("bytes"), most=0.2))
            _say("Hocuspocus is killed")
            gone = sync_kills.hocuspocus(node, HERE / "peer_hocuspocus.js") if node else None
            what = f"acknowledged, then lost, of {sync_kills.CHARACTERS} characters at kill -9 (Hocuspocus)"
            rows.append(Row(what, ours["lost"], gone, "<= 0", ours["lost"] == 0))
        shutil.rmtree(folder / f"http-{name}")
    return rows


def _raw_rows(folder: Path, postgres: Cluster | None) -> list[Row]:
    count = min(CHANGES, AT_MOST)
    _say(f"one durable change, {DURABLE} times, in turns with raw")
    one, raw_one, plain_one = _turns(folder, "one", _one)
    rows = [
        _row("one durable local change (1/s, raw encrypted)", one, raw_one, least=0.8),
        _row("one durable local change (1/s, raw plain)", one, plain_one),
    ]
    for what, entity, tables, goals in (
        ("log-only write at the center", "later", sync_raw.LOG, (0.4, 0.5)),
        ("merged write at the center", "opinion", sync_raw.MERGED_AT_CENTER, (0.25, 0.2)),
    ):
        _say(f"{what}, {count} changes in turns with raw")
        batches = _batches(folder / f"day-{entity}", count, entity)
        ours, raw, plain = _turns(folder, entity, lambda where: _received(where, batches, tables, None))  # noqa: B023
        rows += [
            _row(f"{what}, SQLite (1/s, raw executemany, encrypted)", ours, raw, least=goals[0]),
            _row(f"{what}, SQLite (1/s, raw executemany, plain)", ours, plain),
        ]
        if postgres is not None:
            ours, raw, _ = _turns(folder, f"pg-{entity}", lambda where: _received(where, batches, tables, postgres.new))  # noqa: B023
            rows.append(_row(f"{what}, PostgreSQL (1/s, raw COPY)", ours, raw, least=goals[1]))
    return rows


def _fleet(folder: Path) -> list[Row]:
    """`silian simulate sync`: many terminals drain at once into a center over TLS."""
    size = Size(TERMINALS, CHANGES // 100)
    measures = asyncio.run(drain(folder / "fleet", size, SystemClock(), _say))
    what = f"{size.terminals} terminals, {size.changes} changes each: "
    return [
        Row(what + one.what, round(one.seconds, 3), None, None if one.goal is None else f"<= {one.goal:g}", one.holds)
        for one in measures
    ]


def main() -> int:
    """Measure, print, keep; 1 when a goal that could be measured is not reached."""
    wanted = os.environ.get("SILIAN_BENCH_PARTS", " ".join(PARTS)).split()
    parts = [part for part in PARTS if part in wanted]
    if not parts:
        print(f"bench: the parts are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="silian-bench-", dir=Path.cwd()) as held, cluster() as postgres:
        rows = measure(Path(held), postgres, parts)
    keep("sync" if parts == list(PARTS) else f"sync-{'-'.join(parts)}", rows)
    return 1 if any(row.holds is False for row in rows) else 0
