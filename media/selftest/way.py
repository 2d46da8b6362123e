"""Whether sound and picture would reach the media engine: the road of a meeting (ICE, DTLS), walked once before it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import StrEnum

from desktop_app.domain.faults import PeerFault
from media.sdp import OPUS, MediaLine, read_description, write_description
from media.transport.path import MediaPath, resolve
from media.transport.relay import Relay

log = logging.getLogger(__name__)

WITHIN = 5.0
"""Seconds for one way."""


class Way(StrEnum):
    DIRECT = "direct"
    RELAYED = "relayed"
    BLOCKED = "blocked"


Ask = Callable[[str], Awaitable[tuple[str, Relay | None]]]
"""The center's answer to an offer, and what opens its relay where it has one."""


async def find_way(center_host: str, ask: Ask, monotonic: Callable[[], float], *, relay: bool = True) -> Way:
    """Try the direct way and then, where `relay` allows it, the center's relay. The faults of `ask`, and OSError where
    the name of the center is not known."""
    host = await resolve(center_host)
    is_through, given = await _walk(host, ask, monotonic, None)
    if is_through:
        return Way.DIRECT
    if given is None or not relay:
        return Way.BLOCKED
    opened = replace(given, host=await resolve(given.host or center_host))
    is_through, _ = await _walk(host, ask, monotonic, opened)
    return Way.RELAYED if is_through else Way.BLOCKED


async def _walk(host: str, ask: Ask, monotonic: Callable[[], float], relay: Relay | None) -> tuple[bool, Relay | None]:
    path = MediaPath(host, on_rtp=_drop, on_rtcp=_drop, monotonic=monotonic, relay=relay)
    try:
        answer, given = await ask(_offer(path))
        try:
            async with asyncio.timeout(WITHIN):
                await path.connect(read_description(answer))
        except (ConnectionError, TimeoutError, PeerFault) as err:
            log.info("the media engine was not reached: %s", err)
            return False, given
        return True, given
    finally:
        await path.close()


def _offer(path: MediaPath) -> str:
    return write_description(path.offer((MediaLine("audio", "audio", "sendonly", OPUS, 1),)))


def _drop(_: bytes) -> None:
    """Nothing comes on a connection of one who only sends."""
