"""Measurements: `make bench` runs them all, prints their rows and writes `bench-out/<name>.json`."""
