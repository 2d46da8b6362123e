"""What can be seen of an Opus packet without decoding it (RFC 6716, sections 3.1 and 4.2.4)."""


def carries_copy(packet: bytes) -> bool:
    """Whether a packet of one mono frame carries a coarse copy of the frame before it (LBRR)."""
    if len(packet) < 2 or packet[0] >> 3 >= 16 or packet[0] & 0x07:
        return False  # no SILK in it, stereo, or more than one frame
    return bool(packet[1] & 0x40)
