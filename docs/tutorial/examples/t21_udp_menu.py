"""T21: the menu tool; while the menu waits, datagrams are received."""

import signal
import sys
from collections import deque

from twisted.internet import protocol, task, threads

HOST, OWN = sys.argv[1:] + ["127.0.0.1", "8080"][len(sys.argv) - 1 :]


class Box(protocol.DatagramProtocol):
    def __init__(self):
        self.received = deque(maxlen=1000)  # the oldest goes when the box is full

    def datagramReceived(self, data, addr):
        self.received.append((addr, data.decode("utf-8", "replace")))


async def typed(prompt):
    print(prompt, end="", flush=True)
    return (await threads.deferToThread(sys.stdin.readline)).strip()


async def main(reactor):
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C, though a thread reads
    box = Box()
    print("listening on port", reactor.listenUDP(int(OWN), box, interface=HOST).getHost().port)
    while (choice := await typed("1 send, 2 receive, else quit: ")) in ("1", "2"):
        if choice == "1":
            host, port, text = await typed("address: "), await typed("port: "), await typed("text: ")
            try:
                box.transport.write(text.encode(), (host, int(port)))
            except (ValueError, OSError, OverflowError, AssertionError) as error:
                print("not sent:", repr(error))
        while choice == "2" and box.received:
            print("{} >>>>>>> {}".format(*box.received.popleft()))


task.react(main)
