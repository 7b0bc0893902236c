"""DNS: 10,000 names, random order, one process and one worker for each server, each on a core of its own."""

import random
import re
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from benchmarks.datagrams import Load
from benchmarks.peers import Peer, Place, Run, executable
from benchmarks.process import LOOPBACK, Failed, Server, output_of
from benchmarks.table import CPU, CPU_FIRST, MEMORY, P99, RATE, percentile
from benchmarks.zones import (
    DNSMASQ,
    KNOT,
    NAMES,
    NETAPP,
    NSD,
    TWISTED_NAMES,
    address,
    delegated,
    missing,
    name,
    wild,
)

EDNS = "A DNS answer over UDP, with EDNS"
COOKIE = "A DNS answer over UDP, with EDNS and a cookie as dig sends it"
NXDOMAIN = "A DNS answer that a name does not exist"
WILDCARD = "A DNS answer out of a wildcard"
REFERRAL = "A DNS referral to other servers"
STREAM = "A DNS answer over TCP, 100 questions on their way"
PLAIN = "A plain answer over UDP"
PEERS = (NETAPP, KNOT, NSD, DNSMASQ, TWISTED_NAMES)
#: Queries a second for the latency where nobody has set the pace yet.
CALM = 2000
#: Names that are asked for once each, where every one is another.
FRESH = 50_000
_LATENCY = re.compile(r"^> \w+ \S+ A (\d+\.\d+)$", re.MULTILINE)
_COMPLETED = re.compile(r"Queries completed:\s+(\d+) ")
_RATE = re.compile(r"Queries per second:\s+([\d.]+)")
_LOST = re.compile(r"Queries lost:\s+(\d+) ")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of answer beside the plain hit.  :param peers: the servers that can give it."""

    work: str
    asked: Callable[[int], str]
    rcode: str
    peers: tuple[Peer, ...]


KINDS = (
    Kind(NXDOMAIN, missing, "NXDOMAIN", PEERS),
    Kind(WILDCARD, wild, "NOERROR", (NETAPP, KNOT, NSD, DNSMASQ)),
    Kind(REFERRAL, delegated, "NOERROR", (NETAPP, KNOT, NSD)),
)


def measure(run: Run) -> None:
    """One round: every server in turn."""
    pace = CALM
    for peer in PEERS:
        if run.can(peer, EDNS, COOKIE):
            with run.noting(peer.name, EDNS), run.running(peer, answers) as (server, place):
                if not executable("dnsperf"):
                    run.results.miss(EDNS, peer.name, "dnsperf is not installed")
                    continue
                with server.alone():
                    pace = _standard(run, peer, server, place, pace)
                    for kind in KINDS:
                        if peer in kind.peers:
                            with run.noting(peer.name, kind.work):
                                _kind(run, kind, peer, server, place)
                    with run.noting(peer.name, STREAM):
                        _stream(run, peer, server, place)
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


def _standard(run: Run, peer: Peer, server: Server, place: Place, pace: int) -> int:
    """:param pace: queries a second for the latency.  :returns: the pace for those that come after."""
    queries = _queries(place, "names", _shuffled())
    before = server.cpu()
    _dnsperf(place, queries, "-n", "1")  # each name once: what is kept of an answer is kept now
    run.record(EDNS, peer.name, CPU_FIRST, (server.cpu() - before) / NAMES * 1e6)
    each_second = 0.0
    for work, cookie in ((EDNS, ()), (COOKIE, ("-E", "10:0123456789abcdef"))):
        before = server.cpu()
        report = _dnsperf(place, queries, "-l", f"{run.seconds:g}", *cookie)
        used = server.cpu() - before
        run.record(work, peer.name, CPU, used / completed(report) * 1e6)
        run.record(work, peer.name, RATE, rate(report))
        each_second = each_second or rate(report)
    if peer is NETAPP:  # which is the first: all have the same load then, half of what it can do
        pace = int(each_second / 2)
    calm = _dnsperf(place, queries, "-v", "-Q", str(pace), "-l", "1")
    if not (each := waits(calm)):
        raise Failed("no answer at half the pace")
    run.record(EDNS, peer.name, P99, percentile(each, 0.99))
    run.record(EDNS, peer.name, MEMORY, server.rss() / 2**20)
    return pace


def _kind(run: Run, kind: Kind, peer: Peer, server: Server, place: Place) -> None:
    """Every name another, then a thousand of them again and again."""
    fresh = _queries(place, f"{kind.asked.__name__}-fresh", map(kind.asked, range(FRESH)))
    before = server.cpu()
    done = completed(_dnsperf(place, fresh, "-n", "1"), kind.rcode)
    run.record(kind.work, peer.name, CPU_FIRST, (server.cpu() - before) / done * 1e6)
    again = _queries(place, f"{kind.asked.__name__}-again", map(kind.asked, range(1000)))
    before = server.cpu()
    report = _dnsperf(place, again, "-l", f"{run.seconds / 2:g}")
    run.record(kind.work, peer.name, CPU, (server.cpu() - before) / completed(report, kind.rcode) * 1e6)


def _stream(run: Run, peer: Peer, server: Server, place: Place) -> None:
    queries = _queries(place, "names", ())
    before = server.cpu()
    report = _dnsperf(place, queries, "-m", "tcp", "-c", "4", "-l", f"{run.seconds / 2:g}")
    done = completed(report, most_lost=0.1)  # dnsmasq ends a connection after 100 questions
    run.record(STREAM, peer.name, CPU, (server.cpu() - before) / done * 1e6)
    run.record(STREAM, peer.name, RATE, rate(report))


def completed(report: str, rcode: str = "NOERROR", most_lost: float = 0.001) -> int:
    """How many answers dnsperf has had.  :raises Failed: some are missing or wrong."""
    answers, lost = int(_found(_COMPLETED, report)), int(_found(_LOST, report))
    if int(_found(re.compile(rf"Response codes:.*\b{rcode} (\d+) "), report)) != answers:
        raise Failed("answered with errors")
    if lost > answers * most_lost:
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


def _shuffled() -> list[str]:
    return [name(number) for number in random.Random(1).sample(range(NAMES), NAMES)]


def _queries(place: Place, file: str, names: Iterable[str]) -> str:
    """What dnsperf asks, written once.  :returns: the file's path."""
    path = place.folder / file
    if not path.exists():
        path.write_text("".join(f"{each} A\n" for each in names))
    return str(path)
