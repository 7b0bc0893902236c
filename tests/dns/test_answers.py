"""Answers over values: what each request of the note on hostile input gets, by its number."""

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest
from dns.rcode import BADVERS, FORMERR, NOERROR, NOTIMP, REFUSED
from hypothesis import given, settings
from hypothesis import strategies as st

from netapp.core import limits
from netapp.dns.query.answers import ELSEWHERE, Answers, Elsewhere
from netapp.names.model import CNAME, Record, nodes_of
from netapp.names.naming import wire_name
from netapp.names.snapshot import Snapshot
from tests.dns.asking import (
    AAAA,
    ANY,
    MX,
    TABLE,
    A,
    addresses,
    answers,
    header,
    many,
    opt,
    option,
    query,
    question,
    read,
    record,
)

POINTER = b"\xc0\x0c"


@pytest.fixture(scope="module")
def server() -> Answers:
    return answers()


def rcode(answer: bytes | Elsewhere | None) -> int:
    return read(answer).rcode()


# What a friend gets ------------------------------------------------------------------------------


def test_an_address_is_answered_with_authority(server: Answers) -> None:
    answer = read(server.datagram(query()))
    assert answer.id == 0x1234
    assert answer.flags == dns.flags.QR | dns.flags.AA | dns.flags.RD
    assert answer.edns == -1
    assert [str(each) for each in answer.answer] == ["www.baidu.com. 60 IN A 192.168.1.2"]
    assert addresses(server.datagram(query(qtype=AAAA))) == ["fd00::2"]


def test_an_answer_given_again_differs_in_its_id_only(server: Answers) -> None:
    first = server.datagram(query())
    again = server.datagram(b"\xab\xcd" + query()[2:])
    assert isinstance(first, bytes)
    assert again == b"\xab\xcd" + first[2:]
    assert server.datagram(query()) == first


def test_rd_and_cd_come_back_and_ad_does_not(server: Answers) -> None:
    for sent, back in ((0x0000, 0x8400), (0x0100, 0x8500), (0x0130, 0x8510), (0x0010, 0x8410)):
        answer = server.datagram(header(flags=sent) + question())
        assert isinstance(answer, bytes)
        assert int.from_bytes(answer[2:4], "big") == back


def test_edns_is_answered_with_edns(server: Answers) -> None:
    answer = read(server.datagram(query(edns=opt(4096, flags=0x8000))))
    assert (answer.edns, answer.payload, answer.ednsflags) == (0, limits.DNS_DATAGRAM, 0x8000)
    assert addresses(server.datagram(query(edns=opt(4096)))) == ["192.168.1.2"]


def test_a_type_that_is_not_there_has_an_soa_for_caches(server: Answers) -> None:
    for edns in (b"", opt()):
        answer = read(server.datagram(query(qtype=MX, edns=edns)))
        assert (answer.rcode(), answer.answer) == (NOERROR, [])
        assert answer.flags & dns.flags.AA
        assert str(answer.authority[0]).startswith(
            "www.baidu.com. 60 IN SOA www.baidu.com. nobody.invalid. 1 "
        )


def test_an_alias_comes_with_what_it_stands_for() -> None:
    alias = Record(wire_name("cname.baidu.com"), CNAME, wire_name("www.baidu.com"))
    server = answers([alias])
    answer = read(server.datagram(query("cname.baidu.com")))
    assert [str(each) for each in answer.answer] == [
        "cname.baidu.com. 60 IN CNAME www.baidu.com.",
        "www.baidu.com. 60 IN A 192.168.1.2",
    ]
    assert server.datagram(b"cname.baidu.com") == b"192.168.1.2"


def test_a_new_snapshot_is_used_at_once() -> None:
    server = answers()
    for ask in (query(), query(edns=opt()), b"www.baidu.com"):
        server.datagram(ask)
    server.use(Snapshot(nodes_of([record("www.baidu.com", "10.0.0.7")]), 2))
    assert addresses(server.datagram(query())) == ["10.0.0.7"]
    assert addresses(server.datagram(query(edns=opt()))) == ["10.0.0.7"]
    assert server.datagram(b"www.baidu.com") == b"10.0.0.7"
    assert rcode(server.datagram(query("www.google.com"))) == REFUSED


def test_what_has_not_changed_stays_packed() -> None:
    server = answers()
    server.datagram(query("nobody", edns=opt()))  # such an OPT record is known from now on
    for name in TABLE:
        for ask in (
            query(name),
            query(name.upper()),
            query(name, edns=opt()),
            query(name, MX),
            name.encode(),
        ):
            for _ in range(3):  # the first of a form, then two sights of this very one
                server.datagram(ask)
    kept, repeats = len(server._bodies.known), len(server.ready)
    table = {**TABLE, "www.baidu.com": "10.0.0.7"}
    server.use(Snapshot(nodes_of(record(*each) for each in table.items()), 2))
    assert (len(server._bodies.known), len(server.ready)) == (kept * 2 // 3, repeats * 2 // 3)
    for name, address in table.items():
        for ask in (query(name), query(name.upper()), query(name, edns=opt())):
            assert addresses(server.datagram(ask)) == [address]
        assert server.datagram(name.encode()) == address.encode()


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DNS_ANSWERS", 5)
    monkeypatch.setattr(limits, "DNS_FLEETING_ANSWERS", 5)
    server = answers()
    for qtype in range(1, 41):
        server.datagram(query(qtype=qtype))
        server.datagram(b"www.baidu.com" + b" " * qtype)
    assert max(map(len, (server._bodies.known, server._texts._known))) <= 5
    assert len(server.ready) <= 10
    assert addresses(server.datagram(query())) == ["192.168.1.2"]


# Plain text --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (b"www.baidu.com", b"192.168.1.2"),
        (b"WWW.Sixstar.com", b"192.168.1.3"),
        (b"\t www.google.com.\r\n", b"192.168.1.4"),
        ("打印机.教室".encode(), b"192.168.1.9"),
        ("打印机。教室\n".encode("gbk"), b"192.168.1.9"),
        (b"www.baidu.com\0", b"192.168.1.2"),  # as a program in C sends it, or all of its buffer
        (b"www.baidu.com" + bytes(1011), b"192.168.1.2"),
        (b"a" + bytes(99), b"i dont know"),
        (b"six.lan", b"i dont know"),  # it has an IPv6 address only, and the answer is IPv4
        (b"www.baidu.com..", b"i dont know"),
        (b"www baidu com", b"i dont know"),
        (b"baidu.com", b"i dont know"),
        (b"x" * 64, b"i dont know"),
        (b"\n", b"i dont know"),
        (b" ", b"i dont know"),
        (b".", b"i dont know"),
        ("谁".encode(), b"i dont know"),
        ("誰是小明".encode("big5"), b"i dont know"),
        (b"\xff", b"i dont know"),
        (b"x" * 60000, b"i dont know"),
    ],
)
def test_t4_a_name_gets_its_address_or_i_dont_know(server: Answers, text: bytes, answer: bytes) -> None:
    assert server.datagram(text) == answer
    assert server.datagram(text) == answer


def test_the_unknown_text_may_be_any_and_is_written_as_the_question() -> None:
    server = answers(unknown="不知道")
    assert server.datagram(b"nobody") == "不知道".encode()
    assert server.datagram("谁知道".encode("gbk")) == "不知道".encode("gbk")
    assert answers(unknown="不知道", encoding="gbk").datagram(b"nobody") == "不知道".encode("gbk")


@pytest.mark.parametrize("own", [b"i dont know", b"i dont know\n", "不知道".encode(), "不知道".encode("gbk")])
def test_d45_our_own_reply_is_never_answered(own: bytes) -> None:
    assert answers(unknown="不知道").datagram(own) is None
    assert answers(unknown="不知道").text(own) is None


@settings(deadline=None)
@given(st.text(min_size=1), st.sampled_from(["utf-8", "gb18030", "big5"]))
def test_two_servers_never_talk_for_ever(text: str, encoding: str) -> None:
    here, there = answers(unknown="i dont know"), answers(unknown="不知道")
    said: bytes | None = text.encode(encoding, "replace")
    for _ in range(3):
        for server in (here, there):
            said = server.datagram(said) if said is not None else None
    assert said is None


# Hostile input, by its number --------------------------------------------------------------------


def test_d1_too_short_for_dns_and_no_text(server: Answers) -> None:
    for datagram in (b"\0", b"\x7f", header()[:11], b"a\x01"):
        assert server.datagram(datagram) is None


def test_an_empty_datagram_is_a_text_that_names_nothing(server: Answers) -> None:
    assert server.datagram(b"") == b"i dont know"


def test_d2_a_header_without_a_question(server: Answers) -> None:
    for ident in (0x1234, 0x4142, 0x7777):  # the last two are letters
        assert rcode(server.datagram(header(ident, qd=0))) == FORMERR
        assert rcode(server.datagram(header(ident, flags=0, qd=0))) == FORMERR
    assert rcode(server.datagram(header(qd=0, ar=1) + opt())) == FORMERR
    cookie = server.datagram(header(qd=0, ar=1) + opt(rdata=option(10, b"12345678")))
    assert (rcode(cookie), read(cookie).edns) == (NOERROR, 0)


def test_d3_a_question_that_is_not_there(server: Answers) -> None:
    assert rcode(server.datagram(header())) == FORMERR


def test_d4_two_questions(server: Answers) -> None:
    assert rcode(server.datagram(header(qd=2) + question() * 2)) == FORMERR


def test_d5_65535_questions(server: Answers) -> None:
    assert server.datagram(header(qd=65535) + question()) is None
    assert rcode(server.message(header(qd=65535) + question())) == FORMERR


def test_d6_cut_anywhere(server: Answers) -> None:
    whole = query()
    for end in range(12, len(whole)):
        assert rcode(server.datagram(whole[:end])) == FORMERR


@pytest.mark.parametrize("name", [b"\xc0\x0c", b"\xc0\x0e\xc0\x0c", b"\xc0\x20", b"\1a\xc0\x0c", b"\xc0"])
def test_d7_pointers_in_rings_and_forward(server: Answers, name: bytes) -> None:
    assert rcode(server.datagram(header() + name + b"\0\1\0\1")) == FORMERR


def test_d8_a_pointer_into_the_header(server: Answers) -> None:
    assert rcode(server.datagram(header() + b"\xc0\x00\0\1\0\1")) == FORMERR


@pytest.mark.parametrize("kind", [0x40, 0x80])
def test_d9_labels_of_unknown_types(server: Answers, kind: int) -> None:
    assert rcode(server.datagram(query(bytes([kind | 1]) + b"a\0"))) == FORMERR


def test_d10_names_of_257_and_of_255_octets(server: Answers) -> None:
    label = b"\x3f" + b"a" * 63
    assert rcode(server.datagram(query(label * 4 + b"\0"))) == FORMERR
    longest = label * 3 + b"\x3d" + b"A" * 61 + b"\0"
    answer = server.datagram(query(longest))
    assert rcode(answer) == REFUSED
    assert isinstance(answer, bytes)
    assert answer[12:] == question(longest)


def test_d11_octets_after_the_message(server: Answers) -> None:
    assert rcode(server.datagram(query() + b"x")) == FORMERR


@pytest.mark.parametrize("opcode", range(16))
def test_d12_answers_are_not_answered(server: Answers, opcode: int) -> None:
    flags = 0x8000 | opcode << 11
    answer = server.datagram(query())
    assert isinstance(answer, bytes)
    for datagram in (header(flags=flags), header(flags=flags) + question(), answer):
        assert server.datagram(datagram) is None
        assert server.message(datagram) is None


@pytest.mark.parametrize("opcode", [1, 2, 3, 15])
def test_d13_other_opcodes(server: Answers, opcode: int) -> None:
    answer = server.datagram(header(flags=opcode << 11 | 0x07FF) + question())
    assert isinstance(answer, bytes)
    assert answer == header(flags=0x8000 | opcode << 11 | 0x0100 | 0x0010 | NOTIMP, qd=0)


@pytest.mark.parametrize("opcode", [1, 2, 3, 6, 15])
def test_d13_d25_other_opcodes_are_answered_with_edns_if_they_had_it(server: Answers, opcode: int) -> None:
    for version, expected in ((0, NOTIMP), (1, BADVERS)):
        asked = header(flags=opcode << 11, ar=1) + question() + opt(version=version, flags=0x8000)
        for answer in (read(server.datagram(asked)), read(server.message(asked))):
            assert (answer.rcode(), answer.edns, answer.ednsflags & 0xFFFF) == (expected, 0, 0x8000)
            assert (answer.question, answer.answer) == ([], [])


def test_d14_stateful_operations(server: Answers) -> None:
    dso = header(flags=6 << 11, qd=0) + b"\0\1\0\0"
    assert rcode_of_header(server.datagram(dso)) == NOTIMP
    assert rcode_of_header(server.message(dso)) == NOTIMP


@pytest.mark.parametrize("opcode", [4, 5])
def test_notify_and_update_are_for_others_to_answer(server: Answers, opcode: int) -> None:
    asked = header(flags=opcode << 11) + question(qtype=6)
    assert server.datagram(asked) is server.message(asked) is ELSEWHERE


@pytest.mark.parametrize("qtype", [251, 252])
def test_d19_transfers_are_for_others_to_answer(server: Answers, qtype: int) -> None:
    assert server.datagram(query(qtype=qtype)) is server.message(query(qtype=qtype)) is ELSEWHERE


def test_what_is_signed_is_for_others_to_answer(server: Answers) -> None:
    tsig = b"\0\0\xfa\0\xff" + bytes(4) + b"\0\2ab"
    assert server.datagram(header(ar=1) + question() + tsig) is ELSEWHERE
    assert rcode(server.datagram(header(ar=1) + question() + tsig[:-1])) == FORMERR


@pytest.mark.parametrize("qclass", [3, 4, 4321, 254, 255])
def test_d22_other_classes(server: Answers, qclass: int) -> None:
    assert rcode(server.datagram(query(qclass=qclass))) == REFUSED


@pytest.mark.parametrize(
    ("qtype", "expected"),
    [
        (0, FORMERR),
        (41, FORMERR),
        (128, NOTIMP),
        (250, NOTIMP),
        (253, NOTIMP),
        (254, NOTIMP),
        (65535, NOERROR),
    ],
)
def test_d23_types_of_no_record(server: Answers, qtype: int, expected: int) -> None:
    answer = server.datagram(query(qtype=qtype))
    assert isinstance(answer, bytes)
    assert (answer[3] & 15, answer[6:8]) == (expected, b"\0\0")


def test_d24_a_type_nobody_knows(server: Answers) -> None:
    answer = read(server.datagram(query(qtype=666)))
    assert (answer.rcode(), answer.answer, len(answer.authority)) == (NOERROR, [], 1)


@pytest.mark.parametrize("version", [1, 255])
def test_d25_edns_of_the_future(server: Answers, version: int) -> None:
    answer = read(server.datagram(query(edns=opt(version=version, rdata=option(3, b"")))))
    assert (answer.rcode(), answer.edns, answer.answer) == (BADVERS, 0, [])


def test_d26_unknown_options_and_flags(server: Answers) -> None:
    answer = read(server.datagram(query(edns=opt(flags=0x7FFF, rdata=option(65001, b"x" * 20)))))
    assert (answer.ednsflags, answer.options, len(answer.answer)) == (0, (), 1)


def test_d27_two_opts(server: Answers) -> None:
    assert rcode(server.datagram(header(ar=2) + question() + opt() * 2)) == FORMERR


def test_d28_an_opt_with_a_name_or_astray(server: Answers) -> None:
    assert rcode(server.datagram(query(edns=opt(name=b"\1a\0")))) == FORMERR
    assert rcode(server.datagram(query(edns=opt(name=POINTER)))) == FORMERR
    assert rcode(server.datagram(header(an=1) + question() + opt())) == FORMERR


@pytest.mark.parametrize("rdata", [b"\0\3\0\5abc", b"\0\3\0", b"\0\x0a\xff\xff"])
def test_d29_lengths_that_lie(server: Answers, rdata: bytes) -> None:
    assert rcode(server.datagram(query(edns=opt(rdata=rdata)))) == FORMERR
    assert rcode(server.datagram(query(edns=opt(rdata=rdata)[:-1]))) == FORMERR


@pytest.mark.parametrize("size", [0, 511, 512])
def test_d30_sizes_below_512_are_512(server: Answers, size: int) -> None:
    answer = server.datagram(query("many.lan", edns=opt(size)))
    assert isinstance(answer, bytes)
    assert read(answer).flags & dns.flags.TC
    assert len(answer) <= 512


@pytest.mark.parametrize("length", [0, 7, 9, 15, 41])
def test_d31_cookies_of_no_length(server: Answers, length: int) -> None:
    answer = read(server.datagram(query(edns=opt(flags=0x8000, rdata=option(10, b"c" * length)))))
    assert (answer.rcode(), answer.edns, answer.ednsflags) == (FORMERR, 0, 0x8000)
    assert rcode(server.datagram(query(edns=opt(version=1, rdata=option(10, b"c" * length))))) == BADVERS


def test_an_error_has_edns_if_the_request_had_it_whatever_else_is_wrong(server: Answers) -> None:
    for request in (
        header(qd=2, ar=1) + question() * 2 + opt(),
        header(qd=0, ar=1) + opt(),
        header(ar=1) + question() + opt() + b"x",
        query(edns=opt(rdata=b"\0\3\0\5abc")),
        query(qtype=0, edns=opt()),
    ):
        answer = read(server.datagram(request))
        assert (answer.rcode(), answer.edns) == (FORMERR, 0), request
    for request in (
        query()[:-1] + b"x" + opt(),
        header(ar=2) + question() + opt() * 2,
        header(an=1) + question() + opt(),
        query(edns=opt(name=b"\1a\0")),
        query(edns=opt(rdata=b"abc"))[:-1],
        header(ar=65535) + question() + opt(),
    ):
        answer = read(server.datagram(request))
        assert (answer.rcode(), answer.edns) == (FORMERR, -1), request


@pytest.mark.parametrize("length", [8, 16, 24, 40])
def test_d32_cookies_are_ignored(server: Answers, length: int) -> None:
    answer = server.datagram(query(edns=opt(rdata=option(10, b"c" * length))))
    assert addresses(answer) == ["192.168.1.2"]
    assert read(answer).options == ()


@pytest.mark.parametrize("subnet", [b"\0\x09\x18\0abc", b"\0\1\x4d\0abcd"])
def test_d33_client_subnets_are_ignored(server: Answers, subnet: bytes) -> None:
    assert addresses(server.datagram(query(edns=opt(rdata=option(8, subnet))))) == ["192.168.1.2"]


def test_d34_keepalive_over_datagrams_is_ignored(server: Answers) -> None:
    answer = server.datagram(query(edns=opt(rdata=option(11, b"\0\x64"))))
    assert (addresses(answer), read(answer).options) == (["192.168.1.2"], ())


def test_d37_an_unknown_signature_is_as_none(server: Answers) -> None:
    sig = b"\0" + b"\0\x18" + b"\0\xff" + bytes(4) + b"\0\x14" + bytes(20)
    assert addresses(server.datagram(header(ar=1) + question() + sig)) == ["192.168.1.2"]


@pytest.mark.parametrize("counts", [{"an": 65535}, {"ns": 65535}, {"ar": 65535}, {"an": 1}, {"ar": 2}])
def test_d38_counts_that_lie(server: Answers, counts: dict[str, int]) -> None:
    assert rcode(server.datagram(header(**counts) + question() + b"\0\0\1\0\1\0\0\0\0\0\x09abc")) == FORMERR


def test_d39_a_ring_in_an_additional_record(server: Answers) -> None:
    ring = bytes((0xC0, 12 + len(question()))) + b"\0\1\0\1" + bytes(4) + b"\0\4abcd"
    assert addresses(server.datagram(header(ar=1) + question() + ring)) == ["192.168.1.2"]


def test_d40_zeros_and_ones(server: Answers) -> None:
    assert rcode_of_header(server.datagram(bytes(65507))) == FORMERR
    assert server.datagram(b"\xff" * 4096) is None


@pytest.mark.parametrize("name", [b"\0", "example.org", "baidu.com", "a.www.baidu.com"])
def test_d41_names_of_nobody_here(server: Answers, name: str | bytes) -> None:
    for qtype in (A, 2, 6, ANY):
        answer = read(server.datagram(query(name, qtype, edns=opt())))
        assert (answer.rcode(), answer.answer, answer.authority, answer.edns) == (REFUSED, [], [], 0)
        assert not answer.flags & dns.flags.AA


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=13, max_size=13), st.booleans())
def test_d42_random_case_comes_back(upper: list[bool], edns: bool) -> None:
    name = "".join(c.upper() if up else c for c, up in zip("www.baidu.com", upper, strict=True))
    answer = SERVER.datagram(query(name, edns=opt() if edns else b""))
    assert isinstance(answer, bytes)
    assert answer[12 : 12 + len(question(name))] == question(name)
    assert addresses(answer) == ["192.168.1.2"]


@pytest.mark.parametrize("label", [b"\0", b".", b"\xff", b"a.b\0"])
def test_d42_any_octet_may_be_in_a_label(server: Answers, label: bytes) -> None:
    asked = query(bytes((len(label),)) + label + b"\3lan\0")
    answer = server.datagram(asked)
    assert isinstance(answer, bytes)
    assert (answer[3] & 15, answer[12:]) == (REFUSED, asked[12:])


def test_d43_a_set_that_does_not_fit_is_left_out_whole(server: Answers) -> None:
    for edns, room in ((b"", 512), (opt(600), 600), (opt(1232), 1232), (opt(65535), 1232)):
        answer = server.datagram(query("many.lan", edns=edns))
        assert isinstance(answer, bytes)
        message = read(answer)
        whole = room > 12 + 14 + 60 * 16 + 11
        assert bool(message.flags & dns.flags.TC) is not whole
        assert len(addresses(answer)) == (60 if whole else 0)
        assert message.edns == (0 if edns else -1)
        assert len(answer) <= room
    assert len(addresses(server.message(query("many.lan")))) == 60


def test_d43_an_alias_stays_where_its_addresses_do_not_fit() -> None:
    server = answers([Record(wire_name("alias.lan"), CNAME, wire_name("many.lan"))])
    message = read(server.datagram(query("alias.lan")))
    assert message.flags & dns.flags.TC
    assert [str(each) for each in message.answer] == ["alias.lan. 60 IN CNAME many.lan."]


def test_d43_a_set_that_no_message_can_hold(server: Answers) -> None:
    for answer in (server.datagram(query("crowd.lan")), server.message(query("crowd.lan"))):
        assert (bool(read(answer).flags & dns.flags.TC), addresses(answer)) == (True, [])


def test_d44_any_gets_one_set(server: Answers) -> None:
    message = read(server.datagram(query(qtype=ANY)))
    assert [str(each) for each in message.answer] == ["www.baidu.com. 60 IN A 192.168.1.2"]


def test_d48_random_names_leave_nothing_behind() -> None:
    server = answers()
    for number in range(1000):
        server.datagram(query(f"x{number}.www.baidu.com"))
        server.datagram(f"x{number}.www.baidu.com".encode())
    assert (len(server._bodies.known), len(server.ready), len(server._texts._known)) == (0, 0, 0)


def test_d56_an_alias_of_itself_ends() -> None:
    server = answers([Record(wire_name("loop.lan"), CNAME, wire_name("loop.lan"))])
    answer = read(server.datagram(query("loop.lan")))
    assert (answer.rcode(), len(answer.answer)) == (NOERROR, 1)
    assert server.datagram(b"loop.lan") == b"i dont know"


GOOD = [
    query(),
    query("many.lan", ANY, edns=opt(4096)),
    query(edns=opt(rdata=option(10, b"12345678"))),
    b"www.baidu.com",
]
SERVER = answers()


@settings(max_examples=600, deadline=None)
@given(
    st.sampled_from(GOOD),
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 255)), max_size=6),
    st.data(),
)
def test_d66_bit_flips_and_cuts(good: bytes, flips: list[tuple[int, int]], data: st.DataObject) -> None:
    octets = bytearray(good)
    for at, mask in flips:
        octets[at % len(octets)] ^= mask
    sent = bytes(octets[: data.draw(st.integers(0, len(octets)))])
    check(sent, SERVER.datagram(sent), limits.DNS_DATAGRAM)
    assert addresses(SERVER.datagram(query())) == ["192.168.1.2"]


@settings(deadline=None)
@given(st.binary(max_size=600))
def test_any_datagram_is_answered_or_not(datagram: bytes) -> None:
    check(datagram, SERVER.datagram(datagram), limits.DNS_DATAGRAM)
    if len(datagram) >= 12:
        check(datagram, SERVER.message(datagram), 65535)


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [query(), query(edns=opt()), query("WWW.baidu.com"), b"www.baidu.com", query("many.lan")]
        )
    )
)
def test_memory_changes_no_answer(asked: list[bytes]) -> None:
    server = answers()
    for each in asked:
        assert server.datagram(each) == answers().datagram(each)


def test_an_answer_of_many_records_is_bounded_on_streams() -> None:
    server = answers(many("full.lan", 4000))
    answer = server.message(query("full.lan"))
    assert isinstance(answer, bytes)
    assert len(addresses(answer)) == 4000
    assert len(answer) <= 65535


def check(sent: bytes, answer: bytes | Elsewhere | None, room: int) -> None:
    """An answer is a text in one line, or DNS that mirrors the request and fits."""
    if answer is None or isinstance(answer, Elsewhere):
        return
    assert len(answer) <= room
    if len(sent) >= 12 and answer[:2] == sent[:2] and answer[2] & 0x80:
        assert not sent[2] & 0x80
        assert answer[2] & 0x78 == sent[2] & 0x78
        if answer[3] & 15 != NOTIMP:
            dns.message.from_wire(answer)
    else:
        assert answer == b"i dont know" or answer.count(b".") == 3


def rcode_of_header(answer: bytes | Elsewhere | None) -> int:
    """For opcodes whose messages dnspython would read another way."""
    assert isinstance(answer, bytes)
    assert len(answer) == 12
    return answer[3] & 15
