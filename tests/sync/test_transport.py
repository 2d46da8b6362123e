"""The terminal's HTTP over real TLS on loopback: only the own center is believed."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from starlette.types import ASGIApp
from sync_province import HUIDONG, HeaderSigner, Province

from sync.identity.authority import Authority
from sync.identity.keystore import open_keystore
from sync.replication.client import CenterClient, LinkFault


@contextmanager
def _served(app: ASGIApp, authority: Authority) -> Iterator[int]:
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    bound.listen()  # who comes before the server is up waits for it
    config = uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
    config.load()
    config.ssl = authority.server_context()
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    try:
        yield bound.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)
        bound.close()


def test_records_travel_over_tls_and_another_authority_is_refused(province: Province, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    own = Authority.open(tmp_path / "a", open_keystore(tmp_path / "a", passphrase="correct horse battery"))
    other = Authority.open(tmp_path / "b", open_keystore(tmp_path / "b", passphrase="correct horse battery"))
    terminal = province.terminal(HUIDONG)
    meeting = province.meeting(terminal)

    async def travel(port: int) -> None:
        url = f"https://127.0.0.1:{port}"
        signer = HeaderSigner(terminal.device)
        client = CenterClient(url, own.ca_pem, signer, province.clock)
        await client.health(5)
        answer = await client.push(terminal.device, terminal.next_batch() or b"")
        terminal.acknowledge(answer)
        client.reset()
        page = terminal.take_page(await client.pull(terminal.pull_position(), limit=10, wait=0))
        assert page.changes() == []
        await client.close()
        stranger = CenterClient(url, other.ca_pem, signer, province.clock)
        with pytest.raises(LinkFault, match="center-certificate"):
            await stranger.health(5)
        await stranger.close()

    with _served(province.app(), own) as port:
        asyncio.run(travel(port))
    assert province.center.get("meeting", meeting) is not None

    async def nobody() -> None:
        client = CenterClient(f"https://127.0.0.1:{port}", own.ca_pem, HeaderSigner(terminal.device), province.clock)
        with pytest.raises(LinkFault, match="center-unreachable"):
            await client.health(5)
        await client.close()

    asyncio.run(nobody())


@pytest.mark.parametrize(
    ("said", "fault"),
    [(b"220 mail.example.org ESMTP ready\r\n" * 10, "center-not-silian"), (b"", "center-unreachable")],
    ids=["a mail server", "a dead center behind a forwarder"],
)
def test_whatever_is_no_center_is_told_apart_from_nobody(
    province: Province, tmp_path: Path, said: bytes, fault: str
) -> None:
    authority = Authority.open(tmp_path, open_keystore(tmp_path, passphrase="correct horse battery"))
    terminal = province.terminal(HUIDONG)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(64)
        writer.write(said)
        writer.close()

    async def ask() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            signer = HeaderSigner(terminal.device)
            client = CenterClient(f"https://127.0.0.1:{port}", authority.ca_pem, signer, province.clock)
            with pytest.raises(LinkFault, match=fault):
                await client.health(5)
            await client.close()

    asyncio.run(ask())
