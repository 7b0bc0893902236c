"""T22: ask by UDP, and ask again when the datagram or its answer was lost."""

import sys

from twisted.internet import defer, protocol, task

HOST, PORT, TEXT = sys.argv[1:] + ["127.0.0.1", "8888", "你好"][len(sys.argv) - 1 :]


class Ask(protocol.DatagramProtocol):
    def __init__(self, octets):
        self.octets, self.answer = octets, defer.Deferred()
        self.again = task.LoopingCall(self.send)

    def startProtocol(self):
        self.again.start(1.0)  # now, and each second until something comes

    def send(self):
        self.transport.write(self.octets, (HOST, int(PORT)))

    def datagramReceived(self, data, addr):
        if addr == (HOST, int(PORT)) and self.again.running:
            self.again.stop()
            self.answer.callback(data)


async def main(reactor):
    ask = Ask(TEXT.encode())
    reactor.listenUDP(0, ask)
    try:
        print((await ask.answer.addTimeout(5, reactor)).decode("utf-8", "replace"))
    except defer.TimeoutError:
        raise SystemExit("asked five times, no answer") from None


task.react(main)
