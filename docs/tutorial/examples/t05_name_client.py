"""T5: ask a name server for each name typed, and again where no answer comes."""

import signal
import sys

from twisted.internet import defer, protocol, task, threads

HOST, PORT = sys.argv[1:] + ["127.0.0.1", "8080"][len(sys.argv) - 1 :]


class Names(protocol.DatagramProtocol):
    answer = defer.Deferred()

    def datagramReceived(self, data, addr):
        if addr == (HOST, int(PORT)) and not self.answer.called:  # no stranger
            self.answer.callback(data.decode("utf-8", "replace"))


async def typed(prompt):
    print(prompt, end="", flush=True)
    return (await threads.deferToThread(sys.stdin.readline)).strip()


async def main(reactor):
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C does not wait for that thread
    names = Names()
    reactor.listenUDP(0, names)
    while name := await typed("name: "):
        for seconds in (1, 2, 4):
            names.answer = defer.Deferred().addTimeout(seconds, reactor, lambda *_: None)
            names.transport.write(name.encode(), (HOST, int(PORT)))
            if answer := await names.answer:
                break
            print(f"no answer within {seconds} s")
        print(answer or "given up")


task.react(main)
