"""T18: fetch a file by its name in GBK; nothing, a half and the whole differ."""

import os
import sys

from twisted.internet import defer, endpoints, error, protocol, task

HOST, PORT, NAME = sys.argv[1:] + ["127.0.0.1", "8080", "中文.txt"][len(sys.argv) - 1 :]


class Fetch(protocol.Protocol):
    def connectionMade(self):
        self.done = defer.Deferred()
        self.transport.write(NAME.encode("gbk"))

    def dataReceived(self, data):
        self.file.write(data)

    def connectionLost(self, reason):
        if not self.done.called:
            self.done.callback(reason.type)


async def main(reactor):
    saved = "[新]" + os.path.basename(NAME)
    there = endpoints.HostnameEndpoint(reactor, HOST, int(PORT), timeout=10)
    connecting = endpoints.connectProtocol(there, Fetch())
    fetch = await connecting.addErrback(lambda why: sys.exit(why.value))
    with open(saved + ".part", "wb") as fetch.file:
        ended = await fetch.done.addTimeout(600, reactor, lambda *_: defer.TimeoutError)
        size = fetch.file.tell()
    if ended is error.ConnectionDone and size:
        os.replace(saved + ".part", saved)
        print(f"下载成功: {size}")
    else:
        os.remove(saved + ".part")
        print("下载失败", "" if size == 0 else f"after {size} octets")


task.react(main)
