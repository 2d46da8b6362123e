"""The feed of a room on Janus that no site sends: what an empty slot shows, and what a fresh receiver hears first."""

import asyncio
import contextlib
import socket
import time
from typing import Any, ClassVar

from media.engine.janus_connections import PLACEHOLDER
from media.rtp.packet import write_rtp

BEATS = (0.0, 0.3, 1.0)
"""Seconds after a receiver is up at which something goes through its empty slots."""
CLOCK_RATE = 48_000
_SILENCE = b"\xf8\xff\xfe"
_NO_PICTURE = b"\x00\x00"


class Placeholder:
    """Sends to the ports that one Janus opened for the placeholders of its rooms."""

    ID = PLACEHOLDER
    STREAMS: ClassVar[list[dict[str, Any]]] = [
        {"type": "audio", "mid": str(number), "mindex": number, "codec": "opus", "fec": True}
        if number % 2 == 0
        else {"type": "video", "mid": str(number), "mindex": number, "codec": "vp8"}
        for number in range(6)
    ]
    """As Janus is told of it; the last two are used (see `janus_connections.PLACEHOLDER_MIDS`)."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._number = 0

    async def beat(self, port: int) -> None:
        """A receiver with empty slots alone would hear nothing of Janus; after a packet it hears a report a second."""
        for after in BEATS:
            await asyncio.sleep(after)
            self._number += 1
            for number, payload_type, payload in ((4, 111, _SILENCE), (5, 96, _NO_PICTURE)):
                # By the clock: a receiver takes a timestamp that lags behind it for a queue.
                timestamp = round(time.monotonic() * CLOCK_RATE)
                packet = write_rtp(payload_type, True, self._number & 0xFFFF, timestamp, 1000 + 10 * number, payload)
                with contextlib.suppress(OSError):
                    self._socket.sendto(packet, (self._host, port))
