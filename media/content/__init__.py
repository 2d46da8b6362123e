"""A screen or a window as a meeting's content: what there is to share, its pictures, their way to the engine."""
