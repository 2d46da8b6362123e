"""Acknowledged, then lost, when the power goes: our center beside Hocuspocus, written to and killed in the same way."""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench.sync_center import center
from sync.documents.minutes import MinutesDocument
from sync.log.write import Write
from sync.replication.client import CenterClient
from sync.store.tables import change
from sync.terminal.records import Records

CHARACTERS = 500
MINUTES = "01939c3e-7a00-7000-8000-0000000000cc"


async def ours(folder: Path, records: Records, meeting: str, client: CenterClient, kill: Callable[[], None]) -> int:
    """Characters typed into minutes, each pushed and receipted; then the center is killed. How many are gone."""
    records.write(Write("minutes", MINUTES, {"meeting": meeting, "unit_path": records.unit_path, "state": "draft"}))
    document = MinutesDocument.from_updates([])
    block = document.add_block()
    said: list[str] = []
    for number in range(CHARACTERS):
        document.replace(block, number, 0, "字")
        said.append(records.save_update(MINUTES, document.take_update() or b"", meeting=meeting))
        if number % 25 == 24 or number == CHARACTERS - 1:
            while (batch := records.next_batch()) is not None:
                records.acknowledge(await client.push(records.device, batch))
    kill()
    with closing(center(folder)) as store, store.engine.connect() as connection:
        held = set(connection.execute(sa.select(change.c.change_id)).scalars())
    return sum(each not in held for each in said)


def hocuspocus(node: Path, script: Path) -> int | None:
    """How many of the characters that it said are synced its file does not hold; None where it does not run."""
    with tempfile.TemporaryDirectory() as kept:
        server = subprocess.Popen(["node", script, "server", kept], cwd=node, stdout=subprocess.PIPE, text=True)
        try:
            line = server.stdout.readline() if server.stdout else ""
            if not line:
                return None
            said = _said(node, script, "client", str(json.loads(line)["port"]), str(CHARACTERS))
        finally:
            server.kill()
            server.wait()
        time.sleep(0.1)  # its socket and file are let go of
        held = _said(node, script, "count", kept)
    return None if said is None or held is None else int(said["synced"]) - int(held["held"])


def _said(node: Path, *words: str | Path) -> dict[str, Any] | None:
    try:
        done = subprocess.run(["node", *words], cwd=node, capture_output=True, text=True, check=False, timeout=120)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        return None
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found
