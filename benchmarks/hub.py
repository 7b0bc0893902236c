"""The whole house in one process, for the areas that measure it."""

from benchmarks.peers import Peer, Place, knows, twistd
from benchmarks.process import LOOPBACK
from benchmarks.zones import hosts


def _hub(place: Place) -> list[str]:
    tcp, udp = (f"{transport}:0:interface={LOOPBACK}" for transport in ("tcp", "udp"))
    config = f"""\
[dns]
listen = ["udp:{place.port}:interface={LOOPBACK}", "tcp:{place.port}:interface={LOOPBACK}"]
hosts = "{place.write("hosts", hosts())}"
[login]
listen = ["{tcp}"]
[chat]
listen = ["{tcp}"]
irc = "{tcp}"
[file]
listen = ["{tcp}"]
{"sftp = 'none'" if knows("file", "sftp") else ""}
[udpchat]
listen = ["{udp}"]
ipmsg = "none"
[echo]
listen = ["{tcp}", "{udp}"]
"""
    return twistd("netapp", "--interface", LOOPBACK, "--config", place.write("netapp.toml", config))


HUB = Peer("netapp (all services)", "netapp.hub.tap", ("netapp", "--version"), _hub)
