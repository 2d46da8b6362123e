"""The embedded media engine: forwards RTP without decoding it, in a process of its own that outlives the center."""
