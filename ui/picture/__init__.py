"""Live pictures on the screen: the grid, its geometry, what was painted, and the drawn site card."""
