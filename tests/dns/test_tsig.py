"""Signatures, held against dnspython's: what one signs the other verifies."""

from collections.abc import Callable

import dns.message
import dns.name
import dns.rcode
import dns.renderer
import dns.tsig
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits
from netapp.dns.message import FORMERR
from netapp.dns.tsig import signing
from netapp.dns.tsig.keys import ALGORITHMS, Key, Keyring
from netapp.dns.tsig.record import read_signed
from netapp.dns.tsig.signing import Refused, Signer, Unverified, Verifier, verified
from netapp.errors import WireError
from netapp.names.naming import shown, wire_name
from tests.dns.asking import query

NOW = 1_700_000_000.0
KEY = Key(wire_name("laptop.example"), "hmac-sha256", b"0123456789abcdef0123456789abcdef")
KEYRING = Keyring(lambda: (KEY,))
EVERY = pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))


def key_of(algorithm: str) -> Key:
    return Key(KEY.name, algorithm, KEY.secret)


def foreign(key: Key) -> dns.tsig.Key:
    return dns.tsig.Key(shown(key.name) + ".", key.secret, key.algorithm + ".")


def signed_by_dnspython(key: Key = KEY, now: float = NOW, fudge: int = 300) -> bytes:
    """A request as dnspython signs it, at a time of ours."""
    keyname = dns.name.from_text(shown(key.name))
    message = query()
    rdata = dns.message.Message._make_tsig(
        keyname, dns.name.from_text(key.algorithm), 0, fudge, b"", int.from_bytes(message[:2], "big"), 0, b""
    )[0]
    record, _ = dns.tsig.sign(message, foreign(key), rdata, time=int(now))
    owner = keyname.to_wire()
    assert owner is not None
    rdata_octets = record.to_wire()
    assert rdata_octets is not None
    return appended(message, owner + b"\0\xfa\0\xff" + bytes(4) + sized(rdata_octets))


def appended(message: bytes, record: bytes) -> bytes:
    count = int.from_bytes(message[10:12], "big") + 1
    return message[:10] + count.to_bytes(2, "big") + message[12:] + record


def sized(octets: bytes) -> bytes:
    return len(octets).to_bytes(2, "big") + octets


def refusal(message: bytes, keyring: Keyring = KEYRING, now: float = NOW) -> Refused:
    read = read_signed(message)
    assert read is not None
    with pytest.raises(Refused) as caught:
        verified(*read, keyring, now)
    return caught.value


def accepted(message: bytes, key: Key = KEY, now: float = NOW) -> Signer:
    read = read_signed(message)
    assert read is not None
    assert read[0] == query()
    return verified(*read, Keyring(lambda: (key,)), now)


def resigned(message: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The message with another MAC: all of it is where a MAC of 32 octets stands before the last six."""
    at = len(message) - 6 - 32
    assert message[at - 2 : at] == b"\0\x20"
    mac = change(message[at:-6])
    start = message.index(KEY.name, 12) + len(KEY.name) + 8
    grown = int.from_bytes(message[start : start + 2], "big") + len(mac) - 32
    return (
        message[:start] + grown.to_bytes(2, "big") + message[start + 2 : at - 2] + sized(mac) + message[-6:]
    )


@EVERY
def test_a_request_that_dnspython_signed_is_verified(algorithm: str) -> None:
    signer = accepted(signed_by_dnspython(key_of(algorithm)), key_of(algorithm))
    assert signer.key.algorithm == algorithm


@EVERY
def test_dnspython_verifies_our_answer(algorithm: str) -> None:
    key = key_of(algorithm)
    asked = dns.message.from_wire(query())
    asked.use_tsig(foreign(key))
    asked.to_wire()
    read = read_signed(asked.to_wire())
    assert read is not None
    signer = verified(*read, Keyring(lambda: (key,)), float(asked.tsig[0].time_signed))  # type: ignore[index]
    answer = read[0][:2] + b"\x84\0" + read[0][4:]
    signed = signer.sign(answer, float(asked.tsig[0].time_signed))  # type: ignore[index]
    back = dns.message.from_wire(signed, keyring={foreign(key).name: foreign(key)}, request_mac=asked.mac)
    assert back.had_tsig
    assert len(signed) == len(answer) + signer.room


@EVERY
def test_our_own_two_sides_agree(algorithm: str) -> None:
    key = key_of(algorithm)
    asking = Signer(key)
    signer = accepted(asking.sign(query(), NOW), key)
    verifier = Verifier(key, asking.mac)
    for number in range(3):
        message = query(f"n{number}.lan")
        assert verifier.verify(signer.sign(message, NOW + number), NOW) == message
    verifier.finish()


def test_messages_between_may_be_unsigned() -> None:
    asking = Signer(KEY)
    asking.sign(query(), NOW)
    messages = [query(f"n{number}.lan") for number in range(102)]
    signer, verifier = Signer(KEY, asking.mac), Verifier(KEY, asking.mac)
    assert verifier.verify(signer.sign(messages[0], NOW), NOW) == messages[0]
    for message in messages[1:100]:
        assert verifier.verify(message, NOW) == message
    with pytest.raises(Unverified):
        verifier.finish()
    assert verifier.unsigned == limits.TSIG_UNSIGNED
    with pytest.raises(Unverified, match="not signed"):
        verifier.verify(messages[100], NOW)


def test_dnspython_and_we_read_the_same_stream_with_unsigned_messages() -> None:
    """Signed by dnspython's context over three messages, two of them unsigned."""
    asking = Signer(KEY)
    asking.sign(query(), NOW)
    signer, verifier = Signer(KEY, asking.mac), Verifier(KEY, asking.mac)
    first = signer.sign(query("a.lan"), NOW)
    verifier.verify(first, NOW)
    context = dns.tsig.get_context(foreign(KEY))
    context.update(sized(signer.mac))
    for name in ("b.lan", "c.lan"):
        context.update(query(name))
        verifier.verify(query(name), NOW)
    last = query("d.lan")
    times = int(NOW).to_bytes(6, "big") + (300).to_bytes(2, "big")
    context.update(last + times)
    rdata = b"\x0bhmac-sha256\0" + times + sized(context.sign()) + last[:2] + bytes(4)
    signed = appended(last, KEY.name + b"\0\xfa\0\xff" + bytes(4) + sized(rdata))
    assert verifier.verify(signed, NOW) == last
    verifier.finish()


def test_the_first_answer_must_be_signed_and_by_the_same_key() -> None:
    asking = Signer(KEY)
    asking.sign(query(), NOW)
    with pytest.raises(Unverified, match="not signed"):
        Verifier(KEY, asking.mac).verify(query(), NOW)
    other = Key(wire_name("other"), "hmac-sha256", KEY.secret)
    with pytest.raises(Unverified, match="another key"):
        Verifier(KEY, asking.mac).verify(Signer(other, asking.mac).sign(query(), NOW), NOW)
    with pytest.raises(Unverified, match="is wrong"):
        Verifier(KEY, asking.mac).verify(Signer(KEY, b"x" * 32).sign(query(), NOW), NOW)
    with pytest.raises(Unverified, match="clocks"):
        Verifier(KEY, asking.mac).verify(Signer(KEY, asking.mac).sign(query(), NOW), NOW + 301)


def test_what_the_peer_refuses_is_said() -> None:
    asking = Signer(KEY)
    signed = asking.sign(query(), NOW)
    wrong = Keyring(lambda: (Key(KEY.name, KEY.algorithm, b"another"),))
    answer = signing.unsigned_refusal(query(), refusal(signed, wrong), NOW)
    with pytest.raises(Unverified, match="BADSIG"):
        Verifier(KEY, asking.mac).verify(answer, NOW)
    late = refusal(signed, now=NOW + 1000)
    assert late.signer is not None
    with pytest.raises(Unverified, match="BADTIME"):
        Verifier(KEY, asking.mac).verify(late.signer.refuse(query(), late, NOW + 1000), NOW + 1000)


def test_the_checks_come_in_order() -> None:
    signed = signed_by_dnspython()
    nobody, late = Keyring(), NOW + 1000
    wrong = resigned(signed, lambda mac: bytes(32))
    assert refusal(wrong, nobody, late).error == signing.BADKEY
    assert refusal(wrong, now=late).error == signing.BADSIG
    assert refusal(resigned(signed, lambda mac: mac[:16]), now=late).error == signing.BADTIME
    cut = refusal(resigned(signed, lambda mac: mac[:16]))
    assert cut.error == signing.BADTRUNC
    assert cut.signer is not None
    other_algorithm = Keyring(lambda: (key_of("hmac-sha512"),))
    assert refusal(signed, other_algorithm).error == signing.BADKEY


@pytest.mark.parametrize("size", [0, 4, 9, 15, 33])
def test_a_mac_of_no_size_there_is_is_a_format_error(size: int) -> None:
    """RFC 8945 section 5.2.2.1."""
    assert refusal(resigned(signed_by_dnspython(), lambda mac: (mac * 2)[:size])).error == FORMERR


def test_time_counts_within_the_fudge() -> None:
    accepted(signed_by_dnspython(), now=NOW + 300)
    accepted(signed_by_dnspython(), now=NOW - 300)
    assert refusal(signed_by_dnspython(), now=NOW + 301).error == signing.BADTIME
    assert refusal(signed_by_dnspython(fudge=5), now=NOW - 6).error == signing.BADTIME


def test_a_forwarded_request_has_another_id() -> None:
    """RFC 8945 section 4.2: the original id is signed."""
    signed = b"\xff\xee" + signed_by_dnspython()[2:]
    accepted(signed)


def test_a_key_name_may_be_compressed_and_in_capitals() -> None:
    signed = signed_by_dnspython()
    capitals = signed.replace(KEY.name, wire_name("laptop.example").upper().replace(b"\x06", b"\x06"))
    accepted(capitals)
    key = Key(wire_name("www.baidu.com"), "hmac-sha256", KEY.secret)
    whole = Signer(key).sign(query(), NOW)
    at = whole.rindex(key.name)
    pointed = whole[:at] + b"\xc0\x0c" + whole[at + len(key.name) :]
    accepted(pointed, key)


@pytest.mark.parametrize(
    "broken",
    [
        lambda signed: appended(signed, signed[len(query()) :]),  # twice
        lambda signed: appended(signed, b"\0\0\x01\0\x01" + bytes(4) + b"\0\0"),  # not the last
        lambda signed: signed[:-1],
        lambda signed: signed + b"x",
        lambda signed: signed.replace(b"\0\xfa\0\xff", b"\0\xfa\0\x01"),  # class IN
        lambda signed: signed.replace(b"\0\xfa\0\xff\0", b"\0\xfa\0\xff\x01"),  # a TTL
        lambda signed: signed[:8] + b"\0\1\0\0" + signed[12:],  # in the authority section
    ],
)
def test_a_signature_that_cannot_be_read_is_a_format_error(broken: Callable[[bytes], bytes]) -> None:
    with pytest.raises(WireError):
        read_signed(broken(signed_by_dnspython()))


def test_what_is_not_signed_has_no_signature() -> None:
    assert read_signed(query()) is None


def test_pointers_in_a_ring_end() -> None:
    message = appended(query(), b"\xc0\x28" + b"\0\xfa\0\xff" + bytes(4) + sized(bytes(17)))
    for pointer in range(256):
        ring = message.replace(b"\xc0\x28", bytes((0xC0, pointer)))
        try:
            read_signed(ring)
        except WireError:
            continue


@given(st.binary(max_size=300))
def test_octets_behind_a_header_never_raise_anything_else(octets: bytes) -> None:
    for counts in (b"\0\1\0\0\0\0\0\1", b"\0\0\0\0\0\0\0\1", b"\0\1\0\1\0\1\0\2"):
        try:
            read_signed(b"\x12\x34\1\0" + counts + octets)
        except WireError:
            continue


@given(st.data())
def test_a_changed_octet_is_never_accepted(data: st.DataObject) -> None:
    """Every octet is signed, or is not what it must be: but for the id, which may change on the way."""
    signed = bytearray(signed_by_dnspython())
    at = data.draw(st.integers(2, len(signed) - 1))
    signed[at] ^= data.draw(st.integers(1, 255))
    try:
        read = read_signed(bytes(signed))
        if read is None:
            return
        signer = verified(*read, KEYRING, NOW)
    except (WireError, Refused):
        return
    # Case in names is folded before it is signed.
    assert bytes(signed).lower() == signed_by_dnspython().lower()
    assert signer.key == KEY
