"""A room's terminal as a program: its parts put together, and what the screens are given."""
