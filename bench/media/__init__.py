"""The media plane beside Chromium, Janus and itself: `make bench-media`. Each part is a module with `rows`."""
