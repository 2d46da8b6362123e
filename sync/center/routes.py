"""The lanes over HTTP: `POST /v1/terminals/{id}/changes`, the long poll `GET /v1/changes`, `snapshot` and `heads`.

Authentication came before: `scope["principal"]` says who asks. Work on the disk runs on worker threads. A refusal is
JSON `{"id": ..., "now": ..., ...}` with the fault's values.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from desktop_app.domain.clock import stamp
from desktop_app.domain.faults import Fault, HostFault, PeerFault
from desktop_app.domain.ids import DeviceId
from desktop_app.domain.limits import BATCH_CHANGES, REQUEST_BODY
from desktop_app.domain.principal import Principal
from sync.center.store import CenterStore
from sync.replication.heads import BUCKETS
from sync.replication.packing import MEDIA_TYPE
from sync.replication.page import FEED_BYTES, Page, pack_page

LONGEST_WAIT = 25.0
"""Seconds a pull may wait for something new."""
PUSHES_AT_ONCE = 2
"""One is opened and verified while the one before it is written to the disk."""
PAGES_AT_ONCE = 4
SNAPSHOTS_AT_ONCE = 2
"""Parts of a snapshot and checksums that are made at a time: each holds thousands of changes, and a connection."""
RECEIPTS_TYPE = "application/vnd.silian+msgpack"
_STATUS = {
    "epoch-old": 409,
    "chain-gap": 409,
    "chain-fork": 409,
    "chain-broken": 422,
    "signature-bad": 422,
    "message-too-large": 413,
    "body-too-large": 413,
    "device-unknown": 403,
    "device-mismatch": 403,
    "disk-full": 507,
}


Receive = Callable[[DeviceId, bytes], bytes]
"""Takes in a push: `CenterStore.receive`, or that of a process beside it."""


def routes(store: CenterStore, receive: Receive | None = None) -> list[Route]:
    """The routes of the lanes, for the center's one application."""
    lanes = Lanes(store, receive or store.receive)
    return [
        Route("/v1/terminals/{device}/changes", lanes.push, methods=["POST"]),
        Route("/v1/changes", lanes.pull, methods=["GET"]),
        Route("/v1/snapshot", lanes.snapshot, methods=["GET"]),
        Route("/v1/heads", lanes.heads, methods=["GET"]),
    ]


class Lanes:
    """Both lanes of one store."""

    def __init__(self, store: CenterStore, receive: Receive) -> None:
        self._store = store
        self._receive = receive
        self._intake = asyncio.Semaphore(PUSHES_AT_ONCE)
        self._pages = asyncio.Semaphore(PAGES_AT_ONCE)
        self._snapshots = asyncio.Semaphore(SNAPSHOTS_AT_ONCE)

    async def push(self, request: Request) -> Response:
        principal: Principal = request.scope["principal"]
        try:
            if request.path_params["device"] != principal.device:
                raise PeerFault("device-mismatch")
            body = await _bounded_body(request)
            # The store has one writer: a crowd in front of it would hold up a meeting's command.
            async with self._intake:
                answer = await run_in_threadpool(self._receive, principal.device, body)
        except (PeerFault, HostFault) as fault:
            return self._refusal(fault)
        return Response(answer, media_type=RECEIPTS_TYPE)

    async def pull(self, request: Request) -> Response:
        principal: Principal = request.scope["principal"]
        try:
            query = _PullQuery(request)
            page = await self._wait(request, principal, query)
        except (PeerFault, HostFault) as fault:
            return self._refusal(fault)
        return Response(await run_in_threadpool(pack_page, page), media_type=MEDIA_TYPE)

    async def snapshot(self, request: Request) -> Response:
        principal: Principal = request.scope["principal"]
        try:
            query = _PullQuery(request)
            async with self._snapshots:
                part = await run_in_threadpool(
                    self._store.snapshot,
                    principal,
                    bucket=query.bucket,
                    after=query.since,
                    until=query.until,
                    known_feed=query.feed,
                )
        except (PeerFault, HostFault) as fault:
            return self._refusal(fault)
        return Response(part, media_type=MEDIA_TYPE)

    async def heads(self, request: Request) -> Response:
        principal: Principal = request.scope["principal"]
        try:
            query = _PullQuery(request)
            async with self._snapshots:
                heads = await run_in_threadpool(
                    self._store.heads, principal, query.since, query.own_head, known_feed=query.feed
                )
        except (PeerFault, HostFault) as fault:
            return self._refusal(fault)
        return Response(heads, media_type=MEDIA_TYPE)

    async def _wait(self, request: Request, principal: Principal, query: "_PullQuery") -> Page:
        """The page, as soon as there is something in it or the wait is over."""
        loop = asyncio.get_running_loop()
        news = asyncio.Event()
        deadline = loop.time() + query.wait
        unsubscribe = self._store.subscribe(lambda _touched: _wake(loop, news.set))
        async with self._pages:
            began = await run_in_threadpool(self._store.position, principal.device)
        try:
            while True:
                news.clear()
                async with self._pages:
                    page, filled = await run_in_threadpool(
                        self._store.read_page,
                        principal,
                        query.since,
                        query.limit,
                        known_feed=query.feed,
                        own_head=query.own_head,
                        pushed_after=(began.epoch, began.seq),
                    )
                left = deadline - loop.time()
                if filled or left <= 0 or await request.is_disconnected():
                    return page
                try:
                    async with asyncio.timeout(left):
                        await news.wait()
                except TimeoutError:
                    return page
        finally:
            unsubscribe()

    def _refusal(self, fault: Fault) -> JSONResponse:
        body = {"now": stamp(self._store.clock.now()), **fault.values, "id": fault.id}
        default = 503 if isinstance(fault, HostFault) else 400
        return JSONResponse(body, status_code=_STATUS.get(fault.id, default))


class _PullQuery:
    """What a reader says of where it stands; PeerFault `query-malformed`."""

    def __init__(self, request: Request) -> None:
        values = request.query_params
        try:
            self.since = _count(values.get("since", "0"))
            self.limit = _count(values.get("limit", str(BATCH_CHANGES)))
            self.wait = min(float(_count(values.get("wait", "0"))), LONGEST_WAIT)
            self.feed = bytes.fromhex(values.get("feed", ""))
            self.until = _count(values.get("until", "0"))
            self.bucket = values.get("bucket", "")
            self.own_head = (_count(values.get("epoch", "0")), _count(values.get("seq", "0")))
        except ValueError as err:
            raise PeerFault("query-malformed") from err
        if len(self.feed) not in (0, FEED_BYTES) or self.bucket not in ("", *BUCKETS):
            raise PeerFault("query-malformed")


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ValueError("not a count")
    return int(text)


async def _bounded_body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > REQUEST_BODY:
            raise PeerFault("body-too-large", most=REQUEST_BODY)
    return bytes(body)


def _wake(loop: asyncio.AbstractEventLoop, wake: Callable[[], Any]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(wake)
