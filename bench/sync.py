"""The records beside their peers: PouchDB to express-pouchdb, Yjs, and raw SQLite under the same durability.

The peers come from npm into a cache folder, by this measurement itself; without node and npm their columns are empty.
`SILIAN_BENCH_CHANGES` is how many changes are pushed (100,000).
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
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path
from pycrdt import Doc, Text

from bench.rows import Row, keep
from bench.sync_center import center, terminal
from desktop_app.domain.clock import SystemClock
from desktop_app.domain.ids import DeviceId, PersonId, uuid7
from desktop_app.domain.principal import Principal
from sync.replication.client import CenterClient, LinkFault
from sync.store import cipher
from sync.terminal.records import Records, Write

CHANGES = int(os.environ.get("SILIAN_BENCH_CHANGES", "100000"))
TEXT = "请相关部门在下季度前完成入户调查，并把结果报送县政协办公室。"
PACKAGES = ("pouchdb-node@9", "express-pouchdb@4", "express@4", "yjs@13")
MEETING = "01939c3e-7a00-7000-8000-000000000001"
PERSON = PersonId("01939c3e-7a00-7000-8000-0000000000aa")
HERE = Path(__file__).parent
DURABLE = 400
BATCH = 1000


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


async def _over_http(folder: Path, database: str = "") -> dict[str, float]:
    records = _filled(folder / "terminal", CHANGES)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    child = _center_process(folder, port, database)
    client = CenterClient(f"http://127.0.0.1:{port}", "", _Named(records.device), SystemClock(), transport=_plain())
    try:
        await _answers(client, records)
        began, sent, batches = time.perf_counter(), 0, []
        while (batch := records.next_batch()) is not None:
            records.acknowledge(await client.push(records.device, batch))
            sent += len(batch)
            batches.append(batch)
        push = time.perf_counter() - began
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
        empty.close()
        await other.close()
    finally:
        await client.close()
        records.close()
        child.terminate()
        child.wait()
    count = CHANGES + 1
    return {"push": count / push, "bytes": sent / count, "again": push / again, "pull": count / pull}


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
    if not all((folder / "node_modules" / name.partition("@")[0]).is_dir() for name in PACKAGES):
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


# Raw SQLite

TABLES = (
    "CREATE TABLE change (position INTEGER PRIMARY KEY, change_id TEXT UNIQUE, terminal TEXT, seq INTEGER, entity TEXT,"
    " pk TEXT, payload BLOB, h BLOB)",
    "CREATE TABLE record (entity TEXT, pk TEXT, fields TEXT, PRIMARY KEY (entity, pk))",
)
INSERT_CHANGE = "INSERT INTO change (change_id, terminal, seq, entity, pk, payload, h) VALUES (?, ?, ?, ?, ?, ?, ?)"
INSERT_RECORD = "INSERT INTO record VALUES (?, ?, ?)"


def _raw(folder: Path, count: int, each: int, *, merged: bool) -> float:
    """Rows a second into an encrypted file of the same durability, `each` in a transaction."""
    folder.mkdir()
    with closing(cipher.connect(folder / "raw.db", os.urandom(32))) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        for statement in TABLES:
            db.execute(statement)
        fields = json.dumps({"meeting": MEETING, "text": TEXT, "state": "noted"}, ensure_ascii=False)
        ids = [uuid7(number) for number in range(count)]
        rows = [(one, "t", at, "opinion", one, fields.encode(), os.urandom(32)) for at, one in enumerate(ids)]
        began = time.perf_counter()
        for at in range(0, count, each):
            db.execute("BEGIN IMMEDIATE")
            db.executemany(INSERT_CHANGE, rows[at : at + each])
            if merged:
                db.executemany(INSERT_RECORD, [("opinion", one, fields) for one in ids[at : at + each]])
            db.execute("COMMIT")
        return count / (time.perf_counter() - began)


def _written(folder: Path, count: int, each: int) -> float:
    """Our own changes a second, `each` in a transaction."""
    with closing(_records(folder, 3)) as records:
        writes = [one for some in _opinions(count) for one in some]
        began = time.perf_counter()
        for at in range(0, count, each):
            records.write(*writes[at : at + each])
        return count / (time.perf_counter() - began)


def _log_only(folder: Path, count: int) -> float:
    """Changes a second into the center's log with receipts, of an entity that it does not know: nothing is merged."""
    from unittest import mock

    from sync.entities import ENTITIES

    with closing(_records(folder / "t", 4)) as records, closing(center(folder / "c")) as above:
        with mock.patch.dict(ENTITIES, {"later": ENTITIES["opinion"]}):
            for writes in _opinions(count):
                records.write(*(Write("later", one.pk, one.fields) for one in writes))
        batches = records.pending_batches()
        began = time.perf_counter()
        for batch in batches:
            above.receive(records.device, batch)
        return count / (time.perf_counter() - began)


def _merged(folder: Path, count: int) -> float:
    """Changes a second received and merged at the center, without the network."""
    with closing(_filled(folder / "t", count)) as records, closing(center(folder / "c")) as above:
        batches = records.pending_batches()
        began = time.perf_counter()
        for batch in batches:
            above.receive(records.device, batch)
        took = time.perf_counter() - began
        above.page(Principal(records.device, records.unit_path), 0, 1)
        return count / took


def _median(folder: Path, name: str, measure: Callable[[Path], float]) -> float:
    return statistics.median(measure(folder / f"{name}-{turn}") for turn in range(3))


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


def measure(folder: Path) -> list[Row]:
    node = peers()
    pouch = _node(node, "peer_pouch.js", str(folder / "pouch"), str(CHANGES), TEXT)
    ours = asyncio.run(_over_http(folder / "http"))
    count = min(CHANGES, 20_000)
    raw_log = _median(folder, "raw-log", lambda where: _raw(where, count, BATCH, merged=False))
    raw_merged = _median(folder, "raw-merged", lambda where: _raw(where, count, BATCH, merged=True))
    raw_one = _median(folder, "raw-one", lambda where: _raw(where, DURABLE, 1, merged=True))
    one = _median(folder, "one", lambda where: _written(where, DURABLE, 1))
    log_only = _median(folder, "log", lambda where: _log_only(where, count))
    merged = _median(folder, "merged", lambda where: _merged(where, count))
    return [
        _row("push, signed, merged, acknowledged (1/s, PouchDB)", ours["push"], pouch.get("push"), least=8),
        _row("bytes a change on the wire (PouchDB)", ours["bytes"], pouch.get("bytes"), most=0.2),
        _row("pull by snapshot into an empty terminal (1/s, PouchDB)", ours["pull"], pouch.get("pull")),
        _row("pull by snapshot into an empty terminal (1/s, raw executemany)", ours["pull"], raw_merged, least=0.25),
        _row("log-only write at the center (1/s, raw executemany)", log_only, raw_log, least=0.4),
        _row("merged write at the center (1/s, raw executemany)", merged, raw_merged, least=0.25),
        _row("one durable local change (1/s, raw)", one, raw_one, least=0.8),
        _row("replayed duplicates (times faster than the first push)", ours["again"], 1.0, least=6),
        _minutes(folder, node),
    ]


def main() -> int:
    """Measure, print, keep; 1 when a goal that could be measured is not reached."""
    with tempfile.TemporaryDirectory(prefix="silian-bench-", dir=Path.cwd()) as held:
        rows = measure(Path(held))
    keep("sync", rows)
    return 1 if any(row.holds is False for row in rows) else 0
