"""The protocol between a terminal and the center: what is on the wire, for both ends."""
