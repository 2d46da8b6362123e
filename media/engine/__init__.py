"""Media engines behind one Protocol: what forwards the packets of a meeting."""
