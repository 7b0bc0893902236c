"""Broadcasts on a network of the test's own: two namespaces with a cable between them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import real
from tests.real import PROJECT

pytestmark = pytest.mark.real

#: A client at the other end: says its lines, then prints command and source of what it hears.
CLIENT = """
import socket, sys, time
peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
peer.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
peer.bind(("", 2425))
print("ready", flush=True)
for line in sys.stdin:
    if line.startswith("say "):
        peer.sendto(line[4:].rstrip().encode(), ("10.77.7.255", 2425))
    else:
        peer.settimeout(float(line))
        try:
            while True:
                octets, (host, port) = peer.recvfrom(65535)
                print(int(octets.split(b":")[4]) & 255, host, port, flush=True)
        except TimeoutError:
            print("quiet", flush=True)
"""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=real.PATIENCE)


@pytest.fixture(scope="module")
def network() -> Iterator[tuple[str, str]]:
    """Two namespaces; the first has 10.77.7.1, the second 10.77.7.2."""
    names = (f"netapp-a{os.getpid()}", f"netapp-b{os.getpid()}")
    made = []
    try:
        try:
            for name in names:
                ip("netns", "add", name)
                made.append(name)
            ip(
                "-n",
                names[0],
                "link",
                "add",
                "lan0",
                "type",
                "veth",
                "peer",
                "name",
                "lan0",
                "netns",
                names[1],
            )
            for number, name in enumerate(names, start=1):
                ip("-n", name, "addr", "add", f"10.77.7.{number}/24", "brd", "+", "dev", "lan0")
                ip("-n", name, "link", "set", "lan0", "up")
        except (OSError, subprocess.CalledProcessError) as reason:
            pytest.skip(f"no network namespaces here: {reason}")
        yield names
    finally:
        for name in made:
            ip("netns", "del", name)


@contextmanager
def udpchat(namespace: str, state: Path, *options: str) -> Iterator[real.Plugin]:
    """The plugin in a namespace; it listens on the true port, which nobody else has there."""
    twistd = str(Path(sys.executable).with_name("twistd"))
    command = ["ip", "netns", "exec", namespace, twistd, "--pidfile=", "-n", "netapp-udpchat", *options]
    with subprocess.Popen(
        command,
        cwd=state,
        env=real.environment(state),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        plugin = real.Plugin(process)
        try:
            plugin.wait_for("netapp-udpchat: ready$")
            yield plugin
        finally:
            plugin.stop()
    assert "Traceback" not in plugin.log, plugin.log


class Client:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        assert self._line() == "ready"

    def say(self, packet: str) -> None:
        """Broadcast one packet."""
        self._write(f"say {packet}")

    def hears(self, seconds: float) -> list[tuple[int, str]]:
        """Commands and sources until so long a silence; our own broadcasts are left out."""
        self._write(str(seconds))
        heard = []
        while (line := self._line()) != "quiet":
            command, host, _ = line.split()
            if host != "10.77.7.2":
                heard.append((int(command), host))
        return heard

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@pytest.fixture
def client(network: tuple[str, str]) -> Iterator[Client]:
    command = ["ip", "netns", "exec", network[1], sys.executable, "-c", CLIENT]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT
    ) as process:
        yield Client(process)
        assert process.stdin is not None
        process.stdin.close()


ENTRY = "1:1:lajos:pc1:1:Lajos of the second floor of the old house by the river"
SERVER = "10.77.7.1"


def test_announced_the_lan_hears_entries_and_two_exits(
    network: tuple[str, str], client: Client, tmp_path: Path
) -> None:
    with udpchat(network[0], tmp_path, "--announce"):
        assert client.hears(1.0) == [(0, SERVER), (1, SERVER)]
    assert client.hears(0.5) == [(2, SERVER)] * 2


def test_not_announced_the_lan_hears_nothing_until_it_asks(
    network: tuple[str, str], client: Client, tmp_path: Path
) -> None:
    with udpchat(network[0], tmp_path) as plugin:
        plugin.wait_for("--announce makes this station known")
        assert client.hears(1.0) == []
        client.say(ENTRY)
        assert client.hears(1.3) == [(3, SERVER)]
    assert client.hears(0.5) == [(2, SERVER)] * 2


def test_bound_to_one_address_it_hears_broadcasts_all_the_same(
    network: tuple[str, str], client: Client, tmp_path: Path
) -> None:
    with udpchat(network[0], tmp_path, "--interface=10.77.7.1", "--announce"):
        assert client.hears(0.6) == [(0, SERVER), (1, SERVER)]
        client.say(ENTRY)
        assert client.hears(1.3) == [(3, SERVER)]
    assert (2, SERVER) in client.hears(0.5)
