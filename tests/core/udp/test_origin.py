"""Whence answers leave, over a cable: two addresses in one network, both families, links, routes."""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from netapp.core import platform
from tests import real

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(platform.batch_calls() is None, reason="no such system calls here"),
]

#: Asks each address from a socket that is connected to it, and takes nothing from another.
CLIENT = """
import json, socket, sys
port, octets = int(sys.argv[1]), bytes.fromhex(sys.argv[2])
outcome = {}
for host in sys.argv[3:]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)[0]
    with socket.socket(found[0], socket.SOCK_DGRAM) as client:
        client.settimeout(3)
        try:
            client.connect(found[4])
            client.send(octets)
            outcome[host] = client.recv(2048).hex()
        except OSError as problem:
            outcome[host] = type(problem).__name__
print(json.dumps(outcome))
"""
#: A datagram whose source is a lie: its answer has no route.
FORGER = """
import socket, struct, sys
port, octets = int(sys.argv[1]), bytes.fromhex(sys.argv[2])
udp = struct.pack("!4H", 40000, port, 8 + len(octets), 0) + octets
ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0,
                 socket.inet_aton("203.0.113.9"), socket.inet_aton("10.77.8.1"))
with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as wire:
    wire.sendto(ip + udp, ("10.77.8.1", 0))
"""
#: Whether each is an address of this machine.
OWN = """
import socket
from netapp.core.datagrams import OwnPorts
ports = OwnPorts()
ports.add(8888)
hosts = "fe80::7%lan0", f"fe80::7%{socket.if_nametoindex('lan0')}", "fe80::2%lan0", "fe80::7%lan1"
print(*(ports.holds((host, 8888)) for host in hosts))
"""
SETUP = (
    "link add lan0 type veth peer name lan0 netns {other}",
    "addr add 10.77.8.1/24 dev lan0",
    "addr add 10.77.8.7/24 dev lan0",  # the kernel's routes prefer the first
    "addr add 2001:db8:8::1/64 dev lan0 nodad",
    "addr add 2001:db8:8::7/64 dev lan0 nodad",
    "addr add fe80::7/64 dev lan0 nodad",
    "link add lan1 type veth peer name lan1 netns {other}",
    "addr add 169.254.5.1/16 dev lan0",  # two networks that routes cannot tell apart
    "addr add 169.254.6.1/16 dev lan1",
    "link set lan0 up",
    "link set lan1 up",
    "link set lo up",
)
OTHER = (
    "addr add 10.77.8.2/24 dev lan0",
    "addr add 2001:db8:8::2/64 dev lan0 nodad",
    "addr add fe80::2/64 dev lan0 nodad",
    "addr add 169.254.5.2/16 dev lan0",
    "addr add 169.254.6.2/16 dev lan1",
    "link set lan0 up",
    "link set lan1 up",
    "route add 169.254.6.1 dev lan1 src 169.254.6.2",
)
IPV4 = ("10.77.8.1", "10.77.8.7")
LINKS = ("169.254.5.1", "169.254.6.1")
IPV6 = ("2001:db8:8::1", "2001:db8:8::7", "fe80::7%lan0")


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=real.PATIENCE)


@pytest.fixture(scope="module")
def network() -> Iterator[tuple[str, str]]:
    """Two namespaces with a cable between them; the first has two addresses of each kind."""
    names = (f"netapp-o{os.getpid()}", f"netapp-p{os.getpid()}")
    made: list[str] = []
    try:
        try:
            for name in names:
                ip("netns", "add", name)
                made.append(name)
            for name, lines in zip(names, (SETUP, OTHER), strict=True):
                for line in lines:
                    ip("-n", name, *line.format(other=names[1]).split())
        except (OSError, subprocess.CalledProcessError) as reason:
            pytest.skip(f"no network namespaces here: {reason}")
        yield names
    finally:
        for name in made:
            ip("netns", "del", name)


def inside(name: str, program: str, *words: str) -> str:
    command = ["ip", "netns", "exec", name, sys.executable, "-I", "-S", "-c", program, *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def ask(name: str, port: int, octets: bytes, hosts: tuple[str, ...]) -> dict[str, bytes | str]:
    answers = json.loads(inside(name, CLIENT, str(port), octets.hex(), *hosts))
    return {host: _octets(said) for host, said in answers.items()}


def _octets(said: str) -> bytes | str:
    try:
        return bytes.fromhex(said)
    except ValueError:
        return said


@pytest.mark.parametrize("listener", ["udp:7000", r"udp:7000:interface=\:\:"])
@pytest.mark.parametrize(
    ("plugin", "options", "question", "answer"),
    [
        ("netapp-echo", (), b"hello", b"hello"),
        ("netapp-dns", ("--record=pc1=192.168.1.7",), b"pc1", b"192.168.1.7"),
        ("netapp-udpchat", ("--ipmsg=none", "--ack=ok"), b"hello", b"ok"),  # 0.3 s later
    ],
)
def test_every_address_answers_for_itself(
    network: tuple[str, str],
    tmp_path: Path,
    listener: str,
    plugin: str,
    options: tuple[str, ...],
    question: bytes,
    answer: bytes,
) -> None:
    here, there = network
    hosts = IPV4 if listener == "udp:7000" else (*IPV4, *IPV6)
    allow = "--allow=2001:db8:8::/64"
    with real.running(
        plugin,
        f"--listen={listener}",
        allow,
        *options,
        state=tmp_path,
        inside=("ip", "netns", "exec", here),
    ):
        assert ask(there, 7000, question, hosts) == dict.fromkeys(hosts, answer)
        assert ask(here, 7000, question, IPV4) == dict.fromkeys(IPV4, answer)


@pytest.mark.parametrize("listener", ["udp:7000", r"udp:7000:interface=\:\:"])
def test_an_address_of_one_link_alone_answers_by_that_link(
    network: tuple[str, str], tmp_path: Path, listener: str
) -> None:
    here, there = network
    settings = ("all.rp_filter=0", "lan0.rp_filter=0", "lan1.rp_filter=0", "all.arp_ignore=1")
    for name, each in itertools.product(network, settings):
        ip("netns", "exec", name, "sysctl", "-qw", f"net.ipv4.conf.{each}")
    options = (f"--listen={listener}", "--record=pc1=192.168.1.7")
    with real.running("netapp-dns", *options, state=tmp_path, inside=("ip", "netns", "exec", here)):
        assert ask(there, 7000, b"pc1", LINKS) == dict.fromkeys(LINKS, b"192.168.1.7")


@pytest.mark.parametrize("more", [(), ("--workers=2",)])
def test_an_address_of_one_link_can_be_listened_on(
    network: tuple[str, str], tmp_path: Path, more: tuple[str, ...]
) -> None:
    here, there = network
    with real.running(
        "netapp-dns",
        r"--listen=udp:7000:interface=fe80\:\:7%lan0",
        "--record=pc1=192.168.1.7",
        *more,
        state=tmp_path,
        inside=("ip", "netns", "exec", here),
    ) as plugin:
        plugin.wait_for(r"try  dig .*@fe80::7%lan0 -p 7000 ")
        assert ask(there, 7000, b"pc1", ("fe80::7%lan0",)) == {"fe80::7%lan0": b"192.168.1.7"}


def test_our_own_listener_is_known_by_an_address_of_one_link(network: tuple[str, str]) -> None:
    """What comes from it is a lie, and an answer would be answered."""
    here, _ = network
    command = [sys.executable, "-c", OWN]
    done = subprocess.run(
        ["ip", "netns", "exec", here, *command], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "True True False False\n"


def test_an_answer_that_has_no_route_harms_no_other(network: tuple[str, str], tmp_path: Path) -> None:
    here, there = network
    for name in ("all", "lan0"):
        subprocess.run(
            ["ip", "netns", "exec", here, "sysctl", "-qw", f"net.ipv4.conf.{name}.rp_filter=0"],
            check=True,
            timeout=real.PATIENCE,
        )
    with real.running(
        "netapp-dns",
        "--listen=udp:7000",
        "--allow=203.0.113.0/24",
        "--record=pc1=192.168.1.7",
        state=tmp_path,
        inside=("ip", "netns", "exec", here),
    ) as plugin:
        for _ in range(3):
            inside(there, FORGER, "7000", b"pc1".hex())
            assert ask(there, 7000, b"pc1", IPV4) == dict.fromkeys(IPV4, b"192.168.1.7")
        assert "Traceback" not in plugin.log
