"""People and groups as entries, and what a server says of itself."""

import hashlib
import uuid
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Final

import netapp
from netapp.login.ldap import schema
from netapp.login.ldap.entries import ROOT, SUBSCHEMA, Entry, Snapshot, Values, entry, values
from netapp.login.ldap.names import Key, Name
from netapp.people.model import ROLES, Account

#: Of the group of everybody, and of the roles after it: below what accounts get (20,000 and up).
EVERYBODY: Final = 10_000
#: Groups have no number of their own, so theirs comes from their names, in a range of no other use.
_GROUPS: Final = 1_900_000_000
_GROUPS_MANY: Final = 200_000_000
#: Values of an entry, about.
_VALUES_EACH: Final = 20
#: The group of everybody.
PEOPLE: Final = "people"


_PERSON: Final = values(
    "objectClass", "top", "person", "organizationalPerson", "inetOrgPerson", "posixAccount"
)
_SHELL: Final = values("loginShell", "/bin/bash")
_PRIMARY: Final = values("gidNumber", str(EVERYBODY))
_MEMBER: Final = next(each for each in schema.ATTRIBUTES if each.name == "member")
_UNIT: Final = values("objectClass", "top", "organizationalUnit")
_TOP_CLASSES: Final = {"dc": "domain", "o": "organization", "ou": "organizationalUnit"}
#: What the name above all entries may begin with.
TOP_TYPES: Final = tuple(_TOP_CLASSES)


@dataclass(frozen=True)
class Places:
    """Where things stand beneath the name above all."""

    base: Name

    @property
    def people(self) -> Name:
        return self.base.child("ou", "people")

    @property
    def groups(self) -> Name:
        return self.base.child("ou", "groups")

    def person(self, name: str) -> Name:
        return self.people.child("uid", name)


def snapshot_steps(
    places: Places, accounts: Sequence[Account], members: Mapping[str, Collection[str]], at_once: int
) -> Iterator[Snapshot | None]:
    """Make a snapshot in steps, with None between them and the snapshot last.

    :param members: groups to the ids of the accounts in them.
    :param at_once: accounts, or entries, of one step.
    """
    active = [account for account in accounts if account.active]
    yield None
    groups = _groups(active, members)
    joined = yield from _member_of(places, groups)
    shared: dict[tuple[str, ...], Values] = {}  # most are in the same groups as others
    entries, names = _tops(places), dict[str, tuple[bytes, Key]]()
    for number, account in enumerate(active, 1):
        of = tuple(joined[account.id])
        if of not in shared:
            shared[of] = values("memberOf", *of)
        made = _person(places, account, shared[of])
        names[account.id] = str(made.name).encode(), made.name.key
        entries.append(made)
        if number % at_once == 0:
            yield None
    for group in groups:
        entries.append(_group(places, group, names))
        yield None
    snapshot = Snapshot(entries, roots(places))
    yield from snapshot.make_index(at_once * _VALUES_EACH)
    yield snapshot


def _member_of(places: Places, groups: Sequence["_Group"]) -> Generator[None, None, dict[str, list[str]]]:
    """Accounts' ids to the names of the groups that they are in; in steps."""
    joined: dict[str, list[str]] = {}
    for group in groups:
        name = str(places.groups.child("cn", group.name))
        for account in group.members:
            joined.setdefault(account.id, []).append(name)
        yield
    return joined


@dataclass(frozen=True, slots=True)
class _Group:
    name: str
    number: int
    members: Sequence[Account]


def shadowed(members: Mapping[str, Collection[str]]) -> list[str]:
    """Groups that are not shown, since a role, the group of everybody or another group has their name."""
    taken, hidden = {PEOPLE, *ROLES}, []
    for name in sorted(members):
        if schema.folded(name) in taken:
            hidden.append(name)
        taken.add(schema.folded(name))
    return hidden


def _groups(active: Sequence[Account], members: Mapping[str, Collection[str]]) -> list[_Group]:
    """Everybody, the roles, each with who has it or a higher one, and the groups."""
    found = [_Group(PEOPLE, EVERYBODY, active)]
    for rank, role in enumerate(ROLES):
        enough = frozenset(ROLES[rank:])
        who = [account for account in active if account.role in enough]
        found.append(_Group(role, EVERYBODY + 1 + rank, who))
    by_id, taken, hidden = {account.id: account for account in active}, set[int](), shadowed(members)
    for name in sorted(members):
        if name in hidden:
            continue
        number = _GROUPS + int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % _GROUPS_MANY
        while number in taken:
            number += 1
        taken.add(number)
        inside = [by_id[each] for each in members[name] if each in by_id]
        found.append(_Group(name, number, sorted(inside, key=attrgetter("name"))))
    return found


def _person(places: Places, account: Account, member_of: Values) -> Entry:
    shown = values("cn", account.shown)
    return entry(
        places.person(account.name),
        _PERSON,
        values("uid", account.name),
        shown,
        _alike("sn", shown),
        _alike("displayName", shown),
        values("uidNumber", str(account.number)),
        _PRIMARY,
        values("homeDirectory", f"/home/{account.name}"),
        _SHELL,
        member_of,
        values("entryUUID", str(uuid.UUID(account.id))),
        values("createTimestamp", f"{datetime.fromtimestamp(account.created, UTC):%Y%m%d%H%M%SZ}"),
    )


def _alike(name: str, other: Values) -> Values:
    """Another attribute of the same kind, with the same values."""
    return Values(_known(name), other.octets, other.compared)


def _known(name: str) -> schema.Attribute:
    known = schema.attribute(name)
    assert known is not None, name
    return known


def _group(places: Places, group: _Group, names: Mapping[str, tuple[bytes, Key]]) -> Entry:
    """:param names: accounts' ids to their entries' names, as written and as compared."""
    name, found = places.groups.child("cn", group.name), [names[each.id] for each in group.members]
    classes = ("top", "posixGroup", *(["groupOfNames"] if group.members else []))
    return entry(
        name,
        values("objectClass", *classes),
        values("cn", group.name),
        values("gidNumber", str(group.number)),
        values("memberUid", *(account.name for account in group.members)),
        Values(_MEMBER, tuple(written for written, _ in found), frozenset(key for _, key in found)),
        values("entryUUID", _uuid(name)),
    )


def _tops(places: Places) -> list[Entry]:
    type_, value = places.base.rdns[0][0]
    top = schema.canonical(type_)
    return [
        entry(
            places.base,
            values("objectClass", "top", _TOP_CLASSES[top]),
            values(top, value),
            values("entryUUID", _uuid(places.base)),
        ),
        *(
            entry(name, _UNIT, values("ou", name.rdns[0][0][1]), values("entryUUID", _uuid(name)))
            for name in (places.people, places.groups)
        ),
    ]


def _uuid(name: Name) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_X500, str(name)))


def roots(places: Places) -> tuple[Entry, Entry]:
    """Entries beside the tree: what the server is, and what is known of attributes."""
    return _root(places), _subschema()


def _root(places: Places) -> Entry:
    """What the server is: RFC 4512 section 5.1."""
    return entry(
        ROOT,
        values("objectClass", "top"),
        values("namingContexts", str(places.base)),
        values("supportedLDAPVersion", "3"),
        values("supportedExtension", schema.WHO_AM_I),
        values("supportedControl", schema.PAGED, schema.MANAGE_DSA_IT),
        # All operational attributes by "+", and filters that are true or false of everything.
        values("supportedFeatures", "1.3.6.1.4.1.4203.1.5.1", "1.3.6.1.4.1.4203.1.5.3"),
        values("vendorName", "netapp"),
        values("vendorVersion", netapp.__version__),
    )


def _subschema() -> Entry:
    """Source: RFC 4512 section 4.2."""
    return entry(
        SUBSCHEMA,
        values("objectClass", "top", "subschema"),
        values("cn", "Subschema"),
        values("attributeTypes", *(each.description() for each in schema.ATTRIBUTES)),
        values("objectClasses", *schema.class_descriptions()),
    )
