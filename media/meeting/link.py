"""One WebSocket to the center as the meeting's client sees it, and how it is dialled.

The client declares what it needs (`Connection`, `Connect`); `dialer` makes it from the `websockets` package over the
center's own TLS. The name that is verified is always the center's, whatever address leads to it.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from desktop_app.domain.faults import Fault, PeerFault
from desktop_app.domain.limits import CONTROL_MESSAGE

OPEN_SECONDS = 6.0


class Connection(Protocol):
    """A socket that carries texts. Its methods raise ConnectionError once it is gone."""

    async def send(self, text: str) -> None: ...

    async def receive(self) -> str: ...

    async def close(self) -> None:
        """Say goodbye, in a second at most."""
        ...

    def abort(self) -> None:
        """Forget it at once: nothing is heard from the other side any more."""
        ...


Connect = Callable[[], Awaitable[Connection]]
"""Opens a new connection; raises ConnectionError or TimeoutError where the center is not reached, and PeerFault where
it refuses (the fault's id is the center's)."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Seconds between two attempts to connect, at first and at most; and how many may be under way at a time.

    In a discarding link an attempt gets stuck: after `stuck` seconds the next one does not wait for it, and the oldest
    makes room. A center that is merely busy, with all its terminals coming back at once, is not asked twice by that.
    """

    first: float = 0.2
    most: float = 0.6
    attempts: int = 3
    stuck: float = 1.5


async def reach(connect: Connect, retry: Retry, jitter: Random) -> Connection:
    """A connection, from whichever attempt gets through first; goes on until one does. Raises only what is a Fault."""
    attempts: list[asyncio.Task[Connection]] = []
    delay = retry.first
    try:
        while True:
            if len(attempts) >= retry.attempts:
                await _abandon([attempts.pop(0)])
            attempts.append(asyncio.create_task(_attempt(connect)))
            stretch = jitter.uniform(0.7, 1.0)
            pause = delay * stretch
            patience = max(pause, retry.stuck * stretch)
            done, _ = await asyncio.wait(attempts, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            for attempt in done:
                failure = attempt.exception()
                if failure is None:
                    attempts.remove(attempt)
                    return attempt.result()
                if not isinstance(failure, ConnectionError | TimeoutError):
                    raise failure
            attempts = [attempt for attempt in attempts if attempt not in done]
            if done:
                await asyncio.sleep(pause)
            delay = min(delay * 2, retry.most)
    finally:
        await _abandon(attempts)


async def _attempt(connect: Connect) -> Connection:
    return await connect()


async def _abandon(attempts: list[asyncio.Task[Connection]]) -> None:
    for attempt in attempts:
        attempt.cancel()
    for ended in await asyncio.gather(*attempts, return_exceptions=True):
        if not isinstance(ended, BaseException):
            ended.abort()


def dialer(
    url: str,
    *,
    tls: ssl.SSLContext | None,
    server_name: str,
    headers: Callable[[], Mapping[str, str]],
    refused: Callable[[int, bytes], Fault] | None = None,
) -> Connect:
    """How to reach `wss://.../v1/meetings/{id}`.

    `headers` signs each handshake anew; `refused` makes the fault of an answer other than 101 from its status and body
    (and may learn the center's time from it).
    """

    async def dial() -> Connection:
        try:
            socket = await connect(
                url,
                ssl=tls,
                server_hostname=server_name if tls is not None else None,
                additional_headers=dict(headers()),
                max_size=4 * CONTROL_MESSAGE,
                open_timeout=OPEN_SECONDS,
                close_timeout=0.5,
                ping_interval=None,
                compression=None,
                proxy=None,
            )
        except InvalidStatus as err:
            status, body = err.response.status_code, bytes(err.response.body or b"")
            raise (refused(status, body) if refused else PeerFault("center-refused", reason=f"HTTP {status}")) from err
        except (InvalidHandshake, InvalidURI) as err:
            raise PeerFault("center-answers-otherwise") from err
        except ssl.SSLCertVerificationError as err:
            raise PeerFault("center-not-trusted") from err
        except (OSError, EOFError) as err:
            raise ConnectionError(str(err)) from err
        return _Socket(socket)

    return dial


class _Socket:
    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def send(self, text: str) -> None:
        try:
            await self._socket.send(text)
        except ConnectionClosed as err:
            raise ConnectionError(str(err)) from err

    async def receive(self) -> str:
        try:
            received = await self._socket.recv()
        except ConnectionClosed as err:
            raise ConnectionError(str(err)) from err
        return received if isinstance(received, str) else ""

    async def close(self) -> None:
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(1.0):
                await self._socket.close()
        self.abort()

    def abort(self) -> None:
        self._socket.transport.abort()
