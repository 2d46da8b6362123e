"""What the hub does to the packets of a source on their way into a slot."""

import itertools

from aiortc.rtp import RtcpPsfbPacket, RtcpRtpfbPacket

from desktop_app.domain.ids import UnitPath
from media.hub.slot import RESEND_SHARE, Slot
from media.hub.source import CACHE, Source
from media.rtp import rtcp, vp8
from media.rtp.packet import RtpPacket, read_rtp

WHOLE = vp8.packetize(b"\x10whole", 1)[0]
DELTA = vp8.packetize(b"\x11delta", 2)[0]


class Publisher:
    """A source of pictures with the RTCP that reached its publisher."""

    def __init__(self, ssrc: int, number: int, kind: str = "video") -> None:
        self.asked: list[RtcpPsfbPacket | RtcpRtpfbPacket] = []
        self.source = Source(kind, 1, self._rtcp)  # type: ignore[arg-type]
        self.number = number
        self.ssrc = ssrc

    def send(self, payload: bytes, now: float, number: int | None = None) -> None:
        if number is None:
            self.number += 1
            number = self.number
        packet = RtpPacket(100, True, number & 0xFFFF, (number * 3_600) & 0xFFFFFFFF, self.ssrc, payload)
        self.source.packet(packet, now)

    @property
    def keyframe_requests(self) -> int:
        return sum(isinstance(each, RtcpPsfbPacket) for each in self.asked)

    def _rtcp(self, data: bytes) -> None:
        self.asked += rtcp.read_rtcp(data)  # type: ignore[arg-type]


class Viewer:
    def __init__(self, kind: str = "video") -> None:
        self.got: list[RtpPacket] = []
        self.slot = Slot("v0", kind, 96, self._take)  # type: ignore[arg-type]

    def _take(self, data: bytes) -> None:
        packet = read_rtp(data)
        assert packet is not None
        self.got.append(packet)

    @property
    def steps(self) -> set[int]:
        numbers = [packet.sequence for packet in self.got]
        return {(after - before) % 65_536 for before, after in itertools.pairwise(numbers)}


def test_a_switched_slot_goes_on_without_a_gap_and_begins_with_a_whole_picture():
    first, second, viewer = Publisher(11, 65_530), Publisher(22, 400), Viewer()
    viewer.slot.show(first.source, 0.0)
    first.send(DELTA, 0.0)
    first.send(WHOLE, 0.04)
    for at in range(10):
        first.send(DELTA, 0.08 + at * 0.04)
    second.send(DELTA, 0.5)
    viewer.slot.show(second.source, 0.5)
    first.send(DELTA, 0.52)
    second.send(DELTA, 0.54)
    assert len(viewer.got) == 11
    second.send(WHOLE, 0.58)
    second.send(DELTA, 0.62)
    assert [packet.payload for packet in viewer.got[10:]] == [DELTA, WHOLE, DELTA]
    assert viewer.steps == {1}
    assert {packet.ssrc for packet in viewer.got} == {viewer.slot.ssrc}
    assert {packet.payload_type for packet in viewer.got} == {96}
    across = (viewer.got[11].timestamp - viewer.got[10].timestamp) % 2**32
    assert across == round((0.58 - 0.44) * 90_000)


def test_switching_asks_the_new_source_for_a_whole_picture_at_once():
    publisher, viewer = Publisher(11, 0), Viewer()
    publisher.send(DELTA, 0.0)
    viewer.slot.show(publisher.source, 1.0)
    assert publisher.keyframe_requests == 1


def test_however_many_ask_a_publisher_hears_two_requests_a_second_in_the_long_run():
    publisher = Publisher(11, 0)
    publisher.send(DELTA, 0.0)
    for at in range(90):
        publisher.source.want_keyframe(1.0 + at * 0.001)
    assert publisher.keyframe_requests == 1
    for at in range(1_000):
        publisher.source.want_keyframe(1.1 + at * 0.01)
    assert 20 <= publisher.keyframe_requests <= 24


def test_sites_that_join_one_after_the_other_each_get_their_picture_at_once():
    publisher = Publisher(11, 0)
    publisher.send(DELTA, 0.0)
    for at in (1.0, 1.12, 1.24):
        publisher.source.want_keyframe(at)
        publisher.send(WHOLE, at + 0.04)
    assert publisher.keyframe_requests == 3


def test_a_publisher_is_asked_again_until_a_whole_picture_comes():
    publisher = Publisher(11, 0)
    publisher.send(DELTA, 0.0)
    publisher.source.want_keyframe(1.0)
    for at in range(40):
        publisher.source.tick(1.0 + at * 0.05)
    asked = publisher.keyframe_requests
    assert asked >= 4
    publisher.send(WHOLE, 3.0)
    publisher.source.tick(4.0)
    assert publisher.keyframe_requests == asked


def test_a_lost_packet_is_sent_again_from_the_hubs_cache():
    publisher, viewer = Publisher(11, 65_000), Viewer()
    viewer.slot.show(publisher.source, 0.0)
    publisher.send(WHOLE, 0.0)
    for at in range(900):
        publisher.send(DELTA + bytes([at % 256]), 0.04 * at)
    wanted = viewer.got[-40]
    viewer.slot.resend([wanted.sequence], 40.0)
    assert viewer.got[-1] == wanted
    assert viewer.slot.resent == 1


def test_what_is_older_than_the_cache_or_than_the_switch_is_not_sent_again():
    publisher, viewer = Publisher(11, 0), Viewer()
    viewer.slot.show(publisher.source, 0.0)
    publisher.send(WHOLE, 0.0)
    for at in range(CACHE + 5):
        publisher.send(DELTA, 0.04 * at)
    count = len(viewer.got)
    viewer.slot.resend([viewer.got[0].sequence, (viewer.got[0].sequence - 3) % 65_536], 40.0)
    assert len(viewer.got) == count
    assert len(publisher.source._cache) == CACHE


def test_a_flood_of_nacks_is_answered_only_so_far():
    publisher, viewer = Publisher(11, 0), Viewer()
    viewer.slot.show(publisher.source, 0.0)
    publisher.send(WHOLE, 0.0)
    for at in range(100):
        publisher.send(DELTA, 0.001 * at)
    for _ in range(100):
        viewer.slot.resend([packet.sequence for packet in viewer.got[:90]], 1.0)
    assert 20 <= viewer.slot.resent <= 101 * RESEND_SHARE + 20


def test_a_packet_lost_on_the_way_up_is_asked_for_and_then_forwarded_in_its_place():
    publisher, viewer = Publisher(11, 0), Viewer()
    viewer.slot.show(publisher.source, 0.0)
    publisher.send(WHOLE, 0.0)
    publisher.number += 1
    publisher.send(DELTA, 0.04)
    nacks = [each for each in publisher.asked if isinstance(each, RtcpRtpfbPacket)]
    assert [each.lost for each in nacks] == [[2]]
    publisher.send(DELTA, 0.06, number=2)
    numbers = [packet.sequence for packet in viewer.got]
    assert (numbers[1] - numbers[2], numbers[2] - numbers[0]) == (1, 1)


def test_a_publisher_that_comes_back_with_another_ssrc_does_not_freeze_the_slot():
    publisher, viewer = Publisher(11, 50), Viewer()
    viewer.slot.show(publisher.source, 0.0)
    publisher.send(WHOLE, 0.0)
    publisher.ssrc, publisher.number = 12, 9_000
    publisher.send(DELTA, 1.0)
    publisher.send(WHOLE, 1.1)
    assert [packet.payload for packet in viewer.got] == [WHOLE, WHOLE]
    assert viewer.steps == {1}


def test_a_paused_slot_gets_nothing_and_goes_on_with_a_whole_picture():
    publisher, viewer = Publisher(11, 0), Viewer()
    viewer.slot.show(publisher.source, 0.0)
    publisher.send(WHOLE, 0.0)
    viewer.slot.pause(True, 0.1)
    publisher.send(WHOLE, 0.2)
    viewer.slot.pause(False, 2.0)
    assert publisher.keyframe_requests >= 1
    publisher.send(DELTA, 2.1)
    publisher.send(WHOLE, 2.2)
    assert [packet.payload for packet in viewer.got] == [WHOLE, WHOLE]
    assert viewer.steps == {1}


def test_a_pause_of_the_voice_shows_in_its_timestamps_and_not_in_its_numbers():
    publisher, viewer = Publisher(11, 0, "audio"), Viewer("audio")
    viewer.slot.show(publisher.source, 0.0)
    publisher.send(b"one", 0.0)
    publisher.source.close_air()
    publisher.number += 500
    publisher.send(b"two", 10.0)
    assert viewer.steps == {1}
    assert viewer.got[1].timestamp - viewer.got[0].timestamp == 10 * 48_000


def test_a_sender_report_tells_the_sources_time_in_the_slots_own_numbers():
    publisher, viewer = Publisher(11, 0), Viewer()
    viewer.slot.show(publisher.source, 0.0)
    assert viewer.slot.report() == b""
    publisher.send(WHOLE, 0.0)
    publisher.source.sender_report = (77 << 32, 3_600 + 900)
    report = rtcp.read_rtcp(viewer.slot.report())[0]
    assert report.ssrc == viewer.slot.ssrc  # type: ignore[union-attr]
    info = report.sender_info  # type: ignore[union-attr]
    assert info.ntp_timestamp == 77 << 32
    assert info.rtp_timestamp == (viewer.got[0].timestamp + 900) % 2**32


def test_a_slot_that_shows_nothing_keeps_no_source_alive():
    publisher, viewer = Publisher(11, 0), Viewer()
    viewer.slot.show(publisher.source, 0.0)
    viewer.slot.wanted = UnitPath("a/")
    viewer.slot.show(None, 1.0)
    assert publisher.source.sinks == []
