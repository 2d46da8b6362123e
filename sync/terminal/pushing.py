"""One push after the other, without a pause between them.

One is under way at a time, and the center answers when it is on its disk. Meanwhile the answer to the one before is
kept and the next is made, so that neither end waits for the other's disk. If the program ends in between, what was
answered and not kept is sent once more, and the center answers as it did.
"""

import asyncio
from collections.abc import Awaitable, Callable

from sync.terminal.records import Records

Send = Callable[[bytes], Awaitable[bytes]]
"""Sends a push; the center's answer."""


async def push_all(records: Records, send: Send, kept: Callable[[], None] = lambda: None) -> int:
    """Send all that waits; how many pushes it took. `kept` is called after each whose receipt is on the disk.

    Raises what `send` raises, and the faults of `Records.acknowledge`; the answers that came before are kept.
    """
    pushes, answer = 0, b""
    batch = await asyncio.to_thread(records.next_batch)
    while batch is not None:
        under_way = asyncio.ensure_future(send(batch))
        try:
            if answer:
                await asyncio.to_thread(records.acknowledge, answer)
                kept()
            batch = await asyncio.to_thread(records.batch_after, batch)
            answer = await under_way
        except BaseException:
            under_way.cancel()
            await asyncio.gather(under_way, return_exceptions=True)
            raise
        pushes += 1
    if answer:
        await asyncio.to_thread(records.acknowledge, answer)
        kept()
    return pushes
