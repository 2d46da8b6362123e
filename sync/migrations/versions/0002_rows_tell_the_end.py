"""Nothing in the tables: a program from before this would not see where a terminal's chain ends (docs/adr/0019)."""

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The rows that a terminal writes from now on tell the end of its chain; those that it has are as they were."""
