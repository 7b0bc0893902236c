"""T18: fetch a file by its name in GBK; an empty answer, a broken one and a slow one are told apart."""

import os
import sys

from twisted.internet import defer, endpoints, error, protocol, task

HOST, PORT, NAME = sys.argv[1:4] or ("127.0.0.1", "8080", "中文.txt")


class Fetch(protocol.Protocol):
    def __init__(self, file):
        self.file, self.done = file, defer.Deferred()

    def connectionMade(self):
        self.transport.write(NAME.encode("gbk"))

    def dataReceived(self, data):
        self.file.write(data)

    def connectionLost(self, reason):
        self.done.callback(reason.type)


async def main(reactor):
    saved = "[新]" + os.path.basename(NAME)
    with open(saved + ".part", "wb") as file:
        there = endpoints.HostnameEndpoint(reactor, HOST, int(PORT), timeout=10)
        fetch = await endpoints.connectProtocol(there, Fetch(file))
        ended = await fetch.done.addTimeout(600, reactor)
        size = file.tell()
    if ended is error.ConnectionDone and size:
        os.replace(saved + ".part", saved)
        print(f"下载成功: {size}")
    else:
        os.remove(saved + ".part")
        print("下载失败", "" if size == 0 else f"after {size} octets")


task.react(main)
