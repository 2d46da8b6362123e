"""`python -m tests.simulation.mutants`: plant one mistake after another in the real code; each must be caught.

A mutant lives in the memory of a process of its own. The swarm plays days there until something is not true any more.
Prints a table; exits with 1 when a mutant survives.
"""

import argparse
import logging
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.simulation.planted import MUTANTS, delivery, keeping, merging, scope
from tests.simulation.swarm import play_one

DAYS = 150
SEEN_BY = {
    "what is told to one unit is told to all": "tests/sync/test_scope_changes.py",
    "a late guest gets only what is new": "tests/sync/test_scope_changes.py",
    "what a restored center lost of attachments is not offered again": "tests/sync/test_attachments_at_the_desk.py",
    "a piece that comes twice is added twice, and the whole is not looked at": "tests/sync/test_uploads.py",
    "a refusal after a hold is not told to its writer": "tests/sync/test_push_and_pull.py",
    "a receipt that says held undoes a refusal that came before it": "tests/sync/test_push_and_pull.py",
    "clock not capped": "tests/simulation/test_ahead.py",
    "a capped change is not merged again at its writer": "tests/simulation/test_ahead.py",
    "who was above a moved unit keeps what was its own": "tests/sync/test_unit_moves.py",
    "who is above a moved unit now gets only what is new": "tests/sync/test_unit_moves.py",
    "the places of a moved unit are not read anew": "tests/sync/test_unit_moves.py",
    "what others deleted counts as seen": "tests/sync/test_disputed_passages.py",
    "what waits in a damaged store is not saved": "tests/sync/test_rebuilding.py",
    "a snapshot tells what was told again where it was told first": "tests/sync/test_snapshot_and_healing.py",
    "a restored center goes on in the epoch of its backup": "tests/sync/test_restoration.py",
    "an edit is taken for a first word": "tests/sync/test_restoration.py",
    "an old receipt takes back what was told since": "tests/sync/test_push_and_pull.py",
    "what was refused is never held again": "tests/sync/test_restoration.py",
    "a content is not taken while its attachment is held": "tests/sync/test_attachments_kept.py",
    "a refused attachment lets go of its content": "tests/sync/test_attachments_kept.py",
    "of many rows in one statement the last is lost": "tests/sync/test_rows_of_a_file.py",
    "how many rows there were is told by those that are left": "tests/sync/test_proof.py",
}
"""The test that is run first, of what a swarm sees too seldom."""
SECONDS = 150.0
"""Of the processor, for one mutant."""
PATIENCE = 20
"""How many times that the clock on the wall may take, on a machine that has other work."""
ALL = (delivery, scope, merging, keeping)
"""Imported: their mistakes are among MUTANTS."""


def hunt(name: str, days: int = DAYS, seconds: float = SECONDS) -> int:
    """Play days with this mutant planted; 0 when it was caught."""
    logging.disable(logging.CRITICAL)
    MUTANTS[name]()
    began = time.process_time()
    own_test = SEEN_BY.get(name)
    if own_test and pytest.main(["-qx", "-p", "no:cacheprovider", own_test]) == pytest.ExitCode.TESTS_FAILED:
        print(f"-\t{own_test}")
        return 0
    for seed in range(days):
        day = play_one(seed)
        if day.fault:
            last = day.fault.strip().splitlines()[-1]
            print(f"{seed}\t{last[:110]}")
            return 0
        if time.process_time() - began > seconds:
            break
    print(f"-\tsurvived {seed + 1} days")
    return 1


def _child(name: str) -> tuple[str, bool, str, float]:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulation.mutants", "--plant", name],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS * PATIENCE,
    )
    lines = (done.stdout.strip() or done.stderr.strip() or "no word").splitlines()
    return name, done.returncode == 0 and "\t" in lines[-1], lines[-1], time.monotonic() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plant", metavar="NAME", help="only this one, in this process")
    parser.add_argument("--at-once", type=int, default=2, metavar="N", help="how many processes (default: 2)")
    parser.add_argument("names", nargs="*", help="only those with one of these words in their name")
    options = parser.parse_args()
    if options.plant:
        return hunt(options.plant)
    wanted = [name for name in MUTANTS if not options.names or any(word in name for word in options.names)]
    survivors = 0
    width = max(map(len, wanted), default=0)
    with ThreadPoolExecutor(options.at_once) as pool:
        for name, caught, said, seconds in pool.map(_child, wanted):
            survivors += not caught
            seed, _, how = said.partition("\t")
            print(
                f"{name:<{width}}  {'caught' if caught else 'SURVIVES':<8}  {seconds:5.0f} s  {seed:>4}  {how}",
                flush=True,
            )
    print(f"{len(wanted)} mutants, {survivors} survive")
    return 1 if survivors else 0


if __name__ == "__main__":
    raise SystemExit(main())
