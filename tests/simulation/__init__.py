"""A province on one thread and in virtual time: the real stores, lanes and routes under every kind of bad luck."""
