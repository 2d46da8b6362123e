"""Somebody in the network who answers in the center's name, without its key."""

from typing import Any

import httpx
import msgpack

from desktop_app.domain.faults import PeerFault
from sync.identity.device import DeviceKey
from sync.replication.batch import read_batch
from sync.replication.packing import pack, unpack
from sync.replication.receipt import read_body, receipt_body


def forged(liar: DeviceKey, request: httpx.Request, body: bytes, response: httpx.Response) -> httpx.Response:
    """A receipt for what was sent, or a page that leads past everything; other answers as they are."""
    content = response.content
    try:
        if request.method == "POST":
            content = _receipt(liar, body)
        elif request.url.path == "/v1/changes":
            content = _page(liar, content)
    except PeerFault:
        return response
    return httpx.Response(200, content=content)


def _receipt(liar: DeviceKey, body: bytes) -> bytes:
    batch = read_batch(body)
    seqs = (batch.first_seq, batch.last_seq)
    said = receipt_body(1_000_000, batch.terminal, batch.epoch, seqs, batch.head_hash, 1_800_000_000_000, (), {})
    return bytes(msgpack.packb([[said, liar.sign(read_body(said, b"").message())]]))


def _page(liar: DeviceKey, content: bytes) -> bytes:
    page: list[Any] = unpack(content)
    page[3] += 1_000_000
    page[7] = liar.sign(b"whatever")
    return pack(page)
