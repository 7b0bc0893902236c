"""Names and records in messages: what they are, and that no message costs more than its octets."""

from time import process_time

import dns.exception
import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.dns.message import Known, fixed_at, name_at, name_end
from netapp.errors import WireError

HEAD = bytes(12)


@given(st.binary(max_size=80), st.integers(12, 91))
def test_names_are_read_as_dnspython_reads_them(octets: bytes, at: int) -> None:
    data = HEAD + octets
    try:
        expected: tuple[bytes, int] | None = dns.name.from_wire(data, at)[0].to_wire(), 0
    except (dns.exception.DNSException, IndexError):
        expected = None
    try:
        name, after = name_at(data, at)
    except WireError:
        assert expected is None or b"\xc0" in octets  # ours points to no header
        return
    assert expected is not None
    assert name == expected[0]
    assert after == name_end(data, at)


@given(
    st.lists(st.sampled_from([b"\1a", b"\0", b"\2bc", b"\xc0\x0c", b"\xc0\x0e", b"\xc0\x10"]), max_size=12)
)
def test_what_is_known_of_a_message_changes_no_name(pieces: list[bytes]) -> None:
    data = HEAD + b"".join(pieces)
    known: Known = {}
    for at in range(12, len(data)):
        results: list[object] = []
        for each in (known, None):
            try:
                results.append(name_at(data, at, each))
            except WireError:
                results.append(None)
        assert results[0] == results[1] or None in results
    assert all(len(each) <= 255 for each in known.values())


def test_names_keep_their_case_and_pointers_may_follow_one_another() -> None:
    data = HEAD + b"\3LAN\0" + b"\1a\xc0\x0c" + b"\xc0\x11" + b"\1B\xc0\x15"
    known: Known = {}
    assert name_at(data, 23, known) == (b"\1B\1a\3LAN\0", 27)
    assert known[0x15] == known[0x11] == b"\1a\3LAN\0"
    assert name_at(data, 12, known) == (b"\3LAN\0", 17)


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "cut off"),
        (b"\3ab", "cut off"),
        (b"\xc0", "cut off"),
        (b"\1a", "cut off"),
        (b"\xc0\x0c", "lead back"),
        (b"\xc0\x00", "lead back"),
        (b"\1a\xc0\x0c", "lead back"),
        (b"\xc0\x20", "lead back"),
        (b"\x40a\0", "a kind"),
        (b"\x80a\0", "a kind"),
        ((b"\x3f" + b"a" * 63) * 4 + b"\0", "255"),
    ],
)
def test_what_is_no_name(octets: bytes, why: str) -> None:
    with pytest.raises(WireError, match=why):
        name_at(HEAD + octets, 12)


def test_names_together_are_no_longer_than_one_may_be() -> None:
    data = HEAD + (b"\x3f" + b"a" * 63) * 3 + b"\x3d" + b"b" * 61 + b"\0"
    assert len(name_at(data, 12)[0]) == 255
    known: Known = {}
    longer = data + b"\1c\xc0\x0c"
    for octets, at in ((longer, len(data)), (longer + (0xC000 | len(data)).to_bytes(2, "big"), len(longer))):
        with pytest.raises(WireError, match="255"):
            name_at(octets, at, known)


def test_a_message_of_chains_costs_what_its_octets_do() -> None:
    """Each of 16384 places that a pointer may lead to is followed once."""
    chain = b"\1a\0" + b"".join(
        (0xC000 | 15 + 2 * n - 2 if n else 0xC00C).to_bytes(2, "big") for n in range(8000)
    )
    labels = b"\1a" * 8000
    nested = b"".join(labels[:252] + b"\0" for _ in range(64))
    for body in (chain, nested):
        pointers = b"".join((0xC000 | 12 + n * 16000 // 20000).to_bytes(2, "big") for n in range(20000))
        data = HEAD + body + pointers
        known: Known = {}
        begun = process_time()
        for at in range(12 + len(body), len(data), 2):
            try:
                name_at(data, at, known)
            except WireError:
                continue
        assert process_time() - begun < 0.3
        assert len(known) <= 0x4000


def test_a_record_but_its_owner() -> None:
    octets = b"\0\1\0\2\0\0\0\3\0\2ab"
    assert fixed_at(octets, 0) == (1, 2, 3, 10, 12)
    for cut in (9, 11):
        with pytest.raises(WireError):
            fixed_at(octets[:cut], 0)
