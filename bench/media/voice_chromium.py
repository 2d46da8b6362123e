"""Chromium's voice over bad lines: two peers of one page for each cell, with a link of ours between them."""

import io
import wave
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bench.link import Conditions
from bench.media.page import Page
from bench.media.speech import Heard
from media.capture.sources import SAMPLE_RATE

HTML = Path(__file__).with_name("voice.html")
AFTER = 1.5
"""Seconds that the page listens beyond the end."""
GRACE = 60.0
"""Seconds beyond the length of the sound."""


async def speak(samples: bytes, cells: dict[str, tuple[Conditions, int]]) -> dict[str, Heard]:
    """What Chromium heard in each cell (conditions and seed); raises RuntimeError where it failed."""
    seconds = len(samples) / 2 / SAMPLE_RATE
    heard: dict[str, Heard] = {}

    async def spoken(_: Request) -> Response:
        return Response(_wav(samples), media_type="audio/wav")

    async def hear(request: Request) -> Response:
        cell = request.headers["x-cell"]
        octets = sum(page.links[cell].up.octets.values())
        late = int(request.headers["x-late"]) / SAMPLE_RATE
        heard[cell] = Heard(await request.body(), late, octets * 8 / 1000 / (seconds + AFTER))
        return PlainTextResponse("")

    routes = [Route("/spoken.wav", spoken), Route("/heard", hear, methods=["POST"])]
    page = Page(HTML, cells, routes, cells=",".join(cells))
    await page.show(seconds + GRACE)
    return heard


def _wav(samples: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(SAMPLE_RATE)
        sound.writeframes(samples)
    return file.getvalue()
