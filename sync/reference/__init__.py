"""Reference data that ships with the program: the unit tree, code lists and samples. Read-only, no network."""
