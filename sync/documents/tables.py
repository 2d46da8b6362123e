"""What came live and has not come by the pull lane yet, in the same metadata as the store's tables."""

import sqlalchemy as sa

from sync.store.tables import metadata

live_update = sa.Table(
    "live_update",
    metadata,
    # An update that a socket brought: it is part of the document already, and is gone once its change is pulled.
    sa.Column("change_id", sa.Text, primary_key=True),
    sa.Column("pk", sa.Text, nullable=False, index=True),
    sa.Column("payload", sa.LargeBinary, nullable=False),
)
