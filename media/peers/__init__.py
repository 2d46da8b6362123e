"""The terminal's two connections to the engine: one that publishes, one that receives into fixed slots."""
