"""`python -m tests.simulation.kills N`: kill a real program N times, wherever it is, and count what was lost."""

import subprocess
import sys
import time
from pathlib import Path
from random import Random

import sqlalchemy as sa

from sync.store.engine import reading
from sync.store.tables import change, record
from tests.simulation.killed import both, push
from tests.simulation.swarm import desk

ROUND = 25
"""Kills of one pair of stores, before new ones are begun."""
LONGEST = 0.25
"""Seconds after its first word."""


def kill_once(folder: Path, rng: Random, told: dict[str, set[str]]) -> None:
    """Start it, let it work for a moment, kill it; `told` gets what it said."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.simulation.killed", str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    lines = [child.stdout.readline()]
    time.sleep(rng.uniform(0, LONGEST))  # not a wait for anything: the moment of the kill is the point
    child.kill()
    lines += child.stdout.readlines()
    child.stdout.close()
    child.wait()
    if not lines[0]:
        raise SystemExit("the program that is to be killed did not start")
    for line in lines:
        if line.endswith("\n"):
            word, _, change_id = line.strip().partition(" ")
            told.setdefault(word, set()).add(change_id)


def lost(folder: Path, told: dict[str, set[str]]) -> list[str]:
    """What was said to be saved or acknowledged, and is not there; doubled or half-written rows too."""
    records, center = both(folder)
    try:
        found = []
        for name, store, word in (("terminal", records, "saved"), ("center", center, "acknowledged")):
            found += [f"{name} lost {each}" for each in told.get(word, set()) - set(_column(store, change.c.change_id))]
        push(records, center)
        here, there = (sorted(_column(store, change.c.change_id)) for store in (records, center))
        if here != there:
            found.append(f"{len(here)} changes at the terminal, {len(there)} at the center")
        for name, store in (("terminal", records), ("center", center)):
            rows, changes = _column(store, record.c.pk), _column(store, change.c.pk)
            if sorted(rows) != sorted(changes):
                found.append(f"{name}: {len(rows)} records of {len(changes)} changes")
        return found
    finally:
        records.close()
        center.close()


def _column(store: object, column: sa.Column[str]) -> list[str]:
    with reading(store.engine) as connection:  # type: ignore[attr-defined]
        return list(connection.execute(sa.select(column)).scalars())


def kill(times: int, seed: int) -> list[str]:
    """All that was lost in so many kills."""
    rng, found, changes = Random(seed), [], 0
    for begun in range(0, times, ROUND):
        told: dict[str, set[str]] = {}
        with desk() as folder:
            for _ in range(min(ROUND, times - begun)):
                kill_once(folder, rng, told)
            found += lost(folder, told)
            changes += len(told.get("acknowledged", ()))
    print(f"{times} kills: {changes} changes acknowledged, {len(found)} things lost, doubled or half-written")
    return found


if __name__ == "__main__":
    problems = kill(int(sys.argv[1]), time.time_ns() % 1_000_000)
    print("\n".join(problems))
    raise SystemExit(1 if problems else 0)
