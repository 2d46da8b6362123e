"""What a packet takes on the wire, and what is sent for nothing but to show whether a line bears it."""

from media.rtp import send_time

OUTSIDE = 28 + 10
"""Bytes of IP, UDP and SRTP around an RTP packet."""
AROUND = OUTSIDE + send_time.SIZE
"""Bytes by which a packet grows that says when it left."""
FILL_FOR = 1.0
"""Seconds for which a line is filled after what it may bear was raised."""
FILL_SIZE = 300
"""Bytes of one filling."""
