"""One recording of 300 MiB to a center in another process, over TLS on loopback, beside a plain httpx POST of it.

Ours: signed pieces of 4 MiB, each on the disk before it is answered, sealed at both ends, hashed whole. The peer: one
stream into one file, synced once, by the same server and the same TLS.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from bench.rows import Row, keep

MEBIBYTE = 1024 * 1024
SIZE = 300 * MEBIBYTE
UNIT = "100000/440000/441300/441323/"
PASSPHRASE = "a phrase for the bench"
RUNS = 3
MATROSKA = b"\x1a\x45\xdf\xa3"


def main() -> int:
    from sync.identity.device import DeviceKey

    key = DeviceKey.generate()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = subprocess.Popen([sys.executable, "-m", "bench.blobs", name, key.public.hex()])
        try:
            ready = folder / "ready.json"
            while not ready.exists() and server.poll() is None:
                time.sleep(0.05)
            rows = asyncio.run(_compared(folder, json.loads(ready.read_text()), key))
        finally:
            server.terminate()
            server.wait()
    keep("blobs", rows)
    return 0


async def _compared(folder: Path, center: dict[str, Any], key: Any) -> list[Row]:
    from desktop_app.domain.clock import SystemClock
    from desktop_app.domain.ids import DeviceId, PersonId, UnitPath
    from sync.blobs.desk import Attachments
    from sync.blobs.lane import BlobLane
    from sync.blobs.store import BlobStore
    from sync.identity.device import DeviceIdentity
    from sync.identity.requests import RequestSigner
    from sync.replication.client import CenterClient
    from sync.terminal.records import Records, Write

    clock, url = SystemClock(), center["url"]
    identity = DeviceIdentity(
        key, UnitPath(UNIT), DeviceId(center["device"]), bytes.fromhex(center["key"]), center["ca_pem"], url
    )
    records = Records.open(folder / "terminal", identity=identity, clock=clock)
    records.act_as(PersonId("a person"))
    meeting = "0190a8f0-0000-7000-8000-0000000000aa"
    records.write(Write("meeting", meeting, {"title": "t", "convener_unit": UNIT, "invited": [], "state": "planned"}))
    client = CenterClient(url, center["ca_pem"], RequestSigner(identity), clock)
    uploads, posts, downloads = [], [], []
    cpu: dict[str, list[float]] = {"ours": [], "peer": []}
    for run in range(RUNS):
        path = folder / f"{run}.mkv"
        with path.open("wb") as file:
            file.write(MATROSKA)
            for _ in range(SIZE // MEBIBYTE):
                file.write(os.urandom(MEBIBYTE))
            file.truncate(SIZE)
        attachments = Attachments(records, BlobStore(folder / "terminal", bytes(32)), clock)
        pk = attachments.attach(path, owner_kind="meeting", owner_id=meeting, meeting=meeting)
        while (batch := records.next_batch()) is not None:
            records.acknowledge(await client.push(records.device, batch))
        lane = BlobLane(attachments, client, clock)
        spent, began = await _cpu(url, center["ca_pem"]), time.perf_counter()
        while attachments.waiting():
            await lane.step(_plain)
        uploads.append(SIZE / MEBIBYTE / (time.perf_counter() - began))
        cpu["ours"].append(await _cpu(url, center["ca_pem"]) - spent)
        spent = await _cpu(url, center["ca_pem"])
        posts.append(await _posted(url, center["ca_pem"], path))
        cpu["peer"].append(await _cpu(url, center["ca_pem"]) - spent)
        copy = Attachments(records, BlobStore(folder / f"copy{run}", bytes(32)), clock)
        began = time.perf_counter()
        await BlobLane(copy, client, clock).fetch(*copy.content_of(pk))
        downloads.append(SIZE / MEBIBYTE / (time.perf_counter() - began))
        path.unlink()
    await client.close()
    records.close()
    return [
        Row("300 MiB up, MiB/s (peer: plain httpx POST)", round(max(uploads), 1), round(max(posts), 1)),
        Row("300 MiB up, CPU seconds of both ends", round(min(cpu["ours"]), 2), round(min(cpu["peer"]), 2)),
        Row("300 MiB down in ranges, verified and sealed, MiB/s", round(max(downloads), 1)),
    ]


async def _cpu(url: str, ca_pem: str) -> float:
    """CPU seconds that both ends have used: unlike the time, they are the same on a busy machine."""
    import ssl

    import httpx

    context = ssl.create_default_context(cadata=ca_pem)
    async with httpx.AsyncClient(verify=context, trust_env=False) as asker:
        answer = await asker.get(f"{url}/cpu", extensions={"sni_hostname": "silian-center"})
    return time.process_time() + float(answer.text)


async def _plain(request: Any) -> Any:
    return await request


async def _posted(url: str, ca_pem: str, path: Path) -> float:
    import ssl

    import httpx

    async def pieces() -> AsyncIterator[bytes]:
        with path.open("rb") as file:
            while piece := file.read(MEBIBYTE):
                yield piece

    context = ssl.create_default_context(cadata=ca_pem)
    async with httpx.AsyncClient(verify=context, trust_env=False, timeout=120) as plain:
        began = time.perf_counter()
        answer = await plain.post(f"{url}/plain", content=pieces(), extensions={"sni_hostname": "silian-center"})
        took = time.perf_counter() - began
    if answer.status_code != 200:
        raise RuntimeError(f"the peer answered {answer.status_code}")
    return SIZE / MEBIBYTE / took


# The server's process


def serve(folder: Path, public: bytes) -> None:
    """A real center behind its gate, without its hub, and the plain route beside it."""
    import socket
    from datetime import UTC, datetime

    import uvicorn

    from desktop_app.center.app import Center
    from desktop_app.domain.clock import SystemClock
    from desktop_app.domain.ids import UnitPath, device_id
    from desktop_app.settings import load_settings
    from sync.identity.keystore import Stretch, open_keystore
    from sync.identity.registry import Device

    (folder / "center").mkdir()
    keys = open_keystore(folder / "center", passphrase=PASSPHRASE, stretch=Stretch(1, 64, 1))
    settings = load_settings(folder / "none.toml", {}, {"center.folder": str(folder / "center")})
    center = Center.open(folder / "center", keys, settings, SystemClock())
    center.keys.registry.add(Device(device_id(public), public, UnitPath(UNIT), "bench", datetime.now(UTC)))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] not in ("/plain", "/cpu"):
            await center.app(scope, receive, send)
            return
        if scope["path"] == "/cpu":
            told = str(time.process_time()).encode()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": told})
            return
        with (folder / "plain").open("wb") as file:
            more = True
            while more:
                message = await receive()
                file.write(message.get("body", b""))
                more = message.get("more_body", False)
            file.flush()
            os.fsync(file.fileno())
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="error", lifespan="off")
    config.load()
    config.ssl = center.keys.authority.server_context()
    identity = center.keys.identity
    told = {
        "url": f"https://127.0.0.1:{bound.getsockname()[1]}",
        "device": identity.device,
        "key": identity.public_key.hex(),
        "ca_pem": identity.ca_pem,
    }
    draft = folder / "ready.new"
    draft.write_text(json.dumps(told))
    draft.rename(folder / "ready.json")
    uvicorn.Server(config).run(sockets=[bound])


if __name__ == "__main__":
    serve(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]))
