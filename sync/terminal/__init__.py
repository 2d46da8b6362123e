"""The terminal's records: its store, and the lanes that bring them to the center and back."""
