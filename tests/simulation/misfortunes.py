"""What happens to machines, lines and clocks on a simulated day."""

from datetime import timedelta
from random import Random

from sync.log.write import Write
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
        await terminal.stop()


@rule
async def kill_center(province: Province, rng: Random) -> None:
    province.machine.stop()


@rule
async def bad_commit(province: Province, rng: Random) -> None:
    machine = rng.choice([province.machine, *province.terminals])
    machine.luck = rng.choice(list(Luck))


@rule
async def die_in_opening(province: Province, rng: Random) -> None:
    """The power goes again while the records are made again after an upgrade."""
    if rng.random() < 0.3:
        province.machine.stop()
        province.machine.make_old()
        province.machine.opening = rng.choice(list(Opening))
        province.machine.start()
        return
    terminal = rng.choice(province.terminals)
    await terminal.stop()
    terminal.make_old()
    terminal.opening = rng.choice(list(Opening))
    terminal.start()


@rule
async def damage_terminal(province: Province, rng: Random) -> None:
    terminal = rng.choice(province.terminals)
    await terminal.stop()
    terminal.damage(rng)


@rule
async def power_on(province: Province, rng: Random) -> None:
    if rng.random() < 0.5:
        province.machine.start()
    off = [each for each in province.terminals if each.store is None]
    if off:
        rng.choice(off).start()


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
    await terminal.stop()
    terminal.put_back()


@rule
async def live_twice(province: Province, rng: Random) -> None:
    """A terminal is put back to what it was a moment ago, and its people write something else in the same places."""
    terminal = awake(province, rng)
    meetings = terminal.store.list("meeting") if terminal and terminal.store else []
    if terminal is None or terminal.store is None or not meetings:
        return
    terminal.backup(terminal.store)
    written = rng.randrange(1, 4)
    for again in (False, True):
        for _ in range(written):
            meeting, title = rng.choice(meetings)["pk"], {"title": province.text()}
            province.write(
                terminal,
                lambda records, pk=meeting, title=title: records.write(Write("meeting", pk, title)),
                title["title"],
            )
        await province.go_on(rng.choice([1, 10]))
        if not again:
            await terminal.stop()
            if not terminal.put_back():
                return
            terminal.start()
            if rng.random() < 0.5:
                terminal.line.cut = False


@rule
async def restore_center(province: Province, rng: Random) -> None:
    if province.machine.restore():
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
