"""The terminal's HTTP to the center: TLS against the center's own authority, every request signed.

Whatever happens is a Fault: `link-silent` (no answer in time), `center-unreachable` (nobody there),
`center-certificate` (somebody else answers), `center-not-silian` (an answer that is none), or the id that the center
gave. The center's clock is learned from what it says, and requests are stamped with it.
"""

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import httpx

from desktop_app.domain.clock import Clock, moment
from desktop_app.domain.faults import Fault, PeerFault
from desktop_app.domain.ids import DeviceId
from desktop_app.domain.limits import BATCH_UNPACKED
from sync.replication.packing import MEDIA_TYPE

SERVER_NAME = "silian-center"
"""The name in every center's certificate, whatever its address is."""
CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 20.0
"""For an answer to a push; a pull may take as long as it asked to wait, and this besides."""
SNAPSHOT_SECONDS = 120.0
"""For a part of a snapshot, or checksums over a province."""
LONGEST_REFUSAL = 64 * 1024


class LinkFault(Fault):
    """The center did not answer, or it was not the center: nothing is lost, and it is tried again."""


class Signer(Protocol):
    """Signs one request; `sync.identity.requests` has the real one."""

    def headers(self, method: str, target: str, body: bytes = b"", *, now: datetime) -> dict[str, str]: ...


@dataclass(frozen=True, slots=True)
class PullPosition:
    """Where a reader stands: the feed it counts by, its cursor in it, and what of its own chain is acknowledged."""

    feed: bytes
    cursor: int
    epoch: int
    seq: int

    def target(self, limit: int, wait: int) -> str:
        """Path and query of the next pull."""
        return f"/v1/changes?{self._stand(self.cursor)}&limit={limit}&wait={wait}"

    def heads_target(self) -> str:
        return f"/v1/heads?{self._stand(self.cursor)}"

    def snapshot_target(self, bucket: str, after: int, until: int) -> str:
        """Of the part after cursor `after`; `until` is that of the first part, 0 for the first."""
        return f"/v1/snapshot?{self._stand(after)}&until={until}&bucket={bucket}"

    def _stand(self, since: int) -> str:
        return f"since={since}&feed={self.feed.hex()}&epoch={self.epoch}&seq={self.seq}"


class CenterClient:
    """Belongs to one event loop; `clock_offset` may be read, and `note_center_time` called, from any thread."""

    def __init__(
        self,
        base_url: str,
        ca_pem: str,
        signer: Signer,
        clock: Clock,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`transport` replaces the network; the default one verifies TLS against `ca_pem` alone."""
        self._base_url = base_url.rstrip("/")
        self._ca_pem = ca_pem
        self._signer = signer
        self._clock = clock
        self._transport = transport
        self._client: httpx.AsyncClient | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self.clock_offset = timedelta(0)
        """What to add to the machine's clock to have the center's."""

    def note_center_time(self, told: Any) -> None:
        """Learn the center's clock from a stamp it sent; anything else is ignored."""
        try:
            self.clock_offset = moment(told) - self._clock.now()
        except (TypeError, ValueError):
            return

    async def health(self, seconds: float) -> None:
        """Whether the center lives; raises a LinkFault otherwise."""
        response = await self._send("GET", "/healthz", b"", {}, seconds)
        try:
            self.note_center_time(json.loads(response.content)["now"])
        except (ValueError, KeyError, TypeError) as err:
            raise LinkFault("center-not-silian", address=self._base_url) from err

    async def push(self, device: DeviceId, batch: bytes) -> bytes:
        """The center's receipts; a PeerFault with its id and values where it refuses."""
        target = f"/v1/terminals/{device}/changes"
        return await self._signed("POST", target, batch, ANSWER_SECONDS)

    async def pull(self, position: PullPosition, *, limit: int, wait: int) -> bytes:
        """One page; it comes when there is something in it, or `wait` seconds later."""
        return await self._signed("GET", position.target(limit, wait), b"", wait + ANSWER_SECONDS)

    async def snapshot(self, position: PullPosition, *, bucket: str = "", after: int, until: int) -> bytes:
        """One part of all that this terminal may see."""
        return await self._signed("GET", position.snapshot_target(bucket, after, until), b"", SNAPSHOT_SECONDS)

    async def heads(self, position: PullPosition) -> bytes:
        """The center's checksums of it."""
        return await self._signed("GET", position.heads_target(), b"", SNAPSHOT_SECONDS)

    async def _signed(self, method: str, target: str, body: bytes, seconds: float) -> bytes:
        headers = {"content-type": MEDIA_TYPE} if body else {}
        return (await self.exchange(method, target, body, headers, seconds=seconds)).content

    async def exchange(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        seconds: float,
    ) -> httpx.Response:
        """One signed request with headers of its own (tus, ranges); a PeerFault where the center refuses it.

        Where a HEAD finds nothing (404, 410) the answer itself comes back: it has no body that could name a fault.
        """
        for again in (True, False):
            now = self._clock.now().astimezone(UTC) + self.clock_offset
            signed = self._signer.headers(method, target, body, now=now)
            response = await self._send(method, target, body, {**(headers or {}), **signed}, seconds)
            if response.is_success or (method == "HEAD" and response.status_code in (404, 410)):
                return response
            refusal = _refusal(response, self._base_url)
            self.note_center_time(refusal.values.get("now"))
            if refusal.id != "clock-off" or not again:
                raise refusal
        raise LinkFault("center-not-silian", address=self._base_url)

    async def _send(
        self, method: str, target: str, body: bytes, headers: Mapping[str, str], seconds: float
    ) -> httpx.Response:
        client = self._open()
        limits = httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
        request = client.build_request(
            method,
            self._base_url + target,
            content=body or None,
            headers={"accept-encoding": "identity", **headers},
            timeout=limits,
            extensions={"sni_hostname": SERVER_NAME, "timeout": limits.as_dict()},
        )
        try:
            async with asyncio.timeout(seconds):
                return await _bounded(client, request)
        except (httpx.TimeoutException, TimeoutError) as err:
            raise LinkFault("link-silent", address=self._base_url) from err
        except httpx.TransportError as err:
            raise LinkFault(_answered_by(err), address=self._base_url) from err

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            transport = self._transport
            if transport is None:
                context = ssl.create_default_context(cadata=self._ca_pem)
                context.minimum_version = ssl.TLSVersion.TLSv1_3
                transport = httpx.AsyncHTTPTransport(verify=context, trust_env=False)
            self._client = httpx.AsyncClient(transport=transport, trust_env=False)
        return self._client

    def reset(self) -> None:
        """Forget all connections: after a silence new ones come through sooner than old ones recover."""
        client, self._client = self._client, None
        if client is not None and self._transport is None:
            task = asyncio.get_running_loop().create_task(_close(client))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """End all connections."""
        client, self._client = self._client, None
        if client is not None and self._transport is None:
            await _close(client)
        for task in tuple(self._closing):
            await asyncio.wait({task}, timeout=1.0)


async def _close(client: httpx.AsyncClient) -> None:
    try:
        async with asyncio.timeout(1.0):
            await client.aclose()
    except (TimeoutError, httpx.TransportError, OSError):
        return


async def _bounded(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """The answer, read up to what the largest page may be."""
    response = await client.send(request, stream=True)
    try:
        body = bytearray()
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > BATCH_UNPACKED:
                raise PeerFault("message-too-large", limit=BATCH_UNPACKED)
    finally:
        await response.aclose()
    return httpx.Response(response.status_code, headers=response.headers, content=bytes(body), request=request)


def _refusal(response: httpx.Response, address: str) -> Fault:
    """The center's refusal as a fault; `center-not-silian` where it says nothing we know."""
    if len(response.content) <= LONGEST_REFUSAL:
        try:
            body = json.loads(response.content)
            fault_id = body.pop("id")
            if isinstance(fault_id, str) and fault_id.replace("-", "").isalnum() and len(fault_id) <= 64:
                return PeerFault(fault_id, **{str(name): value for name, value in body.items()})
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
    return LinkFault("center-not-silian", address=address)


def _answered_by(err: BaseException) -> str:
    """What a transport error says about who is there: another authority, something that is no center, or nobody."""
    cause: BaseException | None = err
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "center-certificate"
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return "center-not-silian"
        cause = cause.__cause__ or cause.__context__
    return "center-unreachable"
