"""The name servers that are measured, and the zone that all of them serve."""

from benchmarks.peers import TWISTD, Peer, Place, knows, twistd
from benchmarks.process import LOOPBACK

#: Names with an address, delegated names, and how many may be asked below each wildcard.
NAMES = 10_000
DELEGATED = 1_000
ZONE = "bench.test"


def name(number: int) -> str:
    return f"host{number:05}.{ZONE}"


def address(number: int) -> str:
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def wild(number: int) -> str:
    """A name that a wildcard answers."""
    return f"any{number:06}.wild.{ZONE}"


def missing(number: int) -> str:
    """A name that does not exist."""
    return f"none{number:06}.{ZONE}"


def delegated(number: int) -> str:
    """A name that others have authority for."""
    return f"www{number:06}.sub{number % DELEGATED:04}.{ZONE}"


def hosts(names: int = NAMES) -> str:
    """The names as a hosts file."""
    return "".join(f"{address(number)} {name(number)}\n" for number in range(names))


def zone(names: int = NAMES) -> str:
    """A zone file that even ``twisted.names`` reads."""
    lines = [
        f"$ORIGIN {ZONE}.\n$TTL 3600",
        f"{ZONE}. 3600 IN SOA ns.{ZONE}. root.{ZONE}. 1 3600 600 86400 300",
        f"{ZONE}. 3600 IN NS ns.{ZONE}.",
        f"ns.{ZONE}. 3600 IN A 10.255.0.1",
        f"*.wild.{ZONE}. 3600 IN A 10.255.0.2",
    ]
    for number in range(DELEGATED):
        cut = f"sub{number:04}.{ZONE}."
        lines += [f"{cut} 3600 IN NS ns.{cut}", f"ns.{cut} 3600 IN A 10.254.{number >> 8}.{number & 255}"]
    lines += [f"{name(number)}. 3600 IN A {address(number)}" for number in range(names)]
    return "\n".join(lines) + "\n"


def _netapp(place: Place) -> list[str]:
    listener = f"udp:{place.port}:interface={LOOPBACK}"
    stream = f"tcp:{place.port}:interface={LOOPBACK}"
    data = ("--zone", f"{ZONE}={_zone(place)}") if knows("dns", "zone") else ("--hosts", _hosts(place))
    return twistd("netapp-dns", "--listen", listener, "--listen", stream, *data)


def _knot(place: Place) -> list[str]:
    _zone(place)
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
    _zone(place)
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
    rrl-ratelimit: 0
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
        f"--local=/{ZONE}/", f"--address=/wild.{ZONE}/10.255.0.2",
        f"--port={place.port}", f"--addn-hosts={_hosts(place)}",
    ]  # fmt: skip


def _twisted_names(place: Place) -> list[str]:
    file = _zone(place, ZONE)  # the file's name is taken for the origin
    return twistd("dns", "--interface", LOOPBACK, "--port", str(place.port), "--bindzone", file)


def _zone(place: Place, file: str = "zone") -> str:
    """The zone's file, unless somebody has put another there.  :returns: its path."""
    path = place.folder / file
    return str(path) if path.exists() else place.write(file, zone())


def _hosts(place: Place) -> str:
    return place.write("hosts", hosts())


NETAPP = Peer("netapp-dns", "netapp.dns.tap", ("netapp", "--version"), _netapp)
KNOT = Peer("Knot", "knotd", ("knotd", "--version"), _knot)
NSD = Peer("NSD", "nsd", ("nsd", "-v"), _nsd)
DNSMASQ = Peer("dnsmasq", "dnsmasq", ("dnsmasq", "--version"), dnsmasq)
TWISTED_NAMES = Peer("twisted.names", "twisted.names.tap", (str(TWISTD), "--version"), _twisted_names)
