"""The tables of blobs, in the same store as the records, the same at a terminal and at the center.

What was said about a file is a record (`attachment`); here is only where its content is. All of it can be lost
without losing a record: a terminal then sends again, and the center takes again what it has.
"""

import sqlalchemy as sa

from sync.store.tables import metadata

blob = sa.Table(
    "blob",
    metadata,
    # The contents that are here. A terminal sends those that are not `at_center`; `upload` is where that stands,
    # `reason` the id of the fault for which the center did not take it last time.
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("stored_ms", sa.BigInteger, nullable=False),
    sa.Column("at_center", sa.Boolean, nullable=False),
    sa.Column("upload", sa.Text, nullable=False, server_default=""),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
)

blob_holder = sa.Table(
    "blob_holder",
    metadata,
    # At the center: the units that have shown a content, by sending all of it or by being allowed to read it. Only an
    # attachment of a unit that holds the content opens it: knowing a hash opens nothing.
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("unit_path", sa.Text, primary_key=True),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("since_ms", sa.BigInteger, nullable=False),
    sa.Index("blob_holder_unit", "unit_path"),
)

upload = sa.Table(
    "upload",
    metadata,
    # At the center: what terminals are sending. How far it is, the partial file itself says.
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("unit_path", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("done", sa.Boolean, nullable=False),
    sa.Column("touched_ms", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("device", "sha256", name="upload_of"),
)
