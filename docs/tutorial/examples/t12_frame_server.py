"""T12, the server: a frame in, a frame out, however TCP has cut them."""

import sys

from twisted.internet import defer, endpoints, protocol, task
from twisted.protocols import basic, policies

HOST, PORT = sys.argv[1:] + ["127.0.0.1", "8888"][len(sys.argv) - 1 :]


class Frames(basic.IntNStringReceiver, policies.TimeoutMixin):
    structFormat, prefixLength = "<I", 4  # written down: little-endian on every machine
    MAX_LENGTH = 65536  # else a client that says "4 GB follow" is believed

    def connectionMade(self):
        self.setTimeout(60)

    def stringReceived(self, string):
        self.resetTimeout()
        text = string.decode("utf-8", "replace")
        print(f"{len(string)} octets: {text}")
        self.sendString(f"收到:{text}".encode())

    def lengthLimitExceeded(self, length):
        print(f"{length} octets? No.")
        self.transport.loseConnection()

    def connectionLost(self, reason):
        self.setTimeout(None)


async def main(reactor):
    there = endpoints.TCP4ServerEndpoint(reactor, int(PORT), interface=HOST)
    where = (await there.listen(protocol.Factory.forProtocol(Frames))).getHost()
    print(f"listening on {where.host}:{where.port}")
    await defer.Deferred()


task.react(main)
