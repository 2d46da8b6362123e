"""A stock WebRTC peer, not ours, at the hub: what it publishes is seen, and what it asks for it gets."""

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription, VideoStreamTrack

from desktop_app.domain.ids import UnitPath
from tests.media.rig import MEETING, Room, until

FOREIGN = UnitPath("studio/")


@pytest.fixture(autouse=True)
def _loopback_is_gathered(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])


def vp8_only(peer: RTCPeerConnection) -> None:
    wanted = [codec for codec in RTCRtpSender.getCapabilities("video").codecs if codec.mimeType == "video/VP8"]
    for transceiver in peer.getTransceivers():
        if transceiver.kind == "video":
            transceiver.setCodecPreferences(wanted)


async def offer_of(peer: RTCPeerConnection) -> str:
    vp8_only(peer)
    await peer.setLocalDescription(await peer.createOffer())
    return peer.localDescription.sdp


async def test_what_a_stock_peer_publishes_is_seen_by_a_terminal(room: Room):
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.addTransceiver(VideoStreamTrack(), "sendonly")
    answer = room.hub.publish(MEETING, FOREIGN, await offer_of(peer))
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    viewer = room.join("a/")
    await viewer.media.start()
    viewer.media.source(FOREIGN).want(160, 120)
    viewer.media.show([FOREIGN])
    await until(lambda: viewer.media.source(FOREIGN).latest() is not None)
    frame = viewer.media.source(FOREIGN).latest()
    assert frame is not None
    assert (frame.width, frame.height) == (160, 120)
    await peer.close()


async def test_a_stock_peer_receives_the_picture_it_is_switched_to(room: Room):
    site = room.join("a/")
    await site.media.start()
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    transceiver = peer.addTransceiver("video", "recvonly")
    answer = room.hub.subscribe(MEETING, FOREIGN, await offer_of(peer))
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await until(lambda: FOREIGN in room.seated("subscribers"))
    room.hub.switch(MEETING, FOREIGN, str(transceiver.mid), site.site)
    picture = await transceiver.receiver.track.recv()
    assert (picture.width, picture.height) == (640, 360)  # type: ignore[union-attr]
    await peer.close()
