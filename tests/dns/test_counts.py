"""What is counted, and by which labels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.dns import wire
from netapp.dns.message import BADCOOKIE, BADVERS
from netapp.dns.query.memory import CUT
from netapp.dns.watch.counts import Counts, kind_of
from tests.dns.asking import header, opt, query, question


def answer(qtype: int = 1, rcode: int = 0) -> bytes:
    return header(flags=0x8400 | rcode) + question(qtype=qtype)


@pytest.mark.parametrize(
    ("octets", "kind"),
    [
        (answer(), ("udp", "A", "NOERROR")),
        (answer(28, 3), ("udp", "AAAA", "NXDOMAIN")),
        (answer(257, 5), ("udp", "CAA", "REFUSED")),
        (answer(1234, 15), ("udp", "other", "other")),
        (answer(rcode=6), ("udp", "A", "YXDOMAIN")),
        (header(flags=0xA807) + question(qtype=6), ("udp", "UPDATE", "YXRRSET")),
        (header(flags=0x8001, qd=0), ("udp", "other", "FORMERR")),
        (header(flags=0xA805) + question(qtype=6), ("udp", "UPDATE", "REFUSED")),
        (header(flags=0xA400) + question(qtype=6), ("udp", "NOTIFY", "NOERROR")),
        (header(flags=0x9004) + question(), ("udp", "other", "NOTIMP")),
        (b"192.168.1.2", ("text", "A", "NOERROR")),
        (b"i dont know", ("text", "A", "NXDOMAIN")),
        (b"??", ("text", "A", "NXDOMAIN")),
        ("我不知道这个名字".encode("gbk"), ("text", "A", "NXDOMAIN")),
        ("我不知道这个名字".encode(), ("text", "A", "NXDOMAIN")),
    ],
)
def test_the_labels_of_an_answer(octets: bytes, kind: tuple[str, str, str]) -> None:
    assert kind_of("udp", octets[2:]) == kind


def test_an_extended_rcode() -> None:
    badvers = wire.reply(
        query(edns=opt(version=1)), BADVERS, query=wire.parse_query(query(edns=opt(version=1)))
    )
    assert kind_of("tcp", badvers[2:]) == ("tcp", "A", "BADVERS")
    asked = query(edns=opt())
    badcookie = wire.reply(asked, BADCOOKIE, query=wire.parse_query(asked))
    assert kind_of("udp", badcookie[2:]) == ("udp", "A", "BADCOOKIE")
    assert kind_of("udp", header(flags=0x8007, qd=0, ar=1)[2:] + opt()[:5]) == ("udp", "other", "YXRRSET")
    assert kind_of("tcp", (answer()[:10] + b"\0\1" + answer()[12:] + opt())[2:]) == ("tcp", "A", "NOERROR")


def test_ready_answers_are_told_when_somebody_asks() -> None:
    counts = Counts()
    for each, count in ((answer(), 5), (answer(28), 2)):
        counts.cells[counts.number(each[2:])] += count
    counts.made(answer())
    for _ in range(600):
        counts.streamed(answer())
    expected = {("udp", "A", "NOERROR"): 6, ("udp", "AAAA", "NOERROR"): 2, ("tcp", "A", "NOERROR"): 600}
    assert counts.queries() == counts.queries() == expected
    assert (counts.hits, counts.misses) == (7, 1)


def test_a_kind_keeps_its_number_and_there_are_no_more_than_an_octet_has() -> None:
    counts = Counts()
    first = counts.number(answer()[2:])
    assert counts.number(answer(28)[2:]) != first
    counts.settle()
    assert counts.number(answer()[2:]) == first
    counts._numbers |= {("udp", str(number), "NOERROR"): number for number in range(2, 127)}
    full = {counts.number(answer(qtype)[2:]) for qtype in (2, 15, 16)}
    assert full == {127}
    counts.cells[127] += 1
    counts.cells[127 | CUT] += 2
    assert counts.queries() == {("udp", "other", "other"): 3}
    assert counts.hits == 3


@given(st.binary(max_size=80))
def test_there_are_few_labels_whatever_an_answer_is(octets: bytes) -> None:
    try:
        transport, _, rcode = kind_of("udp", octets)
    except IndexError:  # not one of our answers
        return
    assert transport in ("udp", "text")
    assert rcode.isalpha()
