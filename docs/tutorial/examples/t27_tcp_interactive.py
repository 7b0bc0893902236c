"""T27: lines out, text in, neither waits for the other; it sees the server go."""

import sys

from twisted.internet import defer, endpoints, protocol, stdio, task
from twisted.protocols import basic

HOST, PORT = sys.argv[1:] + ["127.0.0.1", "8888"][len(sys.argv) - 1 :]


class Talk(protocol.Protocol):
    def connectionMade(self):
        self.gone = defer.Deferred()

    def dataReceived(self, data):
        sys.stdout.buffer.write(data)  # the terminal joins halved characters
        sys.stdout.buffer.flush()

    def connectionLost(self, reason):
        self.gone.callback(reason.getErrorMessage())


class Keyboard(basic.LineReceiver):
    delimiter = b"\n"

    def lineReceived(self, line):
        self.talk.transport.write(line)

    def connectionLost(self, reason):
        self.talk.transport.loseWriteConnection()  # Ctrl-D: read the rest


async def main(reactor):
    there = endpoints.HostnameEndpoint(reactor, HOST, int(PORT))
    Keyboard.talk = await endpoints.connectProtocol(there, Talk()).addErrback(lambda why: sys.exit(why.value))
    stdio.StandardIO(Keyboard())
    print(await Keyboard.talk.gone)


task.react(main)
