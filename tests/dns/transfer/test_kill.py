"""SIGKILL while a zone comes in: after the restart it is the one before or the one after."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import dns.message
import dns.query
import dns.rdatatype
import dns.zone
import pytest
from twisted.internet import task

from netapp.dns.transfer.outgoing import Outgoing
from netapp.dns.transfer.places import Sending
from netapp.names.model import SOA, A, Record
from netapp.names.zone import Zone, build_zone
from tests import real
from tests.dns.transfer.foreign import free_port, serial
from tests.dns.transfer.zones import ORIGIN, Known, asked, records, steps

pytestmark = pytest.mark.real
#: How often; each takes about a second.
KILLS = int(os.environ.get("NETAPP_TEST_KILLS", "5"))
HOSTS = 3000


def version(number: int) -> Zone:
    """Every host's address tells of which version it is; of an even one only some are new."""
    even = number - number % 2
    hosts = (
        Record(b"\x05" + b"h%04d" % host + ORIGIN, A, _address(host, number if host < 60 else even), 60)
        for host in range(HOSTS)
    )
    return build_zone(ORIGIN, [*records(number), *hosts])


def _address(host: int, number: int) -> bytes:
    return host.to_bytes(2, "big") + number.to_bytes(2, "big")


class Primary:
    """One version of the zone, by SOA over UDP, and by AXFR or IXFR over TCP, in small pieces.

    Nobody is answered before ``go`` is set.
    """

    def __init__(self, port: int) -> None:
        self.go, self.known, self.sent = threading.Event(), Known(version(1)), 0
        self._udp = socket.socket(type=socket.SOCK_DGRAM)
        self._tcp = socket.create_server(("127.0.0.1", port))
        self._udp.bind(("127.0.0.1", port))
        for work in (self._answer, self._send):
            threading.Thread(target=work, daemon=True).start()

    def close(self) -> None:
        self._udp.close()
        self._tcp.close()

    def _answer(self) -> None:
        while True:
            try:
                question, peer = self._udp.recvfrom(4096)
                self.go.wait(real.PATIENCE)
                (zone,) = self.known.snapshot.zones.values()
                rdata = zone.soa.rdatas[0]
                answer = question[:2] + b"\x84\0\0\1\0\1\0\0\0\0" + question[12:]
                answer += (
                    b"\xc0\x0c" + SOA.to_bytes(2, "big") + b"\0\1\0\0\0\x3c" + len(rdata).to_bytes(2, "big")
                )
                self._udp.sendto(answer + rdata, peer)
            except OSError:
                return

    def _send(self) -> None:
        while True:
            try:
                client, _ = self._tcp.accept()
            except OSError:
                return
            try:
                self._transfer(client)
            except OSError:  # it was killed
                pass
            finally:
                client.close()

    def _transfer(self, client: socket.socket) -> None:
        size = int.from_bytes(client.recv(2, socket.MSG_WAITALL), "big")
        request = client.recv(size, socket.MSG_WAITALL)
        self.go.wait(real.PATIENCE)
        outgoing = Outgoing(self.known, lambda host, key: True, task.Clock())
        qtype = int.from_bytes(request[12 + len(ORIGIN) :][:2], "big")
        outcome = outgoing.handlers()[qtype](asked(request))
        assert isinstance(outcome, bytes | Sending)
        for message in [outcome] if isinstance(outcome, bytes) else outcome:
            octets = len(message).to_bytes(2, "big") + message
            for at in range(0, len(octets), 2000):
                client.sendall(octets[at : at + 2000])
                time.sleep(0.002)
        self.sent += 1
        client.recv(1)


@contextmanager
def primary(port: int) -> Iterator[Primary]:
    serving = Primary(port)
    try:
        yield serving
    finally:
        serving.close()


def served(port: int) -> tuple[int, set[tuple[str, str]]]:
    """The serial and the addresses of all hosts, by AXFR."""
    zone = dns.zone.Zone("example.lan.", relativize=False)
    query = dns.message.make_query("example.lan.", dns.rdatatype.AXFR)
    dns.query.inbound_xfr("127.0.0.1", zone, query, port=port, timeout=10, lifetime=30)
    soa = zone.get_soa()
    return soa.serial, {(str(name), rdata.to_text()) for name, _, rdata in zone.iterate_rdatas("A")}


def expected(number: int) -> set[tuple[str, str]]:
    names = {
        (
            f"h{host:04}.example.lan.",
            ".".join(map(str, _address(host, number if host < 60 else number - number % 2))),
        )
        for host in range(HOSTS)
    }
    return names | {("ns.example.lan.", "192.0.2.1"), ("mail.example.lan.", "192.0.2.2")}


def test_a_kill_leaves_the_zone_before_or_the_zone_after(
    start: Callable[..., real.Plugin], tmp_path: Path
) -> None:
    random, theirs, ours = Random(1995), free_port(), free_port()
    options = [f"--listen={kind}:{ours}:interface=127.0.0.1" for kind in ("udp", "tcp")]
    options += [f"--primary=example.lan@127.0.0.1:{theirs}", "--allow-transfer=127.0.0.1"]
    seen: set[int] = set()
    with primary(theirs) as other:
        other.go.set()
        netapp = start("netapp-dns", *options)
        netapp.wait_for("zone example.lan: serial 1 from")
        netapp.kill()
        least = number = 1
        for kill in range(KILLS):
            other.go.clear()
            netapp = start("netapp-dns", *options)
            there, addresses = served(ours)
            assert there in (least, number), f"{there} after a kill between {least} and {number}"
            assert addresses == expected(there)
            seen.add(there)
            least, number = there, number + 1
            before = version(there)
            after = version(number)
            changes = steps(before, after) if number % 2 else ()  # AXFR, IXFR, AXFR ...
            other.known = Known(after, changes=changes)
            other.go.set()
            if kill:
                time.sleep(random.uniform(0.0, 0.25))
            else:  # one comes whole, however slow this machine is
                netapp.wait_for(f"serial {number} from")
            if "serial" in netapp.log and f"serial {number} from" in netapp.log:
                least = number  # it has been told
            netapp.kill()
        other.go.set()
        netapp = start("netapp-dns", *options)
        netapp.wait_for(f"serial {number} from|ready")
        deadline = time.monotonic() + real.PATIENCE
        while serial(ours) != number:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert served(ours) == (number, expected(number))
    print(f"{KILLS} kills, {len(seen)} versions served")
    assert len(seen) > 1
