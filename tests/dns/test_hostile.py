"""A name service as a process, met by its enemies: the rows of the note on hostile input, by number.

One process serves them all; how connections end is in test_hostile_streams.  Behind every hostile
datagram goes a live question on the same socket, so that silence is known as soon as that one's answer
comes.
"""

import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest
from dns.rcode import BADVERS, FORMERR, NOERROR, NOTIMP, REFUSED

from tests import real
from tests.dns.asking import (
    ANY,
    TABLE,
    A,
    addresses,
    framed,
    header,
    opt,
    option,
    query,
    question,
    read,
    read_message,
)
from tests.dns.test_protection import from_port, metrics

pytestmark = pytest.mark.real

LONG = ".".join(("l" * 60, "m" * 60, "n" * 60))
ZONE = f"""\
$TTL 300
@ IN SOA ns host 1 3600 600 86400 60
@ NS ns
ns A 10.0.0.1
www A 10.0.0.2
www TXT "text"
{"".join(f"many A 10.9.0.{number}{chr(10)}" for number in range(60))}
odd\\000name A 10.0.0.3
odd\\.name A 10.0.0.4
odd\\255name A 10.0.0.5
loop1 CNAME loop2
loop2 CNAME loop1
self CNAME self
{"".join(f"c{number} CNAME c{number + 1}{chr(10)}" for number in range(40))}
c40 A 10.0.0.6
around DNAME around
back DNAME @
long DNAME {LONG}.example.test.
*.wild A 10.0.0.7
sub NS ns.sub
ns.sub A 10.0.0.8
打印机 A 10.0.0.9
打印机.wild A 10.0.0.10
"""


class Target:
    """The process, and a socket that asks it."""

    def __init__(self, server: real.Plugin, client: socket.socket) -> None:
        self.server, self.client = server, client
        self._alive = 0x8000

    def ask(self, datagram: bytes) -> bytes | None:
        """What a datagram gets; None for silence.  The server is alive after it."""
        self._alive += 1
        self.client.sendto(datagram, ("127.0.0.1", self.server.udp()))
        live = self._alive.to_bytes(2, "big") + query()[2:]
        self.client.sendto(live, ("127.0.0.1", self.server.udp()))
        got: list[bytes] = []
        while True:
            answer = self.client.recv(65535)
            if answer[:2] == live[:2] and live != datagram:
                assert addresses(answer) == ["192.168.1.2"]
                assert len(got) <= 1
                return got[0] if got else None
            got.append(answer)

    def rcode(self, datagram: bytes) -> int:
        answer = self.ask(datagram)
        assert answer is not None
        assert answer[:2] == datagram[:2]
        return answer[3] & 15

    def read(self, datagram: bytes) -> dns.message.Message:
        return read(self.ask(datagram))

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.server.tcp()), 10.0)

    def alive(self) -> bool:
        """Over both transports, in both tongues."""
        with self.connect() as stream:
            stream.sendall(framed(query()))
            assert addresses(read_message(stream)) == ["192.168.1.2"]
        return self.ask(b"www.baidu.com") == b"192.168.1.2"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[real.Plugin]:
    state = tmp_path_factory.mktemp("hostile")
    (state / "zone").write_text(ZONE)
    options = [
        "--listen=udp:0:interface=127.0.0.1",
        "--listen=udp:0:interface=127.0.0.1",
        "--listen=tcp:0:interface=127.0.0.1",
        "--metrics=tcp:0:interface=127.0.0.1",
        f"--zone=example.test={state / 'zone'}",
        *(f"--record={name}={address}" for name, address in TABLE.items()),
    ]
    with real.running("netapp-dns", *options, state=state) as started:
        yield started


@pytest.fixture
def target(server: real.Plugin) -> Iterator[Target]:
    with real.udp_client() as client:
        yield Target(server, client)


# What is no request ------------------------------------------------------------------------------


def test_d1_too_short_for_dns(target: Target) -> None:
    for datagram in (b"\0", b"\x7f", header()[:11], b"a\x01"):
        assert target.ask(datagram) is None
    assert target.ask(b"") == b"i dont know"


def test_d2_a_header_without_a_question(target: Target) -> None:
    assert target.rcode(header(qd=0)) == target.rcode(header(0x4142, flags=0, qd=0)) == FORMERR
    cookie = target.read(header(qd=0, ar=1) + opt(rdata=option(10, b"12345678")))
    assert (cookie.rcode(), len(cookie.options[0].to_wire())) == (NOERROR, 24)


MALFORMED = {
    3: [header()],
    4: [header(qd=2) + question() * 2],
    6: [query()[:end] for end in range(12, len(query()))],
    7: [
        header() + name + b"\0\1\0\1"
        for name in (b"\xc0\x0c", b"\xc0\x0e\xc0\x0c", b"\xc0\xff", b"\1a\xc0\x0c")
    ],
    8: [header() + b"\xc0\x00\0\1\0\1"],
    9: [query(b"\x41a\0"), query(b"\x81a\0")],
    11: [query() + b"x" * 500],
    27: [header(ar=2) + question() + opt() * 2],
    28: [
        query(edns=opt(name=b"\1a\0")),
        *(header(**where) + question() + opt() for where in ({"an": 1}, {"ns": 1})),
    ],
    29: [query(edns=opt(rdata=rdata)) for rdata in (b"\0\3\0\5abc", b"\0\3\0")]
    + [query(edns=opt())[:-2] + b"\0\x09"],
    31: [query(edns=opt(rdata=option(10, b"c" * length))) for length in (0, 7, 9, 41)],
    38: [
        header(**counts) + question()
        for counts in ({"an": 65535, "ns": 65535, "ar": 65535}, {"an": 65535}, {"ar": 9})
    ],
}


@pytest.mark.parametrize("row", MALFORMED)
def test_d3_4_6_7_8_9_11_27_28_29_31_38_malformed(target: Target, row: int) -> None:
    began = time.monotonic()
    for datagram in MALFORMED[row]:
        assert target.rcode(datagram) == FORMERR
    assert time.monotonic() - began < 5.0


def test_d5_65535_questions(target: Target) -> None:
    assert target.ask(header(qd=65535) + question()) is None


def test_d10_names_of_257_and_of_255_octets(target: Target) -> None:
    label = b"\x3f" + b"a" * 63
    assert target.rcode(query(label * 4 + b"\0")) == FORMERR
    for name in (
        label * 3 + b"\x3d" + b"A" * 61 + b"\0",
        label * 3 + b"\x30" + b"a" * 48 + b"\7eXample\4test\0",
    ):
        assert len(name) == 255
        answer = target.ask(query(name, edns=opt()))
        assert answer is not None
        assert answer[12:].startswith(question(name))


@pytest.mark.parametrize("opcode", range(16))
def test_d12_answers_are_not_answered(target: Target, opcode: int) -> None:
    flags = 0x8000 | opcode << 11
    for datagram in (header(flags=flags), header(flags=flags) + question(), header(flags=flags, qd=0, an=9)):
        assert target.ask(datagram) is None


@pytest.mark.parametrize("opcode", [1, 2, 3, 15])
def test_d13_other_opcodes(target: Target, opcode: int) -> None:
    answer = target.ask(header(flags=opcode << 11 | 0x07FF) + question())
    assert answer == header(flags=0x8000 | opcode << 11 | 0x0100 | 0x0010 | NOTIMP, qd=0)


def test_d14_stateful_operations(target: Target) -> None:
    assert target.rcode(header(flags=6 << 11, qd=0) + b"\0\1\0\0") == NOTIMP


def test_d19_a_zone_by_datagram(target: Target) -> None:
    for name in ("example.test", "nobody.example"):
        assert target.rcode(query(name, 252)) in (FORMERR, NOTIMP, REFUSED, dns.rcode.NOTAUTH)


@pytest.mark.parametrize("qclass", [3, 4, 4321, 254, 255])
def test_d22_other_classes(target: Target, qclass: int) -> None:
    for name in ("www.example.test", "version.bind", "id.server"):
        assert target.rcode(query(name, 16, qclass)) == REFUSED


@pytest.mark.parametrize(
    ("qtype", "rcode"),
    [(0, FORMERR), (41, FORMERR), (128, NOTIMP), (250, NOTIMP), (253, NOTIMP), (65535, NOERROR)],
)
def test_d23_types_of_no_record(target: Target, qtype: int, rcode: int) -> None:
    for name in ("www.example.test", "no.example.test", "www.baidu.com"):
        answered = target.rcode(query(name, qtype, edns=opt()))
        assert answered == (3 if name.startswith("no.") and rcode == NOERROR else rcode)


def test_d24_a_type_nobody_knows(target: Target) -> None:
    answer = target.read(query("www.example.test", 666))
    assert (answer.rcode(), answer.answer) == (NOERROR, [])
    assert [each.rdtype for each in answer.authority] == [dns.rdatatype.SOA]


# EDNS --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 255])
def test_d25_edns_of_the_future(target: Target, version: int) -> None:
    answer = target.read(query(edns=opt(version=version, rdata=option(3, b"") + option(10, b"12345678"))))
    assert (answer.rcode(), answer.edns, answer.answer, answer.options) == (BADVERS, 0, [], ())


def test_d26_unknown_options_and_flags(target: Target) -> None:
    for flags in (0x7FFF, 0xFFFF):
        answer = target.read(query(edns=opt(flags=flags, rdata=option(65001, b"x" * 40) * 3)))
        assert (answer.ednsflags, answer.options) == (flags & 0x8000, ())
        assert [each.rdtype for each in answer.answer] == [A]


@pytest.mark.parametrize("size", [0, 511, 512])
def test_d30_sizes_below_512_are_512(target: Target, size: int) -> None:
    answer = target.ask(query("many.example.test", edns=opt(size)))
    assert answer is not None
    assert len(answer) <= 512
    assert read(answer).flags & dns.flags.TC
    assert addresses(target.ask(query("www.example.test", edns=opt(size)))) == ["10.0.0.2"]


@pytest.mark.parametrize("length", [8, 16, 32])
def test_d32_a_wrong_server_cookie(target: Target, length: int) -> None:
    answer = target.read(query(edns=opt(rdata=option(10, b"12345678" + b"x" * length))))
    (cookie,) = answer.options
    assert answer.rcode() == NOERROR
    assert len(answer.answer) == 1
    assert cookie.to_wire()[:8] == b"12345678"


@pytest.mark.parametrize("subnet", [b"\0\x09\x18\0abc", b"\0\1\x4d\0" + bytes(10), b"\0\1", b""])
def test_d33_client_subnets_that_cannot_be(target: Target, subnet: bytes) -> None:
    answer = target.read(query(edns=opt(rdata=option(8, subnet))))
    assert (answer.rcode(), len(answer.answer), answer.options) == (NOERROR, 1, ())


def test_d34_keepalive_over_datagrams(target: Target) -> None:
    for octets in (b"", b"\0\1", b"abc"):
        answer = target.read(query(edns=opt(rdata=option(11, octets))))
        assert (answer.rcode(), len(answer.answer), answer.options) == (NOERROR, 1, ())


def test_d37_sig0_of_nobody(target: Target) -> None:
    sig = b"\0" + struct.pack("!HHIH", 24, 255, 0, 24) + bytes(18) + b"\1a\0" + b"xyz"
    assert target.rcode(header(ar=1) + question() + sig) in (NOERROR, REFUSED, dns.rcode.NOTAUTH)


def test_d39_a_ring_in_an_additional_record(target: Target) -> None:
    ring = bytes((0xC0, 12 + len(question()))) + b"\0\1\0\1" + bytes(4) + b"\0\4abcd"
    assert target.rcode(header(ar=1) + question() + ring) in (NOERROR, FORMERR)


def test_d40_zeros_and_ones(target: Target) -> None:
    assert target.rcode(bytes(65507)) == FORMERR
    assert target.ask(b"\xff" * 4096) is None


# Names -------------------------------------------------------------------------------------------


def test_d41_the_root_and_names_of_no_zone(target: Target) -> None:
    for name in (b"\0", "test", "nobody.example", "com"):
        for qtype in (A, 2, 6, ANY):
            answer = target.read(query(name, qtype, edns=opt()))
            assert (answer.rcode(), answer.answer, answer.authority) == (REFUSED, [], [])
            assert not answer.flags & dns.flags.AA
            assert [each.to_wire() for each in answer.options] == [b"\0\x14"]


def test_d42_random_case_and_any_octet(target: Target) -> None:
    random = Random(42)
    for _ in range(20):
        name = "".join(random.choice((str.upper, str.lower))(each) for each in "www.example.test")
        answer = target.ask(query(name, edns=opt()))
        assert answer is not None
        assert answer[12:].startswith(question(name))
        assert addresses(answer) == ["10.0.0.2"]
    for octet, address in ((0, "10.0.0.3"), (0x2E, "10.0.0.4"), (0xFF, "10.0.0.5")):
        for case in (b"odd", b"ODD"):
            asked = question(b"\x08" + case + bytes((octet,)) + b"name\7example\4test\0")
            answer = target.ask(header() + asked)
            assert answer is not None
            assert answer[12:].startswith(asked)
            assert addresses(answer) == [address]


def test_d43_a_set_that_does_not_fit(target: Target) -> None:
    for edns, room in ((b"", 512), (opt(600), 600), (opt(900), 900), (opt(65535), 1232)):
        answer = target.ask(query("many.example.test", edns=edns))
        assert answer is not None
        assert len(answer) <= room
        whole = room == 1232
        assert bool(read(answer).flags & dns.flags.TC) is not whole
        assert len(addresses(answer)) == (60 if whole else 0)
        assert read(answer).edns == (0 if edns else -1)
    with target.connect() as stream:
        stream.sendall(framed(query("many.example.test")))
        assert len(addresses(read_message(stream))) == 60


def test_d44_any_gets_one_set(target: Target) -> None:
    answer = target.read(query("www.example.test", ANY))
    assert (answer.rcode(), len(answer.answer), bool(answer.flags & dns.flags.TC)) == (NOERROR, 1, False)


def test_d45_what_answers_itself(target: Target) -> None:
    port = target.server.udp()
    assert target.ask(b"i dont know") is None
    with real.udp_client() as peer:  # from another port, each gets one answer and no more
        for datagram, said in ((query(), 1), (b"www.baidu.com", 1), (b"i dont know", 0), (b"nobody", 1)):
            peer.sendto(datagram, ("127.0.0.1", port))
            peer.settimeout(10.0 if said else 0.2)
            try:
                answer = peer.recv(65535)
            except TimeoutError:
                assert not said
            else:
                assert said
                if answer != b"192.168.1.2":  # an address is a text that asks for a name
                    assert target.ask(answer) is None


def test_d45_from_our_own_address_and_ports_there_is_silence(target: Target) -> None:
    """A datagram whose source is the very socket that reads it, and one whose source is its neighbour."""
    asked = (query(), query("many.example.test", ANY, edns=opt(4096)), b"www.baidu.com", b"nobody")
    replies = tuple(filter(None, map(target.ask, asked)))
    assert len(replies) == len(asked)
    said = (*asked, *replies, b"i dont know", b"")
    before = metrics(target.server)
    one, other = target.server.ports("udp")
    for payload in said:
        for source, port in ((one, one), (other, one), (one, other), (other, other)):
            try:
                from_port(source, port, payload)
            except PermissionError:
                pytest.skip("a datagram from any port takes root")
    assert target.ask(b"www.baidu.com") == b"192.168.1.2"
    with real.udp_client() as client:  # the other socket has read all of its own too
        assert real.ask(other, b"www.baidu.com", client=client) == b"192.168.1.2"
    now = metrics(target.server)
    grown = {
        each: now[f"netapp_dns_datagrams_{each}_total"] - before[f"netapp_dns_datagrams_{each}_total"]
        for each in ("received", "refused", "answered")
    }
    assert grown == {"received": 4 * len(said) + 3, "refused": 4 * len(said), "answered": 3}


def test_d56_loops_and_chains(target: Target) -> None:
    for name, most in (("loop1.example.test", 2), ("self.example.test", 1), ("c0.example.test", 16)):
        answer = target.read(query(name, edns=opt()))
        assert answer.rcode() == NOERROR
        assert 1 <= len(answer.answer) <= most
    assert addresses(target.ask(query("c30.example.test", edns=opt()))) == ["10.0.0.6"]
    for name in ("x.around.example.test", "x.back.example.test", "back.back.back.example.test"):
        assert target.rcode(query(name, edns=opt())) in (NOERROR, dns.rcode.NXDOMAIN, dns.rcode.YXDOMAIN)
    for text in (b"loop1.example.test", b"self.example.test", b"x.around.example.test"):
        assert target.ask(text) == b"i dont know"


def test_d57_a_dname_that_makes_too_long_a_name(target: Target) -> None:
    assert target.rcode(query("x" * 60 + ".long.example.test", edns=opt())) == dns.rcode.YXDOMAIN
    assert target.rcode(query("x.long.example.test", edns=opt())) == dns.rcode.NXDOMAIN


def test_names_in_raw_utf8_are_answered_as_their_a_labels(target: Target) -> None:
    raw = "打印机".encode()
    name = bytes((len(raw),)) + raw + b"\7example\4test\0"
    for qtype, count in ((A, 1), (28, 0)):
        answer = target.ask(query(name, qtype, edns=opt()))
        assert answer is not None
        assert answer[12:].startswith(question(name, qtype))
        assert (answer[3] & 15, len(read(answer).answer)) == (NOERROR, count)
        assert all(each.name.to_wire() == name for each in read(answer).answer)
    beside = bytes((len(raw),)) + raw + b"\4wild\7example\4test\0"
    assert addresses(target.ask(query(beside))) == ["10.0.0.10"]
    other = "复印机".encode()
    assert addresses(target.ask(query(bytes((len(other),)) + other + b"\4wild\7example\4test\0"))) == [
        "10.0.0.7"
    ]
    assert target.rcode(query(bytes((len(other),)) + other + b"\7example\4test\0")) == dns.rcode.NXDOMAIN


# Streams -----------------------------------------------------------------------------------------


def test_d49_50_51_streams_of_any_shape(target: Target) -> None:
    with target.connect() as client:
        client.sendall(framed(query()) * 60)
        assert [addresses(read_message(client)) for _ in range(60)] == [["192.168.1.2"]] * 60
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in framed(query("www.google.com")):
            client.sendall(bytes([octet]))
        assert addresses(read_message(client)) == ["192.168.1.4"]
        client.sendall(framed(query()))
        client.shutdown(socket.SHUT_WR)
        assert addresses(read_message(client)) == ["192.168.1.2"]
        assert client.recv(1) == b""


@pytest.mark.parametrize("octets", [b"\0\0", b"\0\5abcde", b"\xff\xff" + bytes(20)])
def test_d52_what_is_no_request_is_hung_up_on(target: Target, octets: bytes) -> None:
    with target.connect() as client:
        client.sendall(octets)
        assert client.recv(1024) == b""
    assert target.alive()


@pytest.mark.parametrize(
    "octets", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), b"\0\x40abc"]
)
def test_d52_a_promise_that_is_not_kept_gets_nothing_at_first(target: Target, octets: bytes) -> None:
    with target.connect() as client:
        client.sendall(octets)
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(1024)
        assert target.alive()


def test_d52_http_is_told_where_the_page_is(target: Target) -> None:
    with target.connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: box\r\n\r\n")
        assert b"netapp-dns" in real.read_all(client)
    assert target.alive()


def test_d53_54_55_idle_deaf_and_rude_connections_hold_up_nobody(target: Target) -> None:
    idle = [target.connect() for _ in range(150)]
    assert target.alive()
    deaf = idle.pop()
    deaf.settimeout(0.05)
    try:
        for _ in range(200):
            deaf.sendall(framed(query()) * 1000)
    except OSError:
        pass  # neither side takes any more
    assert target.alive()
    for client in idle[:50]:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(framed(query())[:9])
    for client in (*idle, deaf):
        client.close()
    assert target.alive()


# Anything ----------------------------------------------------------------------------------------


def test_d66_bit_flips_and_cuts_of_good_messages(target: Target) -> None:
    random = Random(66)
    good = [
        query(),
        query("many.example.test", ANY, edns=opt(4096)),
        query("x.wild.example.test", edns=opt(rdata=option(10, b"12345678"))),
        query("打印机.example.test".encode("idna").decode(), edns=opt(flags=0x8000)),
        header(flags=5 << 11) + question("example.test", 6),
        header(flags=4 << 11) + question("example.test", 6),
        query("example.test", 252),
        b"www.baidu.com",
    ]
    for number in range(600):
        octets = bytearray(good[number % len(good)])
        for _ in range(random.randrange(4)):
            octets[random.randrange(len(octets))] ^= 1 << random.randrange(8)
        sent = bytes(octets[: random.randrange(1, len(octets) + 1)])
        answer = target.ask(sent)
        assert answer is None or len(answer) <= 1232
    assert target.alive()


def test_d66_random_octets_leave_memory_level(target: Target) -> None:
    random = Random(67)
    flood(target, lambda: random.randbytes(random.randrange(80)), 2000)
    before = memory(target.server)
    flood(target, lambda: random.randbytes(random.randrange(80)), 3000)
    flood(target, lambda: query(f"x{random.random()}.example.test"), 2000)
    for _ in range(300):
        with target.connect() as client:
            client.sendall(random.randbytes(random.randrange(1, 200)))
    assert target.alive()
    assert memory(target.server) < before + 8 * 1024


def flood(target: Target, make: Callable[[], bytes], count: int) -> None:
    with real.udp_client() as client:
        for number in range(count):
            client.sendto(make(), ("127.0.0.1", target.server.udp()))
            if number % 100 == 0:
                assert target.ask(b"www.baidu.com") == b"192.168.1.2"


def memory(server: real.Plugin) -> int:
    """Resident KiB."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
