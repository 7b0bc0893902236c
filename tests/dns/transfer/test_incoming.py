"""Transfers in: what is taken, and what changes nothing."""

import contextlib
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits
from netapp.dns.message import name_at
from netapp.dns.transfer.incoming import Backwards, Broken, Current, Differences, Inbound, Refused, Whole
from netapp.dns.transfer.packing import change_sets, messages, zone_sets
from netapp.dns.transfer.wire import records_at, request
from netapp.errors import WireError
from netapp.names.model import A, Record
from netapp.names.naming import wire_name
from netapp.names.zone import build_zone
from tests.dns.transfer.zones import ORIGIN, big, host, soa, steps, zone

OLD, NEW = zone(1, host("a.example.lan", "10.0.0.1")), zone(2, host("b.example.lan", "10.0.0.2"))
HEAD = b"\0\7\x84\0"


def answer(*records: Record, qtype: int = 252, head: bytes = HEAD, origin: bytes = ORIGIN) -> list[bytes]:
    sets = [(each.owner, each.rdtype, each.ttl, (each.rdata,)) for each in records]
    return list(messages(head, origin + qtype.to_bytes(2, "big") + b"\0\1", b"", sets))


def axfr(octets: list[bytes]) -> object:
    inbound = Inbound(ORIGIN, None, 7)
    for each in octets:
        inbound.receive(each)
    return inbound.outcome


def ixfr(octets: list[bytes]) -> object:
    inbound = Inbound(ORIGIN, OLD.soa.rdatas[0], 7)
    for each in octets:
        inbound.receive(each)
    return inbound.outcome


def test_a_zone_comes_as_it_went() -> None:
    for each in (OLD, big(9, 4000)):
        got = axfr(list(messages(HEAD, ORIGIN + b"\0\xfc\0\1", b"", zone_sets(each))))
        assert isinstance(got, Whole)
        assert build_zone(ORIGIN, got.records()).nodes == each.nodes


def test_differences_come_as_they_went_also_one_record_a_message() -> None:
    (change,) = steps(OLD, NEW)
    for most in (16384, 10):
        sets = change_sets(NEW, [change])
        octets = list(messages(HEAD, ORIGIN + b"\0\xfb\0\1", b"", sets, most))
        assert (len(octets) > 1) == (most == 10)
        assert ixfr(octets) == Differences((change,))


def test_one_soa_of_our_serial_says_that_nothing_is_newer() -> None:
    assert ixfr(answer(soa(1), qtype=251)) == Current(1)
    assert ixfr(answer(soa(2), qtype=251)) is None  # the rest may come


def test_all_of_the_zone_may_answer_an_ixfr() -> None:
    assert isinstance(ixfr(answer(*NEW.records(), soa(2), qtype=251)), Whole)


OUTSIDE = Record(wire_name("a.other.lan"), A, b"\1\2\3\4", 60)
ALIKE = Record(b"\2xx\7example\3lan\0", A, b"\1\2\3\4", 60)
TRICK = Record(b"\x0fa" + b"\7example\3lan" + b"\2xx\7example\3lan\0", A, b"\1\2\3\4", 60)
LIES = {
    "another soa at the end": answer(*OLD.records(), soa(2)),
    "outside": answer(*OLD.records(), OUTSIDE, soa(1)),
    "no soa first": answer(*list(OLD.records())[1:], soa(1)),
    "only the soa": answer(soa(1), soa(1)),
    "more behind the end": answer(*OLD.records(), soa(1), host("z.example.lan", "10.0.0.1")),
    "an soa below": answer(soa(1), soa(1, wire_name("sub.example.lan")), soa(1)),
    "wrong id": answer(*OLD.records(), soa(1), head=b"\0\x08\x84\0"),
    "not an answer": answer(*OLD.records(), soa(1), head=b"\0\7\4\0"),
    "another opcode": answer(*OLD.records(), soa(1), head=b"\0\7\xac\0"),
    "truncated": answer(*OLD.records(), soa(1), head=b"\0\7\x86\0"),
    "another type": answer(*OLD.records(), soa(1), qtype=251),
    "another zone": answer(soa(1, wire_name("other.lan")), origin=wire_name("other.lan")),
    "another zone within": answer(soa(1, wire_name("other.lan")), OUTSIDE),
    "nothing": answer(),
    "meta": answer(soa(1), Record(ORIGIN, 250, b"", 0), soa(1)),
    "cut": [answer(*OLD.records(), soa(1))[0][:-3]],
    "short": [b"\0\7\x84"],
    "address of five": answer(soa(1), Record(ORIGIN, A, b"12345", 0), soa(1)),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_broken(lie: str) -> None:
    with pytest.raises(Broken):
        axfr(LIES[lie])


def test_a_name_that_ends_in_the_same_octets_is_outside() -> None:
    trick = b"\x0c" + b"xxxx" + b"\7example" + b"\3lan\0"  # one label of twelve octets, then lan
    assert trick.endswith(ORIGIN)
    with pytest.raises(Broken, match="not in the zone"):
        axfr(answer(soa(1), Record(trick, A, b"1234", 60), soa(1)))


(CHANGE,) = steps(OLD, NEW)
IXFR_LIES = {
    "does not end at the first soa": answer(soa(3), *CHANGE.removed, *CHANGE.added, soa(3), qtype=251),
    "a gap": answer(soa(4), *CHANGE.removed, *CHANGE.added, soa(3), soa(4), soa(4), qtype=251),
    "backwards within": answer(soa(3), soa(1), soa(0), soa(3), qtype=251),
    "other numbers at the end": answer(
        soa(2), *CHANGE.removed, *CHANGE.added, soa(2, numbers=(1, 1, 1, 1)), qtype=251
    ),
    "behind the end": answer(soa(2), *CHANGE.removed, *CHANGE.added, soa(2), soa(2), qtype=251),
    "outside": answer(soa(2), *CHANGE.removed, OUTSIDE, *CHANGE.added, soa(2), qtype=251),
    "empty": answer(soa(2), soa(2), qtype=251),
}


@pytest.mark.parametrize("lie", IXFR_LIES)
def test_differences_that_lie_are_broken(lie: str) -> None:
    with pytest.raises(Broken):
        ixfr(IXFR_LIES[lie])


def test_differences_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    octets = answer(soa(2), *CHANGE.removed, *CHANGE.added, soa(2), qtype=251)
    assert isinstance(ixfr(octets), Differences)
    monkeypatch.setattr(limits, "TRANSFER_DIFFERENCES", len(CHANGE) - 1)
    with pytest.raises(Broken, match="its differences have more than"):
        ixfr(octets)


def test_differences_of_soas_alone_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [soa(serial) for each in range(1, 9) for serial in (each, each + 1)]
    octets = answer(soa(9), *steps, soa(9), qtype=251)
    assert isinstance(ixfr(octets), Differences)
    monkeypatch.setattr(limits, "TRANSFER_DIFFERENCES", 10)
    with pytest.raises(Broken, match="its differences have more than"):
        ixfr(octets)


def test_a_serial_that_goes_backwards() -> None:
    with pytest.raises(Backwards, match="its serial 0 is older than ours, 1"):
        ixfr(answer(soa(0), qtype=251))
    with pytest.raises(Backwards):
        Inbound(ORIGIN, NEW.soa.rdatas[0], 7, whole=True).receive(answer(*OLD.records(), soa(1))[0])


def test_an_error_is_named() -> None:
    with pytest.raises(Refused, match="REFUSED"):
        axfr(answer(head=b"\0\7\x84\5"))


def test_octets_and_records_are_bounded() -> None:
    octets = answer(*OLD.records(), soa(1))
    with pytest.raises(Broken, match="larger than 100 octets"):
        Inbound(ORIGIN, None, 7, octets=100).receive(octets[0])
    large = answer(
        soa(1), *(host(f"h{n}." + "x" * 60 + ".example.lan", "10.0.0.1") for n in range(100)), soa(1)
    )
    assert len(large) == 1
    assert len(large[0]) < 3000
    with pytest.raises(Broken, match="larger than 5000 octets"):  # of what is kept, not of what came
        Inbound(ORIGIN, None, 7, octets=5000).receive(large[0])
    with pytest.raises(Broken, match="more records"):
        Inbound(ORIGIN, None, 7, records=3).receive(octets[0])


def test_a_message_is_taken_in_steps() -> None:
    inbound = Inbound(ORIGIN, None, 7)
    records = [host(f"h{n}.example.lan", "10.0.0.1") for n in range(2 * limits.TRANSFER_STEP)]
    (octets,) = answer(soa(1), *records, soa(1))
    *before, last = inbound.steps(octets)
    assert before == [None, None]
    assert isinstance(last, Whole)
    assert len(last) == len(records) + 1


def test_what_came_is_forgotten_once_nobody_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TRANSFER_FORGET", 3)
    whole = axfr(answer(*big(1, 20).records(), soa(1)))
    assert isinstance(whole, Whole)
    assert len(whole) > 20
    whole.let_go()
    assert len(whole) == 0
    broken = Inbound(ORIGIN, None, 7)
    with pytest.raises(Broken):
        broken.receive(answer(*OLD.records(), OUTSIDE)[0])
    assert broken.records == len(list(OLD.records())) + 1
    broken.let_go()
    assert broken._whole == []


def test_compressed_names_in_rdata_are_made_whole() -> None:
    head = b"\0\7\x84\0\0\1\0\1\0\0\0\0" + ORIGIN + b"\0\xfc\0\1"
    records = {
        2: (b"\2NS\xc0\x0c", b"\2NS" + ORIGIN),
        15: (b"\0\x0a\xc0\x0c", b"\0\x0a" + ORIGIN),
        33: (b"\0\1\0\2\0\3\1a\xc0\x0c", b"\0\1\0\2\0\3\1a" + ORIGIN),
        6: (b"\xc0\x0c\xc0\x0c" + bytes(20), ORIGIN * 2 + bytes(20)),
        35: (b"\0\1\0\2\1u\0\0\xc0\x0c", b"\0\1\0\2\1u\0\0" + ORIGIN),
        16: (b"\2\xc0\x0c", b"\2\xc0\x0c"),
        65280: (b"\xc0\x0c", b"\xc0\x0c"),
    }
    for rdtype, (given_rdata, whole) in records.items():
        octets = head + b"\xc0\x0c" + rdtype.to_bytes(2, "big") + b"\0\1\0\0\0\x3c"
        octets += len(given_rdata).to_bytes(2, "big") + given_rdata
        (record,) = records_at(octets, len(head), 1)
        assert record == Record(ORIGIN, rdtype, whole, 60)


@pytest.mark.parametrize(
    "name",
    [b"\xc0\x0c", b"\xc0\x0e\xc0\x0c", b"\xc0\x20", b"\1a\xc0\x0c", b"\x41a\0", b"\x3fa", b"", b"\xc0"],
)
def test_names_that_never_end(name: bytes) -> None:
    with pytest.raises(WireError):
        name_at(bytes(12) + name, 12)


def test_a_long_chain_of_pointers_costs_no_time() -> None:
    data = (
        bytes(12) + b"\0" + b"".join((0xC000 | 12 + 2 * n - (n > 0)).to_bytes(2, "big") for n in range(8000))
    )
    with pytest.raises(WireError):
        name_at(data, len(data) - 2)


@given(st.binary(max_size=200))
def test_any_octets_are_a_transfer_or_broken(octets: bytes) -> None:
    for start in (b"", b"\0\7\x84\0\0\0\0\2\0\0\0\0"):
        with contextlib.suppress(Broken):
            Inbound(ORIGIN, None, 7).receive(start + octets)


def test_mutated_transfers_are_whole_or_broken() -> None:
    random, good = Random(5936), answer(*OLD.records(), soa(1))[0]
    for _ in range(3000):
        octets = bytearray(good)
        for _ in range(random.randrange(1, 4)):
            octets[random.randrange(len(octets))] ^= 1 << random.randrange(8)
        try:
            outcome = axfr([bytes(octets)])
        except Broken:
            continue
        assert outcome is None or isinstance(outcome, Whole)


def test_a_request_asks_for_what_is_newer_than_ours() -> None:
    octets = Inbound(ORIGIN, OLD.soa.rdatas[0], 7).request()
    assert octets == request(7, ORIGIN, 251, soa=OLD.soa.rdatas[0])
    assert Inbound(ORIGIN, OLD.soa.rdatas[0], 7, whole=True).request() == request(7, ORIGIN, 252)
