"""T2: one datagram, and a short wait for the only bad news that UDP can bring."""

import sys

from twisted.internet import defer, protocol, task

HOST, PORT, TEXT = sys.argv[1:] + ["127.0.0.1", "8080", "你好"][len(sys.argv) - 1 :]


class OneShot(protocol.DatagramProtocol):
    def __init__(self):
        self.refused = defer.Deferred()

    def startProtocol(self):
        self.transport.connect(HOST, int(PORT))  # so that we are told of refusals
        self.transport.write(TEXT.encode())

    def connectionRefused(self):
        if not self.refused.called:
            self.refused.callback(True)

    stopProtocol = connectionRefused  # what Linux's epoll calls for a refusal


async def main(reactor):
    shot = OneShot()
    reactor.listenUDP(0, shot)
    shot.refused.addTimeout(0.3, reactor, lambda failure, seconds: False)
    if await shot.refused:
        raise SystemExit("nobody listens there")
    print("sent; whether it arrived, nobody says")


task.react(main)
