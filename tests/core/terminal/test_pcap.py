"""A talk as packets."""

import ipaddress
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core.terminal import pcap
from tests.real import tool

FOUR, OTHER = ("192.0.2.1", 50000), ("192.0.2.2", 80)
SIX, SIXTH = ("2001:db8::1", 50000), ("2001:db8::2", 80)


def packets(file: bytes) -> list[tuple[float, bytes]]:
    """Times and packets of a file, read as the draft describes it."""
    assert struct.unpack_from("<IHH", file) == (0xA1B2C3D4, 2, 4)
    found, at = [], 24
    while at < len(file):
        seconds, micros, kept, length = struct.unpack_from("<IIII", file, at)
        assert kept == length
        found.append((seconds + micros / 1e6, file[at + 16 : at + 16 + kept]))
        at += 16 + kept
    return found


def unwrapped(packet: bytes) -> tuple[str, str, int, bytes]:
    """Source, target, protocol and body; every checksum must come out as 0."""
    if packet[0] >> 4 == 4:
        assert summed(packet[:20]) == 0
        ends, body, protocol = packet[12:20], packet[20:], packet[9]
        assert struct.unpack_from("!H", packet, 2)[0] == len(packet)
    else:
        ends, body, protocol = packet[8:40], packet[40:], packet[6]
        assert struct.unpack_from("!H", packet, 4)[0] == len(body)
    assert summed(ends + struct.pack("!IHH", len(body), 0, protocol) + body) == 0
    half = len(ends) // 2
    return str(ipaddress.ip_address(ends[:half])), str(ipaddress.ip_address(ends[half:])), protocol, body


def summed(octets: bytes) -> int:
    """The ones' complement sum of RFC 1071, one step after another."""
    total = 0
    for at in range(0, len(octets), 2):
        total += int.from_bytes(octets[at : at + 2].ljust(2, b"\0"), "big")
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


@given(
    st.lists(st.tuples(st.booleans(), st.binary(max_size=5000)), max_size=8),
    st.sampled_from([(FOUR, OTHER), (SIX, SIXTH), (("::ffff:192.0.2.1", 50000), OTHER)]),
)
def test_a_stream_can_be_read_back(
    said: list[tuple[bool, bytes]], ends: tuple[pcap.Place, pcap.Place]
) -> None:
    own, peer = ends
    maker = pcap.Packets()
    file = pcap.HEADER + maker.opened(1.0, own, peer)
    for sent, octets in said:
        file += maker.segments(2.5, own if sent else peer, peer if sent else own, octets)
    file += maker.closed(3.0, peer, own)
    streams: dict[int, bytes] = {own[1]: b"", peer[1]: b""}
    flags_seen = []
    for _, packet in packets(file):
        _, _, protocol, body = unwrapped(packet)
        assert protocol == 6
        source, target, number, acknowledged, offset, flags = struct.unpack_from("!HHIIBB", body)
        octets = body[(offset >> 4) * 4 :]
        assert acknowledged in (0, (len(streams[target]) + 1), len(streams[target]) + 2)
        if octets:
            assert number == len(streams[source]) + 1  # nothing is missing, nothing comes twice
        streams[source] += octets
        flags_seen.append(flags)
    assert streams[own[1]] == b"".join(octets for sent, octets in said if sent)
    assert streams[peer[1]] == b"".join(octets for sent, octets in said if not sent)
    assert flags_seen[:3] == [2, 18, 16]
    assert flags_seen[-3:] == [17, 17, 16]


@given(st.binary(max_size=2000), st.floats(0, 4e9))
def test_a_datagram_can_be_read_back(octets: bytes, when: float) -> None:
    for source, target in ((FOUR, OTHER), (SIX, SIXTH), (("fe80::1%eth0", 5), ("fe80::2", 6))):
        ((shown, packet),) = packets(pcap.HEADER + pcap.Packets().datagram(when, source, target, octets))
        assert abs(shown - when) < 1e-5
        begins, ends, protocol, body = unwrapped(packet)
        assert (begins, ends, protocol) == (source[0].partition("%")[0], target[0], 17)
        assert struct.unpack_from("!HHH", body) == (source[1], target[1], 8 + len(octets))
        assert body[8:] == octets


def test_numbers_go_round_at_their_end() -> None:
    maker = pcap.Packets()
    maker.opened(0.0, FOUR, OTHER)
    maker._next[FOUR, OTHER] = 2**32 - 1
    _, (_, packet), *_ = packets(pcap.HEADER + maker.segments(0.0, FOUR, OTHER, b"ab"))
    assert struct.unpack_from("!I", packet, 28)[0] == 1


def test_an_unknown_end_has_the_other_ends_family() -> None:
    for own, peer, version in (("", "10.0.0.1", 4), ("0.0.0.0", "2001:db8::1", 6), ("::", "10.0.0.1", 6)):
        octets = pcap.Packets().datagram(0.0, (own, 1), (peer, 2), b"x")
        assert octets[16] >> 4 == version
        unwrapped(octets[16:])


def test_too_much_for_a_datagram() -> None:
    with pytest.raises(ValueError, match="too long"):
        pcap.Packets().datagram(0.0, FOUR, OTHER, bytes(65508))
    ((_, packet),) = packets(pcap.HEADER + pcap.Packets().datagram(0.0, SIX, SIXTH, bytes(65527)))
    assert unwrapped(packet)[3][8:] == bytes(65527)


@pytest.mark.real
def test_tcpdump_finds_every_checksum_right_and_shows_the_text(tmp_path: Path) -> None:
    maker = pcap.Packets()
    file = pcap.HEADER
    for client, server in ((FOUR, OTHER), (SIX, SIXTH)):
        file += maker.opened(1.0, client, server)
        file += maker.segments(1.5, client, server, b"GET / HTTP/1.0\r\n\r\n")
        file += maker.segments(2.0, server, client, b"x" * 4000)
        file += maker.datagram(2.5, client, server, "在吗".encode())
        file += maker.closed(3.0, server, client)
    (tmp_path / "talk.pcap").write_bytes(file)
    command = [tool("tcpdump", "tcpdump"), "-nvvA", "-r", str(tmp_path / "talk.pcap")]
    done = subprocess.run(command, capture_output=True, check=True, timeout=20, env={"TZ": "UTC"})
    shown = done.stdout.decode("utf-8", "replace")
    assert "incorrect" not in shown
    assert "bad" not in shown
    assert shown.count("(correct)") == 2 * (3 + 2 + 6 + 3)
    assert shown.count("[udp sum ok]") == 2
    assert shown.count("GET / HTTP/1.0") >= 2
    assert "192.0.2.1.50000 > 192.0.2.2.80: Flags [S]" in shown
    assert "2001:db8::2.80 > 2001:db8::1.50000: Flags [F.]" in shown
