"""The name service as a process, met by the tutorials' programs, by DNS clients and by enemies."""

import shutil
import signal
import socket
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random

import dns.flags
import dns.message
import pytest

from netapp.core import listen
from tests import real
from tests.dns.asking import TABLE, addresses, header, opt, option, query, question

pytestmark = pytest.mark.real
Start = Callable[..., real.Plugin]
LOCAL = ("--listen=udp:0:interface=127.0.0.1", "--listen=tcp:0:interface=127.0.0.1")
RECORDS = tuple(f"--record={name}={address}" for name, address in TABLE.items())


def alive(server: real.Plugin) -> bool:
    """A question in each tongue over each transport."""
    with real.tcp_client(server.tcp()) as client:
        client.sendall(framed(query()))
        over_tcp = read_message(client)
    return (
        addresses(real.ask(server.udp(), query())) == addresses(over_tcp) == ["192.168.1.2"]
        and real.ask(server.udp(), b"www.baidu.com") == b"192.168.1.2"
    )


def framed(message: bytes) -> bytes:
    return len(message).to_bytes(2, "big") + message


def read_exactly(client: socket.socket, count: int) -> bytes:
    octets = b""
    while len(octets) < count:
        more = client.recv(count - len(octets))
        assert more, "the connection has ended"
        octets += more
    return octets


def read_message(client: socket.socket) -> bytes:
    return read_exactly(client, int.from_bytes(read_exactly(client, 2), "big"))


# The tutorials' programs -------------------------------------------------------------------------


def test_t4_t5_names_are_answered_one_datagram_each(start: Start) -> None:
    server = start("netapp-dns", *LOCAL, *RECORDS)
    with real.udp_client() as client:
        for name, address in TABLE.items():
            assert real.ask(server.udp(), name.encode(), client=client) == address.encode()
        for name in ("nobody.example", "谁", " ", "x" * 2000):
            assert real.ask(server.udp(), name.encode(), client=client) == b"i dont know"
        assert real.ask(server.udp(), "谁知道".encode("gbk"), client=client) == b"i dont know"


def test_t4_t5_over_tcp_one_read_is_one_answer(start: Start) -> None:
    server = start("netapp-dns", *LOCAL, *RECORDS, "--unknown=不知道")
    with real.tcp_client(server.tcp()) as client:
        for name, answer in (*TABLE.items(), ("谁", "不知道")):
            client.sendall(name.encode())
            assert client.recv(1024) == answer.encode()
    with real.tcp_client(server.tcp()) as client:
        client.sendall(b"www.baidu.com\nwww.google.com\r\n")
        client.shutdown(socket.SHUT_WR)
        assert real.read_all(client) == b"192.168.1.2\n192.168.1.4\n"


def test_t31_this_host_is_found_by_its_own_name(start: Start) -> None:
    server = start("netapp-dns", *LOCAL)
    own = socket.gethostname().encode()
    answer = real.ask(server.udp(), own).decode()
    assert socket.inet_aton(answer)
    hint = server.wait_for(r"try  dig \+short @127\.0\.0\.1 -p (\d+) (\S+)$")
    assert real.ask(int(hint[1]), hint[2].encode()).decode() == answer


def test_a_listener_of_both_families_answers_both(start: Start) -> None:
    if not listen.dual_stack():
        pytest.skip("no IPv6 here")
    both = ("--listen", r"udp:0:interface=\:\:", "--listen", r"tcp:0:interface=\:\:")
    server = start("netapp-dns", *both, *RECORDS)
    assert alive(server)
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
        client.settimeout(10.0)
        client.sendto(b"www.google.com", ("::1", server.udp()))
        assert client.recv(1024) == b"192.168.1.4"
    with socket.create_connection(("::1", server.tcp()), 10.0) as client:
        client.sendall(framed(query("www.google.com")))
        assert addresses(read_message(client)) == ["192.168.1.4"]


# Clients that people have ------------------------------------------------------------------------


@pytest.mark.parametrize("options", [(), ("+tcp",), ("+noedns",), ("+nocookie", "+dnssec")])
def test_dig_is_satisfied(start: Start, options: tuple[str, ...]) -> None:
    if shutil.which("dig") is None:
        pytest.skip("dig is not installed (Debian: bind9-dnsutils)")
    server = start("netapp-dns", *LOCAL, *RECORDS)
    port = server.tcp() if "+tcp" in options else server.udp()
    shown = subprocess.run(
        ["dig", "@127.0.0.1", "-p", str(port), *options, "+tries=1", "+timeout=5", "www.baidu.com"],
        capture_output=True,
        text=True,
        timeout=real.PATIENCE,
        check=True,
    ).stdout
    assert "status: NOERROR" in shown
    assert "flags: qr aa rd" in shown
    assert "192.168.1.2" in shown
    for complaint in ("malformed", "bad", "mismatch", "truncated", "Warning", "extra"):
        assert complaint not in shown.replace("WARNING: recursion requested but not available", "")


# Reload ------------------------------------------------------------------------------------------


def test_a_hangup_reads_the_hosts_files_again(start: Start, tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("10.0.0.1 box.lan\n")
    server = start("netapp-dns", *LOCAL, f"--hosts={hosts}")
    assert real.ask(server.udp(), b"box.lan") == b"10.0.0.1"
    hosts.write_text("10.0.0.2 box.lan\nbroken line\n")
    server.process.send_signal(signal.SIGHUP)
    server.wait_for(rf"{hosts}:2: 'broken' is no address")
    server.wait_for("its old names stay")
    assert real.ask(server.udp(), b"box.lan") == b"10.0.0.1"
    hosts.write_text("10.0.0.3 box.lan\n")
    server.process.send_signal(signal.SIGHUP)
    server.wait_for("names: read again")
    assert server.log.count("names: read again") == 1
    assert real.ask(server.udp(), b"box.lan") == b"10.0.0.3"
    assert addresses(real.ask(server.udp(), query("box.lan"))) == ["10.0.0.3"]


def test_a_hangup_reads_the_records_of_the_configuration_file_again(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "netapp.toml"
    file.write_text('[dns]\nrecord = ["box.lan=10.0.0.1", "old.lan=10.0.0.9"]\n')
    server = start("netapp-dns", *LOCAL, f"--config={file}")
    assert real.ask(server.udp(), b"box.lan") == b"10.0.0.1"
    file.write_text("[dns]\nrecord = no list\n")
    server.process.send_signal(signal.SIGHUP)
    server.wait_for("netapp.toml is no TOML")
    assert real.ask(server.udp(), b"box.lan") == b"10.0.0.1"
    file.write_text('[dns]\nrecord = ["box.lan=10.0.0.2"]\n')
    server.process.send_signal(signal.SIGHUP)
    server.wait_for("names: read again")
    assert real.ask(server.udp(), b"box.lan") == b"10.0.0.2"
    assert real.ask(server.udp(), b"old.lan") == b"i dont know"


# Hostile input, by its number --------------------------------------------------------------------


HOSTILE = {
    1: [b"", b"\0", header()[:11]],
    2: [header(qd=0)],
    3: [header()],
    4: [header(qd=2) + question() * 2],
    5: [header(qd=65535) + question()],
    6: [query()[:end] for end in (13, 20, 28, 29)],
    7: [header() + name + b"\0\1\0\1" for name in (b"\xc0\x0c", b"\xc0\x0e\xc0\x0c", b"\xc0\xff")],
    9: [query(b"\x41a\0"), query(b"\x81a\0")],
    11: [query() + b"x" * 500],
    12: [header(flags=0x8000 | opcode << 11) + question() for opcode in range(16)],
    13: [header(flags=opcode << 11 | 0x7FF) + question() for opcode in (1, 2, 3, 15)],
    22: [query(qclass=qclass) for qclass in (3, 4, 4321, 254)],
    23: [query(qtype=qtype) for qtype in (0, 41, 250, 253, 255, 65535)],
    25: [query(edns=opt(version=version)) for version in (1, 255)],
    27: [header(ar=2) + question() + opt() * 2],
    29: [query(edns=opt(rdata=b"\0\3\0\5abc"))],
    31: [query(edns=opt(rdata=option(10, b"c" * length))) for length in (7, 41)],
    38: [header(an=65535, ns=65535, ar=65535) + question()],
    40: [bytes(65507), b"\xff" * 4096],
    45: [b"i dont know"],
}


def test_d1_to_45_the_server_is_alive_after_each(start: Start) -> None:
    server = start("netapp-dns", *LOCAL, *RECORDS)
    for number, datagrams in HOSTILE.items():
        with real.udp_client() as client:
            for datagram in datagrams:
                client.sendto(datagram, ("127.0.0.1", server.udp()))
            assert alive(server), number


def test_d43_truncation_sends_clients_to_tcp(start: Start, tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("".join(f"10.9.{n >> 8}.{n & 255} many.lan\n" for n in range(200)))
    server = start("netapp-dns", *LOCAL, f"--hosts={tmp_path / 'hosts'}")
    for edns, room in ((b"", 512), (opt(4096), 1232)):
        answer = real.ask(server.udp(), query("many.lan", edns=edns), size=65535)
        assert len(answer) <= room
        assert dns.message.from_wire(answer).flags & dns.flags.TC
    with real.tcp_client(server.tcp()) as client:
        client.sendall(framed(query("many.lan")))
        assert len(addresses(read_message(client))) == 200


def test_d49_50_51_streams_of_any_shape(start: Start) -> None:
    server = start("netapp-dns", *LOCAL, *RECORDS)
    with real.tcp_client(server.tcp()) as client:
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
def test_d52_what_is_no_request_is_hung_up_on(start: Start, octets: bytes) -> None:
    server = start("netapp-dns", *LOCAL, *RECORDS)
    with real.tcp_client(server.tcp()) as client:
        client.sendall(octets)
        assert client.recv(1024) == b""
    assert alive(server)


def test_d53_54_55_idle_deaf_and_rude_connections(start: Start) -> None:
    server = start("netapp-dns", *LOCAL, *RECORDS)
    idle = [socket.create_connection(("127.0.0.1", server.tcp())) for _ in range(150)]
    assert alive(server)
    deaf = idle.pop()
    deaf.settimeout(0.05)
    try:
        for _ in range(200):
            deaf.sendall(framed(query()) * 1000)
    except OSError:
        pass  # neither side takes any more
    assert alive(server)
    for client in idle[:50]:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(framed(query())[:9])
    for client in (*idle, deaf):
        client.close()
    assert alive(server)


def test_d66_random_octets_leave_memory_level(start: Start) -> None:
    server, random = start("netapp-dns", *LOCAL, *RECORDS), Random(66)
    good = [query(), query(edns=opt()), query("many.lan"), b"www.baidu.com"]
    with real.udp_client() as client:
        for number in range(10_000):
            octets = bytearray(random.choice(good) if number % 2 else random.randbytes(random.randrange(80)))
            for _ in range(number % 3 if octets else 0):
                octets[random.randrange(len(octets))] ^= 1 << random.randrange(8)
            client.sendto(octets, ("127.0.0.1", server.udp()))
            if number == 2000:
                assert alive(server)
                before = memory(server)
    assert alive(server)
    for _ in range(500):
        with real.tcp_client(server.tcp()) as client:
            client.sendall(random.randbytes(random.randrange(1, 200)))
    assert alive(server)
    assert memory(server) < before + 8 * 1024


def memory(server: real.Plugin) -> int:
    """Resident KiB."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
