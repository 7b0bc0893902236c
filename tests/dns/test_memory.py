"""What is remembered, and when it is forgotten: no answer is ever other than without memory."""

import random
from collections.abc import Iterable
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netapp.core import limits
from netapp.core.udp.source import Source
from netapp.dns.query.answers import Answers
from netapp.dns.query.cookies import Cookies
from netapp.dns.query.memory import Memory
from netapp.names.model import CNAME, DNAME, DS, MX, NS, SOA, A, Record, nodes_of
from netapp.names.naming import shown, wire_name
from netapp.names.snapshot import Snapshot
from netapp.names.zone import Zone, build_zone
from tests.dns.asking import addresses, opt, option, query, read
from tests.dns.test_render import NUMBERS


def zone(origin: str, *more: tuple[str, int, bytes]) -> list[Record]:
    owner = wire_name(origin)
    soa = wire_name("ns." + origin) + wire_name("host." + origin) + NUMBERS
    return [Record(owner, SOA, soa), *(Record(name(each[0]), *each[1:]) for each in more)]


def name(text: str) -> bytes:
    return b"".join(bytes((len(label),)) + label.encode() for label in text.split(".")) + b"\0"


def snapshot(
    *zones: list[Record], little: Iterable[Record] = (), version: int = 1, expired: Iterable[bytes] = ()
) -> Snapshot:
    served = {each[0].owner: built(tuple(each)) for each in zones}
    return Snapshot(nodes_of(little), version, served, frozenset(expired))


@cache
def built(records: tuple[Record, ...]) -> Zone:
    """One zone for the same records: what has not changed is the same object."""
    return build_zone(records[0].owner, records)


def fresh(names: Snapshot) -> Answers:
    return Answers(names, "i dont know", "auto")


HERE = Source.of("192.0.2.1", 4000)
RAW = b"\6" + "测试".encode() + b"\3lan\0"
ONE = (b"\1\1\1\1", b"\2\2\2\2", b"\3\3\3\3")


def test_a_shelf_is_emptied_when_it_is_full() -> None:
    memory: Memory[int] = Memory(3, 2)
    for number in range(3):
        memory.lasting.keep(bytes((number,)), number, b"a")
    for number in range(100, 150):
        memory.fleeting.keep(bytes((number,)), number, b"b")
        assert len(memory.held) <= 5
    assert [memory.held[bytes((number,))] for number in range(3)] == [0, 1, 2]
    memory.forget([b"a", b"nobody"])
    assert b"\0" not in memory.held
    memory.lasting.keep(b"x", 9, b"b")
    memory.forget([b"b"])
    assert memory.held == {}


def test_d48_random_names_evict_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DNS_FLEETING_ANSWERS", 10)
    server = fresh(snapshot(zone("one.lan", ("www.one.lan", A, ONE[0]), ("*.wild.one.lan", A, ONE[1]))))
    server.datagram(query("www.one.lan"))
    kept = dict(server.ready)
    for number in range(100):
        assert read(server.datagram(query(f"x{number}.one.lan"))).rcode() == 3
        assert addresses(server.datagram(query(f"x{number}.wild.one.lan"))) == ["2.2.2.2"]
        assert read(server.datagram(query(f"x{number}.y{number}.one.lan"))).rcode() == 3
        assert read(server.datagram(query("www.one.lan", 1000 + number))).rcode() == 0
    assert kept.items() <= server.ready.items()
    assert len(server.ready) <= 11
    assert len(server._bodies.known) == 1
    assert len(server._bodies.kin) < 110


@pytest.mark.parametrize("edns", [b"", opt(), opt(rdata=option(10, b"cookie12"))])
def test_d48_names_that_are_not_there_hide_none_in_raw_utf8(edns: bytes) -> None:
    here = zone("lan", (shown(wire_name("测试.lan")), A, ONE[0]), ("x.lan", A, ONE[1]))
    server = Answers(snapshot(here), "i dont know", "auto", Cookies([b"s" * 16], lambda: 0))
    for each in ("abcdef", "abcdeg", "abcdeh") * 2:  # as many octets
        assert read(server.datagram(query(each + ".lan", edns=edns), HERE)).rcode() == 3
    asked = query(RAW, edns=edns)
    for _ in range(3):
        assert addresses(server.datagram(asked, HERE)) == ["1.1.1.1"]
    assert read(server.datagram(query("abcdei.lan", edns=edns), HERE)).rcode() == 3


def test_a_zone_that_changes_takes_nothing_else_with_it() -> None:
    first = zone("one.lan", ("www.one.lan", A, ONE[0]))
    second = zone("two.lan", ("www.two.lan", A, ONE[1]))
    before = snapshot(first, second)
    server = fresh(before)
    for each in ("www.one.lan", "www.two.lan", "no.one.lan", "no.two.lan") * 2:
        server.datagram(query(each))
    changed = build_zone(first[0].owner, zone("one.lan", ("www.one.lan", A, ONE[2])))
    server.use(Snapshot({}, 2, {**before.zones, changed.origin: changed}))
    assert {key[10:18] for key in server.ready} == {b"\3www\3two", b"\2no\3two\3"}
    assert addresses(server.datagram(query("www.one.lan"))) == ["3.3.3.3"]


def test_a_zone_that_is_waited_for_takes_what_was_said_for_it() -> None:
    above = snapshot(zone("lan", ("a.sub.lan", A, ONE[0])))
    server = fresh(above)
    asked = ["a.sub.lan", "no.sub.lan", "x.lan"]
    assert [read(server.datagram(query(each))).rcode() for each in asked] == [0, 3, 3]
    waiting = frozenset({wire_name("sub.lan")})
    server.use(Snapshot({}, 2, above.zones, waiting, above, waiting))
    assert [read(server.datagram(query(each))).rcode() for each in asked] == [2, 2, 3]
    server.use(Snapshot({}, 3, above.zones))
    assert [read(server.datagram(query(each))).rcode() for each in asked] == [0, 3, 3]


def test_a_zone_or_a_name_that_comes_takes_what_was_said_for_it() -> None:
    above = zone("lan", ("www.lan", A, ONE[0]), ("*.lan", A, ONE[1]))
    server = fresh(snapshot(above))
    asked = ["box.lan", "www.sub.lan", "sub.lan", "x.lan"]
    for each in asked:
        assert addresses(server.datagram(query(each))) == ["2.2.2.2"]
    below = zone("sub.lan", ("www.sub.lan", A, ONE[2]))
    little = Record(wire_name("box.lan"), A, ONE[2])
    server.use(snapshot(above, below, little=[little], version=2))
    assert [addresses(server.datagram(query(each))) for each in asked] == [
        ["3.3.3.3"], ["3.3.3.3"], [], ["2.2.2.2"]
    ]  # fmt: skip
    server.use(snapshot(above, version=3))
    for each in asked:
        assert addresses(server.datagram(query(each))) == ["2.2.2.2"]


def test_a_chain_over_two_zones_hangs_on_both() -> None:
    alias = zone("one.lan", ("www.one.lan", CNAME, wire_name("www.two.lan")))
    server = fresh(snapshot(alias, zone("two.lan", ("www.two.lan", A, ONE[0]))))
    assert addresses(server.datagram(query("www.one.lan"))) == ["1.1.1.1"]
    server.use(snapshot(alias, zone("two.lan", ("www.two.lan", A, ONE[1])), version=2))
    assert addresses(server.datagram(query("www.one.lan"))) == ["2.2.2.2"]
    server.use(snapshot(alias, version=3))
    assert addresses(server.datagram(query("www.one.lan"))) == []
    server.use(snapshot(alias, zone("two.lan", ("www.two.lan", A, ONE[2])), version=4))
    assert addresses(server.datagram(query("www.one.lan"))) == ["3.3.3.3"]


def test_the_ds_of_a_zone_hangs_on_the_one_above() -> None:
    """RFC 4035 section 3.1.4.1: it is given by who delegates, as soon as somebody does."""
    below = zone("sub.lan")
    delegated = ("sub.lan", NS, name("ns.lan")), ("sub.lan", DS, b"\0\1\x0d\2" + bytes(32))
    asked = query("sub.lan", DS, edns=opt(flags=0x8000)), query("sub.lan", DS), query("sub.lan", MX)
    server = fresh(snapshot(zone("lan"), below))
    for version, above in enumerate([zone("lan", *delegated), None, zone("lan", *delegated), zone("lan")]):
        for each in reversed(asked * 2):
            server.datagram(each)
        moment = snapshot(*filter(None, [above]), below, version=version + 2)
        server.use(moment)
        for each in asked:
            assert server.datagram(each) == fresh(moment).datagram(each)
        assert len(read(server.datagram(asked[0])).answer) == (above is not None and len(above) > 1)


def test_the_ds_of_a_delegation_stays_while_its_zone_does() -> None:
    top = zone("lan", ("sub.lan", NS, name("ns.lan")), ("sub.lan", DS, b"\0\1\x0d\2" + bytes(32)))
    server = fresh(snapshot(top, zone("sub.lan"), zone("two.lan")))
    asked = query("sub.lan", DS)
    server.datagram(asked)
    changed = zone("two.lan", ("www.two.lan", A, ONE[0])), zone("sub.lan", ("www.sub.lan", A, ONE[0]))
    server.use(snapshot(top, *changed, version=2))
    assert asked[2:] in server.ready
    server.use(snapshot(zone("lan"), *changed, version=3))
    assert asked[2:] not in server.ready


def test_a_raw_name_hangs_on_the_one_in_ascii() -> None:
    little = wire_name("测试.lan")
    server = fresh(snapshot(little=[Record(little, A, ONE[0])]))
    asked = [query(RAW), query(RAW, edns=opt())]
    for version, address in enumerate(ONE[1:], 2):
        for each in asked * 2:
            server.datagram(each)
        server.use(snapshot(little=[Record(little, A, address)], version=version))
        for each in asked:
            assert addresses(server.datagram(each)) == [".".join(map(str, address))]
    server.use(snapshot(version=9))
    assert [read(server.datagram(each)).rcode() for each in asked] == [5, 5]


def test_a_stream_gets_what_a_datagram_had_no_room_for() -> None:
    hosts = [(f"m{number}.lan", A, bytes((10, 0, 0, number))) for number in range(20)]
    mails = [("lan", MX, b"\0\1" + name(host)) for host, *_ in hosts]
    others = [("cut.lan", NS, name(host)) for host, *_ in hosts]
    names = snapshot(zone("lan", *hosts, *mails, *others))
    for edns in (b"", opt(512), opt(512, rdata=option(10, b"12345678"))):
        for asked, other in (("lan", MX), ("lan", MX)), (("x.cut.lan", A), ("y.cut.lan", A)):
            warm, cold = Answers(names, "i dont know", "auto", COOKIES), Slow(names)
            for each in (query(*asked, edns=edns), query(*other, edns=edns)) * 2:
                short, whole = cold.datagram(each, HERE), cold.message(each, HERE)
                assert len(read(short).additional) < len(read(whole).additional)
                for _ in range(2):
                    assert warm.datagram(each, HERE) == short
                    assert warm.message(each, HERE) == whole


def test_a_little_name_that_comes_or_goes_takes_what_was_said_of_those_above_it() -> None:
    here, deep = zone("lan"), Record(wire_name("a.b.lan"), A, ONE[0])
    server = fresh(snapshot(here))
    asked = [
        query(each, edns=edns) for each in ("c.lan", "b.lan", "d.lan", "a.b.lan") for edns in (b"", opt())
    ]
    for version, (little, rcodes) in enumerate([([], "3333"), ([deep], "3030"), ([], "3333")], 2):
        server.use(moment := snapshot(here, little=little, version=version))
        for _ in range(3):
            got = [server.datagram(each) for each in asked]
            assert got == [fresh(moment).datagram(each) for each in asked]
            assert "".join(str(read(each).rcode()) for each in got[::2]) == rcodes


OWNERS = [
    "lan",
    "www.lan",
    "a.lan",
    "b.a.lan",
    "*.lan",
    "*.a.lan",
    "x.lan",
    "sub.lan",
    "ns.sub.lan",
    "www.sub.lan",
    "xn--0zwm56d.lan",
]
RECORDS = st.one_of(
    st.tuples(st.sampled_from(OWNERS), st.just(A), st.sampled_from(ONE)),
    st.tuples(st.sampled_from(OWNERS[1:]), st.just(CNAME), st.sampled_from(OWNERS).map(name)),
    st.tuples(st.just("sub.lan"), st.just(NS), st.just(name("ns.sub.lan"))),
    st.tuples(st.just("sub.lan"), st.just(DS), st.just(b"\0\1\x0d\2" + bytes(32))),
    st.tuples(st.just("a.lan"), st.just(DNAME), st.sampled_from(["x.lan", "sub.lan"]).map(name)),
    st.tuples(
        st.sampled_from(OWNERS), st.just(MX), st.sampled_from(OWNERS).map(lambda each: b"\0\1" + name(each))
    ),
)


def sound(records: Iterable[tuple[str, int, bytes]]) -> list[tuple[str, int, bytes]]:
    """Those that can stand in one zone."""
    kept: list[tuple[str, int, bytes]] = []
    for each in records:
        same = {kind for owner, kind, _ in kept if owner == each[0]}
        if not same or (CNAME not in same | {each[1]} and not (each[1] == DNAME and DNAME in same)):
            kept.append(each)
    return kept


@st.composite
def worlds(draw: st.DrawFn) -> list[Snapshot]:
    """Moments of a world with a zone within a zone and little names: each of them may change or stay."""
    above = draw(st.lists(st.lists(RECORDS, max_size=8).map(sound), min_size=1, max_size=2))
    below = [[], *([("www.sub.lan", A, each), ("ns.sub.lan", A, each)] for each in ONE[:2])]
    target = st.sampled_from(
        ["www.lan", "a.lan", "n.lan", "www.sub.lan", "xn--0zwm56d.lan", "k.h.lan", "k.h.sub.lan"]
    ).map(name)
    little = st.dictionaries(
        target,
        st.one_of(st.tuples(st.just(A), st.just(ONE[2])), st.tuples(st.just(CNAME), target)),
        max_size=2,
    )
    littles = draw(st.lists(little, min_size=1, max_size=2))
    moments = []
    for version in range(draw(st.integers(1, 5))):
        zones = [zone("lan", *draw(st.sampled_from(above)))]
        if inner := draw(st.sampled_from(below)):
            zones.append(zone("sub.lan", *inner))
        names = draw(st.sampled_from(littles))
        moments.append(
            snapshot(
                *zones,
                little=[Record(each, *names[each]) for each in names],
                version=version + 1,
                expired=draw(st.sampled_from([(), (), (), (name("sub.lan"),), (name("lan"),)])),
            )
        )
    return moments


ASKED = [
    query(each if isinstance(each, bytes) else each.replace("*", star), kind, edns=edns)
    for each in [
        *OWNERS,
        RAW,
        "n.lan",
        "n.n.lan",
        "n.a.lan",
        "h.lan",
        "k.h.lan",
        "j.h.lan",
        "h.sub.lan",
        "k.sub.lan",
        "nn.sub.lan",
        "mm.sub.lan",
        "m.lan",
        "yyy.lan",
        "bus.lan",
        "other",
    ]
    for star in ("*", "STAR")
    for kind in (A, MX, DS, 255)
    for edns in (b"", opt(), opt(rdata=option(10, b"12345678")), opt(flags=0x8000))
]


@settings(deadline=None, max_examples=250)
@given(worlds(), st.data())
def test_no_answer_is_other_than_without_memory(moments: list[Snapshot], data: st.DataObject) -> None:
    server = fresh(moments[0])
    for moment in moments:
        server.use(moment)
        asked = data.draw(st.lists(st.sampled_from(ASKED), max_size=30))
        for each in asked * 2:
            assert server.datagram(each) == fresh(moment).datagram(each)


def test_the_soa_of_a_little_name_is_the_same_in_every_form_at_any_time() -> None:
    little = [Record(wire_name("box.lan"), A, ONE[0])]
    server = fresh(snapshot(little=little))
    asked = [query("box.lan", SOA), query("box.lan", MX)]
    first = [server.datagram(each) for each in asked]
    for version in range(2, 5):
        other = Record(wire_name("pc.lan"), A, bytes((10, 0, 0, version)))
        server.use(moment := snapshot(little=[*little, other], version=version))
        assert [server.datagram(each) for each in asked] == first
        for each in query("box.lan", SOA, edns=opt()), query("BOX.lan", SOA), *asked:
            assert server.datagram(each) == fresh(moment).datagram(each)
    (soa,) = read(server.datagram(query("box.lan", SOA, edns=opt(flags=0x8000)))).answer
    assert soa.to_text() == "box.lan. 60 IN SOA box.lan. nobody.invalid. 1 3600 1200 604800 60"


def test_a_little_alias_hangs_on_what_it_stands_for() -> None:
    alias = Record(wire_name("www.lan"), CNAME, wire_name("box.lan"))
    server = fresh(snapshot(little=[alias, Record(wire_name("box.lan"), A, ONE[0])]))
    assert addresses(server.datagram(query("www.lan"))) == ["1.1.1.1"]
    server.use(snapshot(little=[alias, Record(wire_name("box.lan"), A, ONE[1])], version=2))
    assert addresses(server.datagram(query("www.lan"))) == ["2.2.2.2"]


def test_names_of_a_signed_zone_have_their_own_proofs() -> None:
    order = ["lan", "a.lan", "m.lan"]
    chain = [
        (owner, 47, name(after) + b"\0\1\x40")
        for owner, after in zip(order, [*order[1:], "lan"], strict=True)
    ]
    names = snapshot(zone("lan", *chain))
    server = fresh(names)
    for each in ("b.lan", "n.lan", "c.lan", "o.lan"):
        for edns in (opt(flags=0x8000), opt()):
            for _ in range(2):
                asked = query(each, edns=edns)
                assert server.datagram(asked) == fresh(names).datagram(asked)


def test_what_is_ready_for_a_family_is_as_any_other() -> None:
    served = fresh(snapshot(zone("lan")))
    first, second = served.datagram(query("a.lan")), query("b.lan")
    ready = served.short(second[2:], b"")
    assert isinstance(first, bytes)
    assert ready is not None
    answer = second[:2] + ready[:-1]
    assert answer == served.datagram(second) == fresh(snapshot(zone("lan"))).datagram(second)
    assert answer[: len(second)] != first[: len(second)]
    assert answer[len(second) :] == first[len(second) :]
    for octets in (b"", b"x", second[2:12], second[2:13], second[2:-1], bytes(500)):
        assert served.short(octets, b"") is None


class Slow(Answers):
    """Reads every request slowly."""

    def __init__(self, names: Snapshot) -> None:
        super().__init__(names, "i dont know", "auto", COOKIES)
        self._quick.answer = lambda *given, **more: None  # type: ignore[method-assign]

    def short_text(self, datagram: bytes) -> bytes | None:
        return None


COOKIES = Cookies([b"s" * 16], lambda: 1_700_000_000.0)
#: Octets of rdata with which answers are about as large as clients take.
SIZES = [
    most - 38 - less + more
    for most, less in ((512, 2), (700, 11), (1232, 13), (1232, 41))
    for more in range(-3, 4)
]
WORLD = snapshot(
    zone(
        "lan",
        ("www.lan", A, ONE[0]),
        ("*.wild.lan", A, ONE[1]),
        ("sub.lan", NS, name("ns.sub.lan")),
        ("ns.sub.lan", A, ONE[2]),
        ("alias.lan", CNAME, name("www.lan")),
        *(("many.lan", A, bytes((10, 0, 0, number))) for number in range(80)),
        ("www.lan", 46, b"\0\1" + bytes(16) + name("lan") + b"signature"),
        ("sub.lan", A, ONE[1]),
        ("down.lan", DNAME, name("x.lan")),
        ("down.lan", A, ONE[2]),
        *((f"T{size}.lan".lower(), 16, bytes(size)) for size in SIZES),
        ("inner.lan", A, ONE[1]),
        ("late.lan", A, ONE[1]),
        ("www.late.lan", A, ONE[1]),
        (shown(wire_name("测试.lan")), A, ONE[1]),
        ("deep.empty.lan", A, ONE[1]),
        *((f"h{number}.lan", A, bytes((10, 0, 1, number))) for number in range(20)),
        *(("mail.lan", MX, b"\0\1" + name(f"h{number}.lan")) for number in range(20)),
        *(("far.lan", NS, name(f"h{number}.lan")) for number in range(20)),
    ),
    zone("inner.lan", ("www.inner.lan", A, ONE[2])),
    little=[Record(wire_name(each), A, ONE[0]) for each in ("box", "little.lan", "x.hollow.lan")],
    expired=[name("late.lan"), name("gone.lan")],  # the second has not come yet
)
WARM, SLOW = Answers(WORLD, "i dont know", "auto", COOKIES), Slow(WORLD)
NAMES = (
    "www.lan", "WWW.lan", "x.lan", "y.lan", "x.wild.lan", "sub.lan", "x.sub.lan", "alias.lan", "many.lan",
    "box", "no.where", "down.lan", "x.down.lan", "inner.lan", "www.inner.lan", "late.lan",
    "nine.lan", "www.late.lan", "gone.lan", "www.gone.lan", "little.lan", "x.little.lan", "empty.lan",
    "deep.empty.lan", "lan", "ns.sub.lan", RAW, "abcdef.lan", "mail.lan", "x.far.lan", "y.far.lan",
    "hollow.lan", "x.hollow.lan", "y.hollow.lan",
    *(f"T{size}.lan" for size in SIZES),
)  # fmt: skip
GOOD = [
    query(each, kind, edns=edns)
    for each in NAMES
    for kind in (A, MX, 16, 255)
    for edns in (
        b"",
        opt(),
        opt(700, flags=0x8000),
        opt(rdata=option(10, b"12345678")),
        opt(flags=0x8000, rdata=option(10, b"12345678" + COOKIES.server_part(b"12345678", b""))),
    )
] + [each.encode() for each in NAMES if isinstance(each, str)]


@pytest.mark.parametrize("order", range(6))
def test_the_short_ways_say_what_the_long_one_says(order: int) -> None:
    warm, asked = Answers(WORLD, "i dont know", "auto", COOKIES), GOOD * 4
    random.Random(order).shuffle(asked)
    for each in asked:
        assert warm.datagram(each) == SLOW.datagram(each)
        if each[:2] == b"\x12\x34":  # no text
            assert warm.message(each) == SLOW.message(each)
    assert len(warm.ready) > 50
    assert warm.short(query("WWW.lan", edns=opt())[2:], b"")
    assert warm.short(query("deep.empty.lan", edns=opt(rdata=option(10, b"87654321")))[2:], b"")
    assert warm.short_text(b"Deep.Empty.LAN") == b"2.2.2.2\0"


@settings(max_examples=1500, deadline=None)
@given(
    st.sampled_from(GOOD),
    st.lists(st.tuples(st.integers(0, 90), st.integers(0, 255)), max_size=3),
    st.integers(-3, 90),
    st.binary(max_size=30),
)
def test_d66_the_short_ways_lead_where_the_long_one_does(
    good: bytes, changes: list[tuple[int, int]], cut: int, more: bytes
) -> None:
    octets = bytearray(good)
    for at, octet in changes:
        octets[at % len(octets)] = octet
    sent = bytes(octets[: len(octets) if cut < 0 else cut]) + (more if cut % 2 else b"")
    for _ in range(3):
        assert WARM.datagram(sent) == SLOW.datagram(sent)
        if len(sent) >= 12:
            assert WARM.message(sent) == SLOW.message(sent)
