"""The provincial center as a program: its command, what it mounts, and what joins media and records there."""
