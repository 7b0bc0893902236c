"""One client's flood of datagrams does not slow another's connection, nor stop the timers."""

import contextlib
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests import real
from tests.dns.asking import query

pytestmark = pytest.mark.real

#: Sends as fast as it can and reads nothing.
FLOOD = """
import socket, sys, time
octets = bytes.fromhex(sys.argv[2])
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flood:
    flood.connect(("127.0.0.1", int(sys.argv[1])))
    flood.setblocking(False)
    print("ready", flush=True)
    end = time.monotonic() + 20
    while time.monotonic() < end:
        for _ in range(100):
            try:
                flood.send(octets)
            except OSError:
                pass
"""


@pytest.mark.parametrize("flood", [query(), b"www.baidu.com", query("nobody.lan")])
def test_d47_a_flood_leaves_tcp_its_turn(start: Callable[..., real.Plugin], flood: bytes) -> None:
    plugin = start(
        "netapp-dns",
        "--listen=udp:0:interface=127.0.0.1",
        "--listen=tcp:0:interface=127.0.0.1",
        "--record=www.baidu.com=192.168.1.2",
    )
    framed = len(query()).to_bytes(2, "big") + query()
    command = [sys.executable, "-I", "-S", "-c", FLOOD, str(plugin.udp()), flood.hex()]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as flooding:
        assert flooding.stdout is not None
        try:
            flooding.stdout.readline()
            with real.tcp_client(plugin.tcp()) as client:
                waits = []
                for _ in range(40):
                    begun = time.perf_counter()
                    client.sendall(framed)
                    assert client.recv(2048)[2:4] == query()[:2]
                    waits.append(time.perf_counter() - begun)
            with real.tcp_client(plugin.tcp()) as lone:
                lone.sendall(b"www.baidu.com")  # what quiet ends is a timer's to answer
                assert lone.recv(99) == b"192.168.1.2"
        finally:
            flooding.kill()
    assert statistics.median(waits) < 0.05, waits
    assert answered_within_ten_seconds(plugin.udp(), b"www.baidu.com") == b"192.168.1.2"


def answered_within_ten_seconds(port: int, text: bytes) -> bytes:
    """Ask again, as every client does: what the flood left in the socket's buffer may have it dropped."""
    with real.udp_client(timeout=0.5) as client:
        for _ in range(20):
            with contextlib.suppress(TimeoutError):
                return real.ask(port, text, client=client)
    return b""
