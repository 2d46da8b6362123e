"""Every private name of aiortc and aioice that media uses is there and does what media relies on."""

import asyncio
import importlib.metadata
import inspect

import aioice
import pytest
from aioice.ice import CandidatePair, StunProtocol
from aiortc import RTCCertificate, RTCDtlsTransport, RTCIceGatherer, RTCIceTransport


async def test_the_pinned_series_is_the_one_installed():
    assert importlib.metadata.version("aiortc").startswith("1.16.")


async def test_the_ice_agent_of_a_gatherer_can_be_replaced_before_its_transport_is_made():
    gatherer = RTCIceGatherer(iceServers=[])
    agent = aioice.Connection(ice_controlling=True)
    gatherer._connection = agent
    transport = RTCIceTransport(gatherer)
    assert transport._connection is agent
    assert gatherer.getLocalParameters().usernameFragment == agent.local_username
    assert transport.role == "controlling"
    assert asyncio.iscoroutinefunction(transport._recv)
    assert asyncio.iscoroutinefunction(transport._send)
    await transport.stop()


async def test_the_ice_agent_keeps_its_protocols_pairs_and_queue_where_media_looks():
    agent = aioice.Connection(ice_controlling=True)
    assert agent._protocols == []
    assert agent._nominated == {}
    assert agent._queue.qsize() == 0
    agent.data_received(b"x", 1)
    assert agent._queue.qsize() == 1
    assert list(inspect.signature(agent.get_component_candidates).parameters) == ["component", "addresses", "timeout"]
    assert list(inspect.signature(StunProtocol.datagram_received).parameters) == ["self", "data", "addr"]
    assert isinstance(CandidatePair.remote_addr, property)


async def test_a_dtls_transport_takes_any_carrier_a_role_and_keeps_its_srtp_sessions():
    class Carrier:
        role = "controlled"

        async def _recv(self) -> bytes:
            raise ConnectionError

        async def _send(self, data: bytes) -> None: ...

    transport = RTCDtlsTransport(Carrier(), [RTCCertificate.generateCertificate()])  # type: ignore[arg-type]
    transport._set_role("server")
    assert transport._role == "server"
    assert transport._rx_srtp is None
    assert transport._tx_srtp is None
    assert transport._task is None
    assert transport.state == "new"
    assert {each.algorithm for each in transport.getLocalParameters().fingerprints} >= {"sha-256"}


def test_portaudio_can_be_told_to_begin_anew():
    sounddevice = pytest.importorskip("sounddevice", exc_type=OSError)
    assert callable(sounddevice._terminate)
    assert callable(sounddevice._initialize)
