"""Terminals that attach files: what every test of contents on their way needs."""

import asyncio
import base64
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import httpx
import pytest
from blob_office import PNG, BlobOffice
from sync_province import HeaderSigner, Line
from test_lanes import FAST

from sync.blobs.lane import BlobLane
from sync.replication.client import CenterClient
from sync.terminal.lanes import SyncLoop
from sync.terminal.records import Records

TUS = {"tus-resumable": "1.0.0"}
KIB = 1024
on_both = pytest.mark.parametrize("database", ["file", "postgresql"], indirect=True)


class Asker:
    """A terminal's requests, one at a time, without its lanes."""

    def __init__(self, office: BlobOffice, terminal: Records) -> None:
        self._office = office
        self._device = terminal.device

    def __call__(
        self, method: str, target: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._office.app())
            async with httpx.AsyncClient(transport=transport, base_url="https://center") as client:
                named = {"test-device": self._device, **(headers or {})}
                return await client.request(method, target, headers=named, content=body)

        return asyncio.run(ask())

    def begin(self, sha256: str, length: int) -> httpx.Response:
        encoded = base64.b64encode(sha256.encode()).decode()
        return self("POST", "/v1/uploads", TUS | {"upload-length": str(length), "upload-metadata": f"sha256 {encoded}"})

    def add(self, location: str, offset: int, body: bytes, **more: str) -> httpx.Response:
        told = {"upload-offset": str(offset), "content-type": "application/offset+octet-stream"}
        return self("PATCH", location, TUS | told | {k.replace("_", "-"): v for k, v in more.items()}, body)

    def send(self, content: bytes) -> httpx.Response:
        location = self.begin(hashlib.sha256(content).hexdigest(), len(content)).headers["location"]
        return self.add(location, 0, content)


def attach(office: BlobOffice, terminal: Records, content: bytes, meeting: str, name: str = "现场.png") -> str:
    """An attachment of the terminal, its change at the center, its content not sent yet; its SHA-256."""
    path = office.folder / name
    path.write_bytes(content)
    office.attachments(terminal).attach(path, owner_kind="meeting", owner_id=meeting, meeting=meeting)
    office.push(terminal)
    return hashlib.sha256(content).hexdigest()


def connected(office: BlobOffice, terminal: Records) -> tuple[Line, CenterClient]:
    """The terminal's line to the center, and what speaks over it."""
    line = Line(office.app)
    return line, CenterClient("https://center", "", HeaderSigner(terminal.device), office.clock, transport=line)


@asynccontextmanager
async def running(office: BlobOffice, terminal: Records) -> AsyncIterator[tuple[Line, BlobLane]]:
    line, client = connected(office, terminal)
    lane = BlobLane(office.attachments(terminal), client, office.clock)
    loop = SyncLoop(
        terminal,
        client,
        clock=office.clock,
        jitter=Random(1),
        on_link=lambda _link: None,
        on_progress=lambda _status: None,
        pace=FAST,
        blobs=lane,
    )
    task = asyncio.create_task(loop.run())
    try:
        yield line, lane
    finally:
        task.cancel()
        await asyncio.wait({task})


def picture(size: int) -> bytes:
    return PNG + os.urandom(size - len(PNG))


def send_all(office: BlobOffice, terminal: Records) -> None:
    ask = Asker(office, terminal)
    desk = office.attachments(terminal)
    for each in desk.waiting():
        with desk.store.open(each.sha256) as reader:
            answer = ask.begin(each.sha256, each.length)
            at = int(answer.headers["upload-offset"])
            while at < each.length:
                at = int(
                    ask.add(answer.headers["location"], at, reader.read_at(at, 4 * 1024 * KIB)).headers["upload-offset"]
                )
        desk.note_sent(each.sha256)
