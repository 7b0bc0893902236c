"""T15: a UDP chat client that shows what comes, when it comes, and knows Q."""

import sys

from twisted.internet import protocol, reactor, stdio
from twisted.protocols import basic

HOST, PORT = sys.argv[1:] + ["127.0.0.1", "9999"][len(sys.argv) - 1 :]
BYE = "您已断开连接!".encode()


class Chat(protocol.DatagramProtocol):
    heard = False

    def datagramReceived(self, data, addr):
        if addr == (HOST, int(PORT)):  # others may send to our port too
            self.heard = True
            print(data.decode("utf-8", "replace"))
            if data in (b"Q", b"q"):
                self.transport.write(BYE, addr)
            if data in (b"Q", b"q", BYE):
                reactor.stop()


class Keyboard(basic.LineReceiver):
    delimiter = b"\n"

    def lineReceived(self, line):
        chat.transport.write(line, (HOST, int(PORT)))
        reactor.callLater(5, lambda: chat.heard or print("no answer yet"))

    def connectionLost(self, reason):
        reactor.callLater(0.5, reactor.stop)


reactor.listenUDP(0, chat := Chat())
stdio.StandardIO(Keyboard())
reactor.run()
