"""The tables of a store, the same at a terminal and at the center, in SQLAlchemy Core.

`change` is the truth; `record`, `conflict`, `document`, `participant` and `feed` are projections of it.
Alembic makes them (`sync/migrations`); a test holds both equal.
"""

import sqlalchemy as sa

metadata = sa.MetaData()
Whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""64 bits everywhere."""

change = sa.Table(
    "change",
    metadata,
    # The order of arrival in this store.
    sa.Column("position", Whole, primary_key=True, autoincrement=True),
    sa.Column("change_id", sa.Text, nullable=False, unique=True),
    sa.Column("terminal", sa.Text, nullable=False),
    sa.Column("epoch", Whole, nullable=False),
    sa.Column("seq", Whole, nullable=False),
    sa.Column("hlc", sa.BigInteger, nullable=False),
    sa.Column("entity", sa.Text, nullable=False),
    sa.Column("pk", sa.Text, nullable=False),
    sa.Column("op", sa.Text, nullable=False),
    sa.Column("schema_version", Whole, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("unit_path", sa.Text, nullable=False),
    sa.Column("meeting", sa.Text, nullable=False),
    sa.Column("salt", sa.LargeBinary),
    sa.Column("payload", sa.LargeBinary),
    sa.Column("digest", sa.LargeBinary),
    # The chain's hash at this change; empty where the chain is not ours to see (a pulled change).
    sa.Column("hash", sa.LargeBinary),
    sa.Column("received_ms", sa.BigInteger),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.UniqueConstraint("terminal", "epoch", "seq", name="change_chain"),
    sa.Index("change_record", "entity", "pk"),
    sa.Index("change_meeting", "meeting"),
    sa.Index("change_quarantine", "verdict", sqlite_where=sa.text("verdict <> 'applied' OR reason <> ''")),
    sqlite_autoincrement=True,
)

IN_QUARANTINE = sa.or_(change.c.verdict != sa.literal_column("'applied'"), change.c.reason != sa.literal_column("''"))
"""What the index `change_quarantine` of a file holds: a statement that says so does not look through the whole log."""

reemitted = sa.Table(
    "reemitted",
    metadata,
    # Other places of a change in its terminal's chain: after a restore it is sent again in a new epoch.
    sa.Column("terminal", sa.Text, primary_key=True),
    sa.Column("epoch", Whole, primary_key=True),
    sa.Column("seq", Whole, primary_key=True),
    sa.Column("change_id", sa.Text, nullable=False, index=True),
    sa.Column("hash", sa.LargeBinary, nullable=False),
)

origin = sa.Table(
    "origin",
    metadata,
    # The head of each chain this store holds whole: its own, and at the center every terminal's.
    sa.Column("terminal", sa.Text, primary_key=True),
    sa.Column("epoch", Whole, nullable=False),
    sa.Column("seq", Whole, nullable=False),
    sa.Column("head_hash", sa.LargeBinary, nullable=False),
    sa.Column("signature", sa.LargeBinary),
    # Used at a terminal for its own chain: what the center has acknowledged.
    sa.Column("acknowledged", Whole, nullable=False, server_default="0"),
    sa.Column("hlc", sa.BigInteger, nullable=False, server_default="0"),
)

record = sa.Table(
    "record",
    metadata,
    sa.Column("entity", sa.Text, primary_key=True),
    sa.Column("pk", sa.Text, primary_key=True),
    sa.Column("meeting", sa.Text, nullable=False),
    # The unit that owns the record: its subtree's offices may read it.
    sa.Column("owner_path", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("retracted", sa.Boolean, nullable=False),
    # JSON: the values shown, and for each field the change ids of its heads, the one shown first.
    sa.Column("fields", sa.Text, nullable=False),
    sa.Column("clocks", sa.Text, nullable=False),
    sa.Index("record_meeting", "meeting", "entity"),
)

conflict = sa.Table(
    "conflict",
    metadata,
    sa.Column("entity", sa.Text, primary_key=True),
    sa.Column("pk", sa.Text, primary_key=True),
    sa.Column("field", sa.Text, primary_key=True),
    # JSON: change ids, the one shown first.
    sa.Column("heads", sa.Text, nullable=False),
)

document = sa.Table(
    "document",
    metadata,
    # A document's updates applied once, up to a position of `change`.
    sa.Column("pk", sa.Text, primary_key=True),
    sa.Column("state", sa.LargeBinary, nullable=False),
    sa.Column("position", Whole, nullable=False),
)

receipt = sa.Table(
    "receipt",
    metadata,
    sa.Column("number", Whole, primary_key=True, autoincrement=False),
    sa.Column("terminal", sa.Text, nullable=False),
    sa.Column("epoch", Whole, nullable=False),
    sa.Column("first_seq", Whole, nullable=False),
    sa.Column("last_seq", Whole, nullable=False),
    sa.Column("head_hash", sa.LargeBinary, nullable=False),
    sa.Column("received_ms", sa.BigInteger, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("signature", sa.LargeBinary, nullable=False),
    sa.Index("receipt_chain", "terminal", "epoch", "last_seq"),
)

feed = sa.Table(
    "feed",
    metadata,
    # What the center tells, in one order. `only_path`: told again to one unit that was invited later.
    sa.Column("cursor", Whole, primary_key=True, autoincrement=True),
    sa.Column("change_id", sa.Text, nullable=False),
    sa.Column("only_path", sa.Text),
    sa.Column("reach", sa.Text, nullable=False),
    sa.Column("owner_path", sa.Text, nullable=False),
    sa.Column("meeting", sa.Text, nullable=False),
    # Told to its own writer too: it was held, and is not any more.
    sa.Column("released", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("feed_meeting", "meeting"),
    sqlite_autoincrement=True,
)

participant = sa.Table(
    "participant",
    metadata,
    # The units of a meeting at the center: its convener and those invited.
    sa.Column("meeting", sa.Text, primary_key=True),
    sa.Column("unit_path", sa.Text, primary_key=True, index=True),
)

projector_cursor = sa.Table(
    "projector_cursor",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)

property_ = sa.Table(
    "property",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

CHANGES_SEEN = "CREATE VIEW changes_seen AS SELECT change_id, terminal AS terminal_id, epoch, seq FROM change"
