"""T8 and T9: OK! for every chunk, to all clients at once."""

import codecs
import sys

from twisted.internet import defer, endpoints, protocol, task

HOST, PORT = sys.argv[1:] + ["127.0.0.1", "7777"][len(sys.argv) - 1 :]


class OK(protocol.Protocol):
    def connectionMade(self):
        self.name = f"{self.transport.getPeer().host}:{self.transport.getPeer().port}"
        self.decoder = codecs.getincrementaldecoder("utf-8")()  # keeps half characters
        print(self.name, "came")

    def dataReceived(self, data):
        try:
            text = self.decoder.decode(data)
        except UnicodeDecodeError as error:  # no UTF-8: from here on, GB18030
            self.decoder = codecs.getincrementaldecoder("gb18030")("replace")
            text = self.decoder.decode(error.object)
        print(self.name, "says", text)
        self.transport.write(b"OK!")

    def connectionLost(self, reason):
        print(self.name, "left:", reason.getErrorMessage())


async def main(reactor):
    there = endpoints.TCP4ServerEndpoint(reactor, int(PORT), interface=HOST)
    where = (await there.listen(protocol.Factory.forProtocol(OK))).getHost()
    print(f"listening on {where.host}:{where.port}")
    await defer.Deferred()


task.react(main)
