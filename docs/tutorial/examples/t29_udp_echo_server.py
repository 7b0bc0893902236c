"""T29: a UDP echo server that cannot be drawn into a loop, nor into a flood."""

import sys
from collections import Counter

from twisted.internet import defer, protocol, task

HOST, PORT = sys.argv[1:] + ["127.0.0.1", "8888"][len(sys.argv) - 1 :]
ANSWERERS = {0, 7, 13, 17, 19, 37}  # these answer whatever comes


class Echo(protocol.DatagramProtocol):
    def __init__(self, clock):
        self.clock, self.second, self.answers = clock, 0, Counter()

    def datagramReceived(self, data, addr):
        if (now := int(self.clock.seconds())) != self.second:
            self.second, self.answers = now, Counter()
        self.answers[addr[0]] += 1
        if addr[1] not in ANSWERERS and self.answers[addr[0]] <= 100:
            self.transport.write(data, addr)  # an empty one too


async def main(reactor):
    echo = Echo(reactor)
    port = reactor.listenUDP(int(PORT), echo, interface=HOST, maxPacketSize=65536)
    where = port.getHost()
    print(f"listening on {where.host}:{where.port}")
    await defer.Deferred()


task.react(main)
