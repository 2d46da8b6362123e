"""Alembic's entry: runs on the connection that `sync.store.schema` hands over, inside its transaction."""

from alembic import context

from sync.blobs import tables as _blobs  # noqa: F401  (its tables are in the same metadata)
from sync.documents import tables as _documents  # noqa: F401
from sync.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=False)
context.run_migrations()
