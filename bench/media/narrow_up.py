"""The same call with the narrow line before the terminal that is seen: its own way up. Chromium's figures are those of
the part `narrow`, which runs first: between two peers one line is both."""

import asyncio

from bench.media.kept import kept_rows
from bench.media.narrow import CELLS, back_row, compared, concealed_row, fps_row, ours
from bench.rows import Row


def rows() -> list[Row]:
    """Beside the last run of `narrow`; without one there is no peer."""
    peers = {row.row: row.peer for row in kept_rows()}
    found = []
    for name, conditions in CELLS.items():
        mine = asyncio.run(ours(conditions, up=True))
        theirs = (peers.get(row(name)) for row in (concealed_row, fps_row, back_row))
        found += compared(f"{name} up", mine, *theirs)
    return found
