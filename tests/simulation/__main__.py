"""`python -m tests.simulation SEED` plays one day and tells it; `--seconds N` plays new ones for so long."""

import argparse
import logging
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.swarm import STEPS, Day, play_one


def _quiet() -> None:
    logging.disable(logging.CRITICAL)


def _tell(day: Day) -> None:
    print("\n".join(day.trace))
    print(f"seed {day.seed}: {day.fault or 'all was kept'}")


def soak(seconds: float, first: int) -> int:
    """Play new days on every core; how many were not kept."""
    ended = time.monotonic() + seconds
    played = broken = 0
    with ProcessPoolExecutor(os.cpu_count() or 2, initializer=_quiet) as pool:
        running = {pool.submit(play_one, first + number, STEPS * (1 + number % 3)) for number in range(8)}
        following = first + 8
        while running:
            for done in [each for each in running if each.done()]:
                running.discard(done)
                day = done.result()
                played += 1
                if day.fault:
                    broken += 1
                    print(f"seed {day.seed}, {len(day.trace)} steps: {day.fault}", flush=True)
                if time.monotonic() < ended:
                    running.add(pool.submit(play_one, following, STEPS * (1 + following % 3)))
                    following += 1
            time.sleep(0.02)
    print(f"{played} days from seed {first} were played, {broken} were not kept")
    return broken


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("seed", nargs="?", type=int, default=time.time_ns() % 1_000_000_000)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seconds", type=float, default=0.0)
    options = parser.parse_args()
    if options.seconds:
        return 1 if soak(options.seconds, options.seed) else 0
    day = play_one(options.seed, options.steps)
    _tell(day)
    return 1 if day.fault else 0


if __name__ == "__main__":
    sys.exit(main())
