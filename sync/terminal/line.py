"""The line between this terminal and its center: delay, and what goes through each way, in a few seconds.

A small amount first; only where that went through quickly a large one, so that a narrow line is measured too and a
wide one is not measured by its delay alone. The transfers are those of a meeting's own road: TLS, signed requests.
"""

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import Fault
from desktop_app.domain.limits import LINE_TEST
from sync.replication.client import CenterClient

SMALL = 96 * 1024
QUICK = 0.6
"""Seconds: whoever takes longer for the small amount has been measured by it."""
WITHIN = 4.0
"""Seconds for one transfer; 96 KiB then mean less than 200 kbit/s, and a meeting is not possible."""
ROUNDS = 4


@dataclass(frozen=True, slots=True)
class LineReport:
    """What was found. 0 kbit/s: nothing came through in time."""

    delay_ms: int
    """Of the quickest of a few rounds."""
    down_kbps: int
    up_kbps: int


async def measure_line(client: CenterClient, clock: Clock) -> LineReport:
    """Measure; about 3 s, 17 at the most. The faults of `CenterClient` where the center is not reached at all."""
    await client.health(WITHIN)  # the connection is made, and not measured
    delays = []
    for _ in range(ROUNDS):
        began = clock.monotonic()
        await client.health(WITHIN)
        delays.append(clock.monotonic() - began)
    delay = min(delays)

    async def down(size: int) -> None:
        await client.exchange("GET", f"/v1/line?bytes={size}", seconds=WITHIN)

    async def up(size: int) -> None:
        await client.exchange("POST", "/v1/line", os.urandom(size), seconds=WITHIN)

    return LineReport(
        delay_ms=max(1, round(1000 * delay)),
        down_kbps=await _rate(down, delay, clock),
        up_kbps=await _rate(up, delay, clock),
    )


async def _rate(transfer: Callable[[int], Awaitable[None]], delay: float, clock: Clock) -> int:
    """kbit/s of the largest transfer that is needed; the round trip is taken off."""
    rate = 0
    for size in (SMALL, LINE_TEST):
        began = clock.monotonic()
        try:
            await transfer(size)
        except Fault as fault:
            if fault.id == "link-silent":
                return rate
            raise
        took = clock.monotonic() - began
        rate = round(size * 8 / 1000 / max(took - delay, 0.001))
        if took > QUICK:
            break
    return rate
