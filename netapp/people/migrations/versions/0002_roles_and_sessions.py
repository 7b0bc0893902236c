"""Roles, groups, second factors, sessions, keys, invitations, throttles, and a feed of changes."""

import sqlalchemy as sa
from alembic import op

from netapp.people.names import skeleton

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _extend_accounts()
    _extend_credentials()
    _make_factors()
    _make_sessions()
    _make_the_rest()


def _extend_accounts() -> None:
    # Columns are added, the table is not made anew: dropping it would take what refers to it along.
    for column in (
        sa.Column("number", sa.Integer, nullable=False, server_default="0"),
        sa.Column("skeleton", sa.String(512), nullable=False, server_default=""),
        sa.Column("reason", sa.String(256), nullable=False, server_default=""),
        sa.Column("role", sa.String(16), nullable=False, server_default="member"),
    ):
        op.add_column("account", column)
    connection = op.get_bind()
    table = sa.table("account", *map(sa.column, ("id", "name", "number", "skeleton", "created")))
    rows = connection.execute(sa.select(table.c.id, table.c.name).order_by(table.c.created)).all()
    for number, (account_id, name) in enumerate(rows, 20_000):
        changed = sa.update(table).where(table.c.id == account_id)
        connection.execute(changed.values(number=number, skeleton=skeleton(name)))
    op.create_index("ix_account_number", "account", ["number"], unique=True)
    op.create_index("ix_account_skeleton", "account", ["skeleton"])
    op.create_table(
        "setting",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    settings = sa.table("setting", sa.column("key"), sa.column("value"))
    op.execute(sa.insert(settings).values(key="number", value=str(20_000 + len(rows))))


def _extend_credentials() -> None:
    op.add_column("credential", sa.Column("pepper", sa.String(64)))
    op.add_column("credential", sa.Column("alone", sa.Boolean, nullable=False, server_default="0"))


def _account(**options: object) -> "sa.Column[str]":
    key = sa.ForeignKey("account.id", ondelete="CASCADE")
    return sa.Column("account", sa.String(32), key, **options)  # type: ignore[arg-type]


def _make_factors() -> None:
    op.create_table(
        "membership", _account(primary_key=True), sa.Column("name", sa.String(64), primary_key=True)
    )
    op.create_table(
        "totp",
        _account(primary_key=True),
        sa.Column("secret", sa.String(256), nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("confirmed", sa.Boolean, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("since", sa.Float, nullable=False),
    )
    op.create_table(
        "recovery_code", _account(primary_key=True), sa.Column("digest", sa.String(64), primary_key=True)
    )


def _make_sessions() -> None:
    op.create_table(
        "session",
        sa.Column("id", sa.String(16), primary_key=True),
        _account(nullable=False, index=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), unique=True),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("door", sa.String(16), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("label", sa.String(64), nullable=False),
        sa.Column("process", sa.Integer),
        sa.Column("opener", sa.String(16)),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("seen", sa.Float, nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
    )
    op.create_table(
        "application",
        sa.Column("id", sa.String(16), primary_key=True),
        _account(nullable=False, index=True),
        sa.Column("label", sa.String(64), nullable=False),
        sa.Column("scopes", sa.String(256), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("seen", sa.Float),
    )
    op.create_table(
        "ssh_key",
        sa.Column("id", sa.String(16), primary_key=True),
        _account(nullable=False, index=True),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("blob", sa.Text, nullable=False),
        sa.Column("comment", sa.String(256), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("seen", sa.Float),
        sa.UniqueConstraint("account", "blob"),
    )


def _make_the_rest() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", sa.String(16), primary_key=True),
        _account(index=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("groups", sa.Text, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
    )
    op.create_table(
        "throttle",
        sa.Column("key", sa.String(128), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last", sa.Float, nullable=False),
    )
    op.create_table(
        "place",
        sa.Column("source", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(128), primary_key=True),
        sa.Column("last", sa.Float, nullable=False),
    )
    op.create_table(
        "change",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("session", sa.String(16)),
        sa.Column("was", sa.Text),
        sqlite_autoincrement=True,
    )
