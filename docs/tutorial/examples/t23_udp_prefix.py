"""T23: 来自服务器 before whatever came; at most 1024 octets, no half characters."""

import sys

from twisted.internet import defer, protocol, task

HOST, PORT = sys.argv[1:] + ["127.0.0.1", "8888"][len(sys.argv) - 1 :]
SIZE = 1024  # what a tutorial's recvfrom takes; the rest of a datagram would be lost


def answer(octets):
    """The prefix and what came, as UTF-8, cut at a character."""
    text = "来自服务器" + octets.decode("utf-8", "replace")
    return text.encode()[:SIZE].decode("utf-8", "ignore").encode()


class Prefix(protocol.DatagramProtocol):
    def datagramReceived(self, data, addr):
        print(f"{addr[0]}:{addr[1]}: {len(data)} octets")
        if not data.startswith("来自服务器".encode()):  # another one of us
            self.transport.write(answer(data), addr)


async def main(reactor):
    port = reactor.listenUDP(int(PORT), Prefix(), interface=HOST, maxPacketSize=65536)
    where = port.getHost()
    print(f"listening on {where.host}:{where.port}")
    await defer.Deferred()


task.react(main)
