"""A small network of its own for tests: network namespaces with private addresses, joined by veth.

Loopback is many people at once and is not counted as a source; here a client has an address of its own::

    server 10.9.0.1, fd00:9::1  ---  attacker 10.9.0.2, all of fd00:9:a::/48
                                \\--  owner    10.9.0.3, all of fd00:9:b::/48
"""

import ctypes
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import real

SERVER, ATTACKER, OWNER = "10.9.0.1", "10.9.0.2", "10.9.0.3"
SERVER6, ATTACKERS6, OWNERS6 = "fd00:9::1", "fd00:9:a::/48", "fd00:9:b::/48"
_NEWNET = 0x40000000  # CLONE_NEWNET: setns(2)
_FREEBIND = 15  # IP_FREEBIND, and for IPv6 as well: ip(7)


@dataclass
class Network:
    """``attacker`` and ``owner`` may be asked for by name; the server is in the third."""

    prefix: str
    state: Path

    def command(self, who: str, *words: str) -> list[str]:
        """A command line that runs in somebody's namespace."""
        return [real.tool("ip", "iproute2"), "netns", "exec", f"{self.prefix}-{who}", *words]

    @contextmanager
    def inside(self, who: str) -> Iterator[None]:
        """This thread is in somebody's namespace; sockets that are made here stay there."""
        with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{self.prefix}-{who}") as there:
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(home.fileno())

    @contextmanager
    def client(
        self, who: str, port: int, *, source: str = "", server: str = SERVER
    ) -> Iterator[socket.socket]:
        """A connection from there.  :param source: another address than the namespace's own."""
        with self.inside(who):
            client = socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET)
        with client:
            if source:
                client.setsockopt(socket.IPPROTO_IP, _FREEBIND, 1)
                client.bind((source, 0))
            client.settimeout(real.PATIENCE)
            client.connect((server, port))
            yield client

    @contextmanager
    def running(self, plugin: str, *options: str) -> Iterator[real.Plugin]:
        """The plugin in the server's namespace, once it is ready; ended at the end if it still runs."""
        with real.running(plugin, *options, state=self.state, inside=self.command("server")) as started:
            yield started


@contextmanager
def network(state: Path) -> Iterator[Network]:
    """The three namespaces; the test is skipped where they cannot be made."""
    ip = real.tool("ip", "iproute2")
    made = Network(f"netapp{os.getpid()}", state)
    with ExitStack() as stack:
        for who in ("server", "attacker", "owner"):
            name = f"{made.prefix}-{who}"
            if subprocess.run([ip, "netns", "add", name], capture_output=True, check=False).returncode:
                pytest.skip("network namespaces cannot be made here: they take root")
            stack.callback(subprocess.run, [ip, "netns", "del", name], check=False)
        for who, networks in (("attacker", (ATTACKER, ATTACKERS6)), ("owner", (OWNER, OWNERS6))):
            _join(made, who, *networks)
        for address in (f"{SERVER}/32", f"{SERVER6}/128"):
            _ip(made, "server", "address", "add", address, "dev", "lo", "nodad")
        yield made


def _join(made: Network, who: str, address: str, wide: str) -> None:
    """A cable between somebody and the server, and the way along it in both directions."""
    ours, theirs = f"to-{who}", "to-server"
    peer = ("netns", f"{made.prefix}-{who}")
    _ip(made, "server", "link", "add", ours, "type", "veth", "peer", "name", theirs, *peer)
    for place, link in (("server", ours), (who, theirs)):
        _ip(made, place, "link", "set", "lo", "up")
        _ip(made, place, "link", "set", link, "up")
    _ip(made, who, "address", "add", f"{address}/32", "dev", theirs)
    _ip(made, who, "route", "add", SERVER, "dev", theirs, "src", address)
    _ip(made, "server", "route", "add", address, "dev", ours)
    _ip(made, who, "-6", "route", "add", "local", wide, "dev", "lo")  # all of them are its own
    for place, link, own in (("server", ours, "fe80::1"), (who, theirs, "fe80::2")):
        _ip(made, place, "address", "add", f"{own}/64", "dev", link, "nodad")
    _ip(made, who, "-6", "route", "add", SERVER6, "via", "fe80::1", "dev", theirs)
    _ip(made, "server", "-6", "route", "add", wide, "via", "fe80::2", "dev", ours)


def _ip(made: Network, who: str, *words: str) -> None:
    done = subprocess.run(
        [real.tool("ip", "iproute2"), "-n", f"{made.prefix}-{who}", *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"no network in a namespace: {done.stderr.strip()}")


def _enter(handle: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(handle, _NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
