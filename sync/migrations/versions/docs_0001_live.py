"""Updates of open documents that came over a socket before the pull lane brought their changes."""

import sqlalchemy as sa
from alembic import op

revision = "docs_0001"
down_revision = None
branch_labels = ("docs",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "live_update",
        sa.Column("change_id", sa.Text(), nullable=False),
        sa.Column("pk", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("change_id"),
    )
    op.create_index("ix_live_update_pk", "live_update", ["pk"], unique=False)
