"""UPDATE messages and their answers: the parser, who may, and what waits for the disk."""

import ipaddress
from contextlib import suppress
from time import process_time
from typing import Any

import dns.edns
import dns.message
import dns.rcode
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.internet import defer, task
from twisted.logger import capturedLogs, formatEvent

from netapp.core import limits
from netapp.dns.allow import Allowed, Rule
from netapp.dns.message import UPDATE
from netapp.dns.requests import Client, Outcome, Request, Requests
from netapp.dns.tsig.keys import Key
from netapp.dns.update.handler import Updates
from netapp.dns.update.wire import parse_head, parse_update
from netapp.errors import WireError
from netapp.names.changing.storing import Forgetful, Step, Whole
from netapp.names.changing.updating import Update
from netapp.names.model import DNSKEY, NSEC, Record
from netapp.names.store import Names
from tests.dns.asking import header, opt, question
from tests.dns.updates.asking import APEX, adding, message, record, update
from tests.names.zoning import ORIGIN, Files, SlowDisk, a, zone

UDP = Client("127.0.0.1", 40000, False)
TCP = Client("127.0.0.1", 40001, True)


def updates(keeper: Forgetful | None = None, rule: str = "127.0.0.0/8", key: bytes | None = None) -> Updates:
    names = Names([], task.Clock(), zones=[Files(zone(1, a("www.example.lan")))], keeper=keeper)
    return Updates(names, Allowed([Rule(ipaddress.ip_network(rule), key)]), names._clock.seconds)


def served(handler: Updates) -> Any:
    return handler._names.snapshot.zones[ORIGIN]


def at_once(outcome: Outcome) -> bytes:
    """An answer that is there."""
    if isinstance(outcome, defer.Deferred):
        found: list[bytes | None] = []
        outcome.addCallback(found.append)
        (outcome,) = found
    assert isinstance(outcome, bytes)
    return outcome


def now(outcome: Outcome) -> dns.message.Message:
    """An answer that is there, as dnspython reads it."""
    return dns.message.from_wire(at_once(outcome))


def rcode(handler: Updates, octets: bytes, client: Client = UDP, key: Key | None = None) -> str:
    return dns.rcode.to_text(now(handler.handle(Request(octets, client, key))).rcode())


def test_an_update_is_answered_with_its_zone_and_nothing_more() -> None:
    handler = updates()
    octets = adding("new")
    answer = now(handler.handle(Request(octets, UDP)))
    assert (answer.id, answer.opcode(), answer.rcode()) == (dns.message.from_wire(octets).id, 5, 0)
    assert [len(section) for section in answer.sections] == [1, 0, 0, 0]
    assert str(answer.sections[0][0]) == "example.lan. IN SOA"
    assert answer.edns == -1
    assert served(handler).serial == 2
    assert handler.answered == {0: 1}


def test_an_answer_has_edns_if_the_request_had() -> None:
    octets = message(record(b"\3new" + APEX, 1, 1, b"\xc0\0\2\1", 60), more=(opt(),))
    answer = now(updates().handle(Request(octets, UDP)))
    assert (answer.edns, answer.rcode()) == (0, 0)
    old = message(record(b"\3new" + APEX, 1, 1, b"\xc0\0\2\1", 60), more=(opt(version=1),))
    assert rcode(updates(), old) == "BADVERS"
    for version, expected in ((0, 1), (1, 16)):
        no_soa = header(flags=5 << 11, ar=1) + question("example.lan", 1) + opt(version=version)
        answer = now(updates().handle(Request(no_soa, UDP)))
        assert (answer.edns, answer.rcode()) == (0, expected)


# Who may, and where ---------------------------------------------------------------------------------


def test_d16_who_is_not_allowed_is_refused_before_anything_is_said_of_the_zone() -> None:
    handler = updates(rule="192.0.2.0/24")
    assert rcode(handler, adding("new")) == "REFUSED"
    probing = update()
    probing.absent("www")
    assert rcode(handler, probing.to_wire()) == "REFUSED"
    signed = updates(key=b"\3key\0")
    assert rcode(signed, adding("new")) == "REFUSED"
    assert rcode(signed, adding("new"), key=Key(b"\5other\0", "hmac-sha256", b"x")) == "REFUSED"
    assert rcode(signed, adding("new"), key=Key(b"\3key\0", "hmac-sha256", b"x")) == "NOERROR"
    assert served(handler).serial == 1


def test_d16_who_was_refused_and_why_is_in_the_log_once() -> None:
    handler = updates(rule="192.0.2.0/24")
    stranger, mapped = Client("10.0.0.7", 999, False), Client("::ffff:10.0.0.7", 1000, False)
    key = Key(b"\5other\0", "hmac-sha256", b"x")
    with capturedLogs() as events:
        for client in (stranger, stranger, mapped, UDP):
            rcode(handler, adding("new"), client, key if client is UDP else None)
        rcode(handler, adding("new"), Client("192.0.2.1", 1000, False))
    assert [formatEvent(event) for event in events] == [
        "zone example.lan: an update of 10.0.0.7 without a key is refused:"
        " --allow-update says who may send one",
        "zone example.lan: an update of 127.0.0.1 with the key other is refused:"
        " --allow-update says who may send one",
    ]


@pytest.mark.parametrize(
    "octets",
    [
        message(zone=b"", zones=0),
        message(zone=b"\7example\3lan\0\0\6\0\1" * 2, zones=2),
        message(zone=b"\7example\3lan\0\0\1\0\1"),
        message(zone=b"\7example\3lan\0\0\xff\0\1"),
        message(zone=b"\7example\3lan\0\0\6\0"),
        message(zones=255),
    ],
)
def test_d17_other_than_one_zone_by_its_soa_is_malformed(octets: bytes) -> None:
    assert rcode(updates(), octets) == "FORMERR"


def test_d18_a_name_outside_the_zone_undoes_all() -> None:
    handler = updates()
    inside = record(b"\3new" + APEX, 1, 1, b"\xc0\0\2\1", 60)
    outside = record(b"\3new\3com\0", 1, 1, b"\xc0\0\2\1", 60)
    assert rcode(handler, message(inside, outside)) == "NOTZONE"
    assert rcode(handler, message(inside, needs=(record(b"\3com\0", 255, 255, b""),))) == "NOTZONE"
    assert served(handler).serial == 1


def test_a_zone_that_is_not_ours_or_of_another_class() -> None:
    assert rcode(updates(), update("example.com").to_wire()) == "NOTAUTH"
    assert rcode(updates(), update("www.example.lan").to_wire()) == "NOTAUTH"
    assert rcode(updates(), message(zone=b"\7example\3lan\0\0\6\0\3")) == "NOTAUTH"


def explained(handler: Updates, octets: bytes) -> tuple[str, list[str]]:
    answer = now(handler.handle(Request(octets, UDP)))
    said = [each.to_text() for each in answer.options if each.otype == dns.edns.OptionType.EDE]
    return dns.rcode.to_text(answer.rcode()), said


def test_a_secondary_and_a_signed_zone_say_why_not() -> None:
    octets = message(record(b"\3new" + APEX, 1, 1, b"\xc0\0\2\1", 60), more=(opt(),))
    handler = updates()
    names = handler._names
    signed = zone(
        2, Record(ORIGIN, DNSKEY, b"\1\1\3\x0dkey", 60), Record(ORIGIN, NSEC, ORIGIN + b"\0\1\2", 60)
    )
    names._zone_shelves[0].source.put(signed)
    names.reload()
    with capturedLogs() as events:
        assert explained(handler, octets) == (
            "REFUSED",
            ["EDE 21 (Not Supported): the zone is signed elsewhere"],
        )
    assert [formatEvent(event) for event in events] == [
        "zone example.lan: an update of 127.0.0.1 without a key is refused:"
        " the zone is signed: change it where its keys are"
    ]
    other = Updates(Names([], task.Clock()), Allowed([Rule(ipaddress.ip_network("127.0.0.0/8"))]), float)
    other._names.add_secondary(ORIGIN)
    assert explained(other, octets)[0] == "NOTAUTH"
    other._names.replace(ORIGIN, zone(1))
    assert explained(other, octets) == (
        "NOTAUTH",
        ["EDE 20 (Not Authoritative): updates go to the primary"],
    )


# The parser -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "piece",
    [
        record(b"\3new" + APEX, 1, 1, b"\xc0\0\2", 60),  # an address of three octets
        record(b"\3new" + APEX, 1, 1, b"", 60),
        record(b"\3new" + APEX, 15, 1, b"\0", 60),
        record(b"\3new" + APEX, 15, 1, b"\0\x0a\xc0\x0cmore", 60),
        record(b"\3new" + APEX, 16, 1, b"\5four", 60),  # a string longer than its record
        record(b"\3new" + APEX, 257, 1, b"\0\xff", 60),
        record(b"\3new" + APEX, 6, 1, b"\0\0\0\0", 60),
        record(b"\3new" + APEX, 1, 1, b"\xc0\0\2\1", 60)[:-1],
        record(b"\3new\xc0\xff", 1, 1, b"\xc0\0\2\1", 60),  # a pointer that leads on
        record(b"\x40new" + APEX, 1, 1, b"\xc0\0\2\1", 60),
        b"\3new" + APEX,
        b"",
    ],
)
def test_d38_a_record_that_is_cut_off_or_of_no_form_is_malformed(piece: bytes) -> None:
    handler = updates()
    good = record(b"\3old" + APEX, 1, 1, b"\xc0\0\2\1", 60)
    assert rcode(handler, message(good, piece)) == "FORMERR"
    assert served(handler).serial == 1


def chained(records: int) -> bytes:
    """An update whose records each hold two names at the end of a chain of 120 pointers."""
    start = len(message()) + 12  # of the first record's rdata
    chain = b"\xc0\x0c" + b"".join((0xC000 | start + 2 * each).to_bytes(2, "big") for each in range(119))
    end = (0xC000 | start + len(chain) - 2).to_bytes(2, "big")
    pieces = [record(end, 14, 1, end * 2, 60)] * (records - 1)
    return message(record(APEX, 65280, 1, chain, 60), *pieces)


def test_d16_a_stranger_is_refused_before_his_records_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = updates(rule="192.0.2.0/24")
    monkeypatch.setattr("netapp.dns.update.handler.parse_update", None)
    assert rcode(handler, chained(500)) == "REFUSED"
    assert rcode(handler, message(record(APEX, 1, 1, b"three"))) == "REFUSED"
    assert rcode(handler, message(record(APEX, 1, 1, b"x"), zone=b"\3com\0\0\6\0\1")) == "NOTAUTH"


def test_d7_chains_of_pointers_cost_no_time_whoever_sends_them() -> None:
    octets = chained(limits.DNS_UPDATE_RECORDS)
    handler = updates(rule="192.0.2.0/24")
    begun = process_time()
    assert [rcode(handler, octets) for _ in range(10)] == ["REFUSED"] * 10
    assert process_time() - begun < 0.2
    begun = process_time()
    head = parse_head(octets)
    assert len(parse_update(octets, head).updates) == limits.DNS_UPDATE_RECORDS
    assert process_time() - begun < 0.2


def test_d38_more_records_than_a_stream_could_carry_are_malformed() -> None:
    octets = chained(limits.DNS_UPDATE_RECORDS + 1)
    assert rcode(updates(), octets) == "FORMERR"
    requests = Requests()
    requests.on_opcode[UPDATE] = updates().handle
    assert now(requests.handle(octets, UDP)).rcode() == 1
    assert requests.malformed == 1


def test_a_record_that_no_transfer_could_carry_is_refused() -> None:
    handler = updates()
    large = record(b"\3big" + APEX, 65280, 1, bytes(limits.TRANSFER_RECORD + 1), 60)
    assert rcode(handler, message(large)) == "REFUSED"
    assert (
        rcode(handler, message(record(b"\3big" + APEX, 65280, 1, bytes(limits.TRANSFER_RECORD), 60)))
        == "NOERROR"
    )
    assert rcode(handler, message(record(b"\3big" + APEX, 65280, 255, b""))) == "NOERROR"
    assert served(handler).serial == 3


def test_octets_behind_the_message_and_two_opts_are_malformed() -> None:
    assert rcode(updates(), message() + b"\0") == "FORMERR"
    assert rcode(updates(), message(more=(opt(), opt()))) == "FORMERR"
    assert rcode(updates(), message(more=(record(b"\0", 250, 255, b"\0"),))) == "NOERROR"


def parsed(octets: bytes) -> Update:
    return parse_update(octets, parse_head(octets))


def test_names_come_whole_out_of_a_message() -> None:
    update_ = parsed(message(record(b"\3NEW" + APEX, 15, 1, b"\0\x0a\4MAIL" + APEX, 60)))
    assert update_.origin == ORIGIN
    assert update_.updates[0].owner == b"\3new" + ORIGIN
    assert update_.updates[0].rdata == b"\0\x0a\4MAIL" + ORIGIN


GOOD = message(
    record(b"\3new" + APEX, 15, 1, b"\0\x0a\4mail" + APEX, 60),
    record(b"\3www" + APEX, 1, 254, b"\xc0\0\2\1"),
    record(b"\3new" + APEX, 16, 1, b"\4text", 60),
    needs=(record(b"\3www" + APEX, 255, 255, b""),),
    more=(opt(rdata=b"\0\x0a\0\x08cookies!"),),
)


@given(
    st.lists(st.tuples(st.integers(2, len(GOOD) - 1), st.integers(0, 255)), max_size=6),
    st.integers(0, len(GOOD)),
)
@example(flips=[(28, 254)], length=0)
@settings(max_examples=300, deadline=None)
def test_d66_a_message_with_octets_changed_or_cut_gets_an_answer(
    flips: list[tuple[int, int]], length: int
) -> None:
    octets = bytearray(GOOD)
    for at, octet in flips:
        octets[at] = octet
    octets[2:4] = b"\x28\0"
    for each in (bytes(octets), bytes(octets[: max(length, 12)])):
        handler = updates()
        answer = at_once(handler.handle(Request(each, TCP)))
        assert (answer[:2], answer[2] & 0xF8) == (each[:2], 0xA8)  # dnspython reads no zone of class NONE
        handler._names.snapshot.zones[ORIGIN].records()


@given(st.binary(min_size=12, max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_octets_are_a_message_or_malformed(octets: bytes) -> None:
    with suppress(WireError):
        assert parsed(octets).origin


# What waits for the disk ----------------------------------------------------------------------------


def test_the_answer_waits_for_the_disk_and_so_do_readers() -> None:
    disk = SlowDisk()
    handler = updates(disk)
    answers: list[bytes | None] = []
    outcomes = [handler.handle(Request(adding(f"h{each}"), UDP)) for each in range(3)]
    for outcome in outcomes:
        assert isinstance(outcome, defer.Deferred)
        outcome.addCallback(answers.append)
    assert (answers, served(handler).serial, len(disk.waiting)) == ([], 1, 1)
    disk.go()
    assert (len(answers), served(handler).serial, len(disk.waiting)) == (1, 2, 1)
    disk.go()
    assert (len(answers), served(handler).serial, len(disk.waiting)) == (3, 4, 0)


def test_the_same_datagram_again_while_it_is_on_its_way() -> None:
    disk = SlowDisk()
    handler = updates(disk)
    octets = adding("new")
    first = handler.handle(Request(octets, UDP))
    assert handler.handle(Request(octets, UDP)) is None
    other = handler.handle(Request(octets, Client("127.0.0.1", 40009, False)))
    disk.go()
    assert now(first).rcode() == now(other).rcode() == 0
    assert served(handler).serial == 2
    assert rcode(handler, octets) == "NOERROR"


def new_one() -> bytes:
    """An update that can be made once."""
    message = update()
    message.absent("new")
    message.add("new", 60, "A", "192.0.2.1")
    return message.to_wire()


def test_the_same_datagram_again_when_its_answer_was_lost() -> None:
    handler = updates()
    octets = new_one()
    assert [rcode(handler, octets) for _ in range(3)] == ["NOERROR"] * 3
    assert rcode(handler, octets, Client("127.0.0.1", 40009, False)) == "YXDOMAIN"
    assert rcode(handler, octets, TCP) == "NOERROR"  # its answer may have been cut
    assert rcode(handler, octets, Client("127.0.0.9", 40001, True)) == "YXDOMAIN"
    handler._names._clock.advance(30)  # type: ignore[attr-defined]
    assert rcode(handler, octets) == "YXDOMAIN"
    assert rcode(handler, octets, TCP) == "YXDOMAIN"
    assert served(handler).serial == 2
    assert handler._running == {}


@pytest.mark.parametrize("problem", [None, OSError(28, "No space left on device")])
def test_who_goes_on_over_a_stream_gets_the_answer_that_is_on_its_way(problem: OSError | None) -> None:
    disk = SlowDisk()
    handler = updates(disk)
    octets = new_one()
    outcomes = [handler.handle(Request(octets, each)) for each in (UDP, TCP, TCP)]
    disk.go(problem)
    assert [now(each).rcode() for each in outcomes] == [2 if problem else 0] * 3
    assert served(handler).serial == (1 if problem else 2)
    assert handler._running == {}


def test_so_many_updates_are_known_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DNS_UPDATES_KNOWN", 4)
    handler = updates()
    for number in range(9):
        assert rcode(handler, adding(f"h{number}")) == "NOERROR"
    assert len(handler._done) <= 4 + 2  # what is done is looked at when the next one comes


def test_what_comes_over_a_stream_twice_is_meant_twice() -> None:
    handler = updates()
    octets = new_one()
    assert [rcode(handler, octets, TCP) for _ in range(2)] == ["NOERROR", "YXDOMAIN"]


def test_a_change_for_nothing_waits_for_what_it_stands_on() -> None:
    disk = SlowDisk()
    handler = updates(disk)
    first, second = (handler.handle(Request(adding("new"), TCP)) for _ in range(2))
    answers: list[bytes | None] = []
    assert isinstance(second, defer.Deferred)
    second.addCallback(answers.append)
    assert answers == []
    disk.go()
    assert (now(first).rcode(), len(answers), served(handler).serial) == (0, 1, 2)


def test_what_the_disk_refuses_is_servfail_for_all_that_stands_on_it() -> None:
    disk = SlowDisk()
    handler = updates(disk)
    outcomes = [handler.handle(Request(adding(f"h{each}"), TCP)) for each in range(3)]
    disk.go(OSError(28, "No space left on device"))
    assert [now(each).rcode() for each in outcomes] == [2, 2, 2]
    assert disk.waiting == []
    last = handler.handle(Request(adding("last"), TCP))
    disk.go()
    assert (now(last).rcode(), served(handler).serial) == (0, 2)
    assert b"\2h0" + ORIGIN not in served(handler).nodes


def test_more_than_may_wait_for_the_disk_is_servfail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ZONE_WAITING", 3)
    disk = SlowDisk()
    handler = updates(disk)
    outcomes = [handler.handle(Request(adding(f"h{each}"), UDP)) for each in range(5)]
    assert [now(each).rcode() for each in outcomes[3:]] == [2, 2]
    disk.go()
    disk.go()
    assert [now(each).rcode() for each in outcomes[:3]] == [0, 0, 0]
    assert served(handler).serial == 4


def test_a_long_journal_is_put_together_before_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ZONE_JOURNAL", 100)
    disk = SlowDisk()
    handler = updates(disk)
    first = handler.handle(Request(adding("h0"), UDP))
    others = [handler.handle(Request(adding(f"h{each}"), UDP)) for each in (1, 2)]
    disk.go(journal=1000)
    later = handler.handle(Request(adding("h3"), UDP))
    kept = disk.waiting[0][1][ORIGIN]
    assert [type(each) for each in kept] == [Whole, Step, Step]
    assert isinstance(kept[0], Whole)
    assert (kept[0].zone.serial, kept[0].anew, len(kept[0].history)) == (2, True, 1)
    disk.go(journal=0)
    disk.go(journal=100)
    assert [now(each).rcode() for each in (first, *others, later)] == [0, 0, 0, 0]
    assert (served(handler).serial, disk.waiting) == (5, [])


def test_a_zone_that_goes_while_its_update_is_on_its_way() -> None:
    disk = SlowDisk()
    handler = updates(disk)
    outcome = handler.handle(Request(adding("new"), TCP))
    handler._names._zone_shelves[0].source.zones.clear()
    handler._names.reload()
    assert dns.rcode.to_text(now(outcome).rcode()) == "NOTAUTH"
    disk.go()
    assert handler._names.snapshot.zones == {}


def test_an_update_of_8191_octets_is_quick() -> None:
    pieces = [record(bytes((5,)) + b"h%04d" % each + APEX, 1, 1, b"\xc0\0\2\1", 60) for each in range(370)]
    octets = message(*pieces)
    assert 7900 < len(octets) < 8192
    begun = process_time()
    handler = updates()
    assert rcode(handler, octets, TCP) == "NOERROR"
    assert process_time() - begun < 0.5
    assert len(served(handler)) == 373
