"""Transfers with servers that people have: Knot, BIND and NSD, on loopback."""

import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import dns.message
import dns.rdatatype
import dns.update
import pytest

from tests import real
from tests.dns.transfer import foreign
from tests.dns.transfer.foreign import KEY, content, free_port, wait_for_serial, zone_text

pytestmark = pytest.mark.real
Start = Callable[..., real.Plugin]
SERVERS = pytest.mark.parametrize("server", [foreign.knot, foreign.bind, foreign.nsd])


def listen(port: int, host: str = "127.0.0.1") -> list[str]:
    return [f"--listen={kind}:{port}:interface={host}" for kind in ("udp", "tcp")]


def primary_of(port: int, ours: int) -> list[str]:
    return [*listen(ours), f"--key={KEY}", f"--primary=example.lan@127.0.0.1:{port}#laptop"]


@SERVERS
def test_others_follow_netapp_by_notify_and_ixfr_with_tsig(
    server: object, start: Start, tmp_path: Path
) -> None:
    assert callable(server)
    file, ours, theirs = tmp_path / "example.lan", free_port(), free_port()
    file.write_text(zone_text(1))
    allow = ["--allow-transfer=127.0.0.1#laptop", f"--notify=127.0.0.1:{theirs}#laptop"]
    netapp = start("netapp-dns", *listen(ours), f"--key={KEY}", f"--zone={file}", *allow)
    with server(tmp_path, theirs, ours):
        wait_for_serial(theirs, 1)
        netapp.wait_for("zone example.lan: serial 1 sent to 127.0.0.1 by AXFR")
        file.write_text(zone_text(2, "first A 10.9.9.8"))  # another zone may have had serial 1
        wait_for_serial(theirs, 2)
        netapp.wait_for("zone example.lan: serial 2 sent to 127.0.0.1 by AXFR")
        file.write_text(zone_text(3, "new A 10.9.9.9"))
        wait_for_serial(theirs, 3)
        netapp.wait_for("zone example.lan: serial 3 sent to 127.0.0.1 by IXFR")
        assert content(theirs) == content(ours)
    with pytest.raises(dns.exception.DNSException):
        content(ours, signed=False)  # without the key nobody may


@SERVERS
def test_netapp_follows_others_by_notify_and_ixfr_with_tsig(
    server: object, start: Start, tmp_path: Path
) -> None:
    assert callable(server)
    ours, theirs = free_port(), free_port()
    with server(tmp_path, theirs, ours, zone_text(1)) as primary:
        wait_for_serial(theirs, 1)
        allow = "--allow-transfer=127.0.0.1#laptop"
        netapp = start("netapp-dns", *primary_of(theirs, ours), allow)
        netapp.wait_for(r"zone example.lan: serial 1 from 127.0.0.1:\d+#laptop by AXFR")
        assert content(ours) == content(theirs)
        primary.change(zone_text(2, "new A 10.9.9.9"))
        netapp.wait_for(r"zone example.lan: serial 2 from 127.0.0.1:\d+#laptop by IXFR")
        assert content(ours) == content(theirs)


@SERVERS
def test_what_went_while_netapp_was_away_is_gone(server: object, start: Start, tmp_path: Path) -> None:
    """NSD's first step adds the TXT record again, which is there; its second takes it away."""
    assert callable(server)
    ours, theirs = free_port(), free_port()
    with server(tmp_path, theirs, ours, zone_text(1, "v TXT a", "v MX 1 h1")) as primary:
        wait_for_serial(theirs, 1)
        options = [*primary_of(theirs, ours), "--allow-transfer=127.0.0.1#laptop"]
        netapp = start("netapp-dns", *options)
        netapp.wait_for("serial 1 from")
        netapp.kill()
        for serial, more in ((2, ["v TXT a", "v MX 1 h1", "v MX 2 h2"]), (3, ["v MX 1 h1"])):
            primary.change(zone_text(serial, *more))
            wait_for_serial(theirs, serial)
        netapp = start("netapp-dns", *options)
        netapp.wait_for(r"zone example.lan: serial 3 from 127.0.0.1:\d+#laptop by IXFR")
        assert content(ours) == content(theirs)


OURS = "127.0.0.7"
BY_ADDRESS = pytest.mark.parametrize("server", [foreign.knot, foreign.bind])


def at_ours(port: int) -> list[str]:
    return [f"--interface={OURS}", *listen(port, OURS)]


@BY_ADDRESS
def test_others_know_netapp_by_the_address_that_it_has_been_given(
    server: object, start: Start, tmp_path: Path
) -> None:
    """As a secondary they take NOTIFY from there alone; the system would send from 127.0.0.1."""
    assert callable(server)
    file, ours, theirs = tmp_path / "example.lan", free_port(), free_port()
    file.write_text(zone_text(1))
    allow = ["--allow-transfer=127.0.0.0/8", f"--notify=127.0.0.1:{theirs}"]
    netapp = start("netapp-dns", *at_ours(ours), f"--zone={file}", *allow)
    with server(tmp_path, theirs, ours, only=OURS):
        wait_for_serial(theirs, 1)
        file.write_text(zone_text(2, "new A 10.9.9.9"))
        wait_for_serial(theirs, 2)
    assert "does not want NOTIFY" not in netapp.log


@BY_ADDRESS
def test_netapp_asks_others_from_the_address_that_it_has_been_given(
    server: object, start: Start, tmp_path: Path
) -> None:
    """As a primary they give the zone to there alone; their NOTIFY comes from where none is named."""
    assert callable(server)
    ours, theirs = free_port(), free_port()
    with server(tmp_path, theirs, ours, zone_text(1), only=OURS) as primary:
        wait_for_serial(theirs, 1)
        netapp = start("netapp-dns", *at_ours(ours), f"--primary=example.lan@127.0.0.1:{theirs}")
        netapp.wait_for(r"zone example.lan: serial 1 from 127.0.0.1:\d+ by AXFR")
        primary.change(zone_text(2, "new A 10.9.9.9"))
        netapp.wait_for(r"zone example.lan: serial 2 from 127.0.0.1:\d+ by IXFR")


def test_who_is_no_primary_says_that_a_zone_has_changed(start: Start, tmp_path: Path) -> None:
    file, ours, theirs = tmp_path / "example.lan", free_port(), free_port()
    file.write_text(zone_text(1))
    start("netapp-dns", *listen(theirs), f"--zone={file}", f"--allow-transfer={OURS}")
    followed = f"--primary=example.lan@127.0.0.1:{theirs}"
    netapp = start("netapp-dns", *at_ours(ours), followed, "--allow-notify=127.0.0.9")
    netapp.wait_for(r"serial 1 from")
    file.write_text(zone_text(2))
    wait_for_serial(theirs, 2)
    notify = dns.message.make_query("example.lan", "SOA")
    notify.set_opcode(4)  # type: ignore[arg-type]
    refused = dns.query.udp(notify, OURS, port=ours, timeout=5, source="127.0.0.8")
    assert refused.rcode() == 5
    netapp.wait_for("NOTIFY of 127.0.0.8 refused")
    assert dns.query.udp(notify, OURS, port=ours, timeout=5, source="127.0.0.9").rcode() == 0
    netapp.wait_for(r"serial 2 from")


def test_a_signed_zone_comes_and_goes_on_with_its_signatures(start: Start, tmp_path: Path) -> None:
    ours, theirs = free_port(), free_port()
    with foreign.knot(tmp_path, theirs, ours, zone_text(1), signs=True) as primary:
        netapp = start("netapp-dns", *primary_of(theirs, ours), "--allow-transfer=127.0.0.1#laptop")
        netapp.wait_for(r"zone example.lan: serial \d+ from 127.0.0.1:\d+#laptop by AXFR")
        assert content(ours) == content(theirs)
        primary.change(zone_text(1, "new A 10.9.9.9", "h3 AAAA fd00::3"))
        netapp.wait_for(r"zone example.lan: serial \d+ from 127.0.0.1:\d+#laptop by IXFR")
        assert content(ours) == content(theirs)
    asked = dns.message.make_query("new.example.lan", "A", want_dnssec=True)
    answer = dns.query.udp(asked, "127.0.0.1", port=ours, timeout=5)
    assert [dns.rdatatype.to_text(rrset.rdtype) for rrset in answer.answer] == ["A", "RRSIG"]


def test_what_came_is_served_at_once_after_a_restart(start: Start, tmp_path: Path) -> None:
    ours, theirs = free_port(), free_port()
    with foreign.knot(tmp_path, theirs, ours, zone_text(1)) as primary:
        netapp = start("netapp-dns", *primary_of(theirs, ours))
        netapp.wait_for("serial 1 from")
        primary.stop()
    netapp.kill()
    netapp = start("netapp-dns", *primary_of(theirs, ours))
    assert foreign.serial(ours) == 1
    netapp.wait_for("zone example.lan: nothing from 127.0.0.1:.*: nobody listens there; trying on")
    with foreign.knot(tmp_path / "state", theirs, ours, zone_text(2)):
        netapp.wait_for("zone example.lan: serial 2 from .* by AXFR")
        netapp.wait_for("answers again")
        netapp.process.send_signal(signal.SIGHUP)
        netapp.wait_for("primaries: read again")
        assert netapp.log.count("nobody listens there") == 1  # before this primary goes too


def test_d15_d20_d21_over_real_sockets(start: Start, tmp_path: Path) -> None:
    file, ours = tmp_path / "example.lan", free_port()
    file.write_text(zone_text(5))
    allow = "--allow-transfer=127.0.0.1"
    second = ["--primary=followed.lan@192.0.2.1"]
    netapp = start("netapp-dns", *listen(ours), f"--zone={file}", allow, *second)

    def rcode(message: dns.message.Message) -> tuple[int, int]:
        with real.tcp_client(ours) as client:
            octets = message.to_wire()
            client.sendall(len(octets).to_bytes(2, "big") + octets)
            size = int.from_bytes(client.recv(2), "big")
            answer = dns.message.from_wire(
                client.recv(size, socket.MSG_WAITALL), xfr=True, one_rr_per_rrset=True
            )
        return answer.rcode(), len(answer.answer)

    assert rcode(dns.message.make_query("other.lan", "AXFR"))[0] == 9
    assert rcode(dns.message.make_query("example.lan", "AXFR"))[0] == 0
    future = dns.message.make_query("example.lan", "IXFR")
    future.authority.append(dns.rrset.from_text("example.lan.", 0, "IN", "SOA", ". . 9 0 0 0 0"))
    assert rcode(future) == (0, 1)
    for name, expected in (("followed.lan", 5), ("other.lan", 9), ("example.lan", 9)):
        notify = dns.message.make_query(name, "SOA")
        notify.set_opcode(4)  # type: ignore[arg-type]
        assert rcode(notify)[0] == expected
    assert netapp.stop() < 0
    netapp = start("netapp-dns", *listen(ours), f"--zone={file}")
    assert rcode(dns.message.make_query("example.lan", "AXFR"))[0] == 5


CLIENTS = {
    "dig": "dig -p {port} @127.0.0.1 example.lan AXFR",
    "dig for differences": "dig -p {port} @127.0.0.1 example.lan IXFR=2",
    "kdig": "kdig -p {port} @127.0.0.1 example.lan AXFR",
    "drill": "drill -p {port} @127.0.0.1 axfr example.lan",
}
PACKAGES = {"dig": "bind9-dnsutils", "kdig": "knot-dnsutils", "drill": "ldnsutils"}


def test_clients_that_people_have_get_a_zone(start: Start, tmp_path: Path) -> None:
    file, ours = tmp_path / "example.lan", free_port()
    file.write_text(zone_text(1))
    start("netapp-dns", *listen(ours), f"--zone={file}", "--allow-transfer=127.0.0.1")
    for serial, more in ((2, "old A 10.9.9.8"), (3, "new A 10.9.9.9")):
        file.write_text(zone_text(serial, more))
        wait_for_serial(ours, serial)
    for line in CLIENTS.values():
        program, *words = line.format(port=ours).split()
        path = real.tool(program, PACKAGES[program])
        shown = subprocess.run(
            [path, *words], capture_output=True, text=True, timeout=real.PATIENCE, check=True
        ).stdout
        assert "10.9.9.9" in shown
        assert shown.count("SOA") == (4 if "IXFR=2" in words else 2), line


def memory(server: real.Plugin) -> int:
    """Resident KiB."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def test_a_large_zone_to_readers_that_are_slow_costs_no_memory_and_no_time(
    start: Start, tmp_path: Path
) -> None:
    many, readers = 200_000, 8
    file, ours = tmp_path / "example.lan", free_port()
    hosts = "".join(f"n{n:06} A 10.{n >> 16}.{n >> 8 & 255}.{n & 255}\n" for n in range(many))
    file.write_text(zone_text(1) + hosts)
    netapp = start("netapp-dns", *listen(ours), f"--zone={file}", "--allow-transfer=127.0.0.1")
    query = dns.message.make_query("example.lan", "AXFR").to_wire()
    before = memory(netapp)
    with ExitStack() as stack:
        clients = []
        for _ in range(readers):
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(real.PATIENCE)
            client.connect(("127.0.0.1", ours))
            client.sendall(len(query).to_bytes(2, "big") + query)
            clients.append(client)
        slowest = 0.0
        for _ in range(50):
            for client in clients:
                client.recv(2000)
            begun = time.monotonic()
            assert foreign.serial(ours) == 1
            slowest = max(slowest, time.monotonic() - begun)
        assert memory(netapp) < before + 16 * 1024
        assert slowest < 1.0  # the machine may be busy with other things
        clients[0].close()
        with real.tcp_client(ours) as quick, quick.makefile("rb") as stream:
            quick.sendall(len(query).to_bytes(2, "big") + query)
            records = 0
            while records < many + 47:
                message = stream.read(int.from_bytes(stream.read(2), "big"))
                records += int.from_bytes(message[6:8], "big")
        assert records == many + 47
    assert memory(netapp) < before + 16 * 1024
