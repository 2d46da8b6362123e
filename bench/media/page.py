"""A page for Chromium: served from here, with links of ours between its peers, and what it sends back."""

import asyncio
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from bench.link import Conditions, Link
from bench.media.priority import go_first
from tests.media.test_doors import browser


class Page:
    """One run of one page. `lines` are the links it may ask for (conditions and seed), by name; `flags` are for the
    browser alone."""

    def __init__(
        self,
        html: Path,
        lines: dict[str, tuple[Conditions, int]],
        more: Sequence[Route] = (),
        flags: Sequence[str] = (),
        **query: str,
    ) -> None:
        self.links: dict[str, Link] = {}
        self._html = html
        self._cells = lines
        self._more = list(more)
        self._flags = flags
        self._failure = ""
        self._done = asyncio.Event()
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/page?{urlencode(query)}"

    async def show(self, within: float) -> None:
        """Open it in a browser and wait until it says that it is done. Raises RuntimeError or TimeoutError."""
        routes = [
            Route("/page", self._page),
            Route("/link", self._link, methods=["POST"]),
            Route("/begin", self._begin, methods=["POST"]),
            Route("/done", self._ended, methods=["POST"]),
            *self._more,
        ]
        config = uvicorn.Config(Starlette(routes=routes), log_level="error")
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[self._socket])
        try:
            with (
                tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name,
                browser(self._url, Path(name), *self._flags),
            ):
                go_first()
                async with asyncio.timeout(within):
                    await self._done.wait()
        finally:
            await server.shutdown(sockets=[self._socket])
            self._socket.close()
            for link in self.links.values():
                link.close()
        if self._failure:
            raise RuntimeError(self._failure)

    async def _page(self, _: Request) -> Response:
        return FileResponse(self._html)

    async def _link(self, request: Request) -> Response:
        cell = request.query_params["cell"]
        conditions, seed = self._cells[cell]
        still = conditions.lossless()
        link = self.links[cell] = Link(still, still, seed)
        return PlainTextResponse(str(await link.open(("127.0.0.1", int(request.query_params["port"])))))

    async def _begin(self, request: Request) -> Response:
        """From now on the links are as bad as they should be: all, or the one that is named."""
        named = request.query_params.get("cell")
        for cell in self.links if named is None else (named,):
            self.links[cell].set(self._cells[cell][0])
        return PlainTextResponse("")

    async def _ended(self, request: Request) -> Response:
        self._failure = (await request.body()).decode()
        self._done.set()
        return PlainTextResponse("")
