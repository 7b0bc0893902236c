"""The name service as a process, met by the tutorials' programs and by DNS clients."""

import shutil
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from netapp.core import listen
from tests import real
from tests.dns.asking import TABLE, addresses, query

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
