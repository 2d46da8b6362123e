"""What happens to machines, lines and clocks on a simulated day."""

from datetime import timedelta
from random import Random

from tests.simulation.machines import Luck, Opening
from tests.simulation.rules import awake, rule
from tests.simulation.world import UNITS, Province


@rule
async def cut(province: Province, rng: Random) -> None:
    rng.choice(province.terminals).line.cut = True


@rule
async def mend(province: Province, rng: Random) -> None:
    rng.choice(province.terminals).line.cut = False


@rule
async def bad_line(province: Province, rng: Random) -> None:
    line = rng.choice(province.terminals).line
    line.lost, line.doubled = rng.choice([0.0, 0.1, 0.4]), rng.choice([0.0, 0.2, 0.6])
    line.slow = rng.choice([0.02, 0.5, 5.0])


@rule
async def lie(province: Province, rng: Random) -> None:
    rng.choice(province.terminals).line.lies = True


@rule
async def kill_terminal(province: Province, rng: Random) -> None:
    if terminal := awake(province, rng):
        await province.stop(terminal)


@rule
async def kill_center(province: Province, rng: Random) -> None:
    province.stop_center()


@rule
async def bad_commit(province: Province, rng: Random) -> None:
    machine = rng.choice([province.machine, *province.terminals])
    machine.luck = rng.choice(list(Luck))


@rule
async def die_in_opening(province: Province, rng: Random) -> None:
    """The power goes again while the records are made again after an upgrade."""
    if rng.random() < 0.3:
        province.stop_center()
        province.machine.make_old()
        province.machine.opening = rng.choice(list(Opening))
        province.start_center()
        return
    terminal = rng.choice(province.terminals)
    await province.stop(terminal)
    terminal.make_old()
    terminal.opening = rng.choice(list(Opening))
    province.start(terminal)


@rule
async def damage_terminal(province: Province, rng: Random) -> None:
    terminal = rng.choice(province.terminals)
    await province.stop(terminal)
    terminal.damage(rng)


@rule
async def power_on(province: Province, rng: Random) -> None:
    if rng.random() < 0.5:
        province.start_center()
    off = [each for each in province.terminals if each.store is None]
    if off:
        province.start(rng.choice(off))


@rule
async def back_up(province: Province, rng: Random) -> None:
    terminal = awake(province, rng)
    if rng.random() < 0.4 and province.center is not None:
        province.machine.backup(province.center)
    elif terminal is not None and terminal.store is not None:
        terminal.backup(terminal.store)


@rule
async def restore_terminal(province: Province, rng: Random) -> None:
    terminal = rng.choice(province.terminals)
    await province.stop(terminal)
    if terminal.put_back():
        province.restored = True
        terminal.returned.clear()
        province.counts["terminal restored"] += 1


@rule
async def restore_center(province: Province, rng: Random) -> None:
    if province.restore_center():
        province.counts["center restored"] += 1


@rule
async def wrong_clock(province: Province, rng: Random) -> None:
    rng.choice(province.terminals).clock.off = timedelta(hours=rng.choice([0, 72, -72, 1, -1]))


@rule
async def new_terminal(province: Province, rng: Random) -> None:
    if len(province.terminals) < 7:
        province.enrol(rng.choice(UNITS))


@rule
async def wait(province: Province, rng: Random) -> None:
    await province.go_on(rng.choice([0.01, 0.5, 3, 30, 150]))
