"""T6: send one text, take the whole answer: to the close, or to 0.3 s of quiet."""

import sys

from twisted.internet import defer, endpoints, protocol, task
from twisted.protocols import policies

HOST, PORT, TEXT = sys.argv[1:] + ["127.0.0.1", "6789", "你好"][len(sys.argv) - 1 :]


class Talk(protocol.Protocol, policies.TimeoutMixin):
    def connectionMade(self):
        self.octets, self.done = b"", defer.Deferred()
        self.transport.write(TEXT.encode())
        self.setTimeout(10)  # for the first octet

    def dataReceived(self, data):
        self.octets += data
        self.setTimeout(0.3 if len(self.octets) < 65536 else 0)

    def connectionLost(self, reason):
        self.setTimeout(None)
        self.done.callback(self.octets)


async def main(reactor):
    there = endpoints.HostnameEndpoint(reactor, HOST, int(PORT), timeout=10)
    connecting = endpoints.connectProtocol(there, Talk())
    talk = await connecting.addErrback(lambda why: sys.exit(why.value))
    octets = await talk.done
    try:
        print(octets.decode("utf-8"))
    except UnicodeDecodeError:
        print(octets.decode("gb18030", "replace"))


task.react(main)
