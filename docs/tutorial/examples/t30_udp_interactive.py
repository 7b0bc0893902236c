"""T30: a datagram for each line, an empty one too; what does not come back is said."""

import sys
from collections import deque

from twisted.internet import protocol, reactor, stdio
from twisted.protocols import basic

HOST, PORT = sys.argv[1:] + ["127.0.0.1", "8888"][len(sys.argv) - 1 :]


class Talk(protocol.DatagramProtocol):
    def __init__(self):
        self.awaited = deque()

    def lost(self):
        self.awaited.popleft()
        print("an answer is missing: 2 s, and nothing came")

    def datagramReceived(self, data, addr):
        if self.awaited:
            self.awaited.popleft().cancel()
        print(f"{len(data)} octets: {data.decode('utf-8', 'replace')}")


class Keyboard(basic.LineReceiver):
    delimiter = b"\n"

    def lineReceived(self, line):
        talk.transport.write(line, (HOST, int(PORT)))
        talk.awaited.append(reactor.callLater(2, talk.lost))

    def connectionLost(self, reason):
        reactor.callLater(2.1, reactor.stop)  # Ctrl-D: what is still awaited may come


reactor.listenUDP(0, talk := Talk())
stdio.StandardIO(Keyboard())
reactor.run()
