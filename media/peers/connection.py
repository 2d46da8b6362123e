"""A terminal's two connections to the engine, made together and used together."""

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import Protocol

from desktop_app.domain.faults import HostFault, PeerFault
from media.peers.publishing import Publishing
from media.peers.receiving import Receiving
from media.peers.seams import SIGNAL_WITHIN, MediaSignal
from media.sdp import read_description
from media.transport.path import resolve
from media.transport.relay import Relay

log = logging.getLogger(__name__)

CONNECT_WITHIN = 4.0
LOSSY = 0.05
"""Share from which on a line loses much."""


@dataclass(slots=True)
class Connection:
    """Media thread only."""

    publishing: Publishing
    receiving: Receiving

    async def open(self, signal: MediaSignal) -> None:
        """Connect both ways. Raises ConnectionError, PeerFault, HostFault, TimeoutError or OSError; then close it."""
        await asyncio.gather(self._publish(signal), self._receive(signal))

    def heard_at(self) -> float:
        """When the quieter of both was heard last."""
        return min(self.publishing.path.heard_at, self.receiving.path.heard_at)

    def ended(self) -> bool:
        """Whether the engine said goodbye to either."""
        return self.publishing.path.ended or self.receiving.path.ended

    def beat(self) -> None:
        """Four times a second: over a line that loses much the engine hears that we are there. One report a second is
        lost thrice in a row now and then, and an engine that hears nothing falls silent too."""
        publishing = self.publishing
        if max(publishing.uplink.loss, publishing.voice.protection.loss) > LOSSY:
            self.receiving.beat()

    async def close(self) -> None:
        await self.publishing.close()
        await self.receiving.close()

    async def _publish(self, signal: MediaSignal) -> None:
        async with asyncio.timeout(SIGNAL_WITHIN):
            answer = await signal.publish(self.publishing.offer())
        async with asyncio.timeout(CONNECT_WITHIN):
            await self.publishing.connect(read_description(answer))

    async def _receive(self, signal: MediaSignal) -> None:
        async with asyncio.timeout(SIGNAL_WITHIN):
            answer = await signal.subscribe(self.receiving.offer())
        description = read_description(answer)
        self.receiving.prepare(description)
        async with asyncio.timeout(CONNECT_WITHIN):
            await self.receiving.path.connect(description)


class RelaySignal(Protocol):
    """Whoever can ask the center for its relay."""

    async def relay(self) -> Relay | None:
        """What opens the center's relay; None where it has none. Raises ConnectionError or PeerFault."""
        ...


async def open_relay(signal: RelaySignal, center_host: str) -> Relay | None:
    """What opens the relay; None where the center has none or cannot be asked now: then the direct way it is."""
    try:
        async with asyncio.timeout(SIGNAL_WITHIN):
            relay = await signal.relay()
        return None if relay is None else replace(relay, host=await resolve(relay.host or center_host))
    except (ConnectionError, PeerFault, HostFault, TimeoutError) as err:
        log.info("no relay was given: %s", err)
        return None
