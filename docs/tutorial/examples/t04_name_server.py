"""T4: a name server. A name in, an address out, for as long as it runs."""

import sys

from twisted.internet import defer, protocol, task

HOST, PORT = sys.argv[1:] + ["127.0.0.1", "8080"][len(sys.argv) - 1 :]
UNKNOWN = b"i dont know"
TABLE = {
    "www.baidu.com": "192.168.1.2",
    "www.sixstar.com": "192.168.1.3",
    "www.google.com": "192.168.1.4",
}


def answer(octets):
    """The rule alone, octets in and octets out: no socket, so a test needs none."""
    name = octets.decode("utf-8", "replace").strip().rstrip(".").lower()
    return TABLE[name].encode() if name in TABLE else UNKNOWN


class Names(protocol.DatagramProtocol):
    def datagramReceived(self, data, addr):
        if data != UNKNOWN:  # another name server's: two of us would talk for ever
            self.transport.write(answer(data), addr)


async def main(reactor):
    where = reactor.listenUDP(int(PORT), Names(), interface=HOST).getHost()
    print(f"listening on {where.host}:{where.port}")
    await defer.Deferred()


task.react(main)
