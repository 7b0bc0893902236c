"""Other people's name servers on loopback, each with one zone: Knot, BIND and NSD as Debian has them."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dns.message
import dns.query
import dns.rdatatype
import dns.tsigkeyring
import dns.zone
from dns.rdtypes.ANY.SOA import SOA

from tests import real

SECRET = "c2VjcmV0LW9mLXRoaXJ0eS10d28tb2N0ZXRzLWxvbmc="
KEY = f"hmac-sha256:laptop:{SECRET}"
RING = dns.tsigkeyring.from_text({"laptop": ("hmac-sha256", SECRET)})


def zone_text(serial: int, *more: str, refresh: int = 100) -> str:
    """Enough names that differences are shorter than the zone."""
    hosts = "".join(f"h{number} A 10.0.{number}.1\n" for number in range(40))
    soa = f"@ SOA ns root {serial} {refresh} 2 1000 60"
    head = f"$ORIGIN example.lan.\n$TTL 300\n{soa}\n@ NS ns\nns A 127.0.0.1\n"
    return (
        head
        + hosts
        + '@ MX 10 h1\n_x._tcp SRV 1 2 3 h2\nt TXT "a b" c\n'
        + "".join(f"{each}\n" for each in more)
    )


def free_port() -> int:
    """A port that is free for both transports, now."""
    while True:
        with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagram:
            stream.bind(("127.0.0.1", 0))
            port: int = stream.getsockname()[1]
            try:
                datagram.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@dataclass(frozen=True)
class Foreign:
    """A running server.  ``zone`` is its zone file."""

    port: int
    zone: Path
    process: "subprocess.Popen[bytes]"

    def change(self, text: str) -> None:
        """Have it serve another version."""
        later = max(time.time(), self.zone.stat().st_mtime) + 5  # whole seconds are compared
        self.zone.write_text(text)
        os.utime(self.zone, (later, later))
        self.process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(real.PATIENCE)


@contextmanager
def _running(folder: Path, port: int, *command: str) -> Iterator[Foreign]:
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield Foreign(port, folder / "zone", process)
    finally:
        process.kill()
        process.wait(real.PATIENCE)


def _folder(path: Path, name: str, text: str | None) -> Path:
    folder = path / name
    folder.mkdir()
    if text is not None:
        (folder / "zone").write_text(text)
    return folder


@contextmanager
def knot(
    path: Path,
    port: int,
    other: int,
    text: str | None = None,
    *,
    signs: bool = False,
    only: str | None = None,
) -> Iterator[Foreign]:
    """:param other: netapp's port: its primary, or whom it notifies where it has the ``text`` itself.

    :param signs: it signs the zone, with NSEC.
    :param only: netapp's address, by which alone it is known.
    """
    program, folder = real.tool("knotd", "knot"), _folder(path, "knot", text)
    role = "master: other" if text is None else "notify: other"
    (folder / "db").mkdir()
    (folder / "conf").write_text(f"""
server:
    listen: 127.0.0.1@{port}
    rundir: {folder}
log:
  - target: stderr
    any: info
database:
    storage: {folder}/db
key:
  - id: laptop
    algorithm: hmac-sha256
    secret: {SECRET}
remote:
  - id: other
    address: {only or "127.0.0.1"}@{other}
    {"" if only else "key: laptop"}
acl:
  - id: all
    address: {only or "127.0.0.1"}
    {"" if only else "key: laptop"}
    action: [transfer, notify]
zone:
  - domain: example.lan
    storage: {folder}
    file: zone
    {role}
    acl: all
    zonefile-load: difference{"-no-serial" if signs else ""}
    journal-content: {"all" if signs else "changes"}
    zonefile-sync: {-1 if signs else 0}
    dnssec-signing: {"on" if signs else "off"}
""")
    with _running(folder, port, program, "-c", str(folder / "conf")) as server:
        yield server


@contextmanager
def bind(
    path: Path, port: int, other: int, text: str | None = None, *, only: str | None = None
) -> Iterator[Foreign]:
    """:param only: as :func:`knot` has it."""
    there = f"{only} port {other}" if only else f"127.0.0.1 port {other} key laptop"
    allowed = only or "key laptop"
    program, folder = real.tool("named", "bind9"), _folder(path, "bind", text)
    role = (
        f"type secondary; primaries {{ {there}; }}; {'' if only else 'allow-notify { key laptop; };'}"
        " masterfile-format text;"
        if text is None
        else f"type primary; ixfr-from-differences yes; notify explicit; also-notify {{ {there}; }};"
    )
    (folder / "conf").write_text(f"""
key laptop {{ algorithm hmac-sha256; secret "{SECRET}"; }};
controls {{ }};
options {{
    directory "{folder}"; pid-file none; session-keyfile none; recursion no; dnssec-validation no;
    listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
    allow-transfer {{ {allowed}; }}; notify-delay 0; min-refresh-time 1;
}};
zone example.lan {{ {role} file "zone"; }};
""")
    with _running(folder, port, program, "-g", "-c", str(folder / "conf")) as server:
        yield server


@contextmanager
def nsd(path: Path, port: int, other: int, text: str | None = None) -> Iterator[Foreign]:
    program, folder = real.tool("nsd", "nsd"), _folder(path, "nsd", text)
    role = (
        f"request-xfr: 127.0.0.1@{other} laptop\n    allow-notify: 127.0.0.1 laptop"
        if text is None
        else f"notify: 127.0.0.1@{other} laptop"
    )
    (folder / "conf").write_text(f"""
server:
    ip-address: 127.0.0.1@{port}
    server-count: 1
    username: ""
    chroot: ""
    database: ""
    zonesdir: "{folder}"
    pidfile: "{folder}/pid"
    xfrdfile: "{folder}/xfrd"
    zonelistfile: "{folder}/zonelist"
    xfrdir: "{folder}"
    zonefiles-check: yes
    rrl-ratelimit: 0
remote-control:
    control-enable: no
key:
    name: laptop
    algorithm: hmac-sha256
    secret: "{SECRET}"
zone:
    name: example.lan
    zonefile: zone
    provide-xfr: 127.0.0.1 laptop
    {role}
    store-ixfr: yes
    create-ixfr: yes
""")
    with _running(folder, port, program, "-d", "-c", str(folder / "conf")) as server:
        yield server


# Asking ------------------------------------------------------------------------------------------


def serial(port: int) -> int | None:
    """The serial that a server has; None while it has none."""
    asked = dns.message.make_query("example.lan.", dns.rdatatype.SOA)
    try:
        answer = dns.query.udp(asked, "127.0.0.1", port=port, timeout=1.0)
    except (OSError, dns.exception.Timeout):
        return None
    for rrset in answer.answer:
        soa = rrset[0]
        assert isinstance(soa, SOA)
        return soa.serial
    return None


def wait_for_serial(port: int, wanted: int, *, within: float = real.PATIENCE) -> None:
    deadline = time.monotonic() + within
    while (seen := serial(port)) != wanted:
        assert time.monotonic() < deadline, f"serial {seen} after {within} s, not {wanted}"
        time.sleep(0.05)


def content(port: int, *, signed: bool = True) -> set[tuple[str, int, str]]:
    """All records of a server's zone, by AXFR."""
    zone = dns.zone.Zone("example.lan.", relativize=False)
    query = dns.message.make_query("example.lan.", dns.rdatatype.AXFR)
    if signed:
        query.use_tsig(RING)
    dns.query.inbound_xfr("127.0.0.1", zone, query, port=port, timeout=10, lifetime=30)
    return {(str(name).lower(), ttl, rdata.to_text()) for name, ttl, rdata in zone.iterate_rdatas()}
