"""The terminal's end of `WS /v1/docs/{id}`: what is typed elsewhere comes at once, and who else is here is seen.

It never moves a watermark or a cursor: what it sends is a push that the push lane sends as well, and what comes is kept
beside the log until the pull lane brings the same change. Without it everything still arrives, only later.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from desktop_app.domain.faults import Fault, HostFault, PeerFault
from sync.documents import live
from sync.documents.live import Colleague
from sync.replication.client import SERVER_NAME, LinkFault
from sync.terminal.records import Records

log = logging.getLogger("silian.documents")
OPEN_SECONDS = 6.0
People = tuple[Colleague, ...]


class Line(Protocol):
    """One socket. Its methods raise ConnectionError once it is gone."""

    async def send(self, frame: bytes) -> None: ...

    async def receive(self) -> bytes: ...

    async def close(self) -> None: ...


Dial = Callable[[str], Awaitable[Line]]
"""Opens a line to a path of the center; ConnectionError or TimeoutError, or a Fault where it refuses."""


@dataclass(frozen=True, slots=True)
class LivePace:
    """Seconds."""

    ping: float = live.PING_SECONDS
    silent: float = live.SILENT_SECONDS
    retry: float = 0.3
    longest_retry: float = 3.0


class LiveDocuments:
    """The one document that is open on the screen. `open`, `here` and `close` may be called from any thread."""

    def __init__(
        self,
        records: Records,
        dial: Dial,
        *,
        jitter: Random,
        pace: LivePace | None = None,
    ) -> None:
        self._records, self._dial, self._jitter = records, dial, jitter
        self._on_people: Callable[[str, People], None] = lambda _document, _people: None
        self._pace = pace or LivePace()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._document = ""
        self._here: tuple[str, int] = ("", -1)
        self._turned = asyncio.Event()
        self._moved = asyncio.Event()
        self._written = asyncio.Event()
        self.online = False
        self.saved = 0
        """How many of the changes sent over a socket the center has said are committed."""

    def listen(self, on_people: Callable[[str, People], None]) -> None:
        """`on_people(document, who)` is called on the loop's thread; when the line breaks, all are `lost`."""
        self._on_people = on_people

    def open(self, document: str) -> None:
        """Turn to a document; empty: to none."""
        self._call(self._turn_to, document)

    def here(self, block: str, at: int) -> None:
        """Where the cursor is."""
        self._call(self._move_to, block, at)

    def _call(self, act: Callable[..., None], *given: Any) -> None:
        loop = self._loop
        if loop is None:
            act(*given)
        else:
            with contextlib.suppress(RuntimeError):  # it has ended
                loop.call_soon_threadsafe(act, *given)

    def _turn_to(self, document: str) -> None:
        if document != self._document:
            self._document, self._here = document, ("", -1)
            self._turned.set()

    def _move_to(self, block: str, at: int) -> None:
        self._here = (block, at)
        self._moved.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        loop = self._loop = asyncio.get_running_loop()

        def hear(touched: frozenset[tuple[str, str]]) -> None:
            if ("minutes", self._document) in touched:
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(self._written.set)

        unsubscribe = self._records.subscribe(hear)
        try:
            while True:
                self._turned.clear()
                if not self._document:
                    await self._turned.wait()
                    continue
                serving = asyncio.create_task(self._stay(self._document))
                turning = asyncio.create_task(self._turned.wait())
                try:
                    await asyncio.wait({serving, turning}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for task in (serving, turning):
                        task.cancel()
                    for ended in await asyncio.gather(serving, turning, return_exceptions=True):
                        if isinstance(ended, Exception):
                            log.error("the live line of a document ended by a bug", exc_info=ended)
                            await asyncio.sleep(self._pace.longest_retry)
        finally:
            unsubscribe()

    async def _stay(self, document: str) -> None:
        people: list[People] = [()]
        failures = 0
        while True:
            try:
                line = await self._dial(f"/v1/docs/{document}")
                try:
                    failures = 0
                    await self._talk(document, line, people)
                finally:
                    self.online = False
                    with contextlib.suppress(ConnectionError, TimeoutError, OSError):
                        await line.close()
            except (ConnectionError, TimeoutError, OSError) as err:
                log.info("the live line is gone: %s", type(err).__name__)
            except Fault as fault:
                log.info("the live line is refused: %s", fault.id)
            if people[0]:
                people[0] = tuple(Colleague(**{**_values(one), "lost": True}) for one in people[0])
                self._on_people(document, people[0])
            failures += 1
            wait = min(self._pace.longest_retry, self._pace.retry * 2 ** min(failures, 6))
            await asyncio.sleep(wait * self._jitter.uniform(0.5, 1.0))

    async def _talk(self, document: str, line: Line, people: list[People]) -> None:
        await line.send(live.pack("hello", protocol=live.PROTOCOL))
        self._written.set()
        self._moved.set()
        tasks = [
            asyncio.create_task(each)
            for each in (
                self._hear(document, line, people),
                self._say_changes(line),
                self._say_where(line),
                self._ping(line),
            )
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _hear(self, document: str, line: Line, people: list[People]) -> None:
        while True:
            async with asyncio.timeout(self._pace.silent):
                raw = await line.receive()
            body = live.unpack(raw, live.LARGEST_FROM_CENTER)
            match body["t"]:
                case "welcome":
                    self.online = True
                case "update":
                    change_id, update = live.text(body, "change"), live.blob(body, "update")
                    await self._keep(change_id, document, update)
                case "people":
                    people[0] = live.read_people(body)
                    self._on_people(document, people[0])
                case "saved":
                    self.saved += 1
                case "fault":
                    raise PeerFault(live.text(body, "id"))

    async def _keep(self, change_id: str, document: str, update: bytes) -> None:
        try:
            await asyncio.to_thread(self._records.keep_live, change_id, document, update)
        except HostFault as fault:
            log.warning("what came live could not be kept, and comes by the pull lane: %s", fault.id)

    async def _say_changes(self, line: Line) -> None:
        asked = 0
        sent = b""
        while True:
            await self._written.wait()
            self._written.clear()
            batch = await asyncio.to_thread(self._records.next_batch)
            if batch is None or batch == sent or len(batch) > live.LARGEST_BATCH:
                continue
            asked, sent = asked + 1, batch
            await line.send(live.pack("changes", id=asked, batch=batch))

    async def _say_where(self, line: Line) -> None:
        while True:
            await self._moved.wait()
            self._moved.clear()
            block, at = self._here
            await line.send(live.pack("here", block=block, at=at))
            await asyncio.sleep(self._pace.retry / 2)  # not every key

    async def _ping(self, line: Line) -> None:
        while True:
            await asyncio.sleep(self._pace.ping)
            await line.send(live.pack("ping"))


def _values(one: Colleague) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Colleague.__slots__}


def dialer(
    center_url: str,
    tls: ssl.SSLContext | None,
    headers: Callable[[str], Mapping[str, str]],
    refused: Callable[[bytes], Fault],
) -> Dial:
    """How a document's socket is opened: `headers(path)` signs each handshake, `refused` reads a refusal's body."""
    base = center_url.replace("https://", "wss://", 1).replace("http://", "ws://", 1).rstrip("/")

    async def dial(path: str) -> Line:
        try:
            socket = await connect(
                base + path,
                ssl=tls,
                server_hostname=SERVER_NAME if tls is not None else None,
                additional_headers=dict(headers(path)),
                max_size=live.LARGEST_FROM_CENTER,
                open_timeout=OPEN_SECONDS,
                close_timeout=0.5,
                ping_interval=None,
                compression=None,
                proxy=None,
            )
        except InvalidStatus as err:
            raise refused(bytes(err.response.body or b"")) from err
        except (InvalidHandshake, InvalidURI) as err:
            raise LinkFault("center-not-silian", address=center_url) from err
        except (OSError, EOFError) as err:
            raise ConnectionError(type(err).__name__) from err
        return _Socket(socket)

    return dial


class _Socket:
    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def send(self, frame: bytes) -> None:
        try:
            await self._socket.send(frame)
        except ConnectionClosed as err:
            raise ConnectionError("closed") from err

    async def receive(self) -> bytes:
        try:
            received = await self._socket.recv()
        except ConnectionClosed as err:
            raise ConnectionError("closed") from err
        return received if isinstance(received, bytes) else b""

    async def close(self) -> None:
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(1.0):
                await self._socket.close()
        self._socket.transport.abort()
