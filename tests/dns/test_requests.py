"""Requests that are signed, and what comes back."""

from collections.abc import Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.tsig
import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import defer
from twisted.logger import capturedLogs, formatEvent

from netapp.core import limits
from netapp.dns.message import UPDATE
from netapp.dns.requests import Client, Handler, Outcome, Request, Requests
from netapp.dns.tsig import signing
from netapp.dns.tsig.keys import Key, Keyring
from netapp.dns.tsig.record import read_signed
from netapp.dns.tsig.signing import Signer, Verifier
from netapp.names.naming import wire_name
from tests.dns.asking import header, opt, query, question, read

NOW = 1_700_000_000.0
KEY = Key(wire_name("laptop"), "hmac-sha256", b"0123456789abcdef")
UDP, TCP = Client("192.0.2.1", 5353, stream=False), Client("192.0.2.1", 5353, stream=True)
A, AXFR = 1, 252


def requests(query: Handler = lambda request: b"plain") -> Requests:
    return Requests(query, Keyring(lambda: (KEY,)), lambda: NOW)


def echo(request: Request) -> bytes:
    return request.octets[:2] + b"\x84\0" + request.octets[4:]


def ask(outcome_of: Requests, message: bytes, client: Client = UDP) -> tuple[Outcome, Verifier]:
    signer = Signer(KEY)
    return outcome_of.handle(signer.sign(message, NOW), client), Verifier(KEY, signer.mac)


def octets(outcome: Outcome) -> bytes:
    assert isinstance(outcome, bytes)
    return outcome


def test_a_handler_is_given_the_request_without_its_signature_and_the_key() -> None:
    seen: list[Request] = []

    def handler(request: Request) -> bytes:
        seen.append(request)
        return echo(request)

    answered, verifier = ask(requests(handler), query())
    assert seen == [Request(query(), UDP, KEY, int(NOW), int(NOW))]
    assert seen[0].room == signing.room(KEY)
    assert verifier.verify(octets(answered), NOW) == echo(Request(query(), UDP))


def test_what_is_not_signed_is_handed_on() -> None:
    mine = requests()
    mine.on_opcode[UPDATE] = lambda request: b"update" if request.key is None and not request.room else b""
    mine.on_type[AXFR] = lambda request: b"axfr"
    assert mine.handle(header(flags=UPDATE << 11) + question(qtype=6), UDP) == b"update"
    assert mine.handle(query(qtype=AXFR), TCP) == b"axfr"
    assert mine.handle(query(qtype=A), TCP) == b"plain"


def test_what_nobody_handles_is_refused() -> None:
    assert read(octets(requests().handle(query(qtype=AXFR), UDP))).rcode() == dns.rcode.REFUSED
    update = octets(requests().handle(header(flags=UPDATE << 11) + question(qtype=6), UDP))
    assert update[3] & 0x0F == dns.rcode.NOTIMP


def test_a_later_answer_is_signed() -> None:
    mine, waiting = requests(), defer.Deferred[bytes | None]()
    mine.on_opcode[UPDATE] = lambda request: waiting
    outcome, verifier = ask(mine, header(flags=UPDATE << 11) + question(qtype=6))
    assert isinstance(outcome, defer.Deferred)
    answered: list[bytes | None] = []
    outcome.addCallback(answered.append)
    waiting.callback(query())
    assert verifier.verify(answered[0] or b"", NOW) == query()


def test_silence_stays_silence() -> None:
    assert ask(requests(lambda request: None), query())[0] is None


def test_each_message_of_a_transfer_is_signed_as_it_is_asked_for() -> None:
    closed: list[bool] = []

    def messages() -> Iterator[bytes]:
        try:
            yield from (query(f"n{number}.lan") for number in range(9))
        finally:
            closed.append(True)

    mine = requests()
    mine.on_type[AXFR] = lambda request: messages()
    outcome, verifier = ask(mine, query(qtype=AXFR), TCP)
    assert isinstance(outcome, Iterator)
    assert [verifier.verify(next(outcome), NOW) for _ in range(3)][2] == query("n2.lan")
    outcome.close()  # type: ignore[attr-defined]
    assert closed == [True]


def test_what_goes_out_over_a_stream_is_told() -> None:
    told: list[bytes] = []
    mine, waiting = requests(), defer.Deferred[bytes | None]()
    mine.tally = lambda answer, client: told.append(answer)
    mine.on_opcode[UPDATE] = lambda request: waiting
    mine.on_type[AXFR] = lambda request: iter((b"first", b"second"))
    mine.handle(query(), UDP)
    mine.handle(query(), TCP)
    mine.handle(header(flags=UPDATE << 11) + question(qtype=6), TCP)
    waiting.callback(b"later")
    outcome = mine.handle(query(qtype=AXFR), TCP)
    assert isinstance(outcome, Iterator)
    assert list(outcome) == [b"first", b"second"]
    assert told == [b"plain", b"later", b"first"]


def test_a_handler_that_fails_is_servfail_and_signed(capsys: pytest.CaptureFixture[str]) -> None:
    def broken(request: Request) -> bytes:
        raise ZeroDivisionError

    answered, verifier = ask(requests(broken), query())
    assert read(verifier.verify(octets(answered), NOW)).rcode() == dns.rcode.SERVFAIL
    mine = requests(lambda request: defer.fail(ZeroDivisionError()))
    outcome = mine.handle(query(), UDP)
    assert isinstance(outcome, defer.Deferred)
    answered_later: list[bytes | None] = []
    outcome.addCallback(answered_later.append)
    assert read(answered_later[0]).rcode() == dns.rcode.SERVFAIL


@pytest.mark.parametrize(("edns", "limit"), [(b"", 512), (opt(1000), 1000), (opt(4096), 1232)])
def test_the_signature_fits_the_clients_datagram(edns: bytes, limit: int) -> None:
    """RFC 8945 section 5.3: else the question alone, TC, and NOERROR."""

    def long(size: int) -> Handler:
        return lambda request: header(flags=0x8403) + question() + b"x" * (size - len(query()))

    room = signing.room(KEY)
    answered, verifier = ask(requests(long(limit - room)), query(edns=edns))
    assert len(octets(answered)) == limit
    answered, verifier = ask(requests(long(limit - room + 1)), query(edns=edns))
    cut = read(verifier.verify(octets(answered), NOW))
    assert "TC" in dns.flags.to_text(cut.flags)
    assert cut.rcode() == dns.rcode.NOERROR
    assert cut.question == read(b"\x12\x34\x84\0" + query()[4:]).question
    answered, _ = ask(requests(long(20000)), query(edns=edns), TCP)
    assert len(octets(answered)) == 20000 + room


def test_d35_an_unknown_key_a_wrong_mac_and_a_wrong_time() -> None:
    mine = requests()
    stranger = Signer(Key(wire_name("stranger"), "hmac-sha256", b"x")).sign(query(), NOW)
    wrong = Signer(Key(KEY.name, "hmac-sha256", b"x")).sign(query(), NOW)
    late = Signer(KEY).sign(query(), NOW - 1000)
    for message, error, signed in ((stranger, 17, False), (wrong, 16, False), (late, 18, True)):
        answer = octets(mine.handle(message, UDP))
        assert answer[3] & 0x0F == 9
        assert answer[:2] == message[:2]
        found = read_signed(answer)
        assert found is not None
        assert found[1].error == error
        assert bool(found[1].mac) is signed
        assert found[1].other == (int(NOW).to_bytes(6, "big") if error == 18 else b"")
    assert mine.unverified == {17: 1, 16: 1, 18: 1}


def test_a_key_of_ours_that_is_wrong_elsewhere_is_told_once_in_a_while() -> None:
    now = [NOW]
    mine = Requests(lambda request: None, Keyring(lambda: (KEY,)), lambda: now[0])
    wrong = Signer(Key(KEY.name, "hmac-sha256", b"x")).sign(query(), NOW)
    early = Signer(KEY).sign(query(), NOW - 1000)
    stranger = Signer(Key(wire_name("stranger"), "hmac-sha256", b"x")).sign(query(), NOW)
    other = Signer(Key(KEY.name, "hmac-sha512", b"x")).sign(query(), NOW)

    def lines(*messages: bytes) -> list[str | None]:
        with capturedLogs() as events:
            for message in messages:
                mine.handle(message, UDP)
        return [formatEvent(event) for event in events]

    said = "netapp-dns: 192.0.2.1: {} for the key laptop: {}"
    assert lines(wrong, wrong, early, stranger, other) == [
        said.format("BADSIG", "see that it has the same secret there"),
        said.format("BADTIME", "its clock and ours are -1000 s apart"),
        said.format("BADKEY", "see that it has the same algorithm there"),
    ]
    now[0] += limits.TSIG_LOG - 1
    assert lines(wrong) == []
    now[0] += 1
    assert len(lines(wrong)) == 1


LONG = b"".join(b"\x3f" + letter * 63 for letter in (b"a", b"b", b"c")) + b"\x3d" + b"d" * 61 + b"\0"


@pytest.mark.parametrize("opcode", [0, 4, 5])
@pytest.mark.parametrize("edns", [b"", opt(4096)])
def test_d35_an_answer_to_a_signature_of_nobody_is_no_longer_than_the_request(
    opcode: int, edns: bytes
) -> None:
    """The names of a TSIG record may be pointers to the question: over UDP the rest is had by TCP."""
    times = int(NOW).to_bytes(6, "big") + b"\1\x2c"
    tsig_record = b"\xc0\x0c\0\xfa\0\xff" + bytes(4) + b"\0\x12\xc0\x0c" + times + bytes(2) + bytes(6)
    asked = b"\x12\x34" + bytes((opcode << 3, 0)) + b"\0\1" + bytes(4) + (b"\0\2" if edns else b"\0\1")
    message = asked + LONG + b"\0\6\0\1" + edns + tsig_record
    short, whole = octets(requests().handle(message, UDP)), octets(requests().handle(message, TCP))
    assert len(short) <= min(len(message), 512)
    assert (short[2] & 2, short[3] & 15) == (2, 9)
    found = read_signed(whole)
    assert found is not None
    assert (found[1].name, found[1].error) == (LONG, 17)


def test_d35_a_refusal_that_is_signed_fits_the_datagram() -> None:
    key = Key(LONG, "hmac-sha512", b"secret")
    mine = Requests(lambda request: None, Keyring(lambda: (key,)), lambda: NOW)
    asked = header() + LONG + b"\0\1\0\1"
    signed = Signer(key).sign(asked, NOW - 1000)
    answer = octets(mine.handle(signed, UDP))
    assert answer[2] & 2
    found = read_signed(answer)
    assert found is not None
    assert (found[1].error, found[0][3] & 15) == (18, 9)


def test_d35_dnspython_reads_our_errors() -> None:
    for secret, error, when in (
        (b"other", dns.tsig.PeerBadSignature, NOW),
        (KEY.secret, dns.tsig.PeerBadTime, NOW + 1000),
    ):
        asked = dns.message.from_wire(query())
        asked.use_tsig(key := dns.tsig.Key("laptop", secret, "hmac-sha256."))
        mine = Requests(lambda request: None, Keyring(lambda: (KEY,)), lambda when=when: when)  # type: ignore[misc]
        answer = octets(mine.handle(asked.to_wire(), UDP))
        with pytest.raises(error):
            dns.message.from_wire(answer, keyring={key.name: key}, request_mac=asked.mac)


def test_d36_not_last_twice_cut_and_a_mac_of_four_octets() -> None:
    mine = requests()
    signed = Signer(KEY).sign(query(), NOW)
    record = signed[len(query()) :]
    twice = signed[:10] + b"\0\2" + signed[12:] + record
    not_last = signed[:10] + b"\0\2" + signed[12:] + opt()
    cut = signed[:-3]
    mac = len(signed) - 6 - 32
    size = len(query()) + len(KEY.name) + 8
    short = signed[: mac - 2] + b"\0\4" + signed[mac : mac + 4] + signed[-6:]
    short = short[:size] + (len(short) - size - 2).to_bytes(2, "big") + short[size + 2 :]
    for message in (twice, not_last, cut, short):
        answer = octets(mine.handle(message, UDP))
        assert answer[3] & 0x0F == dns.rcode.FORMERR
        assert read_signed(answer) is None


@given(st.data())
def test_signed_messages_with_octets_changed_get_an_answer_or_silence(data: st.DataObject) -> None:
    """Whatever is changed, cut off or put behind: never an exception, and never a handler without a key."""
    keys: list[Key | None] = []

    def handler(request: Request) -> bytes:
        keys.append(request.key)
        return echo(request)

    mine = requests(handler)
    mine.on_opcode[UPDATE] = mine.on_type[AXFR] = handler
    message = bytearray(Signer(KEY).sign(query(qtype=data.draw(st.sampled_from([1, AXFR]))), NOW))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(2, len(message) - 1))
        message[at] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(12, len(message)))
    changed = bytes(message[:end]) + data.draw(st.binary(max_size=20))
    answered = mine.handle(changed, data.draw(st.sampled_from([UDP, TCP])))
    assert isinstance(answered, bytes)
    assert answered[:2] == changed[:2]
    if KEY in keys:
        found = read_signed(answered)
        assert found is not None
        assert found[1].mac
