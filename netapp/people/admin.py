"""What can be done to accounts, each within one transaction of :class:`netapp.people.rows.Rows`.

The same functions serve ``netapp user`` and the services.  Each notes what has happened, so that
every process on the state directory learns of it; none leaves a place without an admin that had one.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from netapp.core import limits
from netapp.people import codes, names, words
from netapp.people.model import (
    Account,
    AccountState,
    Application,
    ChangeKind,
    Invitation,
    Key,
    Password,
    Refused,
    Role,
    Session,
)

if TYPE_CHECKING:
    from netapp.people.rows import Rows  # SQLAlchemy takes its time

_STATE_CHANGES: Final[Mapping[AccountState, ChangeKind]] = {
    "active": "enabled",
    "disabled": "disabled",
    "locked": "locked",
}


def find(rows: "Rows", name: str) -> Account:
    """The account of a name, however it is written.  :raises Refused: there is none."""
    mapped = names.mapped_or_none(name)
    account = rows.accounts.find(mapped) if mapped is not None else None
    if account is None:
        raise Refused("unknown", name=name[: limits.NAME])
    return account


def see_free(rows: "Rows", name: str) -> tuple[str, str]:
    """A name that can be given out, as (mapped name, skeleton).

    :raises Refused: it is no name, taken, or looks like one that is.
    """
    mapped = names.new_name(name)
    if rows.accounts.find(mapped) is not None:
        raise Refused("taken", name=names.shown_name(name))
    skeleton = names.skeleton(name)
    lookalike = rows.accounts.lookalike(skeleton)
    if lookalike is not None:
        raise Refused("lookalike", name=names.shown_name(name), other=lookalike.shown)
    return mapped, skeleton


def add(
    rows: "Rows",
    name: str,
    password: Password | None,
    now: float,
    *,
    shown: str | None = None,
    role: Role = "member",
    groups: Collection[str] = (),
) -> Account:
    """A new account.

    :param password: None for one that is let in by a code first, or by another directory.
    :param shown: its display name; the name as it was written, unless given.
    :raises Refused: see :func:`see_free`; the display name or a group cannot be.
    """
    mapped, skeleton = see_free(rows, name)
    account = rows.accounts.add(mapped, skeleton, words.shown(shown or name), role, now)
    if password is not None:
        rows.accounts.set_password(account.id, password, now)
    if groups:
        rows.accounts.set_groups(account.id, words.groups(groups))
    return _noted(rows, "added", account)


def set_password(
    rows: "Rows", account: Account, password: Password | None, now: float, *, keep: str | None = None
) -> Account:
    """Another password, which ends what the old one opened.  :param keep: the session that goes on."""
    had_none = rows.accounts.password(account.id) is None
    rows.accounts.set_password(account.id, password, now)
    if had_none:
        rows.accounts.revoke(account.id)  # what another directory's password has opened
    rows.invitations.forget(account.id)
    return _revoked(rows, "password", account, keep)


def set_state(rows: "Rows", account: Account, state: AccountState, reason: str = "") -> Account:
    """Disable, lock or enable; whatever was given out for it is no longer good.

    :raises Refused: it is the last admin, or the reason cannot be shown.
    """
    if state != "active":
        _see_other_admin(rows, account)
    rows.accounts.set_state(account.id, state, words.reason(reason) if state != "active" else "")
    rows.sessions.drop_revoked(account.id)
    return _noted(rows, _STATE_CHANGES[state], account)


def set_role(rows: "Rows", account: Account, role: Role) -> Account:
    """:raises Refused: it is the last admin."""
    if role != "admin":
        _see_other_admin(rows, account)
    rows.accounts.update(account.id, role=role)
    return _noted(rows, "role", account)


def set_shown(rows: "Rows", account: Account, shown: str) -> Account:
    """Another display name; what it is found by stays.  :raises Refused: it cannot be shown."""
    rows.accounts.update(account.id, shown=words.shown(shown))
    return _noted(rows, "name", account)


def set_groups(rows: "Rows", account: Account, groups: Collection[str]) -> Account:
    """:raises Refused: a group cannot be, or there are too many."""
    rows.accounts.set_groups(account.id, words.groups(groups))
    return _noted(rows, "groups", account)


def remove(rows: "Rows", account: Account) -> Account:
    """:raises Refused: it is the last admin."""
    _see_other_admin(rows, account)
    rows.changes.note("removed", account)
    rows.accounts.remove(account.id)
    return account


def revoke(rows: "Rows", account: Account, *, keep: str | None = None) -> Account:
    """End everything that was given out: sessions, tokens, application passwords."""
    rows.accounts.revoke(account.id)
    return _revoked(rows, "revoked", account, keep)


def end_session(rows: "Rows", account: Account, session: Session) -> int:
    """End one, and what it has opened if it is a token.  :returns: how many have ended."""
    rows.sessions.remove(session.id)
    opened = rows.sessions.remove_opened(session.id)
    rows.changes.note("session", account, session=session.id)
    return 1 + opened


def end_factor(rows: "Rows", account: Account) -> Account:
    """No second factor any more."""
    rows.factors.end(account.id)
    return _noted(rows, "factor", account)


def confirm_factor(rows: "Rows", account: Account, recovery: Iterable[str]) -> Account:
    """The second factor is in force.  :param recovery: the digests of the recovery codes."""
    rows.factors.confirm(account.id)
    rows.factors.set_recovery(account.id, recovery)
    return _noted(rows, "factor", account)


def add_key(rows: "Rows", key: Key) -> None:
    """:raises Refused: it is there already, or there are too many."""
    account = _account(rows, key.account)
    if rows.keys.find(key.account, key.blob) is not None:
        raise Refused("key there")
    see_room(len(rows.keys.of(key.account)))
    rows.keys.add(key)
    rows.changes.note("keys", account)


def remove_key(rows: "Rows", account: Account, key: Key) -> None:
    """:raises Refused: it is all that the last admin has to log in with."""
    if len(rows.keys.of(account.id)) == 1 and not rows.accounts.has_way_in(account.id):
        _see_other_admin(rows, account)
    rows.keys.remove(key.id)
    rows.changes.note("keys", account)


def add_application(rows: "Rows", new: Application, text: str) -> None:
    """Keep an application password's digest.  :raises Refused: there are too many."""
    account = _account(rows, new.account)
    see_room(len(rows.applications.of(new.account)))
    digest = codes.application_digest(text)
    assert digest is not None  # we have made it
    rows.applications.add(new, generation=account.generation, digest=digest)
    rows.changes.note("application", account, session=new.id)


def remove_application(rows: "Rows", account: Account, application: Application) -> None:
    rows.applications.remove(application.id)
    rows.sessions.remove_opened(application.id)
    rows.changes.note("application", account, session=application.id)


def invite(rows: "Rows", new: Invitation, now: float) -> None:
    """Give out a code; an account has one at a time.  :raises Refused: a group cannot be."""
    words.groups(new.groups)
    rows.invitations.drop_dead(now)
    if new.account is not None:
        rows.invitations.forget(new.account)
    rows.invitations.add(new)


def redeem(rows: "Rows", invitation: Invitation, name: str | None, password: Password, now: float) -> Account:
    """Use a code up: make the account that it is for, or set the password of the one that it names.

    :raises Refused: the name, or the code has been used meanwhile, or its account is not to be used.
    """
    if invitation.account is None:
        if name is None:
            raise Refused("name empty")
        see_free(rows, name)  # before the code is used up
    if not rows.invitations.take(invitation.id, now):
        raise Refused("code used")
    if invitation.account is None:
        return add(rows, name or "", password, now, role=invitation.role, groups=invitation.groups)
    account = _account(rows, invitation.account)
    if not account.active:
        raise Refused("code used")
    return set_password(rows, account, password, now)


def see_room(there: int, key: str = "too many") -> None:
    """:raises Refused: an account has as many of these as it may."""
    if there >= limits.CREDENTIALS_EACH:
        raise Refused(key, most=limits.CREDENTIALS_EACH)


def _account(rows: "Rows", account_id: str) -> Account:
    account = rows.accounts.get(account_id)
    if account is None:
        raise Refused("gone")
    return account


def _see_other_admin(rows: "Rows", account: Account) -> None:
    """What would leave no admin who can log in is refused, where one could until now."""
    if [each.id for each in rows.accounts.admins()] == [account.id]:
        raise Refused("last admin", name=account.shown)


def _revoked(rows: "Rows", kind: ChangeKind, account: Account, keep: str | None) -> Account:
    if keep is not None:
        rows.sessions.renew(keep, account.id)
    rows.sessions.drop_revoked(account.id)
    return _noted(rows, kind, account, session=keep)


def _noted(rows: "Rows", kind: ChangeKind, account: Account, *, session: str | None = None) -> Account:
    current = _account(rows, account.id)
    rows.changes.note(kind, current, session=session)
    return current
