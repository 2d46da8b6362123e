"""Packets are read without trust and written as the RFCs say."""

import random

from aiortc.rtp import RtcpRtpfbPacket, RtcpSrPacket, RtpPacket

from media.rtp import rtcp, vp8
from media.rtp.gaps import Gaps
from media.rtp.packet import Unwrapper, is_rtcp, read_rtp, write_rtp
from media.rtp.reception import Reception


def test_a_packet_reads_as_another_implementation_reads_it():
    data = write_rtp(111, True, 65535, 2**32 + 5, 0xDEADBEEF, b"voice")
    ours, theirs = read_rtp(data), RtpPacket.parse(data)
    assert ours is not None
    assert (ours.payload_type, ours.sequence, ours.timestamp, ours.ssrc) == (111, 65535, 5, 0xDEADBEEF)
    assert (theirs.payload_type, theirs.sequence_number, theirs.timestamp) == (111, 65535, 5)
    assert ours.marker
    assert ours.payload == theirs.payload == b"voice"


def test_padding_extensions_and_contributing_sources_are_read_over():
    plain = write_rtp(96, False, 7, 8, 9, b"")
    data = bytes([0x80 | 0x20 | 0x10 | 2]) + plain[1:] + bytes(8) + b"\xbe\xde\x00\x01abcd" + b"body" + b"\0\0\x03"
    packet = read_rtp(data)
    assert packet is not None
    assert packet.payload == b"body"


def test_noise_is_no_packet_and_raises_nothing():
    chance = random.Random(7)
    for _ in range(20_000):
        noise = chance.randbytes(chance.randint(0, 64))
        read_rtp(noise)
        rtcp.read_rtcp(b"\x81" + bytes([chance.randint(200, 206)]) + noise)
        vp8.read_payload(noise)
    assert read_rtp(bytes(2_000)) is None
    assert rtcp.read_rtcp(bytes(2_000)) == []


def test_feedback_and_reports_read_back():
    assert rtcp.wants_keyframe(rtcp.read_rtcp(rtcp.picture_loss(1, 2))[0])
    lost = rtcp.read_rtcp(rtcp.nack(1, 2, [65534, 65536, 65540]))
    assert sorted(rtcp.lost_numbers(lost[0])) == [0, 4, 65534]
    assert isinstance(lost[0], RtcpRtpfbPacket)
    report = rtcp.read_rtcp(rtcp.sender_report(5, rtcp.ntp_time(1_800_000_000.5), 2**32 + 7, 10, 20))[0]
    assert isinstance(report, RtcpSrPacket)
    assert report.sender_info.rtp_timestamp == 7
    assert is_rtcp(rtcp.receiver_report(1, []))


def test_a_counter_that_wraps_goes_on():
    unwrap = Unwrapper(16)
    assert [unwrap(each) for each in (65534, 65535, 1, 0, 2)] == [65534, 65535, 65537, 65536, 65538]


def test_a_frame_is_cut_into_payloads_and_put_together_again():
    frame = bytes([0x10]) + random.Random(1).randbytes(5_000)
    payloads = vp8.packetize(frame, 77)
    read = [vp8.read_payload(each) for each in payloads]
    assert all(len(each) <= vp8.PAYLOAD_MAX + 4 for each in payloads)
    assert b"".join(each.data for each in read if each is not None) == frame
    assert [each.starts_frame for each in read if each is not None] == [True] + [False] * (len(payloads) - 1)
    assert vp8.starts_keyframe(payloads[0])
    assert not vp8.starts_keyframe(payloads[1])
    assert not vp8.starts_keyframe(vp8.packetize(b"\x11" + frame, 1)[0])


def test_a_lost_packet_is_asked_for_at_once_then_again_and_given_up():
    gaps = Gaps(again=0.1, tries=3)
    assert gaps.add(10, 0.0) == []
    assert gaps.add(13, 0.0) == [11, 12]
    assert gaps.add(12, 0.05) == []
    assert gaps.due(0.05) == ([], 0)
    assert gaps.due(0.11) == ([11], 0)
    assert gaps.due(0.22) == ([11], 0)
    assert gaps.due(0.33) == ([], 1)
    assert not gaps
    assert gaps.lost == 1


def test_a_packet_is_asked_for_again_when_its_answer_is_overdue_however_long_the_way():
    for way in (0.02, 0.2):
        gaps, now = Gaps(), 0.0
        for number in range(0, 400, 2):  # every second packet is lost, and comes after a round trip
            now += 1.0
            for lost in gaps.add(number, now):
                gaps.add(lost, now + way)
        now += 1.0
        assert gaps.add(400, now) == [399]
        assert gaps.due(now + way) == ([], 0)
        assert gaps.due(now + way + 0.05) == ([399], 0)


def test_what_was_asked_for_a_second_is_given_up_whatever_was_counted():
    gaps = Gaps(again=0.4, tries=6)
    gaps.add(1, 0.0)
    gaps.add(3, 0.0)
    given_up = [gaps.due(at / 10)[1] for at in range(1, 16)]
    assert sum(given_up) == 1
    assert given_up.index(1) < 14


def test_a_wide_jump_is_a_new_start_and_not_a_thousand_losses():
    gaps = Gaps()
    gaps.add(10, 0.0)
    assert gaps.add(5_000, 0.0) == []
    assert not gaps


def test_a_receiver_reports_what_was_lost_since_its_last_report():
    reception = Reception(5, 90_000)
    for number in (65_534, 65_535, 1, 2):
        reception.add(number, number * 3_600, 100, number * 0.04)
    block = reception.report(1.0)
    assert (block.ssrc, block.packets_lost, block.fraction_lost) == (5, 1, 256 // 5)
    assert block.highest_sequence == 65_538
    assert reception.report(2.0).fraction_lost == 0
