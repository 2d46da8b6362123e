"""How fast a terminal's line is, measured against the center: `GET /v1/line?bytes=` down, `POST /v1/line` up.

Bounded: a megabyte each, and few at a time, so that a province that tests before a lecture does not fill its own line.
Nothing is kept of what is sent.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from desktop_app.domain.clock import Clock, stamp
from desktop_app.domain.limits import LINE_TEST

AT_ONCE = 6
"""Answers that carry bytes at the same time; the others begin when it is their turn."""
PIECE = 64 * 1024


def routes(clock: Clock) -> list[Route]:
    """The two ways, for the center's one application."""
    line = _Line(clock)
    return [
        Route("/v1/line", line.down, methods=["GET"]),
        Route("/v1/line", line.up, methods=["POST"]),
    ]


class _Line:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._noise = secrets.token_bytes(LINE_TEST)
        """That no proxy on the way can make smaller."""
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def down(self, request: Request) -> Response:
        asked = request.query_params.get("bytes", "")
        if not (asked.isascii() and asked.isdigit() and len(asked) < 10 and int(asked) <= LINE_TEST):
            return JSONResponse({"now": stamp(self._clock.now()), "id": "query-malformed"}, status_code=400)
        size = int(asked)
        headers = {"content-length": str(size), "cache-control": "no-store"}
        return StreamingResponse(self._pieces(size), headers=headers, media_type="application/octet-stream")

    async def up(self, request: Request) -> Response:
        """The gate has read the body already, and no more than any request may have."""
        size = len(await request.body())
        return JSONResponse({"now": stamp(self._clock.now()), "bytes": size})

    async def _pieces(self, size: int) -> AsyncIterator[bytes]:
        async with self._turns:
            for at in range(0, size, PIECE):
                yield self._noise[at : min(at + PIECE, size)]
