"""The hub's one UDP port: ICE lite (RFC 8445, section 2.5), DTLS and SRTP for every peer on it.

It answers checks and never makes any, so the hub sends to no address that did not first send it a check with the right
password. Datagrams from anyone else are dropped without an answer.
"""

import asyncio
import logging
import secrets
import socket
import string
import struct
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from aioice import stun

from desktop_app.domain.faults import HostFault
from media.rtp.packet import MAX_PACKET
from media.sdp import Description
from media.transport.secure import SecureChannel

log = logging.getLogger(__name__)

Address = tuple[str, int]
SOCKET_BUFFER = 4 * 1024 * 1024
HANDSHAKE_QUEUE = 32
"""Datagrams of one peer's handshake that may wait."""
DATAGRAMS = 4_000.0
"""Datagrams a second that one peer's connection takes, and at once: four times what a full line of pictures has. What
is more is dropped before it is decrypted."""
ADDRESSES = 4
"""Addresses one peer may be heard from at a time."""
_ICE_CHARS = string.ascii_letters + string.digits


class PortPeer:
    """One peer on the port, for one publishing or receiving connection. It is the carrier of its own DTLS."""

    role = "controlled"

    def __init__(
        self,
        port: "MediaPort",
        remote: Description,
        on_rtp: Callable[[bytes], None],
        on_rtcp: Callable[[bytes], None],
        now: float,
    ) -> None:
        self.ufrag = "".join(secrets.choice(_ICE_CHARS) for _ in range(12))
        self.password = "".join(secrets.choice(_ICE_CHARS) for _ in range(24))
        self.remote = remote
        self.address: Address | None = None
        self.addresses: OrderedDict[Address, None] = OrderedDict()
        self.heard_at = now
        self.refused = 0
        """Datagrams that were too many."""
        self._left, self._filled_at = DATAGRAMS, now
        self._port = port
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(HANDSHAKE_QUEUE)
        self._secure = SecureChannel(self, side="server", send=self._put, on_rtp=on_rtp, on_rtcp=on_rtcp)
        self.send_rtp = self._secure.send_rtp
        self.send_rtcp = self._secure.send_rtcp

    @property
    def fingerprints(self) -> tuple[tuple[str, str], ...]:
        return self._secure.fingerprints

    @property
    def ready(self) -> bool:
        """Whether packets can flow."""
        return self._secure.ready

    @property
    def gone(self) -> bool:
        """Whether the peer said goodbye."""
        return self._secure.closed.is_set()

    async def connect(self) -> None:
        """Wait for the peer's handshake; raises ConnectionError where it fails."""
        await self._secure.handshake(self.remote.fingerprints)

    def datagram(self, data: bytes, now: float) -> None:
        """A datagram from one of the peer's proven addresses."""
        self.heard_at = now
        self._left -= 1
        if self._left < 0 and not self._refilled(now):
            self.refused += 1
            return
        if 128 <= data[0] <= 191:
            self._secure.receive(data)
        elif 20 <= data[0] <= 63 and not self._queue.full():
            self._queue.put_nowait(data)

    def _refilled(self, now: float) -> bool:
        """Whether time has earned another datagram since the allowance ran out last."""
        earned = min(DATAGRAMS, (now - self._filled_at) * DATAGRAMS)
        self._left = max(0.0, earned - 1)
        if earned < 1:
            return False
        self._filled_at = now
        return True

    async def close(self) -> None:
        """Say goodbye and forget the peer. Idempotent."""
        await self._secure.close()
        self._port.forget(self)
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    def _put(self, data: bytes) -> None:
        if self.address is not None:
            self._port.send(data, self.address)

    async def _recv(self) -> bytes:
        data = await self._queue.get()
        if data is None:
            raise ConnectionError("the peer was closed")
        return data

    async def _send(self, data: bytes) -> None:
        self._put(data)


class MediaPort(asyncio.DatagramProtocol):
    """The bound port with its peers, found by address or, in a check, by the user fragment."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._transport: asyncio.DatagramTransport | None = None
        self._is_open = False
        self._by_ufrag: dict[str, PortPeer] = {}
        self._by_address: dict[Address, PortPeer] = {}
        self.address: Address = ("", 0)
        self.dropped = 0
        """Datagrams from nobody we know, or that are no check."""

    @classmethod
    async def open(cls, host: str, ports: range, monotonic: Callable[[], float]) -> "MediaPort":
        """Bind the first free port of the range; HostFault (media-ports-taken) where there is none."""
        loop = asyncio.get_running_loop()
        for number in ports:
            try:
                _, port = await loop.create_datagram_endpoint(lambda: cls(monotonic), local_addr=(host, number))
            except OSError:
                continue
            return port
        raise HostFault("media-ports-taken", first=ports.start, last=ports.stop - 1)

    def add(self, remote: Description, on_rtp: Callable[[bytes], None], on_rtcp: Callable[[bytes], None]) -> PortPeer:
        """A place for a new peer."""
        peer = PortPeer(self, remote, on_rtp, on_rtcp, self._monotonic())
        self._by_ufrag[peer.ufrag] = peer
        return peer

    def forget(self, peer: PortPeer) -> None:
        self._by_ufrag.pop(peer.ufrag, None)
        for address in peer.addresses:
            if self._by_address.get(address) is peer:
                del self._by_address[address]

    def send(self, data: bytes, address: Address) -> None:
        if self._is_open and self._transport is not None:
            self._transport.sendto(data, address)

    def close(self) -> None:
        self._is_open = False
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._is_open = True
        self.address = transport.get_extra_info("sockname")[:2]
        bound = transport.get_extra_info("socket")
        for buffer in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            bound.setsockopt(socket.SOL_SOCKET, buffer, SOCKET_BUFFER)

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_open = False

    def error_received(self, exc: Exception) -> None:
        log.debug("the media port was told: %s", exc)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        address: Address = addr[:2]
        if not data or len(data) > MAX_PACKET + 64:
            self.dropped += 1
        elif data[0] < 4:
            self._check(data, address)
        elif (peer := self._by_address.get(address)) is not None:
            peer.datagram(data, self._monotonic())
        else:
            self.dropped += 1

    def _check(self, data: bytes, address: Address) -> None:
        """A connectivity check (RFC 8445, section 7.3), or garbage."""
        try:
            message = stun.parse_message(data)
        except (ValueError, struct.error, KeyError, IndexError):
            self.dropped += 1
            return
        name = str(message.attributes.get("USERNAME", ""))
        peer = self._by_ufrag.get(name.partition(":")[0])
        if (
            peer is None
            or name != f"{peer.ufrag}:{peer.remote.ufrag}"
            or (message.message_method, message.message_class) != (stun.Method.BINDING, stun.Class.REQUEST)
            or not message.check_message_integrity(peer.password.encode())
        ):
            self.dropped += 1
            return
        self._learn(peer, address, chosen="USE-CANDIDATE" in message.attributes)
        answer = stun.Message(
            message_method=stun.Method.BINDING,
            message_class=stun.Class.RESPONSE,
            transaction_id=message.transaction_id,
        )
        answer.attributes["XOR-MAPPED-ADDRESS"] = address
        answer.add_message_integrity(peer.password.encode())
        self.send(bytes(answer), address)

    def _learn(self, peer: PortPeer, address: Address, *, chosen: bool) -> None:
        peer.heard_at = self._monotonic()
        self._by_address[address] = peer
        peer.addresses[address] = None
        peer.addresses.move_to_end(address)
        if chosen or peer.address is None:
            peer.address = address
        while len(peer.addresses) > ADDRESSES:
            old, _ = peer.addresses.popitem(last=False)
            if self._by_address.get(old) is peer:
                del self._by_address[old]
