"""Doors for other people's software: WHIP in (RFC 9725), WHEP out, each opened by a token of the meeting's host."""
