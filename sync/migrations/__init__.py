"""Alembic's revisions of the store, for both ends. Schema changes add; nothing is renamed or dropped."""
