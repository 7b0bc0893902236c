"""EDNS options, cookies through and through, and what a server says of itself."""

import dns.edns
import dns.message
import dns.rcode
import pytest
from dns.rcode import BADCOOKIE, FORMERR, NOERROR, REFUSED

from netapp.core import limits
from netapp.core.udp.source import Source
from netapp.dns.query.answers import Answers
from netapp.dns.query.chaos import Identity
from netapp.dns.query.cookies import Cookies
from netapp.dns.query.quick import Opt
from netapp.dns.wire import parse_query
from netapp.names.snapshot import Snapshot
from netapp.names.zone import build_zone
from tests.dns.asking import addresses, header, opt, option, query, question, read, snapshot
from tests.dns.test_render import ORIGIN, SOA_RDATA, WWW, Record

CLIENT = b"12345678"
NSID, COOKIE, KEEPALIVE, PADDING, EDE = 3, 10, 11, 12, 15
HERE, THERE = Source.of("192.0.2.1", 4000), Source.of("192.0.2.2", 4000)
NOW = 1_700_000_000.0


def server(identity: Identity = Identity(), names: Snapshot | None = None) -> Answers:  # noqa: B008
    return Answers(names or snapshot(), "i dont know", "auto", Cookies([b"s" * 16], lambda: NOW), identity)


def options(answer: object) -> dict[int, bytes]:
    assert isinstance(answer, bytes)
    return {each.otype: each.to_wire() for each in read(answer).options}


def with_cookie(cookie: bytes, *more: bytes, name: str = "www.baidu.com") -> bytes:
    return query(name, edns=opt(rdata=b"".join(more) + option(COOKIE, cookie)))


# Cookies -----------------------------------------------------------------------------------------


def test_a_client_learns_its_cookie_and_keeps_it() -> None:
    answers = server()
    for _ in range(3):  # read slowly, then quickly, then from memory
        learned = options(answers.datagram(with_cookie(CLIENT), HERE))[COOKIE]
        assert (len(learned), learned[:8]) == (24, CLIENT)
        for _ in range(3):
            answer = answers.datagram(with_cookie(learned), HERE)
            assert options(answer)[COOKIE] == learned
            assert addresses(answer) == ["192.168.1.2"]
            assert answers.is_proved(with_cookie(learned), HERE)
    assert options(answers.datagram(with_cookie(CLIENT), THERE))[COOKIE] != learned
    assert not answers.is_proved(with_cookie(learned), THERE)
    assert not answers.is_proved(with_cookie(CLIENT), HERE)
    assert not answers.is_proved(query(), HERE)


def test_cookies_of_random_case_and_over_streams() -> None:
    answers = server()
    learned = options(answers.datagram(with_cookie(CLIENT), HERE))[COOKIE]
    for name in ("www.baidu.com", "WWW.baidu.com", "wwW.Baidu.COM"):
        for ask in (answers.datagram, answers.message):
            for cookie in (CLIENT, learned):
                answer = ask(with_cookie(cookie, name=name), HERE)
                assert isinstance(answer, bytes)
                assert options(answer)[COOKIE] == learned
                assert answer[12:].startswith(question(name))


@pytest.mark.parametrize("length", range(16, 41))
def test_d32_a_wrong_server_part_gets_an_answer_and_a_fresh_one(length: int) -> None:
    answers = server()
    cookie = CLIENT + b"x" * (length - 8)
    for _ in range(2):
        answer = answers.datagram(with_cookie(cookie), HERE)
        assert (read(answer).rcode(), addresses(answer)) == (NOERROR, ["192.168.1.2"])
        assert options(answer)[COOKIE][:8] == CLIENT
        assert answers.is_proved(with_cookie(options(answer)[COOKIE]), HERE)
    assert not answers.is_proved(with_cookie(cookie), HERE)


@pytest.mark.parametrize("length", [0, 7, 9, 15, 41])
def test_d31_cookies_of_no_length_there_is(length: int) -> None:
    answers = server()
    answers.datagram(with_cookie(CLIENT), HERE)
    assert read(answers.datagram(with_cookie(b"c" * length), HERE)).rcode() == FORMERR


def test_octets_that_look_like_a_cookie_are_none() -> None:
    answers = server()
    answers.datagram(with_cookie(CLIENT), HERE)
    inner = option(COOKIE, CLIENT)  # within another option, and within a longer cookie
    hidden = query(edns=opt(rdata=option(65001, inner)))
    longer = with_cookie(b"abcd" + inner)
    for _ in range(3):
        assert COOKIE not in options(answers.datagram(hidden, HERE))
        assert options(answers.datagram(longer, HERE))[COOKIE][:8] == b"abcd\0\x0a\0\x08"
    behind = header(ar=1) + b"\1a\0\x0a\0\x08\0\1" + CLIENT  # where a question without an end would have it
    assert read(answers.datagram(behind, HERE)).rcode() == FORMERR


def test_d29_a_cookie_that_is_cut_off_is_none() -> None:
    answers = server()
    for cookie in (CLIENT, CLIENT + b"s" * 16):
        whole = with_cookie(cookie)
        for _ in range(2):
            assert addresses(answers.datagram(whole, HERE)) == ["192.168.1.2"]
            for end in range(12, len(whole)):
                for ask in (answers.datagram, answers.message):
                    assert read(ask(whole[:end], HERE)).rcode() == FORMERR


def test_d2_a_cookie_alone_is_answered_with_one() -> None:
    answer = server().datagram(header(qd=0, ar=1) + opt(rdata=option(COOKIE, CLIENT)), HERE)
    assert (read(answer).rcode(), len(options(answer)[COOKIE])) == (NOERROR, 24)


def test_badcookie_is_for_those_who_have_shown_half_of_one() -> None:
    answers = server()
    answer = answers.bad_cookie(with_cookie(CLIENT), HERE)
    assert read(answer).rcode() == BADCOOKIE
    assert answers.is_proved(with_cookie(options(answer)[COOKIE]), HERE)
    for request in (query(), query(edns=opt()), b"www.baidu.com", with_cookie(CLIENT)[:-1]):
        assert answers.bad_cookie(request, HERE) is None
        assert not answers.is_proved(request, HERE)


def test_without_a_secret_there_are_no_cookies() -> None:
    answers = Answers(snapshot(), "i dont know", "auto")
    for _ in range(2):
        assert options(answers.datagram(with_cookie(CLIENT), HERE)) == {}


# Others ------------------------------------------------------------------------------------------


def test_nsid_is_said_to_those_who_ask_and_only_if_there_is_one() -> None:
    asking = query(edns=opt(rdata=option(NSID, b"")))
    assert options(server(Identity(nsid=b"box-1")).datagram(asking)) == {NSID: b"box-1"}
    assert options(server(Identity(nsid=b"box-1")).datagram(query(edns=opt()))) == {}
    assert options(server().datagram(asking)) == {}


def test_d34_keepalive_is_said_over_streams_alone() -> None:
    asking = query(edns=opt(rdata=option(KEEPALIVE, b"")))
    assert options(server().message(asking)) == {KEEPALIVE: int(limits.DNS_IDLE * 10).to_bytes(2, "big")}
    assert options(server().datagram(asking)) == {}


def test_d26_padding_and_what_nobody_knows_are_passed_over() -> None:
    several = b"".join(option(code, b"x" * 9) for code in (PADDING, 8, 14, 65001))
    answer = server().datagram(with_cookie(CLIENT, several), HERE)
    assert (addresses(answer), list(options(answer))) == (["192.168.1.2"], [COOKIE])


def test_an_error_says_what_it_is_about_to_those_who_speak_edns() -> None:
    expired = Snapshot(
        {}, 1, {ORIGIN: build_zone(ORIGIN, [Record(ORIGIN, 6, SOA_RDATA)])}, frozenset({ORIGIN})
    )
    for names, request, rcode, ede in (
        (None, query("nobody.example", edns=opt()), REFUSED, 20),
        (None, query(qclass=4, edns=opt()), REFUSED, 20),
        (None, query(qtype=253, edns=opt()), dns.rcode.NOTIMP, 21),
        (expired, query(WWW, edns=opt()), dns.rcode.SERVFAIL, 24),
    ):
        answer = server(names=names).datagram(request)
        assert (read(answer).rcode(), options(answer)) == (rcode, {EDE: ede.to_bytes(2, "big")})
    assert read(server().datagram(query("nobody.example"))).edns == -1
    assert read(server(names=expired).datagram(query(WWW))).rcode() == dns.rcode.SERVFAIL


# Class CH: RFC 4892 ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["version.bind", "VERSION.server", "id.server", "hostname.bind", "authors.bind"]
)
def test_d22_a_server_says_nothing_of_itself_unless_told_to(name: str) -> None:
    for edns in (b"", opt()):
        assert read(server().datagram(query(name, 16, 3, edns=edns))).rcode() == REFUSED


def test_d22_what_a_server_was_told_to_say() -> None:
    answers = server(Identity(nsid=b"box-1", version=b"netapp"))
    for name, text in (("version.bind", "netapp"), ("Version.Server", "netapp"), ("id.server", "box-1")):
        answer = answers.datagram(query(name, 16, 3, edns=opt()))
        assert isinstance(answer, bytes)
        assert answer[12:].startswith(question(name, 16, 3))
        assert [str(each) for each in read(answer).answer] == [f'{name}. 0 CH TXT "{text}"']
    assert read(answers.datagram(query("version.bind", 1, 3))).rcode() == REFUSED
    assert read(answers.datagram(query("authors.bind", 16, 3))).rcode() == REFUSED
    assert read(answers.datagram(query("version.bind", 16, 1))).rcode() == REFUSED


@pytest.mark.parametrize("edns", [b"", opt(), opt(flags=0x8000), opt(600, rdata=option(COOKIE, CLIENT))])
def test_quick_and_slow_say_the_same(edns: bytes) -> None:
    """The first time an OPT record is read slowly; padding keeps it from being known."""
    for name in ("www.baidu.com", "nobody.example", "many.lan", "WWW.baidu.com"):
        for qtype in (1, 15, 255, 65):
            for ask in ("datagram", "message"):
                slow, quick = server(), server()
                request = query(name, qtype, edns=edns)
                quick._quick._opts[request[12 + len(question(name)) : -8 if b"1234" in edns else None]] = Opt(
                    parse_query(request).edns
                )
                first = getattr(slow, ask)(request, HERE)
                assert [getattr(each, ask)(request, HERE) for each in (slow, quick, quick)] == [first] * 3
