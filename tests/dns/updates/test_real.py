"""Dynamic update of a process: real clients, real sockets, a real disk, and kill -9."""

import base64
import os
import random
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsigkeyring
import dns.update
import dns.zone
import pytest

from netapp.dns.tsig.keys import Key
from netapp.dns.tsig.signing import Signer
from tests import real
from tests.dns.updates.asking import ALLOWED, APEX, adding, deleting, message, record, update, zone_file

pytestmark = pytest.mark.real
Start = Callable[..., real.Plugin]
LOCAL = ("--listen=udp:0:interface=127.0.0.1", "--listen=tcp:0:interface=127.0.0.1")
SECRET = "c2VjcmV0IG9mIHRoZSB0ZXN0cywgbG9uZyBlbm91Z2g="
#: How often a process is killed; more take longer and find more.
KILLS = int(os.environ.get("NETAPP_TEST_KILLS", "5"))


def told(server: real.Plugin, octets: bytes) -> str:
    """The rcode that a datagram gets."""
    return _rcode(real.ask(server.udp(), octets))


def told_over_tcp(server: real.Plugin, octets: bytes) -> str:
    with real.tcp_client(server.tcp()) as client:
        client.sendall(len(octets).to_bytes(2, "big") + octets)
        length = int.from_bytes(client.recv(2, socket.MSG_WAITALL), "big")
        return _rcode(client.recv(length, socket.MSG_WAITALL))


def _rcode(answer: bytes) -> str:
    return dns.rcode.to_text(dns.message.from_wire(answer, keyring=False).rcode())  # signed or not


def addresses(server: real.Plugin, name: str) -> list[str]:
    query = dns.message.make_query(name, "A")
    answer = dns.query.udp(query, "127.0.0.1", 5, server.udp())
    return [each.address for each in answer.get_rrset(answer.answer, query.question[0].name, 1, 1) or ()]


def serial(server: real.Plugin) -> int:
    query = dns.message.make_query("example.lan", "SOA")
    return int(dns.query.udp(query, "127.0.0.1", 5, server.udp()).answer[0][0].serial)


# The rows -------------------------------------------------------------------------------------------


def test_d16_an_update_of_a_stranger_is_refused(start: Start, tmp_path: Path) -> None:
    zone = f"--zone=example.lan={zone_file(tmp_path)}"
    server = start("netapp-dns", *LOCAL, zone)
    assert told(server, adding("new")) == told_over_tcp(server, adding("new")) == "REFUSED"
    key = start("netapp-dns", *LOCAL, zone, f"--key=hmac-sha256:dhcp:{SECRET}", f"{ALLOWED}#dhcp")
    assert told(key, adding("new")) == told_over_tcp(key, adding("new")) == "REFUSED"
    assert serial(server) == serial(key) == 1


def test_d17_other_than_one_zone_by_its_soa(start: Start, tmp_path: Path) -> None:
    server = start("netapp-dns", *LOCAL, f"--zone=example.lan={zone_file(tmp_path)}", ALLOWED)
    zone = b"\7example\3lan\0\0\6\0\1"
    bad = (message(zone=b"", zones=0), message(zone=zone * 2, zones=2), message(zone=zone[:-3] + b"\1\0\1"))
    for octets in bad:
        assert told(server, octets) == told_over_tcp(server, octets) == "FORMERR"
    assert told(server, adding("new")) == "NOERROR"


def test_d18_a_name_outside_the_zone(start: Start, tmp_path: Path) -> None:
    server = start("netapp-dns", *LOCAL, f"--zone=example.lan={zone_file(tmp_path)}", ALLOWED)
    inside = record(b"\3new" + APEX, 1, 1, b"\xc0\0\2\1", 60)
    octets = message(inside, record(b"\3new\3com\0", 1, 1, b"\xc0\0\2\1", 60))
    assert told(server, octets) == told_over_tcp(server, octets) == "NOTZONE"
    assert (addresses(server, "new.example.lan"), serial(server)) == ([], 1)
    assert told(server, update("example.com").to_wire()) == "NOTAUTH"


# Clients --------------------------------------------------------------------------------------------


def nsupdate(script: str, *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [real.tool("nsupdate", "bind9-dnsutils"), *options],
        input=script,
        capture_output=True,
        text=True,
        timeout=real.PATIENCE,
        check=False,
    )


@pytest.mark.parametrize("transport", [(), ("-v",)], ids=["udp", "tcp"])
@pytest.mark.parametrize("algorithm", ["hmac-sha256", "hmac-sha384", "hmac-sha512"])
def test_nsupdate_with_a_key(
    start: Start, tmp_path: Path, transport: tuple[str, ...], algorithm: str
) -> None:
    zone = zone_file(tmp_path)
    before = zone.read_bytes()
    keys = (f"--key={algorithm}:dhcp:{SECRET}", f"{ALLOWED}#dhcp")
    server = start("netapp-dns", *LOCAL, f"--zone=example.lan={zone}", *keys)
    script = f"""\
server 127.0.0.1 {server.tcp() if transport else server.udp()}
zone example.lan
prereq nxdomain new.example.lan
prereq yxrrset www.example.lan A 192.0.2.1
update add new.example.lan 60 A 192.0.2.5
update add new.example.lan 60 TXT "two words" "and more"
update add _ldap._tcp.example.lan 60 SRV 0 0 389 new.example.lan.
update delete www.example.lan A 192.0.2.1
send
"""
    done = nsupdate(script, *transport, "-y", f"{algorithm}:dhcp:{SECRET}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert addresses(server, "new.example.lan") == ["192.0.2.5"]
    assert addresses(server, "www.example.lan") == []
    again = nsupdate(script, *transport, "-y", f"{algorithm}:dhcp:{SECRET}")
    assert "update failed: YXDOMAIN" in again.stderr
    wrong = nsupdate(script, *transport, "-y", f"{algorithm}:dhcp:{SECRET[:-4]}AAA=")
    assert "BADSIG" in wrong.stderr
    assert serial(server) == 2
    assert zone.read_bytes() == before


@pytest.mark.parametrize("workers", [1, 2])
def test_what_was_overheard_is_not_carried_out_once_more(start: Start, tmp_path: Path, workers: int) -> None:
    keys = (f"--key=hmac-sha256:k:{SECRET}", f"{ALLOWED}#k", f"--workers={workers}")
    server = start("netapp-dns", *LOCAL, f"--zone=example.lan={zone_file(tmp_path)}", *keys)
    key, now = Key(b"\1k\0", "hmac-sha256", base64.b64decode(SECRET)), time.time()
    overheard = Signer(key).sign(adding("n"), now - 20)
    assert told_over_tcp(server, overheard) == "NOERROR"
    assert addresses(server, "n.example.lan") == ["192.0.2.9"]
    assert told(server, Signer(key).sign(deleting("n"), now)) == "NOERROR"
    assert told_over_tcp(server, overheard) == "NOTAUTH"
    for _ in range(8):  # each from another port, and so to this worker or that
        assert told(server, overheard) == "NOTAUTH"
    assert addresses(server, "n.example.lan") == []


def test_updates_stay_and_a_zone_file_may_be_edited(start: Start, tmp_path: Path) -> None:
    zone = zone_file(tmp_path)
    options = (*LOCAL, f"--zone=example.lan={zone}", ALLOWED)
    first = start("netapp-dns", *options)
    assert told(first, adding("dhcp")) == "NOERROR"
    zone.write_text(zone.read_text().replace("192.0.2.1", "192.0.2.99"))
    os.utime(zone, (1, 1))
    first.process.send_signal(1)
    first.wait_for("its file has serial 1, it is served with 3")
    assert (addresses(first, "www.example.lan"), serial(first)) == (["192.0.2.99"], 3)
    first.stop()
    second = start("netapp-dns", *options)
    assert addresses(second, "www.example.lan") == ["192.0.2.99"]
    assert (addresses(second, "dhcp.example.lan"), serial(second)) == (["192.0.2.9"], 3)


def test_a_full_disk_is_servfail_until_there_is_room(tmp_path: Path) -> None:
    with real.small_disk(tmp_path / "disk", 1) as disk:
        options = (*LOCAL, f"--zone=example.lan={zone_file(tmp_path)}", ALLOWED)
        with real.running("netapp-dns", *options, state=disk) as server:
            assert told(server, adding("one")) == "NOERROR"
            with (disk / "fill").open("wb", 0) as file, suppress(OSError):
                while True:
                    file.write(b"\0" * 4096)
            answers = [told(server, adding(f"full{each}", ident=each)) for each in range(300)]
            assert "SERVFAIL" in answers
            assert set(answers) <= {"SERVFAIL", "NOERROR"}
            (disk / "fill").unlink()
            assert told(server, adding("two")) == "NOERROR"
            stored = [f"full{each}" for each, answer in enumerate(answers) if answer == "NOERROR"]
            server.kill()
        with real.running("netapp-dns", *options, state=disk) as server:
            assert addresses(server, "two.example.lan") == ["192.0.2.9"]
            for name, answer in ((f"full{each}", answer) for each, answer in enumerate(answers)):
                assert (
                    bool(addresses(server, f"{name}.example.lan"))
                    == (name in stored)
                    == (answer == "NOERROR")
                )
            assert serial(server) == 3 + len(stored)


def test_fifty_clients_at_once(start: Start, tmp_path: Path) -> None:
    server = start("netapp-dns", *LOCAL, f"--zone=example.lan={zone_file(tmp_path)}", ALLOWED)
    answers: list[str] = []

    def client(number: int) -> None:
        ask = told if number % 2 else told_over_tcp
        for each in range(4):
            answers.append(ask(server, adding(f"c{number}-{each}")))

    threads = [threading.Thread(target=client, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(real.PATIENCE)
    assert answers == ["NOERROR"] * 200
    assert serial(server) == 201


# Kill -9 --------------------------------------------------------------------------------------------


class Client(threading.Thread):
    """Replaces two records by two others, again and again, each time in one update.

    :ivar done: the last number that was acknowledged; the next may be there too.
    """

    def __init__(self, port: int, name: str, number: int) -> None:
        super().__init__(daemon=True)
        self._name, self.done = name, number
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", port))

    def run(self) -> None:
        with self._socket, suppress(OSError):
            while True:
                self._socket.send(self._update(self.done + 1))
                answer = self._socket.recv(512)
                if not answer:
                    return
                assert dns.message.from_wire(answer).rcode() == 0
                self.done += 1

    def stop(self) -> None:
        """The server has gone: nothing comes any more."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self.join(10)

    def _update(self, number: int) -> bytes:
        message = update()
        message.replace(f"{self._name}-a", 60, "TXT", str(number))
        message.replace(f"{self._name}-b", 60, "TXT", str(number))
        message.add(f"{self._name}-{number % 5}", 60, "TXT", str(number))
        return message.to_wire()


def text(server: real.Plugin, name: str) -> list[int]:
    query = dns.message.make_query(f"{name}.example.lan", "TXT")
    answer = dns.query.tcp(query, "127.0.0.1", 5, server.tcp())
    return [int(each.strings[0]) for rrset in answer.answer for each in rrset]


def test_killed_in_the_middle_of_updates(tmp_path: Path) -> None:
    """After each kill every update is there whole or not at all, and each that was acknowledged is."""
    chance, numbers = random.Random(2136), {f"c{each}": 0 for each in range(6)}
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    options = (*LOCAL, f"--zone=example.lan={zone_file(tmp_path)}", ALLOWED)
    environment, last = real.environment(state), 0
    for _ in range(KILLS):
        with real.launched("netapp-dns", "netapp-dns", *options, cwd=tmp_path, env=environment) as server:
            found = serial(server)
            assert found >= last
            assert found == 1 + sum(
                _checked(server, name, number, numbers) for name, number in numbers.items()
            )
            clients = {name: Client(server.udp(), name, number) for name, number in numbers.items()}
            for client in clients.values():
                client.start()
            clients["c0"].join(chance.uniform(0.0, 0.4))
            last = serial(server)
            server.kill()
        for name, client in clients.items():
            client.stop()
            numbers[name] = client.done
    assert sum(numbers.values()) > KILLS


def _checked(server: real.Plugin, name: str, acknowledged: int, numbers: dict[str, int]) -> int:
    """See that a client's records are those of one moment.  :returns: which."""
    first, second = text(server, f"{name}-a"), text(server, f"{name}-b")
    assert first == second
    number = first[0] if first else 0
    assert acknowledged <= number <= acknowledged + 1
    expected = [each for each in range(1, number + 1) if each % 5 == number % 5] if number else []
    assert sorted(text(server, f"{name}-{number % 5}")) == expected
    numbers[name] = number
    return number
