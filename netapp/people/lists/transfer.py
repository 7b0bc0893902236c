"""Accounts out of the rows, and back into them here or elsewhere.

What is sealed with the state directory's key is opened on the way out and sealed again on the way in.
Sessions, tokens, application passwords and invitations stay behind: they are good in one place only.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from secrets import token_hex
from typing import TYPE_CHECKING

from netapp.people import names, totp
from netapp.people.lists.parcels import KeyLine, Person, Totp, Unreadable
from netapp.people.model import Account, Key

if TYPE_CHECKING:
    from netapp.people.rows import Rows


def everybody(rows: "Rows", key: bytes) -> list[Person]:
    """All accounts, by name.

    :param key: what second factors are sealed with.
    :raises ConfigError: one was sealed with another.
    """
    return [_person(rows, account, key) for account in rows.accounts.all()]


def _person(rows: "Rows", account: Account, key: bytes) -> Person:
    factor, opened = rows.factors.get(account.id), None
    if factor is not None and factor.confirmed:
        secret = totp.unseal(factor.secret, key, account.id)
        opened = Totp(secret, factor.step, tuple(rows.factors.recovery(account.id)))
    lines = [
        KeyLine(each.kind, each.blob, each.comment, each.created, each.seen)
        for each in rows.keys.of(account.id)
    ]
    groups = rows.accounts.groups(account.id)
    return Person(account, groups, rows.accounts.password(account.id), opened, tuple(lines))


@dataclass(frozen=True, slots=True)
class Taken:
    """What has become of each account of a file."""

    added: list[Account] = field(default_factory=list)
    replaced: list[Account] = field(default_factory=list)
    there: list[Account] = field(default_factory=list)  # and left as they are


def take(rows: "Rows", people: Iterable[Person], key: bytes, now: float, *, overwrite: bool = False) -> Taken:
    """Add accounts with the ids that they had; all or, within a transaction that ends, none.

    :param key: what second factors are sealed with here.
    :param overwrite: accounts that are here, by their ids, become as they are in the file; what was
        given out for them is no longer good.
    :raises Unreadable: a name is another account's, or no admin would be left where there is one.
    """
    taken, had_admin = Taken(), bool(rows.accounts.admins())
    for person in people:
        wanted = person.account
        mine, namesake = rows.accounts.get(wanted.id), rows.accounts.find(wanted.name)
        if not overwrite and (mine or namesake) is not None:
            taken.there.append(mine or namesake or wanted)
        elif namesake is not None and namesake.id != wanted.id:
            raise Unreadable("other", name=wanted.name)
        elif mine is None:
            taken.added.append(_put(rows, person, None, key, now))
        else:
            taken.replaced.append(_put(rows, person, mine, key, now))
    if had_admin and not rows.accounts.admins():
        raise Unreadable("no admin")
    return taken


def _put(rows: "Rows", person: Person, mine: Account | None, key: bytes, now: float) -> Account:
    wanted = person.account
    if mine is None:
        rows.accounts.restore(wanted, _look(wanted))
    else:
        kept = {"id", "number", "generation"}
        fields = {name: value for name, value in asdict(wanted).items() if name not in kept}
        rows.accounts.update(mine.id, skeleton=_look(wanted), **fields)
    rows.accounts.set_password(wanted.id, person.password, now)
    rows.accounts.revoke(wanted.id)
    rows.accounts.set_groups(wanted.id, person.groups)
    rows.invitations.forget(wanted.id)
    rows.sessions.drop_revoked()
    _put_factor(rows, person, key, now)
    _put_keys(rows, person)
    account = rows.accounts.get(wanted.id)
    assert account is not None  # it was put there just now
    rows.changes.note("added" if mine is None else "revoked", account)
    return account


def _look(account: Account) -> str:
    """What the name looks like, as its owner wrote it, where that is known."""
    written = names.mapped_or_none(account.shown) == account.name
    return names.skeleton(account.shown if written else account.name)


def _put_factor(rows: "Rows", person: Person, key: bytes, now: float) -> None:
    account_id, factor = person.account.id, person.totp
    rows.factors.end(account_id)
    if factor is None:
        return
    rows.factors.begin(account_id, totp.seal(factor.secret, key, account_id), now)
    rows.factors.take_step(account_id, factor.step)
    rows.factors.confirm(account_id)
    rows.factors.set_recovery(account_id, factor.recovery)


def _put_keys(rows: "Rows", person: Person) -> None:
    for there in rows.keys.of(person.account.id):
        rows.keys.remove(there.id)
    for each in person.keys:
        fields = each.kind, each.blob, each.comment, each.created, each.seen
        rows.keys.add(Key(token_hex(8), person.account.id, *fields))
