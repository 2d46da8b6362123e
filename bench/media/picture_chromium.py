"""Chromium's picture, over a bad line between two peers of one page, and through a room's doors."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bench.link import Conditions
from bench.media.page import Page
from bench.media.picture_seen import Seen

HTML = Path(__file__).with_name("picture.html")
GRACE = 40.0


async def look(cells: dict[str, tuple[Conditions, int]], seconds: float, **doors: str) -> dict[str, Seen]:
    """One cell after the other. `doors`: the house and its two tokens, where the way is through a room."""
    found: dict[str, Seen] = {}

    async def seen(request: Request) -> Response:
        for cell, each in (await request.json()).items():
            pictures = [(at / 1000, late / 1000) for at, late in each["seen"]]
            found[cell] = Seen(each["first"] / 1000, each["begun"] / 1000, seconds, pictures)
        return PlainTextResponse("")

    page = Page(
        HTML, cells, [Route("/seen", seen, methods=["POST"])], cells=",".join(cells), seconds=str(seconds), **doors
    )
    await page.show(len(cells) * (seconds + 10) + GRACE)
    return found
