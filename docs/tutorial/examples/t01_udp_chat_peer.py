"""T1: a UDP chat peer that sends when you type and shows what comes, in any order."""

import sys

from twisted.internet import defer, protocol, stdio, task
from twisted.protocols import basic

HOST, PORT, OWN = sys.argv[1:] + ["127.0.0.1", "8080", "7890"][len(sys.argv) - 1 :]


class Peer(protocol.DatagramProtocol):
    def datagramReceived(self, data, addr):
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = data.decode("gb18030", "replace")
        print(f"{addr[0]}:{addr[1]}: {text.rstrip()}")


class Keyboard(basic.LineReceiver):
    delimiter = b"\n"

    def lineReceived(self, line):
        self.peer.transport.write(line, (HOST, int(PORT)))  # quit too
        if line == b"quit":
            self.transport.loseConnection()

    def connectionLost(self, reason):
        self.done.callback(None)


async def main(reactor):
    keyboard = Keyboard()
    keyboard.peer, keyboard.done = Peer(), defer.Deferred()
    reactor.listenUDP(int(OWN), keyboard.peer, maxPacketSize=65536)
    stdio.StandardIO(keyboard)
    await keyboard.done


task.react(main)
