"""IP Messenger's packets, by values; examples are those of the specification."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.errors import WireError
from netapp.udpchat.ipmsg.wire import (
    Command,
    Packet,
    Presence,
    State,
    Wish,
    build_packet,
    build_presence,
    parse_offers,
    parse_packet,
    parse_presence,
    parse_receipt,
)

fields = st.binary(max_size=79).filter(lambda octets: not set(octets) & set(b":\0"))
packets = st.builds(
    Packet,
    st.sampled_from([b"1", b"99", b"1_iptux 0.8.3", b"1_lbt6_0#128#020000000001#0#0#0#4001#9"]),
    st.integers(0, 2**32 - 1),
    fields,
    fields,
    st.integers(0, 255),
    st.integers(0, 2**24 - 1).map(lambda bits: bits << 8),
    st.binary(max_size=2000),
)


@given(packets)
def test_what_is_written_is_read_again(packet: Packet) -> None:
    assert parse_packet(build_packet(packet)) == packet


@given(st.binary(max_size=400) | st.binary(max_size=300).map(lambda tail: b"1:1:a:b:" + tail))
def test_any_octets_are_a_packet_or_a_wire_error(datagram: bytes) -> None:
    try:
        packet = parse_packet(datagram)
    except WireError:
        return
    assert isinstance(parse_presence(packet), Presence)
    assert isinstance(parse_offers(packet), list)
    with suppress(WireError):
        assert 0 <= parse_receipt(packet) < 2**32


def test_the_example_of_section_2_1() -> None:
    datagram = b"1:1700000001:lajos:pc1:288:\xc4\xfa\xba\xc3\x00"
    packet = parse_packet(datagram)
    assert packet == Packet(
        b"1", 1700000001, b"lajos", b"pc1", 0x20, Wish.SENDCHECKOPT, b"\xc4\xfa\xba\xc3\x00"
    )
    assert packet.command == Command.SENDMSG
    assert packet.body.decode("gbk") == "您好"
    assert build_packet(packet) == datagram


def test_only_the_first_five_colons_part_fields() -> None:
    assert parse_packet(b"1:2:u:h:32:a:b\nc:\0d").extra == b"a:b\nc:\0d"


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"hello",
        b"1:2:u:h:32",
        b":2:u:h:32:",
        b"1:x:u:h:32:",
        b"1:-2:u:h:32:",
        b"1:4294967296:u:h:32:",
        b"1:2:u:h:4294967296:",
        b"1:2:u:h:99999999999:",
        b"1:2:%s:h:32:" % (b"u" * 80),
        b"1:2:u:%s:32:" % (b"h" * 80),
        b"1:2:u\0:h:32:",
        b"IP2:49:VER:1:3:PKT:8:6553f101:Z",
        b"2:2:u:h:32:",
        b"1%s:2:u:h:32:" % (b"_" * 300),
    ],
)
def test_what_is_no_packet_is_a_wire_error(datagram: bytes) -> None:
    with pytest.raises(WireError, match="IPMSG"):
        parse_packet(datagram)


def test_the_block_of_section_5_3() -> None:
    datagram = (
        b"1:1700000001:lajos:pc1:18874369:"
        + "拉约什\0网络组\0".encode("gbk")
        + "\nUN:lajos\nHN:pc1\nNN:拉约什\nGN:网络组\n\0".encode()
    )
    packet = parse_packet(datagram)
    assert packet.command == Command.BR_ENTRY
    assert packet.has(State.CAPUTF8OPT)
    presence = parse_presence(packet)
    assert presence.nickname.decode("gbk") == "拉约什"
    assert presence.block[b"NN"].decode() == "拉约什"
    assert (
        build_presence(
            presence.nickname,
            presence.group,
            {
                b"UN": b"lajos",
                b"HN": b"pc1",
                b"NN": "拉约什".encode(),
                b"GN": "网络组".encode(),
            },
        )
        == packet.extra
    )


def test_the_block_counts_only_with_caputf8opt_and_may_stand_for_the_group() -> None:
    extra = b"nick\0\nNN:other\0"
    flagged = Packet(b"1", 1, b"u", b"h", 1, State.CAPUTF8OPT, extra)
    assert parse_presence(flagged) == Presence(b"nick", b"", {b"NN": b"other"})
    assert parse_presence(Packet(b"1", 1, b"u", b"h", 1, 0, extra)).block == {}


@pytest.mark.parametrize("extra", [b"1700000001", b"1700000001\0", b" 1700000001\0x"])
def test_a_receipt_names_a_number(extra: bytes) -> None:
    assert parse_receipt(Packet(b"1", 1, b"u", b"h", 33, 0, extra)) == 1700000001


@pytest.mark.parametrize("extra", [b"", b"\0", b"x", b"99999999999", b"4294967296"])
def test_a_receipt_without_a_number_is_a_wire_error(extra: bytes) -> None:
    with pytest.raises(WireError):
        parse_receipt(Packet(b"1", 1, b"u", b"h", 33, 0, extra))


def test_the_names_of_section_9_1() -> None:
    datagram = b"1:1700000001:lajos:pc1:2097440:see\x000:a.txt:6:6553f100:1:\a1:b c.bin:186a0:6553f100:1:\a\0"
    assert parse_offers(parse_packet(datagram)) == [b"a.txt", b"b c.bin"]
    assert parse_offers(parse_packet(datagram.replace(b"2097440", b"288"))) == []
