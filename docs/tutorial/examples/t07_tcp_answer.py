"""T7: one answer for each client, whatever it says; the server stays."""

import sys

from twisted.internet import defer, endpoints, protocol, task
from twisted.protocols import policies

HOST, PORT = sys.argv[1:] + ["127.0.0.1", "5678"][len(sys.argv) - 1 :]


class Answer(protocol.Protocol, policies.TimeoutMixin):
    def connectionMade(self):
        self.octets = b""
        self.setTimeout(30)  # a client that never says a word

    def dataReceived(self, data):
        self.octets = (self.octets + data)[:65536]
        self.setTimeout(0.3)  # quiet for so long: that was all of it

    def timeoutConnection(self):
        if self.octets:
            print(self.transport.getPeer().host, self.octets.decode("gb18030", "replace"))
            self.transport.write("您好,已成功接受您的请求".encode())
        self.transport.loseConnection()  # once what was written has left

    def connectionLost(self, reason):
        self.setTimeout(None)


async def main(reactor):
    there = endpoints.TCP4ServerEndpoint(reactor, int(PORT), interface=HOST)
    where = (await there.listen(protocol.Factory.forProtocol(Answer))).getHost()
    print(f"listening on {where.host}:{where.port}")
    await defer.Deferred()


task.react(main)
