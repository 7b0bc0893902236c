"""T12, the client: frames out in one go, as many back, none cut, none stuck together."""

import sys

from twisted.internet import defer, endpoints, task
from twisted.protocols import basic

HOST, PORT, *TEXTS = sys.argv[1:] + ["127.0.0.1", "8888", "你好"][len(sys.argv) - 1 :]


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
    connecting = endpoints.connectProtocol(there, Frames())
    talk = await connecting.addErrback(lambda why: sys.exit(why.value))
    for text in TEXTS:
        talk.sendString(text.encode())
    for text in TEXTS:
        frame = await talk.frames.get().addTimeout(10, reactor, lambda *_: None)
        if frame is None:
            raise SystemExit(f"no answer to {text}: closed, or silent for 10 s")
        print(f"{text}: {frame.decode('utf-8', 'replace')}")


task.react(main)
