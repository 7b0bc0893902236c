"""T24: the menu chat; a wrong choice is asked again, and 2 waits 5 s at most."""

import signal
import sys

from twisted.internet import defer, protocol, task, threads

HOST, PORT, OWN = sys.argv[1:] + ["127.0.0.1", "8888", "0"][len(sys.argv) - 1 :]


class Chat(protocol.DatagramProtocol):
    def __init__(self):
        self.texts = defer.DeferredQueue()

    def datagramReceived(self, data, addr):
        if len(self.texts.pending) < 1000:  # what nobody reads is dropped, not hoarded
            self.texts.put(f"{addr[0]}:{addr[1]}: {data.decode('utf-8', 'replace')}")


async def typed(prompt):
    print(prompt, end="", flush=True)
    return (await threads.deferToThread(sys.stdin.readline)).strip()


async def main(reactor):
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C, though a thread reads
    chat = Chat()
    print("listening on port", reactor.listenUDP(int(OWN), chat).getHost().port)
    while choice := await typed("1 发送, 2 接收, 回车结束: "):
        if choice == "1":
            chat.transport.write((await typed("> ")).encode(), (HOST, int(PORT)))
        elif choice == "2":
            print(await chat.texts.get().addTimeout(5, reactor, lambda *_: "nothing"))
        else:
            print("您输入的数据有误!")


task.react(main)
