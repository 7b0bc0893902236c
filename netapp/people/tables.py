"""The tables of ``people.db``; :mod:`netapp.people.migrations` makes them and changes them.

Times are seconds since 1970.  What a door is shown, such as a token, is kept as its hash only.
"""

from typing import Any, Final

import sqlalchemy as sa

METADATA: Final = sa.MetaData()

account: Final = sa.Table(
    "account",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("number", sa.Integer, nullable=False, index=True, unique=True),
    sa.Column("name", sa.String(64), nullable=False, unique=True),
    sa.Column("skeleton", sa.String(512), nullable=False, index=True),
    sa.Column("shown", sa.String(256), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("reason", sa.String(256), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("seen", sa.Float),
)


def _owner(**options: Any) -> sa.Column[str]:
    """Whose a row is; it goes with the account."""
    return sa.Column("account", sa.String(32), sa.ForeignKey(account.c.id, ondelete="CASCADE"), **options)


#: What proves an account's owner: of kind "password" now, a PHC string.
credential: Final = sa.Table(
    "credential",
    METADATA,
    _owner(primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("secret", sa.String(256), nullable=False),
    sa.Column("pepper", sa.String(64)),  # the id of the one that went in
    sa.Column("alone", sa.Boolean, nullable=False),  # long enough without a second factor
    sa.Column("changed", sa.Float, nullable=False),
)

membership: Final = sa.Table(
    "membership",
    METADATA,
    _owner(primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True),  # of the group
)

#: A second factor; not in force before ``confirmed``.
totp: Final = sa.Table(
    "totp",
    METADATA,
    _owner(primary_key=True),
    sa.Column("secret", sa.String(256), nullable=False),  # sealed with the state directory's key
    sa.Column("step", sa.Integer, nullable=False),  # the last one that was taken
    sa.Column("confirmed", sa.Boolean, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("since", sa.Float, nullable=False),  # the first of them
)

recovery_code: Final = sa.Table(
    "recovery_code",
    METADATA,
    _owner(primary_key=True),
    sa.Column("digest", sa.String(64), primary_key=True),
)

#: Of kind "live", a connection that is logged in, or "token", which its owner has put elsewhere.
session: Final = sa.Table(
    "session",
    METADATA,
    sa.Column("id", sa.String(16), primary_key=True),
    _owner(nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("digest", sa.String(64), unique=True),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("door", sa.String(16), nullable=False),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("label", sa.String(64), nullable=False),
    sa.Column("process", sa.Integer),  # whose connection it is
    sa.Column("opener", sa.String(16)),  # the id of the token that it came in by
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("seen", sa.Float, nullable=False),
    sa.Column("expires", sa.Float, nullable=False),
)

#: Passwords for clients that cannot ask for a second factor.
application: Final = sa.Table(
    "application",
    METADATA,
    sa.Column("id", sa.String(16), primary_key=True),
    _owner(nullable=False, index=True),
    sa.Column("label", sa.String(64), nullable=False),
    sa.Column("scopes", sa.String(256), nullable=False),  # separated by spaces
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("seen", sa.Float),
)

ssh_key: Final = sa.Table(
    "ssh_key",
    METADATA,
    sa.Column("id", sa.String(16), primary_key=True),
    _owner(nullable=False, index=True),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("blob", sa.Text, nullable=False),  # base64: RFC 4253 section 6.6
    sa.Column("comment", sa.String(256), nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("seen", sa.Float),
    sa.UniqueConstraint("account", "blob"),
)

#: One-use codes: for a newcomer, or for ``account`` to choose a password.
invitation: Final = sa.Table(
    "invitation",
    METADATA,
    sa.Column("id", sa.String(16), primary_key=True),
    _owner(index=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("groups", sa.Text, nullable=False),  # a JSON array
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("expires", sa.Float, nullable=False),
)

#: Failed tries, by a key that holds nothing that was typed.
throttle: Final = sa.Table(
    "throttle",
    METADATA,
    sa.Column("key", sa.String(128), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last", sa.Float, nullable=False),
)

#: Where accounts have been let in from.
place: Final = sa.Table(
    "place",
    METADATA,
    sa.Column("source", sa.String(64), primary_key=True),
    sa.Column("key", sa.String(128), primary_key=True),
    sa.Column("last", sa.Float, nullable=False),
)

setting: Final = sa.Table(
    "setting",
    METADATA,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

#: What has happened to accounts, for the processes that run: each reads on from where it was.
change: Final = sa.Table(
    "change",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("account", sa.String(32), nullable=False),
    sa.Column("session", sa.String(16)),
    sa.Column("was", sa.Text),  # a removed account, as JSON
    sqlite_autoincrement=True,
)
