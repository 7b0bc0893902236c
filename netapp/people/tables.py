"""The tables of ``people.db``; :mod:`netapp.people.migrations` makes them and changes them."""

from typing import Final

import sqlalchemy as sa

METADATA: Final = sa.MetaData()

account: Final = sa.Table(
    "account",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(64), nullable=False, unique=True),
    sa.Column("shown", sa.String(256), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("seen", sa.Float),
)

#: What proves an account's owner: of kind "password" now, a PHC string.
credential: Final = sa.Table(
    "credential",
    METADATA,
    sa.Column("account", sa.String(32), sa.ForeignKey(account.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("secret", sa.String(256), nullable=False),
    sa.Column("changed", sa.Float, nullable=False),
)
