"""T10, the client: read to the close; half a file never looks like a whole one."""

import os
import sys

from twisted.internet import defer, endpoints, error, protocol, task
from twisted.protocols import policies

HOST, PORT, NAME = sys.argv[1:] + ["127.0.0.1", "7878", "1.txt"][len(sys.argv) - 1 :]


class Download(protocol.Protocol, policies.TimeoutMixin):
    def connectionMade(self):
        self.count, self.done = 0, defer.Deferred()
        self.transport.write(NAME.encode())
        self.setTimeout(30)

    def dataReceived(self, data):
        self.resetTimeout()
        self.count += self.file.write(data)

    def timeoutConnection(self):
        self.transport.abortConnection()  # not like the end of a file

    def connectionLost(self, reason):
        self.setTimeout(None)
        self.done.callback(self.count if reason.check(error.ConnectionDone) else 0)


async def main(reactor):
    saved = "[新]" + os.path.basename(NAME)
    there = endpoints.HostnameEndpoint(reactor, HOST, int(PORT))
    talk = await endpoints.connectProtocol(there, Download()).addErrback(lambda why: sys.exit(why.value))
    with open(saved + ".part", "wb") as talk.file:
        count = await talk.done
    os.replace(saved + ".part", saved) if count else os.remove(saved + ".part")
    print(f"{saved}: {count} octets" if count else "下载失败")


task.react(main)
