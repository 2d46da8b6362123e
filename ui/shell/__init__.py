"""The window, its rail and bars, and the pages that are not a meeting's: home, sync, settings, diagnostics, unlock."""
