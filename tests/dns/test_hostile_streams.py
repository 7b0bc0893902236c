"""Connections that cost: idle, half said, never read, reset; and what a zone may cost, by their rows.

A process with shorter limits, so that a test sees them pass: what is long elsewhere is the same here.
"""

import re
import select
import socket
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from typing import Final

import dns.flags
import dns.rdatatype
import pytest
from dns.rcode import NOERROR, NXDOMAIN

from netapp.names.master.writing import written
from tests import real
from tests.dns.asking import addresses, framed, opt, query, read, read_message
from tests.dns.test_hostile import memory
from tests.dns.test_protection import metrics
from tests.names.texts import nsec3_zone

pytestmark = pytest.mark.real

LIMITS: Final = {"DNS_IDLE": 1.5, "DNS_UNDECIDED": 2.5, "STALLED": 2.0, "DNS_CONNECTIONS": 40}
#: Begins twistd with these limits; its own words come behind.
BEGIN: Final = f"""
import sys
from netapp.core import limits
for name, value in {LIMITS}.items():
    assert hasattr(limits, name)
    setattr(limits, name, value)
del sys.argv[0]
from twisted.scripts.twistd import run
run()
"""
#: What a busy machine may be late by.
LATE: Final = 5.0
#: twistd's log has them behind the place that they come from.
TROUBLE = re.compile(r"#(warn|error|critical)\]")
MANY = "".join(f"many A 10.9.0.{number}\n" for number in range(60))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[real.Plugin]:
    state = tmp_path_factory.mktemp("streams")
    (state / "zone").write_text(
        f"$TTL 300\n@ SOA ns host 1 7200 600 86400 60\n@ NS ns\nns A 10.0.0.1\n{MANY}"
    )
    deep = nsec3_zone("@ SOA ns host 1 7200 600 86400 60\n@ NS ns\nns A 10.0.0.1\n", "deep.test.", "", 65535)
    (state / "deep").write_text("".join(written(deep)))
    with real.running(
        "netapp-dns",
        "--listen=udp:0:interface=127.0.0.1",
        "--listen=tcp:0:interface=127.0.0.1",
        "--metrics=tcp:0:interface=127.0.0.1",
        f"--zone=example.test={state / 'zone'}",
        f"--zone=deep.test={state / 'deep'}",
        state=state,
        inside=(sys.executable, "-c", BEGIN),
    ) as started:
        yield started


def connect(server: real.Plugin, stack: ExitStack) -> socket.socket:
    return stack.enter_context(socket.create_connection(("127.0.0.1", server.tcp()), 10.0))


def answers(server: real.Plugin) -> None:
    """It does, over both transports, and no longer counts our connection when this returns."""
    assert addresses(real.ask(server.udp(), query("ns.example.test"))) == ["10.0.0.1"]
    with ExitStack() as stack:
        client = connect(server, stack)
        client.sendall(framed(query("ns.example.test")))
        assert addresses(read_message(client)) == ["10.0.0.1"]
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""


def closings(clients: Sequence[socket.socket], within: float) -> list[float | None]:
    """When each has heard the end, in seconds from now; None for not within.  Nothing else may come."""
    began = time.monotonic()
    ends: dict[socket.socket, float] = {}
    while len(ends) < len(clients) and (left := began + within - time.monotonic()) > 0:
        waiting = [each for each in clients if each not in ends]
        for each in select.select(waiting, (), (), left)[0]:
            with suppress(ConnectionResetError):
                assert each.recv(1024) == b""
            ends[each] = time.monotonic() - began
    return [ends.get(each) for each in clients]


def test_d52_what_is_half_said_is_closed_in_time_and_told_nothing(server: real.Plugin) -> None:
    promised = (b"\0\x40abc", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500))
    with ExitStack() as stack:
        clients = [connect(server, stack) for _ in (*promised, "silence", "one octet")]
        for client, octets in zip(clients, (*promised, b"", b"\0"), strict=True):
            client.sendall(octets)
        ends = closings(clients, LIMITS["DNS_UNDECIDED"] + LATE)
        for end, limit in zip(ends, ("DNS_IDLE", "DNS_IDLE", "DNS_UNDECIDED", "DNS_IDLE"), strict=True):
            assert end is not None
            assert LIMITS[limit] - 0.5 <= end <= LIMITS[limit] + LATE
    answers(server)


def test_d52_octets_that_trickle_move_no_limit(server: real.Plugin) -> None:
    with ExitStack() as stack:
        client = connect(server, stack)
        began = time.monotonic()
        client.sendall(b"\0\xff")
        for _ in range(40):
            if closings([client], 0.2) != [None]:
                break
            with suppress(OSError):
                client.sendall(b"x")
        assert LIMITS["DNS_IDLE"] - 0.5 <= time.monotonic() - began <= LIMITS["DNS_IDLE"] + LATE


def test_d53_beyond_the_limit_the_oldest_idle_ones_are_closed(server: real.Plugin) -> None:
    most, beyond = int(LIMITS["DNS_CONNECTIONS"]), 8
    with ExitStack() as stack:
        half = connect(server, stack)  # older than all, and in the middle of a request
        half.sendall(framed(query("ns.example.test"))[:20])
        answers(server)  # so these octets have been read
        idle = [connect(server, stack) for _ in range(most - 1 + beyond)]
        ends = closings(idle[:beyond], 1.0)
        assert None not in ends
        assert closings(idle[beyond:], 0.1) == [None] * (most - 1)
        half.sendall(framed(query("ns.example.test"))[20:])
        assert addresses(read_message(half)) == ["10.0.0.1"]
        for each in (idle[beyond], idle[-1]):
            each.sendall(framed(query("ns.example.test")))
            assert addresses(read_message(each)) == ["10.0.0.1"]
        answers(server)  # a newcomer too


def test_d54_who_never_reads_is_cut_off_and_costs_little(server: real.Plugin) -> None:
    requests = framed(query("many.example.test")) * 12_000  # whose answers are 12 MB
    before = memory(server)
    with ExitStack() as stack:
        deaf = []
        for _ in range(20):
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", server.tcp()))
            client.setblocking(False)
            deaf.append(client)
        began = time.monotonic()
        for client in deaf:
            with suppress(BlockingIOError):
                client.send(requests)
        answers(server)
        assert memory(server) < before + 24 * 1024
        poll = select.poll()
        for client in deaf:
            poll.register(client, 0)  # an error, or the end of both ways, is always told
        while deaf and time.monotonic() < began + LIMITS["STALLED"] + 3 * LATE:
            for number, _ in poll.poll(500):
                poll.unregister(number)
                deaf = [each for each in deaf if each.fileno() != number]
        assert deaf == []
        assert time.monotonic() - began >= LIMITS["STALLED"] - 0.5
    assert metrics(server)["netapp_dns_connections"] == 0
    assert memory(server) < before + 24 * 1024
    answers(server)


def test_d54_who_reads_a_little_now_and_then_is_cut_off_too(server: real.Plugin) -> None:
    """Octets that trickle away are no sign of a reader: all that waits must be read in time."""
    requests = framed(query("many.example.test")) * 12_000
    with ExitStack() as stack:
        client = stack.enter_context(socket.socket())
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", server.tcp()))
        client.setblocking(False)
        with suppress(BlockingIOError):
            client.send(requests)
        poll = select.poll()
        poll.register(client, 0)
        began = time.monotonic()
        while not poll.poll(200):  # what was sent before stays to be read
            assert time.monotonic() < began + LIMITS["STALLED"] + 3 * LATE
            with suppress(BlockingIOError):
                assert client.recv(20)
    assert metrics(server)["netapp_dns_connections"] == 0
    answers(server)


def test_d55_resets_in_the_middle_are_nothing_to_log(server: real.Plugin) -> None:
    log = server.log
    with ExitStack() as stack:
        for number in range(60):
            client = connect(server, stack)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            whole = framed(query("many.example.test"))
            client.sendall((whole[:9], whole, whole * 500)[number % 3])
            client.close()  # a reset
    answers(server)
    until = time.monotonic() + real.PATIENCE
    while metrics(server)["netapp_dns_connections"]:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert not TROUBLE.search(server.log[len(log) :]), server.log[len(log) :]


def test_d64_nsec3_with_65535_iterations_costs_nothing(server: real.Plugin) -> None:
    """No proof is computed, of which 300 would take minutes; it is served as unsigned, as the log says."""
    began = time.monotonic()
    with real.udp_client() as client:
        for number in range(300):
            name = f"gone{number}.a.deep.test"
            answer = read(
                real.ask(server.udp(), query(name, edns=opt(flags=0x8000)), client=client, size=4096)
            )
            assert answer.rcode() == NXDOMAIN
            assert answer.flags & dns.flags.AA
            assert [each.rdtype for each in answer.authority] == [dns.rdatatype.SOA]
        asked = query("ns.deep.test", edns=opt(flags=0x8000))
        assert read(real.ask(server.udp(), asked, client=client)).rcode() == NOERROR
    assert time.monotonic() - began < 5.0
    server.wait_for(r"NSEC3 with 65535 iterations: served without proofs", within=1.0)


def test_none_of_this_was_an_error(server: real.Plugin) -> None:
    said = [each for each in server.log.splitlines() if TROUBLE.search(each) and "iterations" not in each]
    assert said == []
