"""The hub's UDP port answers nobody it does not know."""

import asyncio
import socket
import time

import pytest
from aioice import stun

from desktop_app.domain.faults import HostFault
from media.sdp import Description, MediaLine, read_description, write_description
from media.transport.path import MediaPath
from media.transport.port import MediaPort, PortPeer
from tests.media.rig import MEETING, PORTS, Room, until

REMOTE = Description((), "remoteufrag", "r" * 24, (("sha-256", ":".join(["AB"] * 32)),))


class Stranger(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.got: list[bytes] = []

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.got.append(data)


async def stranger(room: Room) -> tuple[asyncio.DatagramTransport, Stranger]:
    loop = asyncio.get_running_loop()
    return await loop.create_datagram_endpoint(Stranger, remote_addr=room.port.address)


def check(peer: PortPeer, password: str, ufrag: str | None = None) -> bytes:
    request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    request.attributes["USERNAME"] = f"{ufrag or peer.ufrag}:{peer.remote.ufrag}"
    request.attributes["PRIORITY"] = 1
    request.attributes["ICE-CONTROLLING"] = 1
    request.add_message_integrity(password.encode())
    return bytes(request)


async def test_garbage_and_strangers_get_no_answer_and_are_counted(room: Room):
    peer = room.port.add(REMOTE, lambda data: None, lambda data: None)
    transport, heard = await stranger(room)
    sent = [
        b"\x00",
        b"\x00\x01\x00\x00garbage-garbage-garbage",
        b"\x80" + bytes(40),
        b"\x16" + bytes(60),
        bytes(1_600),
        check(peer, "w" * 24),
        check(peer, peer.password, ufrag="nobody"),
    ]
    for datagram in sent:
        transport.sendto(datagram)
    await until(lambda: room.port.dropped == len(sent))
    transport.sendto(check(peer, peer.password))
    await until(lambda: len(heard.got) == 1)
    assert stun.parse_message(heard.got[0]).message_class == stun.Class.RESPONSE
    transport.close()
    await peer.close()


async def test_the_hub_sends_nothing_to_a_peer_before_it_has_been_heard(room: Room):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.setblocking(False)
        path = MediaPath("127.0.0.1", on_rtp=lambda _: None, on_rtcp=lambda _: None, monotonic=time.monotonic)
        offer = path.offer((MediaLine("video", "video", "sendonly", 96, 5),))
        room.hub.publish(MEETING, "a/", write_description(offer))  # type: ignore[arg-type]
        one, other = room.join("b/"), room.join("c/")
        for terminal in (one, other):  # while these two make all their connections
            await terminal.media.start()
        one.see(other)
        await until(lambda: one.frames(other) > 3)
        with pytest.raises(BlockingIOError):
            silent.recv(2_000)
        await path.close()


async def test_a_peer_with_another_certificate_than_announced_gets_in_nowhere(room: Room):
    path = MediaPath("127.0.0.1", on_rtp=lambda _: None, on_rtcp=lambda _: None, monotonic=time.monotonic)
    offer = path.offer((MediaLine("video", "video", "sendonly", 96, 5),))
    forged = write_description(offer).replace(offer.fingerprints[0][1], ":".join(["00"] * 32))
    answer = room.hub.publish(MEETING, "a/", forged)  # type: ignore[arg-type]
    await path.connect(read_description(answer))
    await until(lambda: not room.port._by_ufrag, within=5)
    assert room.hub.stats(MEETING)["publishers"] == {}
    await path.close()


async def test_a_peer_that_sends_noise_on_its_own_path_disturbs_nobody(room: Room):
    one, other = room.join("a/"), room.join("b/")
    await one.media.start()
    await other.media.start()
    other.see(one)
    await until(lambda: other.frames(one) > 0)
    noisy = MediaPath("127.0.0.1", on_rtp=lambda _: None, on_rtcp=lambda _: None, monotonic=time.monotonic)
    offer = noisy.offer((MediaLine("audio", "audio", "sendonly", 111, 7), MediaLine("video", "video", "sendonly", 96)))
    answer = room.hub.publish(MEETING, "c/", write_description(offer))  # type: ignore[arg-type]
    await noisy.connect(read_description(answer))
    for size in (13, 40, 1_200):
        for first in (0x80, 0xA0, 0x90, 0xBF):
            noisy.send_rtp(bytes([first, 96]) + bytes(size))
            noisy.send_rtcp(bytes([first, 200 + size % 7]) + b"\xff" * size)
    seen = other.frames(one)
    await until(lambda: other.frames(one) > seen + 10)
    await noisy.close()


async def test_no_free_port_in_the_range_is_a_fault_that_names_it():
    taken = await MediaPort.open("127.0.0.1", PORTS, time.monotonic)
    number = taken.address[1]
    with pytest.raises(HostFault) as caught:
        await MediaPort.open("127.0.0.1", range(number, number + 1), time.monotonic)
    assert (caught.value.id, caught.value.values["first"]) == ("media-ports-taken", number)
    taken.close()


async def test_a_site_that_offers_without_end_holds_one_place_and_keeps_nobody_out(room: Room):
    for _ in range(300):
        path = MediaPath("127.0.0.1", on_rtp=lambda _: None, on_rtcp=lambda _: None, monotonic=time.monotonic)
        offer = path.offer((MediaLine("video", "video", "sendonly", 96, 5),))
        room.hub.publish(MEETING, "flood/", write_description(offer))  # type: ignore[arg-type]
        await path.close()
    await until(lambda: len(room.port._by_ufrag) == 1)
    one = room.join("a/")
    await one.media.start()
    await until(lambda: one.notes.up == [True])
