"""Many terminals on one machine, played and timed."""
