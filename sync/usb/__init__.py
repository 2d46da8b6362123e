"""U 盘同步包: what waits, as one sealed file for the center, and the center's receipts back the same way."""
