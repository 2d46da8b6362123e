"""The tests are a package, so that tests/media and tests/sync never stand in for the packages of those names."""
