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
APPLICATION = 204
APPLICATION_HEAD = 12
HOLD, FILLING, LATE = b"HOLD", b"FILL", b"LATE"
UNLIMITED = 1 << 26
"""Bit/s of an estimate that says: nothing is limited. REMB carries it exactly."""


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


def read_bitrate_limit(packet: AnyRtcpPacket) -> tuple[int, list[int]] | None:
    """The bit/s of such an estimate and the SSRCs it is for; None for any other packet."""
    if not isinstance(packet, RtcpPsfbPacket) or packet.fmt != RTCP_PSFB_APP:
        return None
    try:
        bits, ssrcs = unpack_remb_fci(packet.fci)
    except (ValueError, struct.error, IndexError):
        return None
    return int(bits), list(ssrcs)


def hold(sender: int, seconds: float) -> bytes:
    """A word of our own (RFC 3550, section 6.7) to who sends pictures: none for so long, until the queue is empty."""
    return _application(sender, HOLD, round(1000 * max(0.0, seconds)).to_bytes(4, "big"))


def read_hold(data: bytes) -> float | None:
    """Seconds; None for any other datagram."""
    told = _read_application(data, HOLD)
    return int.from_bytes(told[:4], "big") / 1000 if told is not None and len(told) >= 4 else None


def late(sender: int, ssrcs: list[int]) -> bytes:
    """A word of our own to who hears voices: these come over a line that is narrow elsewhere, and may come late."""
    return _application(sender, LATE, b"".join(ssrc.to_bytes(4, "big") for ssrc in ssrcs))


def read_late(data: bytes) -> list[int] | None:
    """The SSRCs; None for any other datagram."""
    told = _read_application(data, LATE)
    if told is None:
        return None
    return [int.from_bytes(told[at : at + 4], "big") for at in range(0, len(told) - 3, 4)]


def filling(sender: int, send_time: bytes, size: int) -> bytes:
    """About `size` bytes that only show whether the line bears them; `send_time`: the three bytes of when they left."""
    return _application(sender, FILLING, b"\0" + send_time + bytes(max(0, size - APPLICATION_HEAD - 4) // 4 * 4))


def read_filling(data: bytes) -> int | None:
    """When it left; None for any other datagram."""
    told = _read_application(data, FILLING)
    return int.from_bytes(told[1:4], "big") if told is not None and len(told) >= 4 else None


def _application(sender: int, name: bytes, data: bytes) -> bytes:
    return struct.pack("!BBHL4s", 0x80, APPLICATION, 2 + len(data) // 4, sender, name) + data


def _read_application(data: bytes, name: bytes) -> bytes | None:
    if len(data) < APPLICATION_HEAD or data[1] != APPLICATION or data[8:APPLICATION_HEAD] != name:
        return None
    return data[APPLICATION_HEAD:]


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
