"""Accounts, their passwords and their groups."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from secrets import token_hex
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from netapp.people.model import Account, AccountState, Password, Role
from netapp.people.rows.settings import SettingRows
from netapp.people.tables import account, credential, membership, ssh_key

_PASSWORD: Final = "password"  # noqa: S105  (a kind of credential)
#: Another directory has let the account in; it goes when the account gets a password of its own.
_ELSEWHERE: Final = "elsewhere"
#: Numbers for systems that want them, as uidNumber: above what a system gives its own users.
_FIRST_NUMBER: Final = 20_000
_FIELDS: Final = [account.c[name] for name in Account.__dataclass_fields__]
# What every try asks; to put a statement together takes longer than to run it.
_BY_NAME: Final = sa.select(*_FIELDS).where(account.c.name == sa.bindparam("wanted"))
_BY_ID: Final = sa.select(*_FIELDS).where(account.c.id == sa.bindparam("wanted"))
_KEPT: Final = sa.select(credential.c.secret, credential.c.pepper, credential.c.alone).where(
    credential.c.account == sa.bindparam("wanted"), credential.c.kind == _PASSWORD
)
_SAW: Final = (
    sa.update(account).where(account.c.id == sa.bindparam("wanted")).values(seen=sa.bindparam("now"))
)


class AccountRows:
    """Names are mapped names."""

    def __init__(self, connection: Connection, settings: SettingRows) -> None:
        self._connection, self._settings = connection, settings

    def find(self, name: str) -> Account | None:
        return self._one(_BY_NAME, name)

    def get(self, account_id: str) -> Account | None:
        return self._one(_BY_ID, account_id)

    def all(self) -> Sequence[Account]:
        """All accounts, by name."""
        return self._some(sa.true())

    def any(self) -> bool:
        """Whether anybody has an account."""
        return self._connection.execute(sa.select(account.c.id).limit(1)).first() is not None

    def admins(self) -> Sequence[Account]:
        """Those that can administer: active, and with something to log in with."""
        has_way = account.c.id.in_(sa.select(credential.c.account).union(sa.select(ssh_key.c.account)))
        return self._some(sa.and_(account.c.role == "admin", account.c.state == "active", has_way))

    def lookalike(self, skeleton: str) -> Account | None:
        """An account whose name looks the same."""
        found = self._some(account.c.skeleton == skeleton)
        return found[0] if found else None

    def add(self, name: str, skeleton: str, shown: str, role: Role, now: float) -> Account:
        """A new account, without a password so far."""
        new = Account(
            id=token_hex(16),
            number=self._settings.rising("number", _FIRST_NUMBER),
            name=name,
            shown=shown,
            state="active",
            reason="",
            role=role,
            generation=0,
            created=now,
            seen=None,
        )
        self._connection.execute(sa.insert(account).values(skeleton=skeleton, **asdict(new)))
        return new

    def restore(self, old: Account, skeleton: str) -> None:
        """An account with the id that it had, and its number, unless that is another's now."""
        first, wanted = int(self._settings.get("number") or _FIRST_NUMBER), old.number
        if self._some(account.c.number == wanted):
            wanted = self._settings.rising("number", _FIRST_NUMBER)
        elif wanted >= first:
            self._settings.put("number", str(wanted + 1))
        values = asdict(old) | {"number": wanted, "skeleton": skeleton}
        self._connection.execute(sa.insert(account).values(**values))

    def update(self, account_id: str, **values: object) -> None:
        self._connection.execute(sa.update(account).where(account.c.id == account_id).values(**values))

    def revoke(self, account_id: str) -> None:
        """Raise the generation: whatever was given out for the account is no longer good."""
        self.update(account_id, generation=account.c.generation + 1)

    def set_state(self, account_id: str, state: AccountState, reason: str = "") -> None:
        self.update(account_id, state=state, reason=reason, generation=account.c.generation + 1)

    def saw(self, account_id: str, now: float) -> None:
        self._connection.execute(_SAW, {"wanted": account_id, "now": now})

    def remove(self, account_id: str) -> None:
        self._connection.execute(sa.delete(account).where(account.c.id == account_id))

    # Passwords -------------------------------------------------------------------------------

    def password(self, account_id: str) -> Password | None:
        row = self._connection.execute(_KEPT, {"wanted": account_id}).one_or_none()
        return None if row is None else Password(*row)

    def set_password(self, account_id: str, password: Password | None, now: float) -> None:
        """Another password, or none, which revokes what was given out for the old one."""
        if self.get(account_id) is None:
            return
        old = self._connection.execute(sa.delete(credential).where(*_password_of(account_id)))
        if password is not None:
            self._connection.execute(sa.delete(credential).where(credential.c.account == account_id))
            values = {"secret": password.phc, "pepper": password.pepper, "alone": password.alone}
            self._connection.execute(
                sa.insert(credential).values(account=account_id, kind=_PASSWORD, changed=now, **values)
            )
        if old.rowcount:
            self.revoke(account_id)

    def rehash(self, account_id: str, old: str, new: Password) -> None:
        """The same password hashed anew, unless it has changed meanwhile."""
        self._connection.execute(
            sa.update(credential)
            .where(*_password_of(account_id), credential.c.secret == old)
            .values(secret=new.phc, pepper=new.pepper)
        )

    def vouched(self, account_id: str, now: float) -> None:
        """Another directory has let it in: it has a way in without a password here."""
        if not self.has_way_in(account_id):
            values = {"account": account_id, "kind": _ELSEWHERE, "secret": "", "alone": False}
            self._connection.execute(sa.insert(credential).values(changed=now, **values))

    def has_way_in(self, account_id: str) -> bool:
        """A password, or another directory's word; SSH keys are not looked at."""
        there = sa.select(sa.func.count()).where(credential.c.account == account_id)
        return bool(self._connection.scalar(there))

    # Groups ----------------------------------------------------------------------------------

    def groups(self, account_id: str) -> frozenset[str]:
        rows = self._connection.scalars(
            sa.select(membership.c.name).where(membership.c.account == account_id)
        )
        return frozenset(rows)

    def set_groups(self, account_id: str, groups: Collection[str]) -> None:
        self._connection.execute(sa.delete(membership).where(membership.c.account == account_id))
        for name in sorted(groups):
            self._connection.execute(sa.insert(membership).values(account=account_id, name=name))

    def members(self) -> dict[str, frozenset[str]]:
        """Groups to the ids of the accounts in them."""
        found: dict[str, set[str]] = {}
        for account_id, name in self._connection.execute(sa.select(membership.c.account, membership.c.name)):
            found.setdefault(name, set()).add(account_id)
        return {name: frozenset(ids) for name, ids in found.items()}

    def _one(self, statement: sa.Select[Any], wanted: str) -> Account | None:
        row = self._connection.execute(statement, {"wanted": wanted}).one_or_none()
        return None if row is None else Account(*row)

    def _some(self, condition: sa.ColumnElement[bool]) -> Sequence[Account]:
        rows = self._connection.execute(sa.select(*_FIELDS).where(condition).order_by(account.c.name))
        return [Account(**row._mapping) for row in rows]


def _password_of(account_id: str) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return credential.c.account == account_id, credential.c.kind == _PASSWORD
