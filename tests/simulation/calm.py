"""The end of a simulated day: no more bad luck, until everybody has everything and every promise can be looked at."""

import hashlib

from sync.store.engine import reading
from sync.store.rows import SELECT_CHANGES
from sync.terminal.lanes import Pace
from tests.simulation.keeping import check_contents, check_fetched, contents_on_their_way
from tests.simulation.promises import Broken, check_calm
from tests.simulation.shown import records_of
from tests.simulation.world import Province

LATEST = 900.0
"""Seconds of calm in which everything must have come to everybody."""
BRISK = Pace(20.0, 8.0, refused_retry=6.0, first_heads=20.0, heads=20.0)


async def calm(province: Province) -> None:
    """Everything comes to everybody, and nothing is missing, doubled, wrong or another's."""
    province.machine.opening = None
    province.machine.start()
    province.machine.luck = None
    for terminal in province.terminals:
        terminal.luck = terminal.opening = None
        line = terminal.line
        line.cut, line.lost, line.doubled, line.slow, line.lies = False, 0.0, 0.0, 0.02, False
        await terminal.stop_lanes()
        terminal.start(BRISK)
    ended = province.loop.time() + LATEST
    while True:
        await province.go_on(30)
        waiting = _waiting(province)
        if not waiting:
            break
        if province.loop.time() > ended:
            raise Broken(f"after {LATEST:.0f} s of calm there still waits: {waiting}")
    check_calm(province)
    check_contents(province)
    await check_fetched(province)


def image(province: Province) -> str:
    """A digest of the center's log and records."""
    assert province.center is not None
    with reading(province.center.engine) as connection:
        log = [tuple(row) for row in connection.execute(SELECT_CHANGES)]
        return hashlib.sha256(repr((log, sorted(records_of(connection).items()))).encode()).hexdigest()


def _waiting(province: Province) -> str:
    """Who is not done yet; empty where all are."""
    assert province.center is not None
    for terminal in province.terminals:
        assert terminal.store is not None
        if pending := terminal.store.status().pending:
            return f"{terminal.unit} has {pending} changes to send"
        at = terminal.store.pull_position()
        principal = province.principal(terminal.identity.device)
        raw = province.center.heads(principal, at.cursor, (at.epoch, at.seq), known_feed=at.feed)
        differing = terminal.store.differing(raw)
        if differing is None:
            return f"{terminal.unit} has something to read"
        if differing:
            return f"{terminal.unit} differs in {differing}"
    return contents_on_their_way(province)
