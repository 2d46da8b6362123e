"""Whatever SDP a peer sends, it gets a stable fault and nothing else happens."""

import random

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.limits import SDP
from media.sdp import OPUS, VP8, Description, MediaLine, read_description, write_description

LINES = (MediaLine("audio", "audio", "sendonly", OPUS, 1234), MediaLine("video", "video", "sendonly", VP8, 99))
PRINT = ("sha-256", ":".join(["AB"] * 32))
OFFER = Description(LINES, "abcd", "x" * 22, (PRINT,), "active", (("127.0.0.1", 40000),), lite=True)


def fault_of(text: object) -> str:
    with pytest.raises(PeerFault) as caught:
        read_description(text)
    return caught.value.id


def test_what_is_written_is_what_is_read():
    assert read_description(write_description(OFFER)) == OFFER


def test_the_offer_of_a_terminal_carries_no_candidate():
    offer = Description(LINES, "abcd", "x" * 22, (PRINT,), "active")
    assert "a=candidate" not in write_description(offer)


def test_the_address_of_an_answer_can_be_replaced_and_its_port_stays():
    assert OFFER.at("127.0.1.3").candidates == (("127.0.1.3", 40000),)


async def test_the_offer_of_a_stock_peer_is_understood():
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.addTransceiver("audio", "sendonly")
    peer.addTransceiver("video", "sendonly")
    offer = await peer.createOffer()
    await peer.setLocalDescription(offer)
    read = read_description(peer.localDescription.sdp)
    assert [(line.kind, line.direction) for line in read.lines] == [("audio", "sendonly"), ("video", "sendonly")]
    assert all(line.ssrc for line in read.lines)
    await peer.close()


def test_an_sdp_that_is_too_long_is_refused_unread():
    assert fault_of("v=0\r\n" + "a=x\r\n" * SDP) == "sdp-too-long"


@pytest.mark.parametrize("text", [None, 7, b"v=0", "", "v=0", "v=x", "m=audio", "\0" * 100, "m=audio 9 UDP 111\r\n"])
def test_what_is_no_sdp_is_unreadable(text: object):
    assert fault_of(text) in ("sdp-unreadable", "sdp-unsupported")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a=group:BUNDLE audio video", "a=group:BUNDLE audio"),
        ("opus/48000/2", "PCMU/8000"),
        ("sha-256", "sha-1"),
        ("a=mid:video", "a=mid:audio"),
        ("m=video", "m=application"),
    ],
)
def test_what_the_engine_cannot_do_is_unsupported(old: str, new: str):
    assert fault_of(write_description(OFFER).replace(old, new)) in ("sdp-unsupported", "sdp-unreadable")


def test_three_thousand_mutated_offers_cause_nothing_but_peer_faults():
    chance = random.Random(20261122)
    original = write_description(OFFER)
    refused = 0
    for _ in range(3_000):
        text = list(original)
        for _ in range(chance.randint(1, 8)):
            at = chance.randrange(len(text))
            what = chance.randrange(4)
            if what == 0:
                text[at] = chr(chance.randrange(1, 0x2FF))
            elif what == 1:
                del text[at : at + chance.randint(1, 40)]
            elif what == 2:
                text[at:at] = text[at : at + chance.randint(1, 40)]
            else:
                text[at] = chance.choice(":/ \r\n=-0129")
        try:
            read_description("".join(text))
        except PeerFault:
            refused += 1
    assert 500 < refused < 3_000
