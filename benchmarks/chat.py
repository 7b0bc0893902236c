"""Chat: one line to everybody in a room of 500, and what an idle client takes."""

from benchmarks.irc import Clients, Fanout
from benchmarks.peers import Peer, Place, Run, executable, twistd
from benchmarks.process import LOOPBACK, Server, accepts, output_of
from benchmarks.table import CPU, MEMORY, MEMORY_EACH, P99, RATE, percentile

MEMBERS = 500
IDLE = 1000
#: Connections before the memory is first looked at: what a server sets up with its first ones is not theirs.
FIRST = 50
IN_FLIGHT = 20
ROOM = "#bench"

ALONE = f"A delivery of an IRC line to one of {MEMBERS} members, one line at a time"
TOGETHER = f"A delivery of an IRC line to one of {MEMBERS} members, {IN_FLIGHT} members speaking at once"
QUIET = f"{IDLE:,} idle IRC clients"


def _netapp(place: Place) -> list[str]:
    return twistd(
        "netapp-chat", "--irc", f"tcp:{place.port}:interface={LOOPBACK}",
        "--listen", f"tcp:{place.second_port}:interface={LOOPBACK}",
        "--flood", "off", "--state", str(place.folder / "state"),
    )  # fmt: skip


def _ngircd(place: Place) -> list[str]:
    config = f"""\
[Global]
Name = bench.test
Info = bench
Listen = {LOOPBACK}
Ports = {place.port}
MotdPhrase = bench
ServerUID = 0
ServerGID = 0
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxPenaltyTime = 0
[Options]
DNS = no
Ident = no
PAM = no
"""
    return ["ngircd", "--nodaemon", "--config", place.write("ngircd.conf", config)]


def _ergo(place: Place) -> list[str]:
    config = f"""\
network: {{name: Bench}}
server:
    name: bench.test
    listeners: {{"{LOOPBACK}:{place.port}": {{}}}}
    casemapping: permissive
    lookup-hostnames: false
    check-ident: false
    max-sendq: 1M
    ip-limits: {{count: false, throttle: false}}
limits:
    {{nicklen: 32, identlen: 20, realnamelen: 150, channellen: 64, awaylen: 390, kicklen: 390, topiclen: 390,
    monitor-entries: 100, whowas-entries: 100, chan-list-modes: 100, registration-messages: 1024}}
fakelag: {{enabled: false}}
channels: {{default-modes: +n, max-channels-per-client: 100}}
datastore: {{path: {place.folder}/ircd.db, autoupgrade: true}}
logging: [{{method: stderr, type: "*", level: error}}]
history:
    {{enabled: true, channel-length: 2048, client-length: 256, autoreplay-on-join: 0,
    chathistory-maxmessages: 1000}}
"""
    path = place.write("ircd.yaml", config)
    output_of(executable("ergo") or "ergo", "initdb", "--quiet", "--conf", path)
    return ["ergo", "run", "--quiet", "--conf", path]


NETAPP = Peer("netapp-chat", "netapp.chat.tap", ("netapp", "--version"), _netapp)
PEERS = (
    NETAPP,
    Peer("ngIRCd", "ngircd", ("ngircd", "--version"), _ngircd),
    Peer("Ergo", "ergo", ("ergo", "--version"), _ergo),
)


def measure(run: Run) -> None:
    """One round: every server in turn."""
    for peer in PEERS:
        if run.can(peer, QUIET, ALONE, TOGETHER):
            with (
                run.noting(peer.name, ALONE),
                run.running(peer, lambda place: accepts(place.port)) as (server, place),
            ):
                _idle(run, peer, server, place)
                _room(run, peer, server, place)


def _idle(run: Run, peer: Peer, server: Server, place: Place) -> None:
    with Clients(place.port) as clients:
        clients.connect(FIRST)
        before = server.rss()
        clients.connect(IDLE)
        clients.settle()
        run.record(QUIET, peer.name, MEMORY_EACH, max(0, server.rss() - before) / IDLE / 1024)
        run.record(QUIET, peer.name, MEMORY, server.rss() / 2**20)


def _room(run: Run, peer: Peer, server: Server, place: Place) -> None:
    with Clients(place.port) as clients:
        clients.connect(MEMBERS)
        clients.join(ROOM)
        for work, senders in ((ALONE, 1), (TOGETHER, IN_FLIGHT)):
            clients.fan_out(ROOM, senders, 0.2)
            before = server.cpu()
            done = clients.fan_out(ROOM, senders, run.seconds)
            _record(run, work, peer, server.cpu() - before, done)


def _record(run: Run, work: str, peer: Peer, used: float, done: Fanout) -> None:
    run.record(work, peer.name, CPU, used / len(done.waits) * 1e6)
    run.record(work, peer.name, RATE, len(done.waits) / done.seconds)
    run.record(work, peer.name, P99, percentile(done.waits, 0.99) * 1000)
