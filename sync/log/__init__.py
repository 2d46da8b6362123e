"""The change log: how one change is named, ordered, hashed, chained and signed. No disk, no network."""
