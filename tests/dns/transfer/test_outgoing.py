"""Transfers out, read by dnspython, and by our own other side."""

from collections.abc import Iterator
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.xfr
import dns.zone
import pytest
from twisted.internet import task
from twisted.logger import ILogObserver, LogLevel, globalLogPublisher
from zope.interface import implementer

from netapp.core import limits
from netapp.dns.message import AXFR, IXFR
from netapp.dns.protocol import DnsProtocol
from netapp.dns.requests import BrokenOff, Requests
from netapp.dns.session import DnsSession
from netapp.dns.transfer.incoming import Current, Differences, Inbound, Whole
from netapp.dns.transfer.outgoing import Outgoing
from netapp.dns.transfer.packing import TooLong, messages
from netapp.dns.transfer.places import Sending
from netapp.dns.transfer.wire import request
from netapp.dns.tsig import signing
from netapp.dns.tsig.keys import Key
from netapp.names.model import TXT, Record
from netapp.names.naming import wire_name
from netapp.names.zone import Zone, build_zone
from netapp.testing import Transport
from tests.dns.asking import answers, opt
from tests.dns.transfer.zones import ORIGIN, Known, alike, asked, big, crowd, host, soa, steps, zone

OLD = zone(1, host("a.example.lan", "10.0.0.1"))
MID = zone(2, host("a.example.lan", "10.0.0.2"))
NEW = zone(3, host("a.example.lan", "10.0.0.2"), host("b.example.lan", "10.0.0.3"))
ALL = "0.0.0.0/0"
KEY = Key(wire_name("laptop"), "hmac-sha256", b"secret")


def server(known: Known, clock: task.Clock | None = None, permits: object = None) -> Outgoing:
    return Outgoing(known, lambda host, key: permits is None, clock or task.Clock())


def ixfr(serial: int, edns: bytes = b"") -> bytes:
    octets = request(7, ORIGIN, IXFR, soa=soa(serial).rdata)
    return octets[:11] + b"\1" + octets[12:] + edns if edns else octets


def rcode(answer: object) -> int:
    assert isinstance(answer, bytes)
    return answer[3] & 15


def read(outcome: object) -> list[dns.message.Message]:
    assert isinstance(outcome, Sending)
    return [dns.message.from_wire(each, one_rr_per_rrset=True, xfr=True) for each in outcome]


def test_a_zone_goes_out_as_dnspython_reads_it() -> None:
    found = dns.zone.Zone("example.lan.", relativize=False)
    got = read(server(Known(NEW)).axfr(asked(request(7, ORIGIN, AXFR))))
    with dns.xfr.Inbound(found, dns.rdatatype.AXFR) as inbound:
        assert [inbound.process_message(each) for each in got] == [True]
    assert len(got[0].question) == 1
    assert got[0].flags & dns.flags.AA
    kept = {(str(name), rdata.to_text()) for name, _, rdata in found.iterate_rdatas()}
    assert ("b.example.lan.", "10.0.0.3") in kept
    assert len(kept) == len(list(NEW.records()))


def test_many_records_take_few_messages_each_within_its_bound() -> None:
    sending = server(Known(big(5, 3000))).axfr(asked(request(7, ORIGIN, AXFR)))
    assert isinstance(sending, Sending)
    octets = list(sending)
    assert len(octets) == pytest.approx(3000 * 28 / limits.TRANSFER_MESSAGE, abs=2)
    assert all(len(each) <= limits.TRANSFER_MESSAGE for each in octets)
    assert [each[5] for each in octets] == [1] + [0] * (len(octets) - 1)  # the question is in the first
    names = [rrset.name for each in octets for rrset in dns.message.from_wire(each).answer]
    assert dns.name.from_text("h0000002999.example.lan") in names


def test_the_version_of_the_start_is_sent_to_the_end() -> None:
    known = Known(big(5, 3000))
    sending = server(known).axfr(asked(request(7, ORIGIN, AXFR)))
    assert isinstance(sending, Sending)
    inbound = Inbound(ORIGIN, None, 7)
    inbound.receive(next(sending))
    known.snapshot = Known(big(6, 10)).snapshot
    for message in sending:
        inbound.receive(message)
    assert isinstance(inbound.outcome, Whole)
    assert build_zone(ORIGIN, inbound.outcome.records()).nodes == big(5, 3000).nodes


def test_a_record_of_its_own_size_has_a_message_of_its_own() -> None:
    long = Record(wire_name("long.example.lan"), TXT, b"\xff" + b"x" * 255, 60)
    many = [Record(long.owner, TXT, long.rdata * 200, 60)]
    sending = server(Known(zone(1, *many))).axfr(asked(request(7, ORIGIN, AXFR)))
    assert isinstance(sending, Sending)
    assert max(map(len, sending)) > 51200
    with pytest.raises(TooLong):
        list(messages(b"\0\1\x84\0", ORIGIN + b"\0\xfc\0\1", b"", [(ORIGIN, TXT, 60, (bytes(65000),))]))


def test_edns_is_answered_in_the_first_message() -> None:
    octets = request(7, ORIGIN, AXFR)
    got = read(server(Known(big(1, 2000))).axfr(asked(octets[:11] + b"\1" + octets[12:] + opt())))
    assert [each.edns for each in got] == [0] + [-1] * (len(got) - 1)


def differences(known: Known, have: Zone) -> object:
    inbound = Inbound(ORIGIN, have.soa.rdatas[0], 7)
    outcome = server(known).ixfr(asked(inbound.request()))
    assert isinstance(outcome, bytes | Sending)
    for message in [outcome] if isinstance(outcome, bytes) else list(outcome):
        inbound.receive(message)
    return inbound.outcome


def test_ixfr_sends_what_has_changed() -> None:
    outcome = differences(Known(NEW, changes=steps(OLD, MID, NEW)), OLD)
    assert isinstance(outcome, Differences)
    assert [(each.old_serial, each.new_serial) for each in outcome.changes] == [(1, 2), (2, 3)]
    after = OLD
    for change in outcome.changes:
        after = after.changed(change.removed, change.added)
    assert alike(after, NEW)


def test_a_chain_that_came_and_went_is_condensed() -> None:
    zones = [zone(n, host("a.example.lan", f"10.0.0.{n}")) for n in range(1, 20)]
    outcome = differences(Known(zones[-1], changes=steps(*zones)), zones[0])
    assert isinstance(outcome, Differences)
    assert [(each.old_serial, each.new_serial, len(each)) for each in outcome.changes] == [(1, 19, 4)]


@pytest.mark.parametrize("changes", [(), steps(OLD, MID)])
def test_ixfr_of_what_is_not_known_any_more_sends_all(changes: tuple[object, ...]) -> None:
    outcome = differences(Known(NEW, changes=changes), OLD)  # type: ignore[arg-type]
    assert isinstance(outcome, Whole)
    assert alike(build_zone(ORIGIN, outcome.records()), NEW)


def test_differences_longer_than_the_zone_are_not_sent() -> None:
    before = big(1, 500)
    outcome = differences(Known(NEW, changes=steps(before, NEW)), before)
    assert isinstance(outcome, Whole)


def test_d21_a_current_serial_and_one_from_the_future_get_one_soa() -> None:
    outgoing = server(Known(NEW, changes=steps(OLD, NEW)))
    for serial in (3, 4, 2**31 + 2):
        for stream in (True, False):
            answer = outgoing.ixfr(asked(ixfr(serial), stream=stream))
            assert isinstance(answer, bytes)
            message = dns.message.from_wire(answer, one_rr_per_rrset=True)
            assert [rrset.rdtype for rrset in message.answer] == [dns.rdatatype.SOA]
            assert message.answer[0][0].serial == 3
    assert differences(Known(NEW), NEW) == Current(3)


def test_ixfr_over_udp_is_all_of_it_or_one_soa() -> None:
    outgoing = server(Known(NEW, changes=steps(OLD, NEW)))
    answer = outgoing.ixfr(asked(ixfr(1), stream=False))
    assert isinstance(answer, bytes)
    assert len(answer) <= 512
    assert isinstance(Inbound(ORIGIN, OLD.soa.rdatas[0], 7).receive(answer), Differences)
    much = build_zone(ORIGIN, [*zone(4).records(), *crowd(60)])
    outgoing = server(Known(much, changes=steps(OLD, much)))
    for edns in (b"", opt(4096)):
        answer = outgoing.ixfr(asked(ixfr(1, edns), stream=False))
        assert isinstance(answer, bytes)
        assert len(dns.message.from_wire(answer, one_rr_per_rrset=True).answer) == 1


@pytest.mark.parametrize("room", [0, signing.room(KEY)])
@pytest.mark.parametrize(("edns", "size"), [(b"", 512), (opt(1000), 1000), (opt(4096), limits.DNS_DATAGRAM)])
def test_ixfr_over_udp_sends_what_fits_to_the_last_octet(edns: bytes, size: int, room: int) -> None:
    """RFC 1995 section 2.  One record pads it to the size that there is, and to one octet more."""
    key = KEY if room else None

    def sent(padding: int) -> bytes:
        many = [Record(wire_name(f"h{n}.example.lan"), TXT, b"\x05hello", 60) for n in range(5)]
        new = zone(2, *many, Record(ORIGIN, 65280, bytes(padding), 60))
        answer = server(Known(new, changes=steps(zone(1), new))).ixfr(
            asked(ixfr(1, edns), stream=False, key=key)
        )
        assert isinstance(answer, bytes)
        return answer

    most = size - room - len(sent(1)) + 1
    assert len(sent(most)) == size - room
    assert isinstance(Inbound(ORIGIN, zone(1).soa.rdatas[0], 7).receive(sent(most)), Differences)
    assert len(dns.message.from_wire(sent(most + 1), one_rr_per_rrset=True).answer) == 1


def test_a_history_too_long_for_a_datagram_is_condensed() -> None:
    """Also where that is more than half of it, or than the zone."""
    zones = [zone(n, host("a.example.lan", f"10.0.0.{n}")) for n in range(1, 60)]
    outgoing = server(Known(zones[-1], changes=steps(*zones)))
    answer = outgoing.ixfr(asked(ixfr(1), stream=False))
    assert isinstance(answer, bytes)
    outcome = Inbound(ORIGIN, zones[0].soa.rdatas[0], 7).receive(answer)
    assert isinstance(outcome, Differences)
    assert len(outcome.changes) == 1


def test_one_soa_that_no_datagram_holds_is_truncated() -> None:
    origin = b"\x3f" + b"o" * 63 + b"\x3f" + b"p" * 63 + b"\x3f" + b"q" * 63 + b"\0"
    names = b"\x3c" + b"m" * 60 + origin + b"\x3c" + b"r" * 60 + origin
    numbers = b"".join(n.to_bytes(4, "big") for n in (5, 100, 20, 1000, 60))
    large = build_zone(origin, [Record(origin, 6, names + numbers, 60)])
    query = request(7, origin, IXFR, soa=b"\0\0" + numbers)
    for stream, records in ((False, 0), (True, 1)):
        answer = server(Known(large)).ixfr(asked(query, stream=stream))
        assert isinstance(answer, bytes)
        message = dns.message.from_wire(answer)
        assert len(message.answer) == records
        assert bool(message.flags & dns.flags.TC) != stream
        assert stream or len(answer) <= 512


def test_d19_axfr_over_udp_is_refused() -> None:
    assert rcode(server(Known(NEW)).axfr(asked(request(7, ORIGIN, AXFR), stream=False))) == 5


def test_d20_no_zone_of_ours_is_notauth_and_a_stranger_is_refused() -> None:
    other = wire_name("other.lan")
    below = wire_name("a.example.lan")
    for origin in (other, below):
        assert rcode(server(Known(NEW)).axfr(asked(request(7, origin, AXFR)))) == 9
        assert rcode(server(Known(NEW)).ixfr(asked(request(7, origin, IXFR, soa=soa(1).rdata)))) == 9
    strict = server(Known(NEW), permits="nobody")
    assert rcode(strict.axfr(asked(request(7, ORIGIN, AXFR)))) == 5
    assert rcode(strict.ixfr(asked(ixfr(1)))) == 5
    assert strict.refused == 2


def test_an_expired_zone_is_not_handed_on() -> None:
    assert rcode(server(Known(NEW, expired=[ORIGIN])).axfr(asked(request(7, ORIGIN, AXFR)))) == 2


@pytest.mark.parametrize("cut", [0, 5, 20])
def test_an_ixfr_without_its_soa_is_a_format_error(cut: int) -> None:
    octets = ixfr(1)
    if not cut:
        octets = request(7, ORIGIN, IXFR)
    else:
        length = len(soa(1).rdata) - cut
        at = len(octets) - len(soa(1).rdata)
        octets = octets[: at - 2] + length.to_bytes(2, "big") + octets[at:-cut]
    answer = server(Known(NEW)).ixfr(asked(octets))
    assert rcode(answer) == 1


def test_an_unknown_version_of_edns_is_badvers() -> None:
    octets = request(7, ORIGIN, AXFR)
    answer = server(Known(NEW)).axfr(asked(octets[:11] + b"\1" + octets[12:] + opt(version=1)))
    assert isinstance(answer, bytes)
    assert dns.message.from_wire(answer).rcode() == 16


def test_so_many_transfers_at_once_and_no_more() -> None:
    outgoing = server(Known(NEW))
    running = [outgoing.axfr(asked(request(7, ORIGIN, AXFR))) for _ in range(limits.TRANSFERS_OUT_EACH)]
    assert rcode(outgoing.axfr(asked(request(7, ORIGIN, AXFR)))) == 2
    assert isinstance(outgoing.axfr(asked(request(7, ORIGIN, AXFR), host="10.0.0.1")), Sending)
    list(running.pop())  # type: ignore[arg-type]
    running[0].close()  # type: ignore[union-attr]
    del running[1]
    assert outgoing.running == limits.TRANSFERS_OUT_EACH - 3
    crowd = [
        outgoing.axfr(asked(request(7, ORIGIN, AXFR), host=f"10.0.1.{n}"))
        for n in range(limits.TRANSFERS_OUT)
    ]
    assert rcode(crowd[-1]) == 2


def test_a_transfer_that_is_never_read_to_its_end_has_one() -> None:
    clock = task.Clock()
    outgoing = server(Known(big(1, 5000)), clock)
    sending = outgoing.axfr(asked(request(7, ORIGIN, AXFR)))
    assert isinstance(sending, Sending)
    assert next(sending)
    clock.advance(limits.TRANSFER_OUT + 1)
    for _ in range(2):
        with pytest.raises(BrokenOff, match="has not read it"):
            next(sending)
    assert (outgoing.running, outgoing.broken) == (0, 1)


def test_a_record_that_no_message_can_hold_breaks_a_transfer_off() -> None:
    outgoing = server(Known(zone(1, Record(wire_name("big.example.lan"), 65280, bytes(65000), 60))))
    sending = outgoing.axfr(asked(request(7, ORIGIN, AXFR)))
    assert isinstance(sending, Sending)
    with pytest.raises(BrokenOff, match="too large"):
        list(sending)
    assert (outgoing.running, outgoing.sent, outgoing.broken) == (0, 0, 1)


def test_who_reads_a_transfer_that_is_broken_off_sees_a_reset() -> None:
    clock = task.Clock()
    large = Record(wire_name("big.example.lan"), 65280, bytes(65000), 60)
    requests = Requests()
    requests.on_type.update(
        server(Known(build_zone(ORIGIN, [*big(1, 3000).records(), large])), clock).handlers()
    )
    talk = DnsProtocol(DnsSession(answers(), "en"), clock, requests)
    transport = Transport(talk)
    talk.makeConnection(transport)
    octets = request(7, ORIGIN, AXFR)
    talk.dataReceived(len(octets).to_bytes(2, "big") + octets)
    clock.advance(0)
    assert len(transport.take()) > 3000 * 20
    assert transport.aborted


@pytest.fixture
def warned() -> Iterator[list[str]]:
    lines: list[str] = []

    @implementer(ILogObserver)
    def observe(event: Any) -> None:
        if event.get("log_level") is LogLevel.warn:
            lines.append(event["log_format"].format(**event))

    globalLogPublisher.addObserver(observe)
    yield lines
    globalLogPublisher.removeObserver(observe)


def test_who_reads_nothing_loses_his_place_to_who_holds_fewer(warned: list[str]) -> None:
    clock = task.Clock()
    outgoing = server(Known(big(1, 5000)), clock)
    octets = request(7, ORIGIN, AXFR)
    idle = [
        outgoing.axfr(asked(octets, host=f"10.0.0.{n % (limits.TRANSFERS_OUT // limits.TRANSFERS_OUT_EACH)}"))
        for n in range(limits.TRANSFERS_OUT)
    ]
    reads = idle[-1]
    assert rcode(outgoing.axfr(asked(octets, host="10.0.1.1"))) == 2  # they may be about to
    clock.advance(limits.TRANSFER_IDLE)
    assert isinstance(reads, Sending)
    assert next(reads)
    others = [outgoing.axfr(asked(octets, host=f"10.0.1.{n}")) for n in range(20)]
    assert all(isinstance(each, Sending) for each in others)
    assert outgoing.running == limits.TRANSFERS_OUT
    assert next(reads)
    gone = 0
    for each in idle:
        assert isinstance(each, Sending)
        try:
            next(each)
        except BrokenOff:
            gone += 1
    assert gone == 20
    assert len(warned) == 5  # one of each address, however many of its transfers end so
    assert all(isinstance(outgoing.axfr(asked(octets, host="10.0.1.1")), bytes) for _ in range(3))  # all read
    assert len(warned) == 5


def test_addresses_of_one_network_are_one_reader() -> None:
    outgoing = server(Known(NEW))
    held = [
        outgoing.axfr(asked(request(7, ORIGIN, AXFR), host=f"2001:db8::{n + 1}"))
        for n in range(limits.TRANSFERS_OUT_EACH + 1)
    ]
    assert rcode(held[-1]) == 2
    assert outgoing.running == limits.TRANSFERS_OUT_EACH


def test_a_long_history_is_counted_before_anything_is_made_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    zones = [zone(n, *crowd(60 + n)) for n in range(1, 4)]
    long = build_zone(ORIGIN, [*zone(4).records(), *crowd(2 * limits.TRANSFER_CONDENSED)])
    outgoing = server(Known(long, changes=steps(*zones, long)))
    monkeypatch.setattr("netapp.dns.transfer.outgoing.condensed", None)
    for edns in (b"", opt(4096)):
        answer = outgoing.ixfr(asked(ixfr(1, edns), stream=False))
        assert isinstance(answer, bytes)
        assert len(dns.message.from_wire(answer, one_rr_per_rrset=True).answer) == 1
