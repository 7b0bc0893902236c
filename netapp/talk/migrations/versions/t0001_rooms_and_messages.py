"""Rooms and messages."""

import sqlalchemy as sa
from alembic import op

revision = "t0001"
down_revision = None
branch_labels = depends_on = None


def upgrade() -> None:
    op.create_table(
        "rooms",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("last", sa.Integer, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
    )
    op.create_table(
        "messages",
        sa.Column("room", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("time", sa.Float, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("proof", sa.Text, nullable=False),
        sa.Column("account", sa.Text),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("reply_to", sa.Text),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("room", "number"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("messages")
    op.drop_table("rooms")
