"""DNS over UDP: 10,000 names, random order, one process and one worker for each server."""

import random
import re
import socket
from pathlib import Path

from benchmarks.datagrams import Load
from benchmarks.peers import Peer, Place, Run, executable, twistd
from benchmarks.process import LOOPBACK, Failed, Server, output_of
from benchmarks.table import CPU, CPU_FIRST, MEMORY, P99, RATE, percentile

EDNS = "A DNS answer over UDP, with EDNS"
COOKIE = "A DNS answer over UDP, with EDNS and a cookie as dig sends it"
PLAIN = "A plain answer over UDP"
NAMES = 10_000
ZONE = "bench.test"
#: Queries a second for the latency, well below what any of them can do.
CALM = 2000
_LATENCY = re.compile(r"^> \w+ \S+ A (\d+\.\d+)$", re.MULTILINE)
_COMPLETED = re.compile(r"Queries completed:\s+(\d+) ")
_RATE = re.compile(r"Queries per second:\s+([\d.]+)")
_LOST = re.compile(r"Queries lost:\s+(\d+) ")
_NOERROR = re.compile(r"Response codes:\s+NOERROR (\d+) ")


def name(number: int) -> str:
    return f"host{number:05}.{ZONE}"


def address(number: int) -> str:
    return f"10.1.{number // 250}.{number % 250 + 1}"


def hosts() -> str:
    """The names as a hosts file."""
    return "".join(f"{address(number)} {name(number)}\n" for number in range(NAMES))


def zone() -> str:
    """The names as a zone file that even ``twisted.names`` reads."""
    head = (
        f"$ORIGIN {ZONE}.\n$TTL 3600\n"
        f"{ZONE}. 3600 IN SOA ns.{ZONE}. root.{ZONE}. 1 3600 600 86400 300\n"
        f"{ZONE}. 3600 IN NS ns.{ZONE}.\nns.{ZONE}. 3600 IN A 10.0.0.1\n"
    )
    return head + "".join(f"{name(number)}. 3600 IN A {address(number)}\n" for number in range(NAMES))


def _netapp(place: Place) -> list[str]:
    listener = f"udp:{place.port}:interface={LOOPBACK}"
    return twistd("netapp-dns", "--listen", listener, "--hosts", place.write("hosts", hosts()))


def _knot(place: Place) -> list[str]:
    place.write("zone", zone())
    config = f"""\
server:
    rundir: {place.folder}
    user: root
    listen: {LOOPBACK}@{place.port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {place.folder}
log:
  - target: stderr
    any: error
zone:
  - domain: {ZONE}
    storage: {place.folder}
    file: zone
    zonefile-sync: -1
    journal-content: none
"""
    return ["knotd", "-c", place.write("knot.conf", config)]


def _nsd(place: Place) -> list[str]:
    place.write("zone", zone())
    config = f"""\
server:
    server-count: 1
    ip-address: {LOOPBACK}@{place.port}
    username: ""
    zonesdir: "{place.folder}"
    database: ""
    xfrdfile: "{place.folder}/xfrd"
    xfrdir: "{place.folder}"
    zonelistfile: "{place.folder}/zones"
    pidfile: ""
    minimal-responses: yes
remote-control:
    control-enable: no
zone:
    name: {ZONE}
    zonefile: zone
"""
    return ["nsd", "-d", "-c", place.write("nsd.conf", config)]


def dnsmasq(place: Place) -> list[str]:
    return [
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--user=root", "--pid-file=",
        "--no-hosts", "--no-resolv", "--bind-interfaces", f"--listen-address={LOOPBACK}",
        f"--port={place.port}", f"--addn-hosts={place.write('hosts', hosts())}",
    ]  # fmt: skip


def _twisted_names(place: Place) -> list[str]:
    file = place.write(ZONE, zone())  # the file's name is taken for the origin
    return twistd("dns", "--interface", LOOPBACK, "--port", str(place.port), "--bindzone", file)


NETAPP = Peer("netapp-dns", "netapp.dns.tap", ("netapp", "--version"), _netapp)
DNSMASQ = Peer("dnsmasq", "dnsmasq", ("dnsmasq", "--version"), dnsmasq)
PEERS = (
    NETAPP,
    Peer("Knot", "knotd", ("knotd", "--version"), _knot),
    Peer("NSD", "nsd", ("nsd", "-v"), _nsd),
    DNSMASQ,
    Peer("twisted.names", "twisted.names.tap", (str(twistd("")[0]), "--version"), _twisted_names),
)


def measure(run: Run) -> None:
    """One round: every server in turn."""
    for peer in PEERS:
        if run.can(peer, EDNS, COOKIE):
            with run.noting(peer.name, EDNS), run.running(peer, answers) as (server, place):
                if executable("dnsperf"):
                    _standard(run, peer, server, place)
                else:
                    run.results.miss(EDNS, peer.name, "dnsperf is not installed")
                if peer is NETAPP:
                    _plain(run, peer, server, place)


def answers(place: Place) -> bool:
    """Whether the server gives the right address for the last name."""
    labels = name(NAMES - 1).encode().split(b".")
    question = b"".join(bytes([len(label)]) + label for label in labels) + b"\0\0\1\0\1"
    query = b"\x12\x34\1\0\0\1\0\0\0\0\0\0" + question
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.1)
        client.connect((LOOPBACK, place.port))
        try:
            client.send(query)
            answer = client.recv(4096)
        except OSError:  # nobody is there yet, or has no answer yet
            return False
    return answer[:2] == query[:2] and socket.inet_aton(address(NAMES - 1)) in answer


def _standard(run: Run, peer: Peer, server: Server, place: Place) -> None:
    queries = _shuffled(place, " A")
    before = server.cpu()
    _dnsperf(place, queries, "-n", "1")  # each name once: what is kept of an answer is kept now
    run.record(EDNS, peer.name, CPU_FIRST, (server.cpu() - before) / NAMES * 1e6)
    for work, cookie in ((EDNS, ()), (COOKIE, ("-E", "10:0123456789abcdef"))):
        before = server.cpu()
        report = _dnsperf(place, queries, "-l", f"{run.seconds:g}", *cookie)
        used = server.cpu() - before
        run.record(work, peer.name, CPU, used / completed(report) * 1e6)
        run.record(work, peer.name, RATE, rate(report))
    calm = _dnsperf(place, queries, "-v", "-Q", str(CALM), "-l", "1")
    if not (each := waits(calm)):
        raise Failed("no answer at a calm pace")
    run.record(EDNS, peer.name, P99, percentile(each, 0.99))
    run.record(EDNS, peer.name, MEMORY, server.rss() / 2**20)


def completed(report: str) -> int:
    """How many answers dnsperf has had.  :raises Failed: some are missing or wrong."""
    answers, lost = int(_found(_COMPLETED, report)), int(_found(_LOST, report))
    if int(_found(_NOERROR, report)) != answers:
        raise Failed("answered with errors")
    if lost > answers / 1000:
        raise Failed(f"lost {lost} of {answers} queries")
    return answers


def rate(report: str) -> float:
    """Answers a second."""
    return float(_found(_RATE, report))


def waits(report: str) -> list[float]:
    """Milliseconds of each answer, from a verbose report."""
    return [float(seconds) * 1000 for seconds in _LATENCY.findall(report)]


def _dnsperf(place: Place, queries: str, *options: str) -> str:
    command = ["-s", LOOPBACK, "-p", str(place.port), "-d", queries, "-e", "-q", "100", "-t", "2"]
    return output_of(executable("dnsperf") or "dnsperf", *command, *options)


def _found(pattern: "re.Pattern[str]", report: str) -> str:
    if found := pattern.search(report):
        return found[1]
    raise Failed(f"dnsperf says: {report.strip()[-120:]!r}")


def _plain(run: Run, peer: Peer, server: Server, place: Place) -> None:
    order = random.Random(1).sample(range(NAMES), NAMES)
    pairs = [(name(number).encode(), address(number).encode()) for number in order]
    with Load(place.port, pairs) as load:
        before = server.cpu()
        load.once()
        run.record(PLAIN, peer.name, CPU_FIRST, (server.cpu() - before) / NAMES * 1e6)
        before = server.cpu()
        done = load.run(run.seconds)
        used = server.cpu() - before
        calm = load.calm(1.0, CALM)
    run.record(PLAIN, peer.name, CPU, used / done.answers * 1e6)
    run.record(PLAIN, peer.name, RATE, done.answers / done.seconds)
    run.record(PLAIN, peer.name, P99, percentile(calm, 0.99) * 1000)


def _shuffled(place: Place, suffix: str) -> str:
    numbers = random.Random(1).sample(range(NAMES), NAMES)
    path: Path = place.folder / "queries"
    if not path.exists():
        path.write_text("".join(f"{name(number)}{suffix}\n" for number in numbers))
    return str(path)
