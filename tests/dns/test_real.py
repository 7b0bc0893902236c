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
from tests.dns.asking import TABLE, addresses, framed, query, read_message

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


@pytest.fixture
def zone(tmp_path: Path) -> str:
    """The option for a zone with all that a name may lead through."""
    file = tmp_path / "zone"
    file.write_text(
        "@ 300 IN SOA ns host 1 3600 600 86400 60\n@ NS ns\nns A 10.0.0.1\nwww A 10.0.0.2\n"
        "alias CNAME www\nfar CNAME www.baidu.com.\nnowhere CNAME www.example.org.\n"
        "*.wild A 10.0.0.3\nold DNAME wild\n打印机 A 10.0.0.4\nsix AAAA fd00::1\n"
        + "".join(f"many A 10.9.{number >> 8}.{number & 255}\n" for number in range(2000)),
        "utf-8",
    )
    return f"--zone=example.test={file}"


def test_t4_names_of_a_zone_are_found_through_whatever_leads_to_them(start: Start, zone: str) -> None:
    server = start("netapp-dns", *LOCAL, *RECORDS, zone)
    asked = {
        "www.example.test": "10.0.0.2",
        "ALIAS.example.test.": "10.0.0.2",
        "far.example.test": "192.168.1.2",
        "anybody.wild.example.test": "10.0.0.3",
        "x.old.example.test": "10.0.0.3",
        "打印机.example.test": "10.0.0.4",
        "many.example.test": "10.9.0.0",
        "nowhere.example.test": "i dont know",
        "nobody.example.test": "i dont know",
        "six.example.test": "i dont know",
        "example.test": "i dont know",
    }
    with real.udp_client() as client, real.tcp_client(server.tcp()) as stream:
        for name, answer in asked.items():
            for codec in ("utf-8", "gbk"):
                assert real.ask(server.udp(), name.encode(codec), client=client) == answer.encode()
                stream.sendall(name.encode(codec) + b"\n")
                assert stream.recv(1024) == answer.encode() + b"\n"


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
    for complaint in ("malformed", "(bad)", "mismatch", "truncated", "Warning", "extra"):
        assert complaint not in shown.replace("WARNING: recursion requested but not available", "")


CLIENTS = {"dig": "bind9-dnsutils", "kdig": "knot-dnsutils", "drill": "ldnsutils", "host": "bind9-host"}


@pytest.mark.parametrize(
    "command",
    [
        "dig @127.0.0.1 -p {udp} +tries=1 +nsid alias.example.test",
        "dig @127.0.0.1 -p {tcp} +tcp +keepalive +dnssec alias.example.test many.example.test",
        "kdig @127.0.0.1 -p {udp} +retry=0 +cookie +nsid alias.example.test",
        "kdig @127.0.0.1 -p {tcp} +tcp +padding alias.example.test many.example.test",
        "drill -p {udp} @127.0.0.1 alias.example.test",
        "drill -t -p {tcp} @127.0.0.1 many.example.test",
        "host -W 5 -p {udp} alias.example.test 127.0.0.1",
        "host -W 5 -T -p {tcp} many.example.test 127.0.0.1",
    ],
)
def test_clients_are_satisfied(start: Start, zone: str, command: str) -> None:
    name = command.partition(" ")[0]
    real.tool(name, CLIENTS[name])
    server = start("netapp-dns", *LOCAL, zone, "--nsid=box-1")
    words = command.format(udp=server.udp(), tcp=server.tcp()).split()
    shown = subprocess.run(words, capture_output=True, text=True, timeout=real.PATIENCE, check=True)
    text = shown.stdout + shown.stderr
    expected = {"alias": ["10.0.0.2"], "many": ["10.9.0.0", "10.9.7.207"], "+nsid": ["box-1"]}
    for asked, answers in expected.items():
        assert asked not in command or all(answer in text for answer in answers), text
    for complaint in ("malformed", "mismatch", "FORMERR", "extra bytes", ";; Warning", "(bad)"):
        assert complaint not in text


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


def test_a_hangup_names_the_settings_that_wait_for_a_restart(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "netapp.toml"
    file.write_text('[dns]\nrecord = ["box.lan=10.0.0.1"]\n')
    server = start("netapp-dns", *LOCAL, f"--config={file}")
    file.write_text('[dns]\nrecord = ["box.lan=10.0.0.2"]\nallow-transfer = ["127.0.0.1"]\n')
    server.process.send_signal(signal.SIGHUP)
    server.wait_for(r"netapp-dns: changed settings that wait for a restart: \[dns\] allow-transfer$")
    assert real.ask(server.udp(), b"box.lan") == b"10.0.0.2"
