"""T10, the server: a bare name in, the file out; only what lies in FOLDER."""

import sys

from twisted.internet import defer, protocol, reactor
from twisted.protocols import basic, policies
from twisted.python.filepath import FilePath, InsecurePath

HOST, PORT, FOLDER = sys.argv[1:] + ["127.0.0.1", "7878", "."][len(sys.argv) - 1 :]


class Send(protocol.Protocol, policies.TimeoutMixin):
    name = b""

    def connectionMade(self):
        self.setTimeout(30)

    def dataReceived(self, data):
        self.name = (self.name + data)[:256]
        self.setTimeout(0.3)  # the name ends with quiet: there is no newline

    def timeoutConnection(self):
        self.dataReceived = lambda data: None  # one name each; unread it would be a reset
        defer.ensureDeferred(self.send()).addBoth(lambda _: self.transport.loseConnection())

    async def send(self):
        try:
            with FilePath(FOLDER).child(self.name.decode().strip()).open() as file:
                await basic.FileSender().beginFileTransfer(file, self.transport)
        except (InsecurePath, ValueError, OSError) as error:  # ../x, GBK, no file
            print(f"{self.name!r}: {error!r}")

    def connectionLost(self, reason):
        self.setTimeout(None)


port = reactor.listenTCP(int(PORT), protocol.Factory.forProtocol(Send), interface=HOST)
print(f"listening on {port.getHost().host}:{port.getHost().port}")
reactor.run()
