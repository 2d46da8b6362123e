"""The live meeting: control, signalling, engines, peers, capture and playout. Knows nothing of records or of Qt."""
