"""Response rate limiting: kinds, networks, what is cut, and what is never touched."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import dns.flags
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet import task

from netapp.core import limits
from netapp.dns.config import Config
from netapp.dns.message import NOTIFY, UPDATE
from netapp.dns.query.answers import Answers, Source
from netapp.dns.ratelimit import (
    DROP,
    SEND,
    SLIP,
    Limiter,
    RateLimit,
    account,
    is_local,
    parse_rate,
    slipped,
)
from netapp.dns.requests import Client, Requests
from netapp.dns.tsig.keys import Key, Keyring
from netapp.dns.tsig.signing import Signer
from netapp.dns.watch.watch import Watch
from netapp.errors import ConfigError
from netapp.names.config import Config as NamesConfig
from netapp.names.naming import wire_name
from netapp.names.opening import open_names
from tests.dns.asking import header, opt, query, question, read, record

HERE, BESIDE, ELSEWHERE = bytes((203, 0, 113, 1)), bytes((203, 0, 113, 200)), bytes((198, 51, 100, 1))
SIX = bytes.fromhex("20010db8000000ab") + bytes(8)
BESIDE_SIX = bytes.fromhex("20010db8000000ff") + bytes(8)
ELSEWHERE_SIX = bytes.fromhex("20010db800000100") + bytes(8)
RECORD = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\0\0\1"


def positive(name: str = "www.example.com", edns: bytes = b"") -> bytes:
    return header(flags=0x8400, an=1, ar=1 if edns else 0) + question(name) + RECORD + edns


def negative(name: str, labels: int, rcode: int = 3) -> bytes:
    """An answer with an SOA of the zone that begins ``labels`` labels down the name."""
    at = 12
    for label in name.split(".")[:labels]:
        at += 1 + len(label)
    soa = bytes((0xC0, at)) + b"\0\6\0\1\0\0\0\x3c\0\x16\0\0" + bytes(20)
    return header(flags=0x8400 | rcode, ns=1) + question(name) + soa


def refused() -> bytes:
    return header(flags=0x8005) + question("www.example.net")


def verdicts(rate: RateLimit, address: bytes, answer: bytes, count: int, now: float = 0.0) -> list[int]:
    return [rate.verdict(address, answer, now) for _ in range(count)]


def test_beyond_the_rate_every_second_is_cut_and_the_others_dropped() -> None:
    rate = RateLimit(5)
    assert verdicts(rate, HERE, positive(), 9) == [SEND] * 5 + [DROP, SLIP, DROP, SLIP]


def test_the_network_is_what_counts() -> None:
    rate = RateLimit(5)
    verdicts(rate, HERE, positive(), 5)
    assert rate.verdict(BESIDE, positive(), 0.0) != SEND
    assert rate.verdict(ELSEWHERE, positive(), 0.0) == SEND
    verdicts(rate, SIX, positive(), 5)
    assert rate.verdict(BESIDE_SIX, positive(), 0.0) != SEND
    assert rate.verdict(ELSEWHERE_SIX, positive(), 0.0) == SEND


def test_every_kind_has_an_account_of_its_own() -> None:
    rate = RateLimit(2)
    verdicts(rate, HERE, positive(), 9)
    for other in (
        positive("mail.example.com"),
        negative("x.example.com", 1),
        negative("x.example.com", 1, rcode=0),
        refused(),
    ):
        assert rate.verdict(HERE, other, 0.0) == SEND
    assert rate.verdict(HERE, positive("WWW.example.COM"), 0.0) != SEND


@pytest.mark.parametrize("rcode", [0, 3])
def test_random_names_that_are_not_there_are_of_one_account(rcode: int) -> None:
    rate = RateLimit(5)
    seen = [
        rate.verdict(HERE, negative(f"n{number}.Example.com", 1, rcode=rcode), 0.0) for number in range(9)
    ]
    assert seen == [SEND] * 5 + [DROP, SLIP, DROP, SLIP]
    assert account(negative("x.example.com", 1, rcode=rcode))[1:] == wire_name("example.com")[:-1]


def test_random_names_that_a_wildcard_answers_are_of_one_account() -> None:
    there = wire_name("www.example.com")
    zone = wire_name("example.com")
    rate = RateLimit(5, made_up=lambda name: None if name == there else zone)
    seen = [rate.verdict(HERE, positive(f"N{number}.example.com"), 0.0) for number in range(9)]
    assert seen == [SEND] * 5 + [DROP, SLIP, DROP, SLIP]
    assert rate.verdict(HERE, positive(), 0.0) == SEND


def test_all_errors_are_of_one_account() -> None:
    answers = [refused(), header(flags=0x8001, qd=0), header(flags=0x8004, qd=0)]
    assert {account(answer) for answer in answers} == {account(refused())}


def test_who_goes_on_is_not_answered_until_it_has_been_quiet() -> None:
    rate = RateLimit(5)
    for second in range(100):
        sent = verdicts(rate, HERE, positive(), 20, float(second)).count(SEND)
        assert sent == 5 if second == 0 else sent == 0
    assert rate.verdict(HERE, positive(), 99.0 + limits.RRL_WINDOW - 1) != SEND
    assert rate.verdict(HERE, positive(), 99.0 + limits.RRL_WINDOW + 1) == SEND


def test_who_stays_below_the_rate_is_always_answered() -> None:
    rate = RateLimit(5)
    for tenth in range(1000):
        assert rate.verdict(HERE, positive(), tenth * 0.2) == SEND


def test_text_is_counted_by_address_and_never_cut() -> None:
    rate = RateLimit(2)
    assert [rate.text(HERE, 0.0) for _ in range(5)] == [SEND, SEND, DROP, DROP, DROP]
    assert rate.text(BESIDE, 0.0) == SEND


def test_accounts_have_a_bound_and_the_busy_ones_stay() -> None:
    rate = RateLimit(1, accounts=100)
    verdicts(rate, HERE, positive(), 50)
    for number in range(10_000):
        rate.verdict(number.to_bytes(4, "big")[1:] + b"\0", positive(), 0.0)
        if number % 40 == 0:
            assert rate.verdict(HERE, positive(), 0.0) != SEND
    assert len(rate) <= 200


def test_what_is_cut_has_its_question_and_its_opt_record() -> None:
    edns = opt(rdata=b"\0\x0a\0\x08abcdefgh")
    cut = read(slipped(positive(edns=edns)))
    assert cut.flags & dns.flags.TC
    assert cut.question == read(positive()).question
    assert not cut.answer
    assert cut.edns == 0
    assert len(cut.options) == 1
    assert slipped(positive()).endswith(question("www.example.com"))
    assert read(slipped(refused())).rcode() == 5
    assert read(slipped(header(flags=0x8001, qd=0))).rcode() == 1


@dataclass(frozen=True)
class From:
    packed: bytes


OURS, HALF = b"\0\x0a\0ours", b"\0\x0a\0half"


class Proofs:
    """Knows two requests by what they are called."""

    def is_proved(self, request: bytes, source: Source) -> bool:
        return request == OURS

    def bad_cookie(self, request: bytes, source: Source) -> bytes | None:
        return b"come again" if request == HALF else None


def test_a_limiter_sends_cuts_and_counts() -> None:
    limiter = Limiter(2, local=True)
    sent = [limiter.passed(b"", positive(), From(HERE), 0.0) for _ in range(6)]
    assert sent == [positive(), positive(), None, slipped(positive()), None, slipped(positive())]
    assert (limiter.dropped, limiter.slipped) == (2, 2)
    said = [limiter.passed(b"", b"192.168.1.2", From(HERE), 0.0) for _ in range(3)]
    assert said == [b"192.168.1.2"] * 2 + [None]
    said = [limiter.passed(b"", "我不知道这个名字".encode(), From(ELSEWHERE), 0.0) for _ in range(3)]
    assert said[2] is None


def test_who_shows_a_cookie_of_ours_is_never_limited() -> None:
    limiter = Limiter(1, proofs=Proofs())
    for _ in range(5):
        assert limiter.passed(OURS, positive(), From(HERE), 0.0) == positive()
    assert limiter.passed(b"without", positive(), From(HERE), 0.0) != positive()


def test_who_knows_cookies_is_given_one() -> None:
    limiter = Limiter(1, proofs=Proofs())
    said = [limiter.passed(HALF, positive(), From(HERE), 0.0) for _ in range(4)]
    assert said == [positive(), None, b"come again", None]


def other(opcode: int, rcode: int = 0, edns: bytes = b"") -> bytes:
    """An answer to what is no question."""
    return (
        header(flags=0x8000 | opcode << 11 | rcode, ar=1 if edns else 0) + question("example.com", 6) + edns
    )


@pytest.mark.parametrize("opcode", [NOTIFY, UPDATE])
def test_what_was_done_for_whoever_may_is_told_always(opcode: int) -> None:
    """A client whose update is done and that hears nothing, or TC, does it again."""
    limiter = Limiter(5, local=True)
    for answer in (other(opcode), other(opcode, edns=opt())):
        assert {limiter.passed(b"", answer, From(HERE), 0.0) for _ in range(1000)} == {answer}


@pytest.mark.parametrize("opcode", [2, NOTIFY, UPDATE, 6, 15])
def test_d47_errors_to_what_is_no_question_are_of_the_one_account_and_never_cut(opcode: int) -> None:
    """RFC 2136 section 2.2: an update has no TC."""
    badvers = other(opcode, edns=opt()[:5] + b"\1" + opt()[6:])
    for answer in (other(opcode, 5), other(opcode, 3), badvers):
        limiter = Limiter(5, local=True)
        said = [limiter.passed(b"", answer, From(HERE), 0.0) for _ in range(100)]
        assert said == [answer] * 5 + [None] * 95
        assert (limiter.dropped, limiter.slipped) == (95, 0)
        assert limiter.passed(b"", refused(), From(HERE), 0.0) != refused()


SECRET = Key(wire_name("laptop"), "hmac-sha256", b"secret")


def asked(request: bytes) -> bytes:
    """What a server that has one key answers."""
    requests = Requests(lambda request: positive(), Keyring(lambda: [SECRET]))
    answer = requests.handle(request, Client("203.0.113.1", 53000, stream=False))
    assert isinstance(answer, bytes)
    return answer


def test_who_has_signed_is_what_it_says_and_never_limited() -> None:
    limiter = Limiter(5)
    for message in (query("www.example.com"), header(flags=UPDATE << 11) + question("example.com", 6)):
        request = Signer(SECRET).sign(message, 0.0)
        answer = asked(request)
        assert {limiter.passed(request, answer, From(HERE), 0.0) for _ in range(100)} == {answer}


@pytest.mark.parametrize(
    ("key", "when"),
    [
        (Key(wire_name("stranger"), "hmac-sha256", b"secret"), 0.0),
        (Key(wire_name("laptop"), "hmac-sha256", b"guessed"), 0.0),
        (SECRET, 10_000.0),  # as one who has overheard it sends it again
    ],
)
@pytest.mark.parametrize("edns", [b"", opt()])
def test_d47_a_signature_that_does_not_hold_exempts_nobody(key: Key, when: float, edns: bytes) -> None:
    limiter = Limiter(5)
    request = Signer(key).sign(query("www.example.com", edns=edns), when)
    answer = asked(request)
    said = [limiter.passed(request, answer, From(HERE), 0.0) for _ in range(9)]
    assert said == [answer] * 5 + [None, slipped(answer)] * 2
    cut = read(slipped(answer))
    assert (cut.rcode(), cut.edns, cut.had_tsig) == (9, 0 if edns else -1, False)
    assert cut.flags & dns.flags.TC


def test_no_limit() -> None:
    limiter = Limiter(None, local=True)
    assert not limiter.limits(HERE)
    assert limiter.passed(b"", positive(), From(HERE), 0.0) == positive()


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("7f000001", True), ("0a010203", True), ("ac10ffff", True), ("c0a80001", True), ("a9fe0001", True),
        ("cb007101", False), ("08080808", False), ("ac200000", False),
        ("00" * 15 + "01", True), ("fe80" + "00" * 14, True), ("fd00" + "00" * 14, True),
        ("20010db8" + "00" * 12, False),
    ],
)  # fmt: skip
def test_private_networks_are_limited_only_if_told_so(address: str, local: bool) -> None:
    assert is_local(bytes.fromhex(address)) is local
    assert Limiter(200).limits(bytes.fromhex(address)) is not local
    assert Limiter(200, local=True).limits(bytes.fromhex(address))


def test_the_option() -> None:
    assert parse_rate("off") == (None, False)
    assert parse_rate("200") == (200, False)
    assert parse_rate("all:5") == (5, True)
    for wrong in ("", "0", "-1", "on", "all", "all:", "all:0", "1e3", "99999999", "२००"):
        with pytest.raises(ConfigError, match="write off, or"):
            parse_rate(wrong)


def alias(name: str, rcode: int = 3) -> bytes:
    """A wildcard's CNAME, or a DNAME's, and the SOA of where it leads."""
    cname = b"\xc0\x0c\0\5\0\1\0\0\0\x3c\0\x06\3not\xc0\x10"
    return header(flags=0x8400 | rcode, an=1, ns=1) + question(name) + cname + b"\xc0\x10\0\6\0\1" + bytes(26)


def cut(name: str, rcode: int = 3) -> bytes:
    """An answer whose first set had no room."""
    return header(flags=0x8600 | rcode) + question(name)


@pytest.mark.parametrize("made", [alias, cut])
@pytest.mark.parametrize("rcode", [0, 3])
def test_d48_random_names_behind_an_alias_or_without_room_are_of_one_account(
    made: Callable[[str, int], bytes], rcode: int
) -> None:
    zone = wire_name("example.com")
    rate = RateLimit(5, made_up=lambda name: zone)
    seen = [rate.verdict(HERE, made(f"n{number}.c.example.com", rcode), 0.0) for number in range(9)]
    assert seen == [SEND] * 5 + [DROP, SLIP, DROP, SLIP]


def test_d48_an_error_with_an_extended_rcode_is_an_error() -> None:
    badvers = header(flags=0x8000, ar=1) + question("n1.example.com") + opt()[:5] + b"\1" + opt()[6:]
    assert account(badvers) == account(refused())
    fine = header(flags=0x8000, ar=1) + question("n1.example.com") + opt()
    assert account(fine) != account(refused())


@settings(deadline=None)
@given(
    st.binary(min_size=12, max_size=200)
    | st.builds(
        lambda head, name, rest: (
            header(flags=0x8400 | head[0], an=head[1], ns=head[2], ar=head[3]) + name + rest
        ),
        st.tuples(st.sampled_from([0, 3, 5]), *[st.integers(0, 1)] * 3),
        st.sampled_from([question("www.example.com"), question(""), b"\xc0\x0c", b"\x3f"]),
        st.binary(max_size=60) | st.sampled_from([b"\xc0", b"\xff\xff", b"\xc0\x0c", b"\0\0\x29"]),
    )
)
def test_no_octets_of_an_answer_raise(octets: bytes) -> None:
    assert account(octets)[:1] in (b"+", b"-", b"?", b"!")
    assert len(slipped(octets)) <= len(octets)
    for made in (octets, slipped(octets)):
        Limiter(1, local=True).passed(b"", made, From(HERE), 0.0)


ZONE = """$ORIGIN example.
$TTL 300
@ SOA {mname}.invalid. {rname}.invalid. 1 3600 600 86400 60
@ NS ns
ns A 198.51.100.1
www A 192.0.2.1
*.c CNAME nothere
far DNAME away
*.text TXT "made up"
"""
NAMES = st.lists(st.sampled_from(["www", "c", "far", "text", "sub", "a" * 60, "b" * 60, "x"]), max_size=4)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Watch:
    """A zone whose SOA is too long for what a datagram has behind a long question."""
    path = tmp_path_factory.mktemp("zones") / "example.zone"
    path.write_text(ZONE.format(mname=".".join(["m" * 60] * 3), rname=".".join(["r" * 60] * 3)))
    names = open_names(
        NamesConfig(zone=(f"example={path}",), records=(record("www.lan", "10.0.0.1"),)), task.Clock()
    )
    made = Answers(names.snapshot, "i dont know", "auto")
    return Watch(Config(rate_limit=5), names, made, Requests(), task.Clock(), lambda: 0.0)


def kinds(watch: Watch, asked: Iterable[bytes]) -> list[bytes]:
    """The account of each answer; made afresh, so that only what is counted now is counted."""
    rate = RateLimit(5, made_up=watch._made_up)
    for each in asked:
        answer = watch._answers.datagram(each)
        assert isinstance(answer, bytes)
        rate.verdict(HERE, answer, 0.0)
    return list(rate._young)


@pytest.mark.parametrize(
    "ask",
    [
        lambda n: query(f"r{n}.c.example"),
        lambda n: query(f"r{n}.far.example"),
        lambda n: query(f"r{n}.text.example", 16),
        lambda n: query(f"r{n}.nothere.example"),
        lambda n: query(f"r{n}.text.example"),
        lambda n: query(f"{'a' * 60}.{'b' * 60}.{n}.example"),
        lambda n: query(f"r{n}.www.lan"),
        lambda n: query(f"r{n}.elsewhere"),
        lambda n: query(f"r{n}.www.example", edns=opt(version=1)),
        lambda n: query(f"r{n}.www.example", edns=opt(name=b"\1x\0")),
        lambda n: query(f"r{n}.www.example", 128),
        lambda n: query(f"r{n}.www.example", qclass=3),
    ],
)  # fmt: skip
def test_d48_no_random_names_fill_the_accounts(served: Watch, ask: Callable[[int], bytes]) -> None:
    assert len(kinds(served, (ask(number) for number in range(20)))) == 1


def test_d48_names_that_are_there_have_accounts_of_their_own(served: Watch) -> None:
    assert len(kinds(served, map(query, ("www.example", "ns.example", "www.lan")))) == 3


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    NAMES,
    st.sampled_from([1, 2, 6, 15, 16, 255]),
    st.sampled_from([b"", opt(512), opt(1232), opt(version=1)]),
)
def test_no_answer_of_ours_raises(served: Watch, labels: list[str], qtype: int, edns: bytes) -> None:
    asked = query(".".join([*labels, "example"]), qtype, edns=edns)
    answer = served._answers.datagram(asked)
    assert isinstance(answer, bytes)
    said = [served.limiter.passed(asked, answer, From(HERE), 0.0) for _ in range(12)]
    assert all(each is None or len(each) <= len(answer) for each in said)
