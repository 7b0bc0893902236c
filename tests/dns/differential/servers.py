"""NSD and Knot with zones that we made, on loopback, and BIND's signer."""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode

from tests.dns.differential.questions import Question

#: Fits any answer of the test's zones over loopback.
_PAYLOAD = 4096
_PATIENCE = 10.0


@dataclass(frozen=True)
class Served:
    """A zone and the file it is in."""

    origin: dns.name.Name
    path: Path


class Asker:
    """One socket to one server; questions one at a time."""

    def __init__(self, port: int, stream: int = 0) -> None:
        """:param stream: the TCP port, if it is another."""
        self._stream = stream or port
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(_PATIENCE)
        self._socket.connect(("127.0.0.1", port))

    def ask(self, question: Question) -> dns.message.Message:
        query = dns.message.make_query(
            question.name,
            dns.rdatatype.RdataType.make(question.rdtype),
            use_edns=0,
            want_dnssec=question.dnssec,
            payload=_PAYLOAD,
            flags=0,
        )
        self._socket.send(query.to_wire())
        answer = dns.message.from_wire(self._socket.recv(65535))
        assert answer.id == query.id
        if answer.flags & dns.flags.TC:
            answer = dns.query.tcp(query, "127.0.0.1", _PATIENCE, self._stream)
        return answer

    def close(self) -> None:
        self._socket.close()


@contextmanager
def nsd(zones: Sequence[Served], folder: Path) -> Iterator[Asker]:
    """NSD with its defaults, but without its limit of answers a second."""
    stated = "".join(f'zone:\n  name: "{each.origin}"\n  zonefile: "{each.path}"\n' for each in zones)
    files = "".join(
        f'  {key}: "{folder / key}"\n'
        for key in ("pidfile", "xfrdfile", "zonelistfile", "xfrdir", "zonesdir")
    )
    (folder / "xfrdir").mkdir()
    (folder / "zonesdir").mkdir()

    def config(port: int) -> str:
        return (
            f'server:\n  ip-address: 127.0.0.1\n  port: {port}\n  username: ""\n  chroot: ""\n'
            f'{files}  server-count: 1\n  database: ""\n  ipv4-edns-size: {_PAYLOAD}\n'
            "  rrl-ratelimit: 0\n  minimal-responses: yes\n  refuse-any: no\n"
            f"remote-control:\n  control-enable: no\n{stated}"
        )

    with _running(["nsd", "-d", "-c"], folder / "nsd.conf", config, zones) as asker:
        yield asker


@contextmanager
def knot(zones: Sequence[Served], folder: Path) -> Iterator[Asker]:
    """Knot with its defaults."""
    stated = "".join(f'  - domain: "{each.origin}"\n    file: "{each.path}"\n' for each in zones)

    def config(port: int) -> str:
        return (
            f"server:\n    listen: 127.0.0.1@{port}\n    rundir: {folder}\n    udp-max-payload: {_PAYLOAD}\n"
            f"    udp-workers: 1\n    tcp-workers: 1\n    background-workers: 1\n"
            f"control:\n    listen: {folder}/knot.sock\ndatabase:\n    storage: {folder}\n"
            "log:\n  - target: stderr\n    any: warning\n"
            f"template:\n  - id: default\n    storage: {folder}\n    journal-content: none\n"
            f"    zonefile-sync: -1\nzone:\n{stated}"
        )

    with _running(["knotd", "-c"], folder / "knot.conf", config, zones) as asker:
        yield asker


@contextmanager
def _running(
    command: Sequence[str], file: Path, config: Callable[[int], str], zones: Sequence[Served]
) -> Iterator[Asker]:
    port = _free_port()
    file.write_text(config(port))
    with file.with_suffix(".log").open("wb") as log:
        process = subprocess.Popen([*command, str(file)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    asker = Asker(port)
    try:
        _wait(asker, process, zones, file.with_suffix(".log"))
        yield asker
    finally:
        asker.close()
        process.terminate()
        process.wait(_PATIENCE)


def _wait(asker: Asker, process: "subprocess.Popen[bytes]", zones: Sequence[Served], log: Path) -> None:
    """Until every zone is answered from."""
    deadline = time.monotonic() + _PATIENCE
    for zone in zones:
        while True:
            try:
                if asker.ask(Question(zone.origin, 6, False)).rcode() == dns.rcode.NOERROR:
                    break
            except (OSError, dns.exception.DNSException):
                pass
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, f"{zone.origin} is not served:\n{log.read_text()}"
            time.sleep(0.05)


def _free_port() -> int:
    """A port free for both transports a moment ago."""
    while True:
        with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
            stream.bind(("127.0.0.1", 0))
            try:
                datagrams.bind(stream.getsockname())
            except OSError:
                continue
            return int(stream.getsockname()[1])


def sign(text: str, origin: dns.name.Name, folder: Path, *options: str) -> str:
    """A zone signed by BIND's dnssec-signzone.

    :param options: of it: ``-3 SALT``, ``-H ITERATIONS``, ``-A`` for opt-out; none gives NSEC.
    """
    folder.mkdir()
    unsigned, signed = folder / "unsigned", folder / "signed"
    keys = [
        _run(["dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", *kind, "-K", folder, str(origin)]).strip()
        for kind in ([], ["-f", "KSK"])
    ]
    unsigned.write_text(text + "".join((folder / f"{key}.key").read_text() for key in keys))
    places: list[str | Path] = ["-K", folder, "-d", folder, "-f", signed, "-o", str(origin)]
    _run(["dnssec-signzone", "-P", "-q", "-O", "full", *places, *options, unsigned])
    return signed.read_text().replace("\\\\", "\\092")  # NSD, see spelt()


def can_sign() -> bool:
    return shutil.which("dnssec-signzone") is not None and shutil.which("dnssec-keygen") is not None


def _run(command: Sequence[str | Path]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
