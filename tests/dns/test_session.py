"""Connections to the one port, over values: any pieces, half-closes, quiet and time limits."""

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netapp.core import limits
from netapp.core.sessions import Close, Effect
from netapp.core.strangers import Misdirected
from netapp.dns.session import DnsSession, More
from tests.dns.asking import addresses, answers, header, opt, query

ANSWERS = answers()
QUERIES = [query(), query("many.lan"), query("nobody.lan"), query(edns=opt())]
NAMES = ["www.baidu.com", "打印机.教室", "谁", "a", "", "x" * 300]


def framed(*messages: bytes) -> bytes:
    return b"".join(len(each).to_bytes(2, "big") + each for each in messages)


def session() -> DnsSession:
    opened = DnsSession(ANSWERS, "en")
    opened.open(0.0)
    return opened


def run(talk: DnsSession, pieces: Iterable[bytes], *, finish: bool = False) -> list[Effect]:
    """Everything a connection gives, as its protocol would ask for it."""
    effects: list[Effect] = []
    steps = [lambda piece=piece: talk.receive(piece, 0.0) for piece in pieces]
    for step in [*steps, lambda: talk.finish(0.0)] if finish else steps:
        effects += step()
        while effects and isinstance(effects[-1], More):
            effects[-1:] = talk.more(0.0)
    return effects


def sent(effects: Iterable[Effect]) -> bytes:
    return b"".join(each for each in effects if isinstance(each, bytes))


def messages(octets: bytes) -> list[bytes]:
    found = []
    while octets:
        end = 2 + int.from_bytes(octets[:2], "big")
        found.append(octets[2:end])
        octets = octets[end:]
    return found


def pieces(octets: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(octets) + 1) for cut in cuts), len(octets)]
    return [octets[a:b] for a, b in pairwise(edges) if a != b]


def test_d49_sixty_queries_in_one_segment() -> None:
    queries = [header(ident=number)[:12] + query()[12:] for number in range(60)]
    got = messages(sent(run(session(), [framed(*queries)])))
    assert [int.from_bytes(each[:2], "big") for each in got] == list(range(60))
    assert all(addresses(each) == ["192.168.1.2"] for each in got)


def test_d50_octet_by_octet() -> None:
    octets = framed(query(), query("www.google.com"))
    got = messages(sent(run(session(), [bytes([octet]) for octet in octets])))
    assert [addresses(each) for each in got] == [["192.168.1.2"], ["192.168.1.4"]]


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from([query(), query("many.lan"), query("nobody.lan"), query(edns=opt())]), max_size=8
    ),
    st.lists(st.integers(0, 2000), max_size=8),
)
def test_d50_any_cut_gives_the_same_answers(asked: list[bytes], cuts: list[int]) -> None:
    got = messages(sent(run(session(), pieces(framed(*asked), cuts))))
    assert got == [ANSWERS.message(each) for each in asked]


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["www.baidu.com", "打印机.教室", "谁", "a", "", "x" * 300]), min_size=1, max_size=8
    ),
    st.sampled_from(["utf-8", "gbk"]),
    st.lists(st.integers(0, 2000), max_size=8),
)
def test_lines_get_lines_whatever_the_cuts(names: list[str], codec: str, cuts: list[int]) -> None:
    lines = [name.encode(codec) for name in names]
    got = sent(run(session(), pieces(b"\n".join(lines) + b"\n", cuts), finish=True))
    assert got == b"".join(answer + b"\n" for line in lines if (answer := ANSWERS.text(line)))


@pytest.mark.parametrize("name", [b"www.baidu.com", b"b", "打印".encode("gbk")])
def test_t5_a_bare_name_is_answered_after_quiet_without_a_line_end(name: bytes) -> None:
    talk = session()
    assert not talk.receive(name, 1.0)
    wait = limits.QUIET_LONE if len(name) == 1 else limits.QUIET
    assert talk.deadline == 1.0 + wait
    assert talk.tick(1.0 + wait) == [ANSWERS.text(name)]
    talk.receive(b"www.sixstar.com", 9.0)
    assert talk.tick(9.0 + limits.QUIET) == [b"192.168.1.3"]


def test_short_octets_of_dns_are_waited_for() -> None:
    padded = query(edns=opt(rdata=b"\xff\xf1" + (2556).to_bytes(2, "big") + bytes(2556)))
    octets = framed(b"\x0a\x0a" + padded[2:])
    assert octets[0] == 0x0A  # a length of 2,6xx octets and an id that are line feeds
    talk = session()
    assert talk.receive(octets[:4], 0.0) == ()
    assert talk.deadline > limits.QUIET_LONE
    assert addresses(messages(sent(talk.receive(octets[4:], 5.0)))[0]) == ["192.168.1.2"]


def test_d51_a_half_close_is_answered_then_closed() -> None:
    for octets, answer in (
        (framed(query()), framed(ANSWERS.message(query()) or b"")),
        (b"www.baidu.com", b"192.168.1.2"),
        (b"www.baidu.com\n", b"192.168.1.2\n"),
        (b"b", b"i dont know"),
        (b"", b""),
    ):
        effects = run(session(), [octets] if octets else [], finish=True)
        assert sent(effects) == answer
        assert isinstance(effects[-1], Close)


@pytest.mark.parametrize("length", [0, 5, 11, 8192, 65535])
def test_d52_lengths_of_no_request(length: int) -> None:
    octets = length.to_bytes(2, "big") + b"\0" * 12
    assert run(session(), [octets]) == [Close("a length that no request has")]
    effects = run(session(), [framed(query()) + octets])
    assert addresses(messages(sent(effects))[0]) == ["192.168.1.2"]
    assert isinstance(effects[-1], Close)


def test_d52_a_promise_not_kept_ends_in_time() -> None:
    talk = session()
    talk.receive(framed(query())[:20], 0.0)
    for second in range(1, 9):
        talk.receive(framed(query())[20 + second : 21 + second], float(second))
    assert talk.deadline == limits.DNS_IDLE
    assert talk.tick(limits.DNS_IDLE) == [Close("idle")]


def test_d52_tls_gets_nothing() -> None:
    talk = session()
    assert run(talk, [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)]) == []
    assert talk.tick(talk.deadline) == [Close("idle")]


def test_d52_http_is_told_where_it_is() -> None:
    effects = run(session(), [b"GET / HTTP/1.1\r\nHost: box:8080\r\n\r\n"])
    assert effects == [Misdirected("netapp-dns", "en"), Close("HTTP", linger=True)]


def test_d53_silence_ends_in_time_in_either_tongue() -> None:
    for octets, limit in ((b"", limits.DNS_UNDECIDED), (framed(query()), limits.DNS_IDLE)):
        talk = session()
        run(talk, [octets] if octets else [])
        assert talk.deadline == limit
        assert talk.idle
        assert talk.tick(limit) == [Close("idle")]
    talk = session()
    run(talk, [b"www.baidu.com\n"])
    assert talk.deadline == limits.DNS_TEXT_IDLE


def test_d54_answers_wait_for_their_reader() -> None:
    talk = session()
    effects = talk.receive(framed(*[query("many.lan")] * 500), 0.0)
    assert isinstance(effects[-1], More)
    assert len(sent(effects)) < limits.DNS_ANSWERS_AT_ONCE + 1100
    rest = run(talk, [], finish=True)
    assert len(messages(sent([*effects, *rest]))) == 500
    assert isinstance(rest[-1], Close)


def test_many_lines_wait_for_their_reader_too() -> None:
    talk = session()
    effects = talk.receive(b"a\n" * 30000, 0.0)
    assert isinstance(effects[-1], More)
    assert sent([*effects, *run(talk, [], finish=True)]) == b"i dont know\n" * 30000


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=6), st.booleans())
def test_any_octets_are_answered_or_closed(octets: list[bytes], finish: bool) -> None:
    talk = session()
    effects = run(talk, [each for each in octets if each], finish=finish)
    closes = [index for index, each in enumerate(effects) if isinstance(each, Close)]
    assert not finish or closes
    assert talk.deadline > 0.0
