"""Opus and VP8: one wrapper module each."""
