"""T28: greet a network by FeiQ; each packet has a number and a moment of its own."""

import itertools
import sys
import time
from ipaddress import ip_network

from twisted.internet import protocol, task

NETWORK, PORT, TEXT = sys.argv[1:] + ["127.0.0.1/32", "2425", "您好，欢迎进入飞秋"][len(sys.argv) - 1 :]
SENDMSG = 32
numbers = itertools.count(int(time.time()))  # each is shown once


def packet(number, text, user="lajos", host="twisted"):
    """IP Messenger: version, number, user, host, command, text; FeiQ reads GBK."""
    return f"1:{number}:{user}:{host}:{SENDMSG}:{text}".encode("gbk", "replace")


async def main(reactor):
    port = reactor.listenUDP(0, protocol.DatagramProtocol())
    hosts = [str(host) for host in ip_network(NETWORK, strict=False).hosts()]

    def greet(host):
        try:
            port.write(packet(next(numbers), TEXT), (host, int(PORT)))
        except OSError as error:  # no route: the next one may have one
            print(f"{host}: {error.strerror}")

    steps = (task.deferLater(reactor, 0.01, greet, host) for host in hosts)
    await task.coiterate(steps)
    print(f"{len(hosts)} greeted")


task.react(main)
