"""T20, the client: one datagram in GBK, and the answer both as octets and as text."""

import sys

from twisted.internet import defer, protocol, task

HOST, PORT, TEXT = sys.argv[1:] + ["127.0.0.1", "8080", "你好"][len(sys.argv) - 1 :]


class Ask(protocol.DatagramProtocol):
    def __init__(self):
        self.answer = defer.Deferred()

    def startProtocol(self):
        self.transport.write(TEXT.encode("gbk", "replace"), (HOST, int(PORT)))

    def datagramReceived(self, data, addr):
        if addr == (HOST, int(PORT)) and not self.answer.called:
            self.answer.callback((data, addr))


async def main(reactor):
    ask = Ask()
    reactor.listenUDP(0, ask)
    try:
        octets, addr = await ask.answer.addTimeout(10, reactor)
    except defer.TimeoutError:
        raise SystemExit("no answer within 10 s") from None
    print(octets, addr)
    print(octets.decode("gb18030", "replace"))


task.react(main)
