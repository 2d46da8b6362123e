"""RTP and RTCP as both ends and the hub read and write them (RFC 3550, 4585, 7741)."""
