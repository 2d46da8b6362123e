"""Where pictures and sound come from: devices, files, a drawn card. Losing a device is an event, never a crash."""
