"""T14: a UDP chat server; what you type goes to who spoke last."""

import sys

from twisted.internet import defer, protocol, stdio, task
from twisted.protocols import basic

HOST, PORT = sys.argv[1:] + ["127.0.0.1", "9999"][len(sys.argv) - 1 :]
BYE = "您已断开连接!"


class Chat(protocol.DatagramProtocol):
    last = None  # who spoke last: a datagram has no connection that would remember

    def datagramReceived(self, data, addr):
        text = data.decode("utf-8", "replace").rstrip()
        print(f"{addr[0]}:{addr[1]}: {text}")
        if text in ("Q", "q"):
            self.transport.write(BYE.encode(), addr)
        self.last = None if text in ("Q", "q", BYE) else addr  # no answer to a bye


class Keyboard(basic.LineReceiver):
    delimiter = b"\n"

    def lineReceived(self, line):
        if self.chat.last:
            self.chat.transport.write(line[:1024], self.chat.last)


async def main(reactor):
    keyboard = Keyboard()
    keyboard.chat = Chat()
    where = reactor.listenUDP(int(PORT), keyboard.chat, interface=HOST).getHost()
    stdio.StandardIO(keyboard)
    print(f"listening on {where.host}:{where.port}")
    await defer.Deferred()


task.react(main)
