"""The store of both ends: tables, engine, lock, and how to read it."""
