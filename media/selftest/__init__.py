"""设备自检 of sound and picture: the room hears its own tone, and the camera shows something."""
