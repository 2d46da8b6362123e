"""The swarm: days of bad luck, each by its own seed with its own mixture of misfortunes."""

import asyncio
import shutil
import tempfile
import traceback
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.simulation import misfortunes as _misfortunes  # noqa: F401  (its rules are among RULES)
from tests.simulation import papers as _papers  # noqa: F401
from tests.simulation.calm import calm, image
from tests.simulation.chance import seeded
from tests.simulation.people import convene
from tests.simulation.rules import RULES
from tests.simulation.virtual_time import VirtualLoop
from tests.simulation.world import UNITS, Province

STEPS = 60
OFTEN = ("wait", "retitle", "edit_opinion", "sign_in", "power_on")
RARE = (
    "damage_terminal",
    "upgrade",
    "move_a_unit",
    "new_terminal",
    "restore_center",
    "restore_terminal",
    "kill_center",
    "erase",
)


@dataclass
class Day:
    """What a run was, for who wants to see it again."""

    seed: int
    trace: list[str]
    fault: str = ""
    counts: dict[str, int] | None = None
    image: str = ""
    """A digest of all that the center holds at the end."""


def play(seed: int, folder: Path, steps: int = STEPS) -> Day:
    """One day by its seed; `fault` says what was not true at its end, empty where all was."""
    rng = Random(seed)
    day = Day(seed, [])
    weights = {name: rng.choice([0, 1, 1, 3]) * (4 if name in OFTEN else 1) for name in RULES}
    weights["convene"] += 1
    weights["wait"] += 4
    if weights["restore_terminal"] or weights["restore_center"]:
        weights["back_up"] += 3
    for name in RARE:
        weights[name] *= 0.5
    loop = VirtualLoop()
    asyncio.set_event_loop(loop)
    try:
        with seeded(Random(rng.random())):
            loop.run_until_complete(_play(day, folder, loop, rng, weights, steps))
    except Exception as err:  # noqa: BLE001  (a simulation reports whatever the real code raised)
        day.fault = "".join(traceback.format_exception(err)[-6:])
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        asyncio.set_event_loop(None)
        loop.close()
    return day


async def _play(day: Day, folder: Path, loop: VirtualLoop, rng: Random, weights: dict[str, float], steps: int) -> None:
    province = Province(folder, rng, loop)
    day.counts = province.counts
    try:
        for _ in range(rng.choice([2, 3, 4])):
            province.enrol(rng.choice(UNITS))
        await convene(province, rng)
        names = list(weights)
        for _ in range(steps):
            name = rng.choices(names, [weights[each] for each in names])[0]
            day.trace.append(f"{loop.time():.2f} {name}")
            await RULES[name](province, rng)
            await province.after()
        day.trace.append(f"{loop.time():.2f} calm")
        await calm(province)
        day.image = image(province)
    finally:
        await province.end()


@contextmanager
def desk() -> Any:
    """A folder in memory where there is one: a simulated power cut takes only what the program has not committed."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="silian-sim-", dir=memory if memory.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def play_one(seed: int, steps: int = STEPS) -> Day:
    with desk() as folder:
        return play(seed, folder, steps)
