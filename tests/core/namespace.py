"""A network of its own for a test: loopback, and a way out where all is seen and nothing arrives."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import real

_CLIENT = """
import socket, sys
kind, port, octets = sys.argv[1], int(sys.argv[2]), bytes.fromhex(sys.argv[3])
with socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as client:
    client.settimeout(10)
    client.connect(("127.0.0.1", port))
    client.send(octets)
    sys.stdout.buffer.write(client.recv(65536))
"""
_SNIFFER = """
import socket
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as wire:
    wire.bind(("out0", 0))
    print("ready", flush=True)
    while True:
        print(wire.recv(65536).hex(), flush=True)
"""
_SETUP = """
ip link set lo up && ip link add out0 type veth peer name wall0 &&
ip link set wall0 up && ip link set out0 up arp off &&
ip address add 192.0.2.2/24 broadcast + dev out0 && ip address add 2001:db8::2/64 dev out0 nodad &&
ip route add default via 192.0.2.1 && ip -6 route add default via 2001:db8::1 &&
mount --bind "$1" /etc/resolv.conf && echo up && exec cat
"""

_OPTIONS = {"user": "user", "net": "net", "mnt": "mount"}


class Namespace:
    """A running one.  Its default route leads through ``out0``, to nobody."""

    def __init__(self, pid: int) -> None:
        kinds = ("net", "mnt") if os.geteuid() == 0 else ("user", "net", "mnt")
        self.inside = ["nsenter", "--preserve-credentials"]
        self.inside += [f"--{_OPTIONS[kind]}=/proc/{pid}/ns/{kind}" for kind in kinds]

    def run(self, *command: str) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            [*self.inside, *command], capture_output=True, timeout=real.PATIENCE, check=False
        )

    def ask(self, kind: str, port: int, octets: bytes) -> bytes:
        """What a server in there answers, on loopback."""
        done = self.run(sys.executable, "-I", "-S", "-c", _CLIENT, kind, str(port), octets.hex())
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    @contextmanager
    def seen(self) -> Iterator[list[bytes]]:
        """The frames that leave meanwhile; they are in the list at the end."""
        frames: list[bytes] = []
        watching = subprocess.Popen(
            [*self.inside, sys.executable, "-I", "-S", "-c", _SNIFFER], stdout=subprocess.PIPE
        )
        assert watching.stdout is not None
        with watching:
            assert watching.stdout.readline() == b"ready\n"
            yield frames
            watching.terminate()
            frames += [bytes.fromhex(line.decode()) for line in watching.stdout if line.endswith(b"\n")]


@contextmanager
def namespace(folder: Path) -> Iterator[Namespace]:
    """The test is skipped where none can be made.  :param folder: for a resolver's configuration."""
    real.tool("nsenter", "util-linux")
    real.tool("ip", "iproute2")
    resolver = folder / "resolv.conf"
    resolver.write_text("nameserver 192.0.2.1\n")
    as_root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    process = subprocess.Popen(
        ["unshare", *as_root, "--net", "--mount", "sh", "-c", _SETUP, "sh", resolver],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    with process:
        if process.stdout.readline() != b"up\n":
            pytest.skip(f"no network namespace can be made: {process.stderr.read().decode().strip()}")
        yield Namespace(process.pid)
        process.stdin.close()
