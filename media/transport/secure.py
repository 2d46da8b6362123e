"""DTLS-SRTP over whatever carries datagrams (RFC 5764), on aiortc's DTLS transport.

Packets take a short cut: once the keys are there, SRTP goes straight through libsrtp in the callback, without
a queue, a task or aiortc's RTP router. tests/media/test_private_names.py holds the private names of aiortc used here.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Literal, Protocol, cast

import pylibsrtp
from aiortc import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport, RTCIceTransport

from media.rtp.packet import MAX_PACKET, is_rtcp

log = logging.getLogger(__name__)


class Carrier(Protocol):
    """What aiortc's DTLS transport asks of an ICE transport."""

    @property
    def role(self) -> str: ...

    async def _recv(self) -> bytes: ...

    async def _send(self, data: bytes, /) -> None: ...


class SecureChannel:
    """One DTLS association and its SRTP keys. `send` puts an encrypted datagram on the wire and must not block."""

    def __init__(
        self,
        carrier: Carrier,
        *,
        side: Literal["client", "server"],
        send: Callable[[bytes], None],
        on_rtp: Callable[[bytes], None],
        on_rtcp: Callable[[bytes], None],
    ) -> None:
        self._dtls = RTCDtlsTransport(cast(RTCIceTransport, carrier), [RTCCertificate.generateCertificate()])
        self._dtls._set_role(side)
        self._send = send
        self._on_rtp = on_rtp
        self._on_rtcp = on_rtcp
        self.ready = False
        """Whether packets can flow."""
        self.closed = asyncio.Event()
        """Set when the other end said goodbye or the carrier ended."""
        self._dtls.on("statechange", self._state_changed)

    @property
    def fingerprints(self) -> tuple[tuple[str, str], ...]:
        """Of our certificate, for the SDP: SHA-256 only."""
        prints = self._dtls.getLocalParameters().fingerprints
        return tuple((each.algorithm, each.value) for each in prints if each.algorithm == "sha-256")

    async def handshake(self, fingerprints: Sequence[tuple[str, str]]) -> None:
        """Run the handshake; raises ConnectionError where it fails or the certificate is not the announced one."""
        peer = [RTCDtlsFingerprint(algorithm=algorithm, value=value) for algorithm, value in fingerprints]
        await self._dtls.start(RTCDtlsParameters(fingerprints=peer))
        if not self.ready:
            raise ConnectionError("the encrypted path could not be set up")

    def receive(self, data: bytes) -> None:
        """Decrypt one SRTP or SRTCP datagram and hand it on; what does not decrypt is dropped."""
        if not self.ready or len(data) > MAX_PACKET + 64:
            return
        session = self._dtls._rx_srtp
        try:
            if is_rtcp(data):
                self._on_rtcp(session.unprotect_rtcp(data))
            else:
                self._on_rtp(session.unprotect(data))
        except pylibsrtp.Error:
            pass

    def send_rtp(self, packet: bytes) -> None:
        """Encrypt and send; nothing happens before the handshake or after the end."""
        if self.ready:
            try:
                data = self._dtls._tx_srtp.protect(packet)
            except pylibsrtp.Error as err:  # a resend older than its window, at worst
                log.debug("a packet was not encrypted: %s", err)
            else:
                self._send(data)

    def send_rtcp(self, packet: bytes) -> None:
        """As `send_rtp`, for RTCP."""
        if self.ready:
            try:
                data = self._dtls._tx_srtp.protect_rtcp(packet)
            except pylibsrtp.Error as err:
                log.debug("a report was not encrypted: %s", err)
            else:
                self._send(data)

    async def close(self) -> None:
        """Say goodbye to the peer. Idempotent."""
        pump = self._dtls._task
        await self._dtls.stop()
        if pump is not None:
            await asyncio.wait([pump])
        self._dtls.remove_all_listeners()
        self.closed.set()

    def _state_changed(self) -> None:
        self.ready = self._dtls.state == "connected"
        if self._dtls.state in ("closed", "failed"):
            self.closed.set()
