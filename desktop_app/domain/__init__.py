"""The shared words of the four packages: standard library only, nothing that does I/O by itself."""
