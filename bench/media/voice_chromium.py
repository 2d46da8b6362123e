"""Chromium's voice over bad lines: two peers of one page for each cell, with a link of ours between them."""

import asyncio
import io
import socket
import tempfile
import wave
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from bench.link import CLEAN, Conditions, Link
from bench.media.priority import go_first
from bench.media.speech import Heard
from media.capture.sources import SAMPLE_RATE
from tests.media.test_doors import browser

PAGE = Path(__file__).with_name("voice.html")
GRACE = 30.0
"""Seconds beyond the length of the sound."""


async def speak(samples: bytes, cells: dict[str, tuple[Conditions, int]]) -> dict[str, Heard]:
    """What Chromium heard in each cell (conditions and seed); raises RuntimeError where it failed."""
    server = _Server(samples, cells)
    await server.open()
    try:
        with tempfile.TemporaryDirectory() as name, browser(server.url, Path(name)):
            go_first()
            async with asyncio.timeout(len(samples) / 2 / SAMPLE_RATE + GRACE):
                await server.done.wait()
    finally:
        await server.close()
    if server.failure:
        raise RuntimeError(server.failure)
    return server.heard


class _Server:
    """The page, its sound, its links, and what it sends back."""

    def __init__(self, samples: bytes, cells: dict[str, tuple[Conditions, int]]) -> None:
        self.heard: dict[str, Heard] = {}
        self.failure = ""
        self.done = asyncio.Event()
        self._samples = samples
        self._cells = cells
        self._links: dict[str, Link] = {}
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/page?cells={','.join(cells)}"

    async def open(self) -> None:
        routes = [
            Route("/page", self._page),
            Route("/spoken.wav", self._spoken),
            Route("/link", self._link, methods=["POST"]),
            Route("/begin", self._begin, methods=["POST"]),
            Route("/heard", self._hear, methods=["POST"]),
            Route("/done", self._done, methods=["POST"]),
            Route("/failed", self._failed, methods=["POST"]),
        ]
        config = uvicorn.Config(Starlette(routes=routes), log_level="error")
        config.load()
        self._server = uvicorn.Server(config)
        self._server.lifespan = config.lifespan_class(config)
        await self._server.startup(sockets=[self._socket])

    async def close(self) -> None:
        await self._server.shutdown(sockets=[self._socket])
        self._socket.close()
        for link in self._links.values():
            link.close()

    async def _page(self, _: Request) -> Response:
        return FileResponse(PAGE)

    async def _spoken(self, _: Request) -> Response:
        file = io.BytesIO()
        with wave.open(file, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(SAMPLE_RATE)
            sound.writeframes(self._samples)
        return Response(file.getvalue(), media_type="audio/wav")

    async def _link(self, request: Request) -> Response:
        cell = request.query_params["cell"]
        link = self._links[cell] = Link(CLEAN, CLEAN, self._cells[cell][1])
        return PlainTextResponse(str(await link.open(("127.0.0.1", int(request.query_params["port"])))))

    async def _begin(self, _: Request) -> Response:
        for cell, link in self._links.items():
            link.set(self._cells[cell][0])
        return PlainTextResponse("")

    async def _hear(self, request: Request) -> Response:
        seconds = len(self._samples) / 2 / SAMPLE_RATE
        self.heard[request.headers["x-cell"]] = Heard(
            await request.body(),
            int(request.headers["x-late"]) / SAMPLE_RATE,
            sum(self._links[request.headers["x-cell"]].up.octets.values()) * 8 / 1000 / (seconds + 1.5),
        )
        return PlainTextResponse("")

    async def _done(self, _: Request) -> Response:
        self.done.set()
        return PlainTextResponse("")

    async def _failed(self, request: Request) -> Response:
        self.failure = (await request.body()).decode()
        self.done.set()
        return PlainTextResponse("")
