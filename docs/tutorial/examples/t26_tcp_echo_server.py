"""T26: an echo server for all at once; a client that never reads cannot fill it."""

import sys

from twisted.internet import defer, endpoints, protocol, task

HOST, PORT = sys.argv[1:] + ["127.0.0.1", "8888"][len(sys.argv) - 1 :]


class Echo(protocol.Protocol):
    def connectionMade(self):
        if len(self.factory.clients) >= 1000:
            self.transport.abortConnection()
            return
        self.factory.clients.add(self)
        # Read no more while what we wrote has not left.
        self.transport.registerProducer(self.transport, True)

    def dataReceived(self, data):
        self.transport.write(data)

    def connectionLost(self, reason):
        self.factory.clients.discard(self)
        print(f"one left, {len(self.factory.clients)} here")


async def main(reactor):
    factory = protocol.Factory.forProtocol(Echo)
    factory.clients = set()
    there = endpoints.TCP4ServerEndpoint(reactor, int(PORT), interface=HOST)
    where = (await there.listen(factory)).getHost()
    print(f"listening on {where.host}:{where.port}")
    await defer.Deferred()


task.react(main)
