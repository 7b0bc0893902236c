"""The tables of ``STATE/talk.db``; ``migrations`` makes them."""

import sqlalchemy as sa

metadata = sa.MetaData()
rooms = sa.Table(
    "rooms",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("last", sa.Integer, nullable=False),
    sa.Column("topic", sa.Text, nullable=False),
)
messages = sa.Table(
    "messages",
    metadata,
    sa.Column("room", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("time", sa.Float, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("proof", sa.Text, nullable=False),
    sa.Column("account", sa.Text),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("reply_to", sa.Text),
    sa.Column("withdrawn", sa.Boolean, nullable=False),
    sqlite_with_rowid=False,
)
