"""Push after push, in the chain's order, without a pause between them.

The center answers when it is on its disk. Meanwhile the answer to the one before is kept and the next is made; and
while the center answers quickly the next sets out already, so that it is opened there while the one before is written.
If the program ends in between, what was answered and not kept is sent once more, and the center answers as it did.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from desktop_app.domain.faults import PeerFault
from sync.terminal.records import Records

Send = Callable[[bytes], Awaitable[bytes]]
"""Sends a push; the center's answer."""
ABREAST = 2
QUICK_SECONDS = 1.0
"""An answer that took longer came out of a crowd: a second push of each would make the crowd twice as large."""
GAP = "chain-gap"


@dataclass(slots=True)
class _Push:
    batch: bytes
    answer: "asyncio.Future[bytes]"
    since: float
    behind_another: bool
    """It set out before the one ahead of it was answered, and may have overtaken it."""

    @property
    def failed(self) -> bool:
        return self.answer.done() and (self.answer.cancelled() or self.answer.exception() is not None)


async def push_all(records: Records, send: Send, kept: Callable[[], None] = lambda: None) -> int:
    """Send all that waits; how many pushes it took. `kept` is called after each whose receipt is on the disk.

    Raises what `send` raises, and the faults of `Records.acknowledge`; the answers that came before are kept.
    """
    lane = _Lane(send)
    pushes, answer = 0, b""
    batch = await asyncio.to_thread(records.next_batch)
    try:
        while batch is not None or lane.under_way:
            while batch is not None and lane.has_room:
                await lane.set_out(batch)
                batch = await asyncio.to_thread(records.batch_after, batch)
            if answer:
                await asyncio.to_thread(records.acknowledge, answer)
                kept()
            answer = await lane.next_answer()
            pushes += 1
    finally:
        await lane.give_up()
    if answer:
        await asyncio.to_thread(records.acknowledge, answer)
        kept()
    return pushes


class _Lane:
    """The pushes that are under way, the oldest first."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._pushes: deque[_Push] = deque()
        self._abreast = 1

    @property
    def under_way(self) -> bool:
        return bool(self._pushes)

    @property
    def has_room(self) -> bool:
        return len(self._pushes) < self._abreast and not any(each.failed for each in self._pushes)

    async def set_out(self, batch: bytes) -> None:
        sending = asyncio.ensure_future(self._send(batch))
        self._pushes.append(_Push(batch, sending, self._loop.time(), bool(self._pushes)))
        await asyncio.sleep(0)  # before the next one is made

    async def next_answer(self) -> bytes:
        """The center's answer to the oldest. One that overtook the one ahead of it is sent again."""
        push = self._pushes[0]
        try:
            answer = await push.answer
        except PeerFault as fault:
            if fault.id != GAP or not push.behind_another:
                raise
            push.answer = asyncio.ensure_future(self._send(push.batch))
            answer = await push.answer
        self._abreast = ABREAST if self._loop.time() - push.since < QUICK_SECONDS else 1
        self._pushes.popleft()
        return answer

    async def give_up(self) -> None:
        """Nobody waits any more for what is under way."""
        for each in self._pushes:
            each.answer.cancel()
        await asyncio.gather(*(each.answer for each in self._pushes), return_exceptions=True)
