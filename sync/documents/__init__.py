"""Documents that many hands write at once: pycrdt, with every position mapped in one place."""
