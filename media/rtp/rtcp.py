"""RTCP in and out (RFC 3550, section 6; RFC 4585). Reading never raises: garbage is an empty list."""

import struct

from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
    pack_remb_fci,
    unpack_remb_fci,
)

from media.rtp.packet import MAX_PACKET

NTP_OFFSET = 2_208_988_800
"""Seconds from 1900 to 1970."""


def read_rtcp(data: bytes) -> list[AnyRtcpPacket]:
    """The packets of one compound packet; of kinds we do not know, nothing."""
    if len(data) > MAX_PACKET:
        return []
    try:
        return RtcpPacket.parse(data)
    except (ValueError, struct.error, IndexError):  # UnicodeDecodeError is a ValueError
        return []


def wants_keyframe(packet: AnyRtcpPacket) -> bool:
    """Picture loss indication or full intra request."""
    return isinstance(packet, RtcpPsfbPacket) and packet.fmt in (RTCP_PSFB_PLI, RTCP_PSFB_FIR)


def lost_numbers(packet: AnyRtcpPacket) -> list[int]:
    """The sequence numbers that a generic NACK asks for; at most 17 times the packet's entries."""
    if isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
        return packet.lost
    return []


def picture_loss(sender: int, media: int) -> bytes:
    """A picture loss indication for one SSRC."""
    return bytes(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=sender, media_ssrc=media))


def bitrate_limit(sender: int, bits: int, ssrcs: list[int]) -> bytes:
    """A receiver's estimate of what the line bears, for these streams together (REMB)."""
    return bytes(RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=sender, media_ssrc=0, fci=pack_remb_fci(bits, ssrcs)))


def read_bitrate_limit(packet: AnyRtcpPacket) -> int | None:
    """The bit/s of such an estimate; None for any other packet."""
    if not isinstance(packet, RtcpPsfbPacket) or packet.fmt != RTCP_PSFB_APP:
        return None
    try:
        return int(unpack_remb_fci(packet.fci)[0])
    except (ValueError, struct.error, IndexError):
        return None


def nack(sender: int, media: int, numbers: list[int]) -> bytes:
    """A generic NACK for (unwrapped) sequence numbers."""
    # Sorted as they travel: aiortc's packing fails where the numbers wrap within one packet.
    lost = sorted(number & 0xFFFF for number in numbers)
    return bytes(RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=sender, media_ssrc=media, lost=lost))


def receiver_report(sender: int, blocks: list[RtcpReceiverInfo]) -> bytes:
    """A receiver report; without blocks it only says that one is there."""
    return bytes(RtcpRrPacket(ssrc=sender, reports=blocks[:31]))


def sender_report(ssrc: int, ntp: int, timestamp: int, packets: int, octets: int) -> bytes:
    """A sender report without report blocks."""
    info = RtcpSenderInfo(
        ntp_timestamp=ntp,
        rtp_timestamp=timestamp & 0xFFFFFFFF,
        packet_count=packets & 0xFFFFFFFF,
        octet_count=octets & 0xFFFFFFFF,
    )
    return bytes(RtcpSrPacket(ssrc=ssrc, sender_info=info))


def round_trip(block: RtcpReceiverInfo, ntp: int) -> float | None:
    """Seconds of the round trip that a report block tells (RFC 3550, section 6.4.1); `ntp` is the time now."""
    if not block.lsr:
        return None
    passed = ((ntp >> 16) - block.lsr - block.dlsr) & 0xFFFFFFFF
    return passed / 65536 if passed < 1 << 31 else 0.0


def ntp_time(unix_seconds: float) -> int:
    """64-bit NTP time of a Unix time."""
    return int((unix_seconds + NTP_OFFSET) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF
