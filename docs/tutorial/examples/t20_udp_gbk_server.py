"""T20, the server: each line typed answers who has waited longest."""

import sys
from collections import deque

from twisted.internet import protocol, reactor, stdio
from twisted.protocols import basic

HOST, PORT = sys.argv[1:] + ["127.0.0.1", "8080"][len(sys.argv) - 1 :]


class Questions(protocol.DatagramProtocol):
    def __init__(self):
        self.waiting = deque(maxlen=100)  # the 101st pushes the oldest out

    def datagramReceived(self, data, addr):
        print(f"{addr[0]}:{addr[1]}: {data.decode('gb18030', 'replace')}")
        self.waiting.append(addr)


class Keyboard(basic.LineReceiver):
    delimiter = b"\n"

    def lineReceived(self, line):
        if questions.waiting:
            octets = line.decode("utf-8", "replace").encode("gbk", "replace")
            questions.transport.write(octets, questions.waiting.popleft())


questions = Questions()
where = reactor.listenUDP(int(PORT), questions, interface=HOST).getHost()
print(f"listening on {where.host}:{where.port}")
stdio.StandardIO(Keyboard())
reactor.run()
