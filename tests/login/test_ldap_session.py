"""A client of the directory in memory: binds, refusals, limits."""

import math
from dataclasses import replace
from itertools import pairwise
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ldaptor.protocols import pureldap
from twisted.internet import defer
from twisted.logger import globalLogPublisher

from netapp.core import limits
from netapp.core.streams import SessionFactory
from netapp.errors import Busy, ConfigError
from netapp.login.config import Config
from netapp.login.ldap.service import places_of
from netapp.login.ldap.session import LdapSession
from netapp.people.model import Account, AccountChanged
from tests.login import ldap_client as ldap
from tests.login.ldap_client import LI, MING, PEOPLE, ZHAO, Client, FakePeople
from tests.login.test_ldap_wire import search_octets, tlv

SUCCESS, PROTOCOL_ERROR, NOT_SUPPORTED, STRONGER, UNAVAILABLE_CRITICAL = 0, 2, 7, 8, 12
NO_SUCH_OBJECT, INVALID_DN, WRONG, NO_ACCESS, BUSY, UNAVAILABLE, UNWILLING = 32, 34, 49, 50, 51, 52, 53
MANAGE_DSA_IT = "2.16.840.1.113730.3.4.2"
NOTICE = b"1.3.6.1.4.1.1466.20036"


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def bound(client: Client) -> Client:
    assert client.bind() == SUCCESS
    return client


def code(answers: list[Any]) -> int:
    (answer,) = answers
    return int(answer.value.resultCode)


def is_notice(message: Any, expected: int) -> bool:
    return (message.id, message.value.responseName, message.value.resultCode) == (0, NOTICE, expected)


def who(client: Client) -> bytes:
    (answer,) = client.ask(pureldap.LDAPExtendedRequest(requestName=ldap.WHO_AM_I))
    said: bytes = answer.value.response
    return said


# Binds ---------------------------------------------------------------------------------------


def test_a_right_password_binds(client: Client) -> None:
    assert who(client) == b""
    assert client.bind() == SUCCESS
    assert who(client) == f"dn:uid=zhao,{PEOPLE}".encode()
    more = {"door": "ldap", "remember": True, "patience": limits.THROTTLE_PATIENCE}
    assert client.people.tries == [(b"zhao", b"123", "127.0.0.1", more)]


@pytest.mark.parametrize(
    "name",
    [
        f"uid=小明,{PEOPLE}",
        f"uid=\\e5\\b0\\8f\\e6\\98\\8e,{PEOPLE}",
        "USERID = 小明 , OU = People, DC=NETAPP",
        f"0.9.2342.19200300.100.1.1=小明,{PEOPLE}",
    ],
)
def test_a_name_in_any_writing_binds(client: Client, name: str) -> None:
    assert client.bind(name.encode()) == SUCCESS
    assert who(client).decode() == f"dn:uid=小明,{PEOPLE}"


@pytest.mark.parametrize(
    "name",
    [
        f"uid=nobody,{PEOPLE}",
        f"uid=wang,{PEOPLE}",  # disabled
        f"uid=zhao+cn=x,{PEOPLE}",
        f"cn=zhao,{PEOPLE}",
        "uid=zhao,dc=netapp",
        f"uid=zhao,ou=x,{PEOPLE}",
        "uid=zhao,ou=people,dc=elsewhere",
        "dc=netapp",
        "cn=Manager,dc=netapp",
    ],
)
def test_who_is_not_let_in_is_told_the_same(client: Client, name: str) -> None:
    (answer,) = client.ask(ldap.bind(name))
    wrong = Client().ask(ldap.bind(password="124"))[0].value
    assert answer.value.toWire() == wrong.toWire()
    assert answer.value.resultCode == WRONG
    assert not client.transport.disconnecting


def test_l2_l3_a_disabled_account_is_as_wrong_as_an_unknown_one(client: Client) -> None:
    for name in ("wang", "nobody", "zhao"):
        assert client.bind(f"uid={name},{PEOPLE}", "123" if name == "wang" else "124") == WRONG
    assert [each[0] for each in client.people.tries] == [b"wang", b"nobody", b"zhao"]  # each was checked


def test_l11_an_empty_password_is_refused_unasked(client: Client) -> None:
    assert client.bind(password="") == UNWILLING
    assert client.people.tries == []
    assert who(client) == b""


def test_l11_nobody_is_bound_by_no_name(client: Client) -> None:
    assert client.bind("", "") == SUCCESS
    assert who(client) == b""
    assert client.search() == (NO_ACCESS, {})
    assert client.bind("", "123") == WRONG
    assert client.people.tries == []


def test_l12_a_password_is_taken_as_it_is(client: Client) -> None:
    for password in (b" 1\0\r\n\t ", "密码".encode("gbk"), b"\xff\xff"):
        client.bind(password=password)
    assert [each[1] for each in client.people.tries] == [b" 1\0\r\n\t ", "密码".encode("gbk"), b"\xff\xff"]


@pytest.mark.parametrize(
    ("bind", "expected"),
    [
        (ldap.bind("zhao"), INVALID_DN),
        (ldap.bind(b"uid=\xff,dc=netapp"), INVALID_DN),
        (ldap.bind("uid=" + "a" * 3000), INVALID_DN),
        (ldap.bind(version=2), PROTOCOL_ERROR),
        (ldap.bind(password=("EXTERNAL", ""), sasl=True), NOT_SUPPORTED),
        (ldap.bind(password=("PLAIN", "\0zhao\000123"), sasl=True), NOT_SUPPORTED),
    ],
)
def test_binds_that_cannot_be(client: Client, bind: Any, expected: int) -> None:
    assert code(client.ask(bind)) == expected
    assert client.people.tries == []


def test_what_a_name_looks_like_is_said(client: Client) -> None:
    (answer,) = client.ask(ldap.bind("zhao"))
    assert answer.value.errorMessage == b"bind as uid=NAME,ou=people,dc=netapp"


def test_another_bind_ends_the_one_before(bound: Client) -> None:
    assert bound.bind(password="124") == WRONG
    assert who(bound) == b""
    assert bound.search() == (NO_ACCESS, {})


def test_a_queue_that_is_full_and_a_fault_of_ours(client: Client) -> None:
    client.people.answers = [defer.fail(Busy("full")), defer.fail(RuntimeError("the disk"))]
    events: list[Any] = []
    globalLogPublisher.addObserver(events.append)
    try:
        assert client.bind() == BUSY
        assert client.bind() == UNAVAILABLE
    finally:
        globalLogPublisher.removeObserver(events.append)
    assert [each["log_format"] for each in events if each.get("log_failure")] == [
        "netapp-login: a password could not be checked"
    ]
    assert client.bind() == SUCCESS


def test_people_that_cannot_be_read_let_nobody_in(client: Client) -> None:
    client.people.broken = OSError("the disk")
    events: list[Any] = []
    globalLogPublisher.addObserver(events.append)
    try:
        assert client.bind() == UNAVAILABLE
        assert client.bind() == UNAVAILABLE
        assert client.search() == (NO_ACCESS, {})
    finally:
        globalLogPublisher.removeObserver(events.append)
    assert len([each for each in events if each.get("log_failure")]) == 1
    client.people.broken = None
    assert client.bind() == SUCCESS


def test_nothing_is_answered_while_a_password_is_checked(client: Client) -> None:
    client.people.answers = [waiting := defer.Deferred[Account | None]()]
    search = ldap.request(ldap.search(ldap.equal("uid", "li")), 2)
    assert client.send(ldap.request(ldap.bind(), 1) + search[:9]) == []
    assert client.send(search[9:]) == []
    assert client.protocol.busy
    waiting.callback(ZHAO)
    assert [message.id for message in client.answers()] == [1, 2, 2]
    assert not client.protocol.busy


def test_l24_what_waits_is_bounded(client: Client) -> None:
    client.people.answers = [defer.Deferred()]
    client.send(ldap.request(ldap.bind()))
    search = ldap.request(ldap.search())
    for _ in range(limits.LDAP_WAITING // len(search) + 2):
        client.protocol.dataReceived(search)
    assert client.transport.aborted


def test_l26_a_client_that_goes_away_leaves_the_queue(client: Client) -> None:
    gone: list[object] = []
    client.people.answers = [defer.Deferred(gone.append)]
    client.send(ldap.request(ldap.bind()))
    client.transport.loseConnection()
    assert len(gone) == 1
    assert client.factory.connections == 0


def test_l4_wrong_binds_on_one_connection_come_to_an_end(client: Client) -> None:
    for _ in range(limits.LDAP_TRIES - 1):
        assert client.bind(password="124") == WRONG
    last, notice = client.ask(ldap.bind(password="124"))
    assert last.value.resultCode == WRONG
    assert is_notice(notice, UNAVAILABLE)
    assert client.transport.disconnecting


def test_l4_a_service_that_binds_for_others_is_not_counted_out(client: Client) -> None:
    for _ in range(3 * limits.LDAP_TRIES):
        assert client.bind(password="124") == WRONG
        assert client.bind() == SUCCESS


@pytest.mark.parametrize("kind", ["password", "disabled", "removed", "revoked"])
def test_l32_who_is_bound_must_bind_again_when_the_account_changes(bound: Client, kind: Any) -> None:
    bound.people.changes.publish(AccountChanged(kind, LI))
    assert bound.answers() == []
    state = "disabled" if kind == "disabled" else "active"
    bound.people.changes.publish(AccountChanged(kind, replace(ZHAO, state=state, generation=1)))
    (notice,) = bound.answers()
    assert is_notice(notice, STRONGER)
    assert bound.transport.disconnecting


def test_l32_what_changes_while_a_password_is_checked_counts(client: Client) -> None:
    client.people.answers = [defer.succeed(ZHAO)]
    client.people.gets = [waiting := defer.Deferred[Account | None]()]
    client.send(ldap.request(ldap.bind()))
    client.people.changes.publish(AccountChanged("factor", ZHAO))
    waiting.callback(ZHAO)
    assert code(client.answers()) == WRONG
    client.people.answers = [defer.succeed(ZHAO)] * 2
    client.people.gets = [defer.succeed(replace(ZHAO, generation=1)), defer.succeed(None)]
    assert client.bind() == WRONG  # the account was read before its password was changed
    assert client.bind() == WRONG


def test_l32_an_application_password_that_is_removed_while_it_is_checked_binds_nobody(client: Client) -> None:
    client.people.opener = "a1"
    assert client.bind() == SUCCESS
    client.people.gone.add("a1")
    assert client.bind() == WRONG


def test_l32_a_change_that_is_known_late_ends_nothing(client: Client) -> None:
    now = replace(ZHAO, generation=1)
    client.people.answers, client.people.gets = [defer.succeed(now)], [defer.succeed(now)]
    assert client.bind() == SUCCESS
    client.people.changes.publish(AccountChanged("password", now))
    assert who(client) != b""


def test_l32_an_answer_under_way_is_cut_off(crowd: FakePeople) -> None:
    client = Client(crowd)
    client.bind()
    client.protocol.dataReceived(ldap.request(ldap.search()))
    crowd.changes.publish(AccountChanged("disabled", replace(ZHAO, state="disabled")))
    assert client.transport.aborted


def test_a_change_that_takes_nothing_away_leaves_who_is_bound(bound: Client) -> None:
    bound.people.changes.publish(AccountChanged("groups", ZHAO))
    bound.people.changes.publish(AccountChanged("keys", ZHAO))
    assert bound.answers() == []
    assert who(bound) != b""


# What nobody may do --------------------------------------------------------------------------


def test_who_is_not_bound_sees_what_the_server_is(client: Client) -> None:
    found, root = client.search(base="", scope=0, attributes=["+"])
    assert found == SUCCESS
    assert root[""]["namingContexts"] == ["dc=netapp"]
    assert root[""]["supportedLDAPVersion"] == ["3"]
    assert root[""]["supportedControl"] == [ldap.PAGED, MANAGE_DSA_IT]
    assert root[""]["supportedExtension"] == [ldap.WHO_AM_I]
    assert root[""]["vendorName"] == ["netapp"]
    assert "supportedSASLMechanisms" not in root[""]
    assert client.search(base="", scope=0) == (SUCCESS, {"": {"objectClass": ["top"]}})


@pytest.mark.parametrize(
    ("base", "scope"), [("", 1), ("", 2), ("dc=netapp", 0), ("cn=Subschema", 0), (f"uid=zhao,{PEOPLE}", 0)]
)
def test_who_is_not_bound_sees_nothing_else(client: Client, base: str, scope: int) -> None:
    assert client.search(base=base, scope=scope) == (NO_ACCESS, {})


def test_who_is_not_bound_compares_nothing(client: Client) -> None:
    assert code(client.ask(ldap.compare(f"uid=zhao,{PEOPLE}", "uid", "zhao"))) == NO_ACCESS


CHANGES = [
    (pureldap.LDAPModifyRequest("dc=netapp", []), pureldap.LDAPModifyResponse),
    (pureldap.LDAPAddRequest("dc=x", []), pureldap.LDAPAddResponse),
    (pureldap.LDAPDelRequest(entry=f"uid=li,{PEOPLE}"), pureldap.LDAPDelResponse),
    (pureldap.LDAPModifyDNRequest(f"uid=li,{PEOPLE}", "uid=x", True), pureldap.LDAPModifyDNResponse),
    (pureldap.LDAPPasswordModifyRequest(newPasswd="x"), pureldap.LDAPExtendedResponse),
]


@pytest.mark.parametrize(("op", "kind"), CHANGES)
def test_nothing_is_changed(bound: Client, op: Any, kind: type) -> None:
    (answer,) = bound.ask(op)
    assert type(answer.value) is kind
    assert answer.value.resultCode == UNWILLING


def test_start_tls_is_not_here(client: Client) -> None:
    start_tls = pureldap.LDAPStartTLSRequest()
    assert code(client.ask(start_tls)) == PROTOCOL_ERROR
    client.protocol.session.secure = True
    assert code(client.ask(start_tls)) == 1  # operationsError: RFC 4511 section 4.14.2


def test_an_unknown_operation(client: Client) -> None:
    assert code(client.ask(pureldap.LDAPExtendedRequest(requestName="1.2.3.4"))) == PROTOCOL_ERROR


def test_a_critical_control_that_is_not_known(bound: Client) -> None:
    unknown = [("1.2.840.113556.1.4.473", True, b"")]
    assert code(bound.ask(ldap.search(), unknown)) == UNAVAILABLE_CRITICAL
    assert code(bound.ask(ldap.bind(), unknown)) == UNAVAILABLE_CRITICAL
    assert code(bound.ask(ldap.bind(), ldap.page_of(3))) == UNAVAILABLE_CRITICAL
    assert code(bound.ask(pureldap.LDAPExtendedRequest(requestName=ldap.WHO_AM_I), unknown)) == 12
    managed = [(MANAGE_DSA_IT, True, None)]
    assert bound.search(ldap.equal("uid", "li"), controls=managed)[0] == SUCCESS
    assert code(bound.ask(ldap.compare(f"uid=li,{PEOPLE}", "uid", "li"), managed)) == 6
    ignored = [("1.2.840.113556.1.4.473", False, b"")]
    assert bound.search(ldap.equal("uid", "li"), controls=ignored)[0] == SUCCESS


def test_abandon_and_unbind(bound: Client) -> None:
    unknown = [("1.2.3", True, b"")]
    assert bound.ask(pureldap.LDAPAbandonRequest(id=1), unknown) == []
    assert bound.ask(pureldap.LDAPUnbindRequest(), unknown) == []
    assert bound.transport.disconnecting


@pytest.mark.parametrize(
    "octets",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01",
        b"\x30\x84\x7f\xff\xff\xff",
        b"\x30\x80",
        search_octets(tlv(0x80, tlv(0x80, b""))),
        ldap.request(ldap.bind(), 0),
        ldap.request(pureldap.LDAPBindResponse(resultCode=0)),
    ],
)
def test_l29_what_is_no_request_ends_the_connection(client: Client, octets: bytes) -> None:
    (notice,) = client.send(octets)
    assert is_notice(notice, PROTOCOL_ERROR)
    assert client.transport.disconnecting
    assert client.factory.malformed == 1


# Time ----------------------------------------------------------------------------------------


def test_l27_who_says_nothing_is_sent_away(client: Client) -> None:
    client.reactor.advance(limits.LDAP_UNBOUND - 1)
    assert not client.transport.disconnecting
    client.reactor.advance(1)
    assert client.transport.disconnecting


def test_l27_anonymous_binds_gain_no_time(client: Client) -> None:
    for _ in range(3):
        client.reactor.advance(limits.LDAP_UNBOUND / 3 - 0.1)
        client.bind("", "")
    client.reactor.advance(1)
    assert client.transport.disconnecting


def test_l27_a_message_octet_by_octet_is_not_waited_for(bound: Client) -> None:
    for octet in ldap.request(ldap.search())[:31]:
        bound.protocol.dataReceived(bytes([octet]))
        bound.reactor.advance(1)
    assert bound.transport.disconnecting


def test_who_is_bound_may_be_silent_for_a_while(bound: Client) -> None:
    bound.reactor.advance(limits.LDAP_IDLE - 1)
    assert who(bound) != b""
    bound.reactor.advance(limits.LDAP_IDLE)
    assert bound.transport.disconnecting


def test_a_password_under_check_has_no_deadline(client: Client) -> None:
    client.people.answers = [waiting := defer.Deferred[Account | None]()]
    client.send(ldap.request(ldap.bind()))
    assert client.protocol.session.deadline == math.inf
    client.reactor.advance(3600)
    waiting.callback(ZHAO)
    assert code(client.answers()) == SUCCESS


def test_l25_a_half_close_gets_its_answers(client: Client) -> None:
    client.people.answers = [waiting := defer.Deferred[Account | None]()]
    client.protocol.dataReceived(
        ldap.request(ldap.bind(), 1) + ldap.request(ldap.search(base="", scope=0), 2)
    )
    client.protocol.readConnectionLost()
    assert not client.transport.disconnecting
    waiting.callback(ZHAO)
    assert [message.id for message in client.answers()] == [1, 2, 2]
    assert client.transport.disconnecting


# Many and large ------------------------------------------------------------------------------

MANY = [ldap.account(20_000 + number, f"user{number}", f"User {number}") for number in range(1000)]


@pytest.fixture(scope="module")
def crowd() -> FakePeople:
    return FakePeople(ZHAO, *MANY)


def test_a_thousand_people_are_read_in_turns(crowd: FakePeople) -> None:
    client = Client(crowd)
    client.bind()
    turns: list[int] = []
    run = client.protocol.perform_all
    client.protocol.perform_all = lambda effects: (turns.append(1), run(effects))  # type: ignore[func-returns-value]
    names = client.names(ldap.equal("objectClass", "inetOrgPerson"))
    assert len(names) == 1001
    assert len(turns) > 4  # so the others had theirs between


def test_nothing_is_written_to_who_does_not_read(crowd: FakePeople) -> None:
    client = Client(crowd)
    client.bind()
    client.protocol.dataReceived(ldap.request(ldap.search()))
    client.transport.producer.resumeProducing()  # as a transport does that has room
    client.reactor.pump([0.0] * 100)
    assert 0 < len(client.transport.value()) < 256 * 1024
    assert client.protocol.busy
    client.reactor.pump([1.0] * 40)
    assert client.transport.aborted  # nothing of it was read for the stall limit


def test_a_filter_that_looks_at_everybody_takes_turns(crowd: FakePeople) -> None:
    client = Client(crowd)
    client.bind()
    many = ldap.all_of(*(ldap.none_of(ldap.pieces("cn", ("any", f"x{number}"))) for number in range(100)))
    client.protocol.dataReceived(
        ldap.request(ldap.search(ldap.all_of(many, ldap.none_of(ldap.present("uid")))), 9)
    )
    assert client.transport.value() == b""
    assert client.protocol.busy
    assert len(client.answers()) == 11  # the tops and the groups, and that it is done


def test_a_filter_of_many_large_parts_takes_turns(crowd: FakePeople) -> None:
    client = Client(crowd)
    client.bind()
    part = ldap.one_of(*[ldap.equal("objectClass", "person")] * 2)
    wanted = ldap.one_of(*[part] * 100, ldap.equal("uid", "zhao"))
    began = process_time()
    client.protocol.dataReceived(ldap.request(ldap.search(wanted), 9))
    assert process_time() - began < 0.5  # 0.015 on an idle machine
    assert len(client.answers()) == 1002


def test_a_time_limit(crowd: FakePeople) -> None:
    client = Client(crowd)
    client.bind()
    wanted = ldap.none_of(ldap.present("objectClass"))
    client.protocol.dataReceived(ldap.request(ldap.search(wanted, timeLimit=2), 9))
    wanted = ldap.one_of(*[wanted] * 300)
    client.answers()
    client.protocol.dataReceived(ldap.request(ldap.search(wanted, timeLimit=2), 9))
    client.reactor.rightNow += 2
    assert code(client.answers()) == 3


def test_many_requests_at_once_are_answered_in_order(bound: Client) -> None:
    octets = b"".join(
        ldap.request(ldap.search(ldap.equal("uid", "li"), attributes=["1.1"]), number)
        for number in range(1, 301)
    )
    assert [message.id for message in bound.send(octets)] == sorted([*range(1, 301)] * 2)


def test_a_stop_ends_those_who_wait_and_not_an_answer(crowd: FakePeople) -> None:
    client = Client(crowd)
    client.bind()
    busy, transport = client.protocol, client.transport
    busy.dataReceived(ldap.request(ldap.search()))
    client.again()
    stopped = client.factory.drain(client.reactor)
    assert client.transport.disconnecting
    assert not transport.disconnecting
    while transport.connected:
        client.reactor.advance(0)
        if transport.producer is not None:
            transport.producer.resumeProducing()
    assert stopped.called
    assert len(ldap.messages(transport.value())) > 1001


CONVERSATION = b"".join(
    ldap.request(op, number)
    for number, op in enumerate(
        (
            ldap.search(base="", scope=0, attributes=["+"]),
            ldap.search(),
            ldap.bind(password="124"),
            ldap.bind(),
            ldap.search(ldap.equal("uid", "li")),
            ldap.compare(f"uid=li,{PEOPLE}", "uid", "li"),
            pureldap.LDAPAbandonRequest(id=2),
            pureldap.LDAPExtendedRequest(requestName=ldap.WHO_AM_I),
            *(op for op, _ in CHANGES),
            ldap.search(),
            ldap.bind("", ""),
            ldap.search(),
        ),
        1,
    )
)


def answered(pieces: list[bytes]) -> list[bytes]:
    client = Client()
    return [answer.toWire() for piece in pieces for answer in client.send(piece)]


WHOLE = answered([CONVERSATION])


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(1, len(CONVERSATION) - 1), max_size=30))
def test_the_pieces_in_which_octets_come_change_nothing(cuts: set[int]) -> None:
    places = [0, *sorted(cuts), len(CONVERSATION)]
    pieces = [CONVERSATION[begin:end] for begin, end in pairwise(places)]
    assert answered(pieces) == WHOLE


def test_a_conversation_octet_by_octet() -> None:
    assert answered([bytes([octet]) for octet in CONVERSATION]) == WHOLE
    assert len(WHOLE) > 20


class _Untouched:
    """A directory that nobody may ask."""

    def __call__(self) -> Any:
        raise AssertionError("somebody was shown people")


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=8))
def test_any_octets_are_survived(parts: list[bytes]) -> None:
    session = LdapSession(_Untouched(), places_of("dc=netapp"))
    session.open(0.0)
    for number, part in enumerate(parts):
        effects = session.receive(part, float(number))
        if effects:
            break


# The door ------------------------------------------------------------------------------------


@pytest.mark.parametrize("base", ["", "netapp", "dc", "cn=netapp", "dc=a+dc=b", "x" * 5000])
def test_a_base_that_cannot_be(base: str) -> None:
    with pytest.raises(ConfigError, match="--ldap-base"):
        Client(config=Config(ldap_base=base))


@pytest.mark.parametrize("base", ["o=一班", "ou=lab,o=school", "dc=example,dc=org"])
def test_another_base(base: str) -> None:
    client = Client(config=Config(ldap_base=base))
    assert client.bind(f"uid=zhao,ou=people,{base}") == SUCCESS
    code, entries = client.search(ldap.equal("uid", "li"), base=base)
    assert (code, list(entries)) == (SUCCESS, [f"uid=li,ou=people,{base}"])
    assert list(client.search(base=base, scope=0)[1]) == [base]


@pytest.mark.parametrize(
    ("description", "told"),
    [
        ("tcp:389", False),  # which is held to loopback
        ("tcp:389:interface=192.0.2.1", True),
        ("tcp:389:interface=127.0.0.1", False),
        ("ssl:636:privateKey=a", False),
        ("unix:/run/ldap", False),
    ],
)
def test_a_plain_listener_is_told_of_once(description: str, told: bool) -> None:
    events: list[Any] = []
    globalLogPublisher.addObserver(events.append)
    try:
        client = Client(config=Config(ldap=(description, description)))
        client.factory.doStart()  # the second listener
    finally:
        globalLogPublisher.removeObserver(events.append)
    assert sum("in clear" in each.get("log_format", "") for each in events) == told


def test_strangers_are_refused() -> None:
    with pytest.raises(AssertionError, match="refuses"):
        Client(peer="192.0.2.1")


def test_it_is_counted(bound: Client) -> None:
    assert isinstance(bound.factory, SessionFactory)
    bound.search()
    bound.transport.loseConnection()
    bound.again()
    bound.search()
    assert bound.factory.searches == 2


def test_the_name_that_is_bound_is_the_accounts_own(client: Client) -> None:
    client.people.answers = [defer.succeed(MING)]
    assert client.bind("uid=ＸＭ,ou=people,dc=netapp".encode()) == SUCCESS
    assert who(client).decode() == f"dn:uid=小明,{PEOPLE}"
