"""What people do with files on a simulated day: attach them, attach the same elsewhere, open what others attached."""

import asyncio
import hashlib
from random import Random

from desktop_app.domain.faults import Fault
from sync.terminal.records import Records
from tests.simulation.machines import Killed
from tests.simulation.rules import awake, known, rule
from tests.simulation.terminals import Terminal
from tests.simulation.world import Province

PNG = b"\x89PNG\r\n\x1a\n"
LONGEST = 40_000
"""Bytes: several pieces of an upload, and of a range."""


@rule
async def attach(province: Province, rng: Random) -> None:
    """A picture that nobody had, or one that somebody has already."""
    terminal = awake(province, rng)
    if terminal is None or (meeting := known(terminal, rng, "meeting")) is None:
        return
    content = PNG + rng.randbytes(rng.randrange(1, LONGEST))
    if province.contents and rng.random() < 0.3:
        content = rng.choice(list(province.contents.values()))
    place = province.folder / "现场.png"
    place.write_bytes(content)
    pks = []

    def act(records: Records) -> str:
        assert terminal.attachments is not None
        pks.append(
            terminal.attachments.attach(place, owner_kind="meeting", owner_id=meeting["pk"], meeting=meeting["pk"])
        )
        return str(records.pending(10_000)[-1]["change_id"])

    if province.write(terminal, act) is not None:
        province.contents[hashlib.sha256(content).hexdigest()] = content
        terminal.attached |= set(pks)


@rule
async def open_a_paper(province: Province, rng: Random) -> None:
    """It is fetched while the day goes on, as far as the line carries it."""
    terminal = awake(province, rng)
    if terminal is not None and (paper := known(terminal, rng, "attachment")):
        task = province.loop.create_task(_open(terminal, str(paper["sha256"]), int(paper["bytes"])))
        terminal.fetching.add(task)
        task.add_done_callback(terminal.fetching.discard)


async def _open(terminal: Terminal, sha256: str, length: int) -> None:
    if terminal.blobs is None:
        return
    try:
        await terminal.blobs.fetch(sha256, length)
    except (Fault, Killed, asyncio.CancelledError):
        return  # the person tries again another day
