"""What is heard: an adaptive jitter buffer per speaker, recovery and concealment, one mix for the loudspeaker."""
