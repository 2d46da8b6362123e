"""`python -m tests.simulation.kills N`: kill real programs N times, wherever they are, and count what was lost.

A center and three terminals run at once, each a process; one of them is killed (SIGKILL) at a moment of no meaning,
started again, and then the next.
"""

import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from typing import Any

import sqlalchemy as sa

from desktop_app.domain.principal import Principal
from sync.store.engine import reading
from sync.store.store import Store
from sync.store.tables import change, record
from sync.terminal.records import Records
from tests.simulation.killed import (
    CENTER,
    TERMINALS,
    Above,
    open_center,
    open_terminal,
    pull,
    push,
    run_center,
    run_terminal,
)
from tests.simulation.swarm import desk

ROUND = 50
"""Kills of one province, before a new one is begun."""
LONGEST = 0.25
"""Seconds between two kills."""


class Programs:
    """A center and terminals in one folder, each a process."""

    def __init__(self, folder: Path, told: Counter[str]) -> None:
        quick = "forkserver" in multiprocessing.get_all_start_methods()
        self._context: Any = multiprocessing.get_context("forkserver" if quick else "spawn")
        if quick:
            self._context.set_forkserver_preload(["tests.simulation.killed"])
        self._folder, self._told = folder, told
        self._running: dict[str, BaseProcess] = {}
        for name in (CENTER, *TERMINALS):
            self._start(name)

    def _start(self, name: str) -> None:
        asked: tuple[Any, ...] = (self._folder,) if name == CENTER else (self._folder, name)
        process = self._context.Process(target=run_center if name == CENTER else run_terminal, args=asked, daemon=True)
        process.start()
        self._running[name] = process

    def kill(self, name: str, *, again: bool = True) -> None:
        """With no warning; SystemExit where it had ended by itself."""
        process = self._running.pop(name)
        if not process.is_alive():
            raise SystemExit(f"{name} ended by itself")
        process.kill()
        process.join()
        process.close()
        self._told[name.partition("-")[0]] += 1
        if again:
            self._start(name)

    def end(self) -> None:
        """Kill them all."""
        for name in tuple(self._running):
            self.kill(name, again=False)


def kill_round(folder: Path, rng: Random, times: int, killed: Counter[str]) -> None:
    """So many kills of one province; four of them are the last, all at once."""
    programs = Programs(folder, killed)
    for _ in range(max(0, times - len(TERMINALS) - 1)):
        time.sleep(rng.uniform(0, LONGEST))  # not a wait for anything: the moment of the kill is the point
        programs.kill(rng.choice((CENTER, *TERMINALS)))
    time.sleep(LONGEST)
    programs.end()


def told_by(folder: Path, name: str, word: str) -> set[str]:
    """The change ids that a terminal noted with this word; a line that was cut by its death says nothing."""
    notes = folder / f"{name}.told"
    lines = notes.read_text("ascii").split("\n")[:-1] if notes.exists() else []
    return {each.partition(" ")[2] for each in lines if each.startswith(f"{word} ")}


def lost(folder: Path) -> tuple[int, list[str]]:
    """How many changes were acknowledged; and what was lost, doubled or half-written of all that was promised."""
    with ExitStack() as stack:
        center = stack.enter_context(closing(open_center(folder)))
        terminals = {name: stack.enter_context(closing(open_terminal(folder, name))) for name in TERMINALS}
        at_center, promised, found = set(_column(center, change.c.change_id)), 0, []
        for name, records in terminals.items():
            acknowledged = told_by(folder, name, "acknowledged")
            promised += len(acknowledged)
            found += [f"{name} lost {each}" for each in told_by(folder, name, "saved") - _own(records, records)]
            found += [f"the center lost {each} of {name}" for each in acknowledged - at_center]
        for name, records in terminals.items():
            push(records, center)
            if _own(records, records) != _own(center, records):
                found.append(f"{name} and the center have other changes of {name}")
        for name, records in terminals.items():
            found += [f"{name} {each}" for each in _differing(records, center)]
        for name, store in ((CENTER, center), *terminals.items()):
            rows, changes = _column(store, record.c.pk), _column(store, change.c.pk)
            if sorted(rows) != sorted(changes):
                found.append(f"{name}: {len(rows)} records of {len(changes)} changes")
        return promised, found


def _differing(records: Records, center: Any) -> Iterator[str]:
    """After all is pulled: what the checksums say."""
    above: Above = center
    before = -1
    while records.pull_position().cursor != before:
        before = records.pull_position().cursor
        pull(records, above)
    at = records.pull_position()
    raw = center.heads(Principal(records.device, records.unit_path), at.cursor, (at.epoch, at.seq), known_feed=at.feed)
    differing = records.differing(raw)
    if differing is None or differing:
        yield f"differs from the center: {differing}"


def _own(store: Store, records: Records) -> set[str]:
    with reading(store.engine) as connection:
        mine = sa.select(change.c.change_id).where(change.c.terminal == records.device)
        return set(connection.execute(mine).scalars())


def _column(store: Store, column: sa.Column[str]) -> list[str]:
    with reading(store.engine) as connection:
        return list(connection.execute(sa.select(column)).scalars())


def kill(times: int, seed: int) -> list[str]:
    """All that was lost in so many kills."""
    rng, found, changes, killed = Random(seed), [], 0, Counter[str]()
    began = time.monotonic()
    for begun in range(0, times, ROUND):
        with desk() as folder:
            kill_round(folder, rng, min(ROUND, times - begun), killed)
            promised, problems = lost(folder)
        found += problems
        changes += promised
    print(
        f"{killed.total()} kills ({killed[CENTER]} of a center) in {time.monotonic() - began:.0f} s: "
        f"{changes} changes acknowledged, {len(found)} things lost, doubled or half-written"
    )
    return found


if __name__ == "__main__":
    problems = kill(int(sys.argv[1]), time.time_ns() % 1_000_000)
    print("\n".join(problems))
    raise SystemExit(1 if problems else 0)
