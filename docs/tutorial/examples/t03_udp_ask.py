"""T3: send one datagram, wait for one in whichever encoding, but not for ever."""

import sys

from twisted.internet import defer, protocol, task

HOST, PORT, TEXT, OWN = sys.argv[1:] + ["127.0.0.1", "8080", "你好", "6789"][len(sys.argv) - 1 :]


def text_of(octets):
    """Valid UTF-8 is hardly ever anything else, but for a word or two; GB18030 contains GBK."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("gb18030", "replace")


class Ask(protocol.DatagramProtocol):
    def __init__(self):
        self.answer = defer.Deferred()

    def datagramReceived(self, data, addr):
        if addr == (HOST, int(PORT)) and not self.answer.called:  # whom we asked
            self.answer.callback(data)


async def main(reactor):
    ask = Ask()
    reactor.listenUDP(int(OWN), ask, maxPacketSize=65536)
    ask.transport.write(TEXT.encode(), (HOST, int(PORT)))
    try:
        print(text_of(await ask.answer.addTimeout(5, reactor)))
    except defer.TimeoutError:
        raise SystemExit("no answer within 5 s") from None


task.react(main)
