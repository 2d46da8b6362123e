"""The terminal's end of one path to the engine: ICE towards the address of the center, DTLS, SRTP.

It asks no server for its own address and offers no candidate of its own: the engine learns where it is from its checks.
It gathers on the one local address from which the center is reached, loopback included.
"""

import asyncio
import logging
import socket
import struct
from collections.abc import Callable
from typing import Any

import aioice
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import StunProtocol, relayed_candidate
from aioice.stun import TransactionError
from aioice.turn import TurnTransport
from aiortc import RTCIceCandidate, RTCIceGatherer, RTCIceParameters, RTCIceTransport

from desktop_app.domain.faults import PeerFault
from media.sdp import Description, MediaLine
from media.transport.relay import Relay
from media.transport.secure import SecureChannel

log = logging.getLogger(__name__)

REPEAT_AFTER = (0.03, 0.5)
"""Seconds after which what was sent of a handshake is sent once more without an answer: at first, and at most."""
RELAY_WITHIN = 3.0
"""Seconds for a relay to open."""


def local_address_towards(host: str) -> str:
    """The local address packets to `host` leave from; no packet is sent. Raises OSError where there is no way."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((host, 9))
        return str(probe.getsockname()[0])


async def resolve(host: str) -> str:
    """An address of the host, IPv4 where there is one; raises OSError where there is none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, 9, type=socket.SOCK_DGRAM)
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)
    return str(found[0][4][0])


class _Protocol(StunProtocol):
    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        try:
            super().datagram_received(data, addr)
        except (struct.error, IndexError, KeyError) as err:  # the STUN parser leaks these on garbage
            log.debug("dropped a datagram: %s", err)


class _Connection(aioice.Connection):
    """One ICE agent on one local address, which hands media on without a queue."""

    def __init__(self, local_host: str, on_media: Callable[[bytes], None], relay: Relay | None) -> None:
        super().__init__(ice_controlling=True, use_ipv6=":" in local_host)
        self._local_host = local_host
        self._on_media = on_media
        self._relay = relay
        self._unanswered: list[bytes] = []
        """What was sent of the handshake since something of it came."""

    async def sendto(self, data: bytes, component: int) -> None:
        self._unanswered.append(data)
        await super().sendto(data, component)

    async def repeat(self) -> None:
        """Until cancelled: send again what gets no answer. An engine that is not yet there for the handshake drops its
        beginning, and DTLS itself waits a second before it tries again. A packet that comes twice counts once."""
        pause = REPEAT_AFTER[0]
        while pause <= REPEAT_AFTER[1]:
            await asyncio.sleep(pause)
            pause *= 2
            for data in tuple(self._unanswered):
                await super().sendto(data, 1)

    def leave_towards(self, host: str) -> None:
        """Gather on the address that leads there instead; before anything was gathered. Raises ConnectionError."""
        try:
            self._local_host = local_address_towards(host)
        except OSError as err:
            raise ConnectionError("there is no way to the media engine") from err

    def data_received(self, data: bytes, component: int) -> None:
        if data and 128 <= data[0] <= 191:
            self._on_media(data)
            return
        self._unanswered.clear()
        if self._queue.qsize() < 64:
            super().data_received(data, component)

    async def get_component_candidates(
        self,
        component: int,
        addresses: list[str],
        timeout: int = 5,  # noqa: ASYNC109 - aioice's signature
    ) -> list[aioice.Candidate]:
        if self._relay is not None:
            return await self._relayed(component, self._relay)
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_datagram_endpoint(lambda: _Protocol(self), local_addr=(self._local_host, 0))
        bound = protocol.transport.get_extra_info("socket")
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024 * 1024)
        host, port = protocol.transport.get_extra_info("sockname")[:2]
        protocol.local_candidate = aioice.Candidate(
            foundation=candidate_foundation("host", "udp", host),
            component=component,
            transport="udp",
            priority=candidate_priority(component, "host"),
            host=host,
            port=port,
            type="host",
        )
        self._protocols.append(protocol)
        return [protocol.local_candidate]

    async def _relayed(self, component: int, relay: Relay) -> list[aioice.Candidate]:
        """Through the relay and in no other way. Raises ConnectionError where it does not open."""
        try:
            async with asyncio.timeout(RELAY_WITHIN):
                candidate, protocol = await relayed_candidate(
                    component=component,
                    hide_related_address=True,
                    protocol_factory=lambda: _Protocol(self),
                    turn_server=(relay.host, relay.port),
                    turn_username=relay.username,
                    turn_password=relay.password,
                    turn_ssl=False,
                    turn_transport="udp",
                )
        except (TransactionError, TimeoutError, OSError) as err:
            raise ConnectionError("the relay does not open") from err
        self._protocols.append(protocol)
        return [candidate]


class MediaPath:
    """One connection to the engine. Make it, send `offer`, give the answer to `connect`; then packets flow.

    `host` is the address, not the name, under which the center is reached. With a `relay` everything goes through it.
    """

    def __init__(
        self,
        host: str,
        *,
        on_rtp: Callable[[bytes], None],
        on_rtcp: Callable[[bytes], None],
        monotonic: Callable[[], float],
        relay: Relay | None = None,
    ) -> None:
        self._host = host
        self._monotonic = monotonic
        self.heard_at = monotonic()
        """When the last packet of the engine came."""
        self._connection = _Connection(local_address_towards(host), self._heard, relay)
        self._gatherer = RTCIceGatherer(iceServers=[])
        self._gatherer._connection = self._connection
        self._ice = RTCIceTransport(self._gatherer)
        self._secure = SecureChannel(self._ice, side="client", send=self._send, on_rtp=on_rtp, on_rtcp=on_rtcp)
        self._closing = False

    def offer(self, lines: tuple[MediaLine, ...]) -> Description:
        """Our half of the bargain: no candidates, and we are the client of the handshake."""
        ice = self._gatherer.getLocalParameters()
        return Description(
            lines, ice.usernameFragment or "", ice.password or "", self._secure.fingerprints, setup="active"
        )

    async def connect(self, answer: Description) -> None:
        """Find the way and shake hands; raises ConnectionError, or PeerFault for an answer without a way."""
        remote = answer if answer.own_addresses else answer.at(self._host)
        if not remote.candidates:
            raise PeerFault("sdp-unsupported", why="candidates")
        if answer.own_addresses:
            self._connection.leave_towards(remote.candidates[0][0])
        await self._gatherer.gather()
        for number, (host, port) in enumerate(remote.candidates):
            await self._ice.addRemoteCandidate(
                RTCIceCandidate(
                    component=1,
                    foundation=str(number),
                    ip=host,
                    port=port,
                    priority=2130706431 - number,
                    protocol="udp",
                    type="host",
                )
            )
        await self._ice.addRemoteCandidate(None)
        await self._ice.start(
            RTCIceParameters(usernameFragment=remote.ufrag, password=remote.password, iceLite=remote.lite)
        )
        if self._ice.state != "completed":
            raise ConnectionError("no packet came back from the media engine")
        repeating = asyncio.ensure_future(self._connection.repeat())
        try:
            await self._secure.handshake(remote.fingerprints)
        finally:
            repeating.cancel()
            await asyncio.gather(repeating, return_exceptions=True)
        self.heard_at = self._monotonic()

    @property
    def ready(self) -> bool:
        return self._secure.ready and not self._closing

    @property
    def ended(self) -> bool:
        """Whether the engine said goodbye or consent ran out."""
        return self._secure.closed.is_set()

    def send_rtp(self, packet: bytes) -> None:
        self._secure.send_rtp(packet)

    def send_rtcp(self, packet: bytes) -> None:
        self._secure.send_rtcp(packet)

    async def close(self) -> None:
        """Say goodbye and free the socket. Idempotent."""
        if not self._closing:
            self._closing = True
            await self._secure.close()
            await self._ice.stop()

    def _send(self, data: bytes) -> None:
        pair = self._connection._nominated.get(1)
        if pair is None:
            return
        transport = pair.protocol.transport
        if isinstance(transport, TurnTransport) or not transport.is_closing():  # the relay's drops what comes late
            transport.sendto(data, pair.remote_addr)

    def _heard(self, data: bytes) -> None:
        self.heard_at = self._monotonic()
        self._secure.receive(data)
