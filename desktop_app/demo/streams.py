"""TCP through the cable: two transports that are one connection until a cut takes bytes out of it."""

import asyncio
from collections.abc import Callable
from typing import cast

from desktop_app.demo.cable import Cable

_WRITE_HIGH = 1 << 20


class Pair:
    """The two ends of one TCP connection, and whether it has lost bytes."""

    def __init__(self, cable: Cable) -> None:
        self.cable = cable
        self._era = cable.era
        self._born_dead = not cable.up
        self.client: asyncio.Transport | None = None
        self.center: asyncio.Transport | None = None
        self.early: list[bytes] = []
        self.finished: set[bool] = set()
        """Which ends have said that they are done: True for the client's."""

    @property
    def alive(self) -> bool:
        return not self._born_dead and self.cable.up and self._era == self.cable.era


class End(asyncio.Protocol):
    """One side of a pair: hands what it gets to the other side, as long as the pair lives."""

    def __init__(self, pair: Pair, *, is_client: bool, opened: Callable[["Pair"], None] | None = None) -> None:
        self._pair = pair
        self._is_client = is_client
        self._opened = opened

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = cast("asyncio.Transport", transport)
        stream.set_write_buffer_limits(high=_WRITE_HIGH)
        if self._is_client:
            self._pair.client = stream
        else:
            self._pair.center = stream
        if self._opened is not None:
            self._opened(self._pair)

    @property
    def _other(self) -> asyncio.Transport | None:
        return self._pair.center if self._is_client else self._pair.client

    def data_received(self, data: bytes) -> None:
        passed = self._pair.cable.passed
        if not self._pair.alive:
            passed.tcp_discarded += len(data)
            return
        passed.tcp_bytes += len(data)
        if self._other is not None:
            self._other.write(data)
        else:
            self._pair.early.append(data)

    def eof_received(self) -> bool:
        if self._pair.alive:
            self._pair.finished.add(self._is_client)
            if self._other is not None:
                finish(self._pair, self._other)
        return True  # a dead pair says nothing, not even that it is over

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._pair.alive or self._other is None:
            return
        if exc is None:
            self._other.close()
        else:
            self._other.abort()

    def pause_writing(self) -> None:
        if self._other is not None:
            self._other.pause_reading()

    def resume_writing(self) -> None:
        if self._other is not None and not self._other.is_closing():
            self._other.resume_reading()


def finish(pair: Pair, towards: asyncio.Transport) -> None:
    """Pass on that one end is done; once both are, the connection is over."""
    if len(pair.finished) < 2:
        towards.write_eof()
        return
    for end in (pair.client, pair.center):
        if end is not None:
            end.close()


def catch_up(pair: Pair) -> None:
    """The center is reached: hand over what the terminal said meanwhile, before anything newer."""
    if pair.center is None:
        return
    if pair.client is None or pair.client.is_closing():
        pair.center.close()
        return
    if pair.alive:
        pair.center.writelines(pair.early)
        if pair.finished:
            finish(pair, pair.center)
    pair.early.clear()
