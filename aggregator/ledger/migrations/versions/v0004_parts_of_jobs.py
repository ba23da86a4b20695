"""Indexes of arrays and of heterogeneous jobs hold these jobs alone."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the indexes of version 4."""
    op.drop_index("jobs_array", "jobs")
    for name, column in (("jobs_array", "array_job_id"), ("jobs_het", "het_job_id")):
        there = sa.text(f"{column} IS NOT NULL")
        op.create_index(name, "jobs", [column], sqlite_where=there, postgresql_where=there)
