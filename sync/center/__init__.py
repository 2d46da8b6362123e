"""The center's records: what terminals push, what they may pull, and the center's own log."""
