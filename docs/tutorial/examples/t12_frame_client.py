"""T12, the client: frames out in one go, as many back; none is cut and no two are stuck together."""

import sys

from twisted.internet import defer, endpoints, error, task
from twisted.protocols import basic

HOST, PORT, *TEXTS = sys.argv[1:] or ("127.0.0.1", "7878", "1.txt")


class Frames(basic.IntNStringReceiver):
    structFormat, prefixLength, MAX_LENGTH = "<I", 4, 16 * 1024 * 1024

    def connectionMade(self):
        self.frames = defer.DeferredQueue()

    def stringReceived(self, string):
        self.frames.put(string)

    def connectionLost(self, reason):
        self.frames.put(None)


async def main(reactor):
    there = endpoints.HostnameEndpoint(reactor, HOST, int(PORT))
    talk = await endpoints.connectProtocol(there, Frames())
    for text in TEXTS:
        talk.sendString(text.encode())
    for text in TEXTS:
        frame = await talk.frames.get().addTimeout(10, reactor)
        if frame is None:
            raise error.ConnectionClosed(f"closed before the answer to {text}")
        print(f"{text}: {frame.decode('utf-8', 'replace')}")


task.react(main)
