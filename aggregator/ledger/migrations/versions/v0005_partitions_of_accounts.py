"""The index of accounts has the partition. To grow until this version is released."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the index of version 5."""
    op.drop_index("jobs_account", "jobs")
    op.create_index("jobs_account", "jobs", ["account", "start_ms", "partition"])
