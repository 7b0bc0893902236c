"""T17: a TCP server with you at the keyboard; each line goes to who waited longest."""

import sys
from collections import deque

from twisted.internet import protocol, reactor, stdio
from twisted.protocols import basic

HOST, PORT = sys.argv[1:] + ["127.0.0.1", "8080"][len(sys.argv) - 1 :]
waiting = deque()


class Client(protocol.Protocol):
    def dataReceived(self, data):
        print(f"{self.transport.getPeer().port}: {data.decode('gb18030', 'replace')}")
        if self not in waiting and len(waiting) < 100:
            waiting.append(self)

    def connectionLost(self, reason):
        if self in waiting:
            waiting.remove(self)


class Keyboard(basic.LineReceiver):
    delimiter = b"\n"

    def lineReceived(self, line):
        if waiting:
            client = waiting.popleft()
            client.transport.write(line.decode("utf-8", "replace").encode("gbk", "replace"))
            client.transport.loseConnection()


port = reactor.listenTCP(int(PORT), protocol.Factory.forProtocol(Client), interface=HOST)
print(f"listening on {port.getHost().host}:{port.getHost().port}")
stdio.StandardIO(Keyboard())
reactor.run()
