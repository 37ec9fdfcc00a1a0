"""Create the tables in which jobs wait."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chassis.jobs.schema import CREATE, DROP

revision = "b41d7e90c2a8"
down_revision = "6f1c2a9d4b70"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand: what the previous release needs stays unchanged."""
    op.create_table(
        "job_receipts",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column(
            "written_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("CURRENT_TIMESTAMP"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_job_receipts")),
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute(CREATE)


def downgrade() -> None:
    """Take it back."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(DROP)
    op.drop_table("job_receipts")
