"""T16: a TCP client in GBK that reads to the close, and cuts no character in two."""

import codecs
import sys

from twisted.internet import defer, endpoints, error, protocol, task

HOST, PORT, TEXT = sys.argv[1:] + ["127.0.0.1", "8080", "你好"][len(sys.argv) - 1 :]


class Talk(protocol.Protocol):
    def connectionMade(self):
        self.decoder = codecs.getincrementaldecoder("gb18030")("replace")
        self.done = defer.Deferred()
        self.transport.write(TEXT.encode("gbk", "replace"))

    def dataReceived(self, data):
        print(self.decoder.decode(data), end="", flush=True)

    def connectionLost(self, reason):
        print(self.decoder.decode(b"", final=True))
        self.done.callback(reason.getErrorMessage())


async def main(reactor):
    there = endpoints.HostnameEndpoint(reactor, HOST, int(PORT), timeout=10)
    try:
        talk = await endpoints.connectProtocol(there, Talk())
        await talk.done.addTimeout(30, reactor)
    except defer.TimeoutError:
        raise SystemExit("no close within 30 s") from None
    except (OSError, error.ConnectError) as problem:
        raise SystemExit(f"{HOST}:{PORT}: {problem}") from None


task.react(main)
