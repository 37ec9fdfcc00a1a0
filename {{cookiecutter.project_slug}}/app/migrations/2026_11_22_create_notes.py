"""Create notes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "6f1c2a9d4b70"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand: the previous release keeps working."""
    op.create_table(
        "notes",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(always=False),
            nullable=False,
        ),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
        sa.UniqueConstraint("title", name=op.f("uq_notes_title")),
    )


def downgrade() -> None:
    """Revert it."""
    op.drop_table("notes")
