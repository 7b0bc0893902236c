"""Files: 1 GB out of the page cache, and many small ones over HTTP connections that stay open."""

import os
from collections.abc import Callable
from pathlib import Path

from benchmarks.peers import Peer, Place, Run, knows, twistd
from benchmarks.process import LOOPBACK, Server, accepts
from benchmarks.requests import Requests
from benchmarks.table import CPU, CPU_SECONDS, FIRST_OCTET, MEMORY, P99, RATE, THROUGHPUT, percentile
from benchmarks.transfers import Transfer, http_transfer, plain_transfer

GIGABYTE = 10**9
#: 1 GB is read this often in one measurement: one alone is too short for a steady figure.
TIMES = 5
BIG = "big.bin"
#: Small files, each of this many octets, asked for over this many connections.
SMALL_FILES, SMALL, CONNECTIONS = 100, 1024, 16

LARGE_HTTP = "1 GB from the page cache, HTTP"
LARGE_PLAIN = "1 GB from the page cache, a bare name over TCP (nginx: HTTP)"
MANY = f"Files of 1 KiB over HTTP, {CONNECTIONS} connections kept open"


def _netapp(place: Place) -> list[str]:
    listener = f"tcp:{place.port}:interface={LOOPBACK}"
    sftp = ("--sftp", "none") if knows("file", "sftp") else ()
    return twistd("netapp-file", "--listen", listener, "--root", str(_files(place.folder.parent)), *sftp)


def _nginx(place: Place) -> list[str]:
    config = f"""\
daemon off;
master_process on;
worker_processes 1;
user root;
pid {place.folder}/pid;
error_log {place.folder}/errors;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    client_body_temp_path {place.folder}; proxy_temp_path {place.folder}; fastcgi_temp_path {place.folder};
    uwsgi_temp_path {place.folder}; scgi_temp_path {place.folder};
    server {{ listen {LOOPBACK}:{place.port}; root {_files(place.folder.parent)}; }}
}}
"""
    return ["nginx", "-p", str(place.folder), "-c", place.write("nginx.conf", config)]


NETAPP = Peer("netapp-file", "netapp.file.tap", ("netapp", "--version"), _netapp)
PEERS = (NETAPP, Peer("nginx", "nginx", ("nginx", "-v"), _nginx))


def measure(run: Run) -> None:
    """One round: every server in turn."""
    _files(run.folder)
    for peer in PEERS:
        if not run.can(peer, LARGE_HTTP, LARGE_PLAIN, MANY):
            continue
        with (
            run.noting(peer.name, LARGE_HTTP),
            run.running(peer, lambda place: accepts(place.port)) as (
                server,
                place,
            ),
        ):
            _large(run, peer, server, place)
            _many(run, peer, server, place)


def _large(run: Run, peer: Peer, server: Server, place: Place) -> None:
    http_transfer(place.port, BIG, GIGABYTE)  # warm
    works = [LARGE_HTTP, LARGE_PLAIN]
    if peer is NETAPP:
        _transfers(run, [LARGE_PLAIN], peer, server, lambda: plain_transfer(place.port, BIG, GIGABYTE))
        works = [LARGE_HTTP]
    # Nothing else has a wire of bare names: its HTTP is what that is compared with.
    _transfers(run, works, peer, server, lambda: http_transfer(place.port, BIG, GIGABYTE))


def _transfers(run: Run, works: list[str], peer: Peer, server: Server, fetch: Callable[[], Transfer]) -> None:
    before = server.cpu()
    done = [fetch() for _ in range(TIMES)]
    used = server.cpu() - before
    for work in works:
        run.record(work, peer.name, CPU_SECONDS, used / TIMES)
        seconds = sum(each.seconds for each in done)
        run.record(work, peer.name, THROUGHPUT, TIMES * GIGABYTE / 1e6 / seconds)
        run.record(work, peer.name, FIRST_OCTET, sum(each.waited for each in done) / TIMES * 1000)


def _many(run: Run, peer: Peer, server: Server, place: Place) -> None:
    names = [f"small{number:03}.txt" for number in range(SMALL_FILES)]
    with run.noting(peer.name, MANY), Requests(place.port, names, SMALL, CONNECTIONS) as requests:
        requests.run(0.3)
        before = server.cpu()
        done = requests.run(run.seconds)
        used = server.cpu() - before
        run.record(MANY, peer.name, CPU, used / len(done.waits) * 1e6)
        run.record(MANY, peer.name, RATE, len(done.waits) / done.seconds)
        run.record(MANY, peer.name, P99, percentile(done.waits, 0.99) * 1000)
        run.record(MANY, peer.name, MEMORY, server.rss() / 2**20)


def _files(folder: Path) -> Path:
    """The files that are served, made once in a whole run."""
    share = folder / "share"
    if share.exists():
        return share
    share.mkdir()
    for number in range(SMALL_FILES):
        (share / f"small{number:03}.txt").write_bytes(bytes([97 + number % 26]) * SMALL)
    block = os.urandom(10**6)
    with (share / BIG).open("wb") as big:
        for _ in range(GIGABYTE // len(block)):
            big.write(block)
        big.flush()
        os.fsync(big.fileno())  # written back before anything is measured
    return share
