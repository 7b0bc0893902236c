"""What is in the directory, and how it is found."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ldaptor.protocols import pureldap
from twisted.internet import defer
from twisted.logger import globalLogPublisher

from netapp.core import limits
from netapp.login.ldap import filters, schema
from netapp.login.ldap.entries import Snapshot
from netapp.login.ldap.names import parse_name
from netapp.login.ldap.service import places_of
from netapp.login.ldap.tree import snapshot_steps
from tests.login import ldap_client as ldap
from tests.login.ldap_client import (
    BASE,
    GROUPS,
    LI,
    PEOPLE,
    ZHAO,
    Client,
    FakePeople,
    all_of,
    at_least,
    at_most,
    equal,
    none_of,
    one_of,
    pieces,
    present,
)  # fmt: skip


@pytest.fixture
def client() -> Client:
    client = Client()
    assert client.bind(f"uid=li,{PEOPLE}") == 0
    return client


# What there is -------------------------------------------------------------------------------


def test_a_person(client: Client) -> None:
    _, entries = client.search(equal("uid", "小明"), attributes=["*", "+"])
    assert entries == {
        f"uid=小明,{PEOPLE}": {
            "objectClass": ["top", "person", "organizationalPerson", "inetOrgPerson", "posixAccount"],
            "uid": ["小明"],
            "cn": ["小明"],
            "sn": ["小明"],
            "displayName": ["小明"],
            "uidNumber": ["20002"],
            "gidNumber": ["10000"],
            "homeDirectory": ["/home/小明"],
            "loginShell": ["/bin/bash"],
            "memberOf": [f"cn={name},{GROUPS}" for name in ("people", "guest", "member", "一班")],
            "entryUUID": ["00000000-0000-0000-0000-000000004e22"],
            "createTimestamp": ["20260921141320Z"],
            "entryDN": [f"uid=小明,{PEOPLE}"],
            "subschemaSubentry": ["cn=Subschema"],
        }
    }


def test_a_group(client: Client) -> None:
    _, entries = client.search(equal("cn", "一班"))
    (group,) = entries.values()
    number = group.pop("gidNumber")
    assert group == {
        "objectClass": ["top", "posixGroup", "groupOfNames"],
        "cn": ["一班"],
        "memberUid": ["li", "小明"],
        "member": [f"uid=li,{PEOPLE}", f"uid=小明,{PEOPLE}"],
    }
    assert 1_900_000_000 <= int(number[0]) < 2**31


def test_roles_are_groups_of_who_has_them_or_a_higher_one(client: Client) -> None:
    _, entries = client.search(base=GROUPS, scope=1, attributes=["memberUid"])
    members = {name.partition(",")[0]: found.get("memberUid", []) for name, found in entries.items()}
    assert members == {
        "cn=people": ["zhao", "li", "小明"],
        "cn=guest": ["zhao", "li", "小明"],
        "cn=member": ["zhao", "li", "小明"],
        "cn=moderator": ["zhao"],
        "cn=admin": ["zhao"],
        "cn=empty": [],
        "cn=一班": ["li", "小明"],
    }


def test_who_is_disabled_is_not_there(client: Client) -> None:
    assert client.search(equal("uid", "wang")) == (0, {})
    assert client.search(base=f"uid=wang,{PEOPLE}", scope=0) == (32, {})
    assert client.names(equal("objectClass", "person")) == ["zhao", "li", "小明"]


def test_nothing_secret_is_there(client: Client) -> None:
    for wanted in (
        present("userPassword"),
        equal("userPassword", "123"),
        pieces("userPassword", ("any", "1")),
    ):
        assert client.search(wanted) == (0, {})
        assert client.search(none_of(wanted)) == (0, {})  # nor its opposite
    _, entries = client.search(attributes=["*", "+", "userPassword", "authPassword"])
    known = {each.name for each in schema.ATTRIBUTES}
    assert {name for found in entries.values() for name in found} <= known
    assert not any("password" in name.lower() or "argon2" in str(entries) for name in known)


def test_a_groups_number_is_its_own_for_good() -> None:
    people = FakePeople()
    people.groups = {f"class {number}": frozenset() for number in range(300)}
    client = Client(people)
    client.bind()
    _, entries = client.search(equal("objectClass", "posixGroup"), attributes=["gidNumber"])
    before = {name: found["gidNumber"][0] for name, found in entries.items()}
    assert len(set(before.values())) == 305
    del people.groups["class 7"]
    client = Client(people)
    client.bind()
    _, entries = client.search(equal("objectClass", "posixGroup"), attributes=["gidNumber"])
    assert {name: found["gidNumber"][0] for name, found in entries.items()}.items() < before.items()


def test_a_group_with_a_roles_name_makes_nobody_an_admin() -> None:
    people = FakePeople()
    people.groups = dict.fromkeys(["Admin", "people", "lab", "Lab"], frozenset({LI.id}))
    client = Client(people)
    client.bind()
    _, entries = client.search(equal("cn", "admin"), attributes=["memberUid"])
    assert [found["memberUid"] for found in entries.values()] == [["zhao"]]
    assert client.names(equal("cn", "lab")) == ["Lab"]


def test_the_schema_is_there(client: Client) -> None:
    _, entries = client.search(
        equal("objectClass", "subschema"),
        base="cn=Subschema",
        scope=0,
        attributes=["attributeTypes", "objectClasses"],
    )
    (found,) = entries.values()
    assert any("NAME 'uidNumber'" in each for each in found["attributeTypes"])
    described = {word.strip("'()") for each in found["objectClasses"] for word in each.split() if "'" in word}
    _, people = client.search(attributes=["objectClass"])
    assert {name for entry in people.values() for name in entry["objectClass"]} <= described


# Filters -------------------------------------------------------------------------------------

FOUND: list[tuple[Any, list[str]]] = [
    (equal("uid", "ZHAO"), ["zhao"]),
    (equal("UserID", "zhao"), ["zhao"]),
    (equal("0.9.2342.19200300.100.1.1", "zhao"), ["zhao"]),
    (equal("cn", "zhao  WEI"), ["zhao"]),
    (equal("cn", "ＺＨＡＯ wei"), ["zhao"]),
    (equal("uid", "zha"), []),
    (equal("uid;lang-zh", "zhao"), []),
    (equal("uid", b"\xff"), []),
    (equal("uid", "x" * 5000), []),
    (equal("uidNumber", "20001"), ["li"]),
    (equal("uidNumber", "020001"), ["li"]),
    (equal("uidNumber", "li"), []),
    (equal("homeDirectory", "/home/li"), ["li"]),
    (equal("homeDirectory", "/HOME/li"), []),
    (equal("objectClass", "POSIXACCOUNT"), ["zhao", "li", "小明"]),
    (equal("objectClass", "1.3.6.1.1.1.2.0"), ["zhao", "li", "小明"]),
    (equal("entryUUID", "00000000-0000-0000-0000-000000004E20"), ["zhao"]),
    (equal("memberOf", f"CN=Admin, {GROUPS}"), ["zhao"]),
    (equal("memberOf", "no name"), []),
    (equal("mail", "li@example.org"), []),
    (pureldap.LDAPFilter_approxMatch(
        pureldap.LDAPAttributeDescription("cn"), pureldap.LDAPAssertionValue("li na")), ["li"]),
    (all_of(at_least("uidNumber", "20001"), at_most("uidNumber", "20001")), ["li"]),
    (at_least("uidNumber", "20002"), ["小明"]),
    (at_least("uid", "a"), []),
    (pieces("cn", ("initial", "ZH"), ("any", "o W"), ("final", "ei")), ["zhao"]),
    (pieces("cn", ("initial", "zhao wei"), ("final", "wei")), []),
    (pieces("cn", ("any", "明")), ["小明"]),
    (pieces("cn", ("any", "a"), ("any", "a")), ["li"] if "Li Na".count("a") > 1 else []),
    (pieces("uidNumber", ("any", "2")), []),
    (pieces("memberOf", ("any", "admin")), []),
    (one_of(equal("uid", "li"), equal("uid", "zhao")), ["li", "zhao"]),
    (one_of(equal("uid", "li"), pieces("uid", ("initial", "zh"))), ["zhao", "li"]),
    (all_of(equal("objectClass", "posixAccount"), none_of(equal("uid", "li"))), ["zhao", "小明"]),
    (all_of(present("uid"), none_of(equal("unknown", "x"))), []),
    (all_of(present("uid"), one_of(equal("unknown", "x"), equal("uid", "li"))), ["li"]),
    (present("mail"), []),
    (present("unknown"), []),
    (one_of(), []),
    (none_of(all_of()), []),
    (pureldap.LDAPFilter_extensibleMatch(matchingRule=b"caseExactMatch", type=b"uid", matchValue=b"li"), []),
    (none_of(pureldap.LDAPFilter_extensibleMatch(type=b"uid", matchValue=b"li")), []),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "found"), FOUND)
def test_filters(client: Client, wanted: Any, found: list[str]) -> None:
    assert client.names(wanted, base=PEOPLE) == found


def test_nothing_and_everything_are_filters(client: Client) -> None:
    assert len(client.names(all_of())) == len(client.names(present("objectClass"))) == 13


def test_nslcd_finds_people_and_groups(client: Client) -> None:
    assert client.names(all_of(equal("objectClass", "posixAccount"), equal("uid", "zhao"))) == ["zhao"]
    member = one_of(equal("memberUid", "zhao"), equal("member", f"uid=zhao,{PEOPLE}"))
    wanted = all_of(equal("objectClass", "posixGroup"), member)
    assert client.names(wanted, attributes=["cn", "gidNumber"]) == [
        "people",
        "guest",
        "member",
        "moderator",
        "admin",
    ]
    assert client.names(all_of(equal("objectClass", "posixGroup"), equal("gidNumber", "10000"))) == ["people"]


def test_gitea_finds_a_person(client: Client) -> None:
    wanted = all_of(equal("objectClass", "inetOrgPerson"), one_of(equal("uid", "li"), equal("mail", "li")))
    _, entries = client.search(wanted, attributes=["uid", "displayName", "sn", "mail"])
    assert entries == {f"uid=li,{PEOPLE}": {"uid": ["li"], "sn": ["Li Na"], "displayName": ["Li Na"]}}


VALUES = st.sampled_from(
    ["zhao", "li", "小明", "admin", "20001", "10000", "x", f"uid=li,{PEOPLE}", "posixAccount"]
)
ATTRIBUTES = st.sampled_from(
    ["uid", "cn", "memberUid", "member", "uidNumber", "gidNumber", "objectClass", "unknown"]
)
LEAVES: st.SearchStrategy[filters.Filter] = st.one_of(
    st.builds(filters.Equal, ATTRIBUTES, VALUES.map(str.encode)),
    st.builds(filters.AtLeast, ATTRIBUTES, VALUES.map(str.encode)),
    st.builds(filters.Present, ATTRIBUTES),
    st.builds(filters.Pieces, ATTRIBUTES, VALUES.map(str.encode), st.just(()), st.just(b"")),
    st.just(filters.Extensible()),
)
FILTERS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(filters.Not, inner),
        st.builds(filters.And, st.lists(inner, max_size=3).map(tuple)),
        st.builds(filters.Or, st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


def snapshot(people: FakePeople) -> Snapshot:
    *_, made = snapshot_steps(places_of(BASE), people.accounts, people.groups, 2)
    assert made is not None
    return made


SNAPSHOT = snapshot(FakePeople())


@settings(deadline=None)
@given(FILTERS)
def test_the_index_leaves_nothing_out(wanted: filters.Filter) -> None:
    test, likely = filters.test_of(wanted), filters.candidates(wanted, SNAPSHOT.index)
    all_found = {each for each in SNAPSHOT.entries if test(each)}
    assert likely is None or all_found <= set(likely)
    opposite = filters.test_of(filters.Not(wanted))
    for each in SNAPSHOT.entries:
        assert (test(each), opposite(each)) in {(True, False), (False, True), (None, None)}


def test_a_name_is_found_without_a_look_at_everybody() -> None:
    wanted = filters.And((filters.Equal("objectClass", b"posixAccount"), filters.Equal("uid", b"li")))
    likely = filters.candidates(wanted, SNAPSHOT.index)
    assert likely is not None
    assert len(likely) == 1


# Scope, attributes, limits -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "scope", "found"),
    [
        (BASE, 0, ["netapp"]),
        (BASE, 1, ["people", "groups"]),
        (PEOPLE, 1, ["zhao", "li", "小明"]),
        (PEOPLE, 2, ["people", "zhao", "li", "小明"]),
        (f"uid=li,{PEOPLE}", 0, ["li"]),
        (f"uid=li,{PEOPLE}", 1, []),
        (f"uid=li,{PEOPLE}", 2, ["li"]),
        ("cn=Subschema", 2, ["Subschema"]),
        ("OU=People , DC=NetApp", 0, ["people"]),
    ],
)
def test_scopes(client: Client, base: str, scope: int, found: list[str]) -> None:
    assert client.names(base=base, scope=scope) == found
    by_index = client.names(one_of(present("objectClass"), equal("uid", "x")), base=base, scope=scope)
    assert by_index == found


@pytest.mark.parametrize(("base", "scope", "found"), [(GROUPS, 2, []), (BASE, 1, []), (PEOPLE, 1, ["li"])])
def test_scopes_hold_for_what_the_index_gives(
    client: Client, base: str, scope: int, found: list[str]
) -> None:
    assert client.names(equal("uid", "li"), base=base, scope=scope) == found


@pytest.mark.parametrize(
    ("base", "matched"),
    [
        (f"uid=nobody,{PEOPLE}", PEOPLE),
        (f"ou=x,ou=y,{BASE}", BASE),
        ("dc=elsewhere", ""),
    ],
)
def test_a_base_that_is_not_there(client: Client, base: str, matched: str) -> None:
    (done,) = client.ask(ldap.search(base=base))
    assert done.value.resultCode == 32
    assert done.value.matchedDN == matched.encode()


def test_a_base_that_is_no_name(client: Client) -> None:
    assert client.search(base="people") == (34, {})
    assert client.search(base="", scope=2) == (32, {})


@pytest.mark.parametrize(
    ("attributes", "found"),
    [
        (["uid", "CN"], {"uid", "cn"}),
        (["userid", "commonName"], {"uid", "cn"}),
        (["1.1"], set()),
        (["1.1", "uid"], {"uid"}),
        (["+"], {"entryUUID", "entryDN", "createTimestamp", "subschemaSubentry"}),
        (["entryUUID", "unknown", "mail"], {"entryUUID"}),
        (["uid;binary"], set()),
    ],
)
def test_attributes_are_chosen(client: Client, attributes: list[str], found: set[str]) -> None:
    _, entries = client.search(equal("uid", "li"), attributes=attributes)
    assert set(entries[f"uid=li,{PEOPLE}"]) == found


def test_operational_attributes_come_when_asked_for(client: Client) -> None:
    _, default = client.search(equal("uid", "li"))
    _, star = client.search(equal("uid", "li"), attributes=["*"])
    assert default == star
    assert "entryUUID" not in default[f"uid=li,{PEOPLE}"]


def test_types_only(client: Client) -> None:
    _, entries = client.search(equal("uid", "li"), attributes=["uid", "cn"], typesOnly=True)
    assert entries[f"uid=li,{PEOPLE}"] == {"uid": [], "cn": []}


def test_a_size_limit(client: Client) -> None:
    found, entries = client.search(base=PEOPLE, scope=1, sizeLimit=2)
    assert (found, len(entries)) == (4, 2)
    found, entries = client.search(base=PEOPLE, scope=1, sizeLimit=3)
    assert (found, len(entries)) == (0, 3)


# Pages ---------------------------------------------------------------------------------------


def page(client: Client, size: int, cookie: bytes = b"", **more: Any) -> tuple[int, list[str], bytes | None]:
    *entries, done = client.ask(ldap.search(base=PEOPLE, scope=1, **more), ldap.page_of(size, cookie))
    names = [each.value.objectName.decode().partition(",")[0] for each in entries]
    return int(done.value.resultCode), names, ldap.cookie_of(done)


def test_pages(client: Client) -> None:
    code, names, cookie = page(client, 2)
    assert (code, names) == (0, ["uid=zhao", "uid=li"])
    assert cookie
    assert page(client, 2, cookie) == (0, ["uid=小明"], b"")
    assert page(client, 3) == (0, ["uid=zhao", "uid=li", "uid=小明"], b"")


def test_a_cookie_is_good_once_and_for_its_search(client: Client) -> None:
    _, _, cookie = page(client, 1)
    assert cookie
    assert page(client, 1, cookie, attributes=["uid"]) == (53, [], None)
    _, _, cookie = page(client, 1)
    assert cookie
    page(client, 1, cookie)
    assert page(client, 1, cookie) == (53, [], None)
    assert page(client, 1, b"x") == (53, [], None)


def test_pages_that_are_not_wanted_any_more(client: Client) -> None:
    _, _, cookie = page(client, 1)
    assert cookie
    assert page(client, 0, cookie) == (0, [], b"")
    assert page(client, 1, cookie)[0] == 53


def test_pages_end_with_the_bind(client: Client) -> None:
    _, _, cookie = page(client, 1)
    assert cookie
    client.bind()
    assert page(client, 1, cookie)[0] == 53


def test_pages_are_not_kept_without_bound(client: Client) -> None:
    cookies = [page(client, 1)[2] or b"" for _ in range(limits.LDAP_PAGED + 1)]
    assert [page(client, 1, cookie)[0] for cookie in cookies] == [53] + [0] * limits.LDAP_PAGED


def test_pages_are_not_kept_for_long(client: Client) -> None:
    _, _, cookie = page(client, 1)
    client.reactor.advance(limits.LDAP_PAGE - 1)
    _, names, cookie = page(client, 1, cookie or b"")
    assert names == ["uid=li"]
    client.reactor.advance(limits.LDAP_PAGE)
    assert page(client, 1, cookie or b"")[0] == 53
    client.reactor.advance(limits.LDAP_IDLE)
    assert client.transport.disconnecting


def test_a_size_limit_holds_for_all_pages(client: Client) -> None:
    code, names, cookie = page(client, 2, sizeLimit=3)
    assert (code, len(names)) == (0, 2)
    assert page(client, 2, cookie or b"", sizeLimit=3) == (0, ["uid=小明"], b"")
    _, _, cookie = page(client, 1, sizeLimit=2)
    assert page(client, 2, cookie or b"", sizeLimit=2) == (4, ["uid=li"], None)


def test_pages_are_of_one_moment(client: Client) -> None:
    _, _, cookie = page(client, 1)
    client.people.accounts.insert(2, new := ldap.account(20_009, "sun"))
    client.people.changes.publish(ldap.AccountChanged("added", new))
    client.reactor.pump([limits.LDAP_SETTLE, *[0] * 10])
    assert page(client, 9, cookie or b"")[1] == ["uid=li", "uid=小明"]
    assert page(client, 9)[1] == ["uid=zhao", "uid=li", "uid=sun", "uid=小明"]


# Comparisons ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "attribute", "value", "code"),
    [
        (f"uid=li,{PEOPLE}", "uid", "LI", 6),
        (f"uid=li,{PEOPLE}", "uid", "zhao", 5),
        (f"cn=admin,{GROUPS}", "member", f"uid=zhao, {PEOPLE}", 6),
        (f"cn=admin,{GROUPS}", "member", f"uid=li, {PEOPLE}", 5),
        (f"uid=li,{PEOPLE}", "mail", "x", 16),
        (f"uid=li,{PEOPLE}", "userPassword", "123", 17),
        (f"uid=li,{PEOPLE}", "uidNumber", "x", 21),
        (f"uid=nobody,{PEOPLE}", "uid", "x", 32),
        ("x", "uid", "x", 34),
    ],
)
def test_comparisons(client: Client, name: str, attribute: str, value: str, code: int) -> None:
    (answer,) = client.ask(ldap.compare(name, attribute, value))
    assert type(answer.value) is pureldap.LDAPCompareResponse
    assert answer.value.resultCode == code


# Changes of people ---------------------------------------------------------------------------


def names_now(client: Client) -> list[str]:
    return client.names(equal("objectClass", "person"))


def test_the_directory_follows_people(client: Client) -> None:
    assert client.people.reads == 1
    client.people.accounts.append(new := ldap.account(20_009, "sun"))
    client.people.changes.publish(ldap.AccountChanged("added", new))
    client.people.changes.publish(ldap.AccountChanged("groups", new))
    assert names_now(client) == ["zhao", "li", "小明"]
    client.reactor.pump([limits.LDAP_SETTLE, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    assert names_now(client) == ["zhao", "li", "小明", "sun"]
    assert client.people.reads == 2


def test_changes_that_nobody_sees_cost_nothing(client: Client) -> None:
    for kind in ("password", "keys", "factor", "session"):
        client.people.changes.publish(ldap.AccountChanged(kind, ZHAO))  # type: ignore[arg-type]
    client.reactor.pump([limits.LDAP_SETTLE] * 5)
    assert client.people.reads == 1


def test_people_that_cannot_be_read_again_leave_what_was_there(client: Client) -> None:
    events: list[Any] = []
    globalLogPublisher.addObserver(events.append)
    client.people.broken = OSError("the disk")
    client.people.changes.publish(ldap.AccountChanged("name", ZHAO))
    client.reactor.pump([limits.LDAP_SETTLE, limits.LDAP_AGAIN, limits.LDAP_AGAIN])
    assert names_now(client) == ["zhao", "li", "小明"]
    assert client.people.reads == 4
    globalLogPublisher.removeObserver(events.append)
    assert len([each for each in events if each.get("log_failure")]) == 1
    client.people.broken = None
    client.people.accounts.remove(LI)
    client.reactor.pump([limits.LDAP_AGAIN, *[0] * 10])
    client.again()
    client.bind()
    assert names_now(client) == ["zhao", "小明"]


def test_many_wait_for_the_first_directory_and_some_go_away() -> None:
    client = Client()
    client.people.holds = defer.Deferred()
    waiting = [client.protocol]
    for _ in range(3):
        client.again()
        waiting.append(client.protocol)
    transports = [each.transport for each in waiting]
    for each in waiting:
        each.dataReceived(ldap.request(ldap.bind()))
    transports[1].loseConnection()
    client.people.holds.callback(None)
    client.reactor.pump([0] * 20)
    assert [len(ldap.messages(each.value())) for each in transports] == [1, 0, 1, 1]
    assert client.people.reads == 1


def test_nothing_is_read_before_somebody_asks() -> None:
    client = Client()
    client.search(base="", scope=0)
    client.people.changes.publish(ldap.AccountChanged("added", ZHAO))
    client.reactor.pump([1.0] * 5)
    assert client.people.reads == 0


def test_a_name_with_every_sign_is_found_again() -> None:
    people = FakePeople(*FakePeople().accounts)
    people.groups = {' a,b+"c"\\<;>=#\0 ': frozenset({LI.id})}
    client = Client(people)
    client.bind()
    (name,) = client.search(all_of(equal("objectClass", "groupOfNames"), present("entryUUID")), base=GROUPS)[
        1
    ].keys() - {f"cn={role},{GROUPS}" for role in ("people", "guest", "member", "moderator", "admin")}
    assert list(client.search(base=name, scope=0)[1]) == [name]
    assert parse_name(name.encode()).rdns[0] == (("cn", ' a,b+"c"\\<;>=#\0 '),)
