"""T19: a file server whose loop is the reactor: a slow client slows itself only."""

import sys
from contextlib import suppress

from twisted.internet import protocol, reactor
from twisted.protocols import basic, policies
from twisted.python.filepath import FilePath, InsecurePath

HOST, PORT, FOLDER = sys.argv[1:] + ["127.0.0.1", "8080", "."][len(sys.argv) - 1 :]


def find(octets):
    """The open file that is named, in UTF-8 or GBK; None if it is not in FOLDER."""
    for encoding in ("utf-8", "gbk"):
        with suppress(InsecurePath, ValueError, OSError):
            path = FilePath(FOLDER).child(octets.decode(encoding).strip())
            return path.open() if path.isfile() else None
    return None


class Files(protocol.Protocol, policies.TimeoutMixin):
    octets = b""

    def dataReceived(self, data):
        self.octets = (self.octets + data)[:256]
        self.setTimeout(0.3)

    def timeoutConnection(self):
        self.dataReceived = lambda data: None  # one name each; unread it would be a reset
        if file := find(self.octets):
            sent = basic.FileSender().beginFileTransfer(file, self.transport)
            sent.addBoth(lambda _: (file.close(), self.transport.loseConnection()))
        else:
            self.transport.loseConnection()  # no octets: 下载失败


port = reactor.listenTCP(int(PORT), protocol.Factory.forProtocol(Files), interface=HOST)
print(f"listening on {port.getHost().host}:{port.getHost().port}")
reactor.run()
