"""T31: getfqdn, gethostbyname, getaddrinfo, getpeername and sendall in Twisted."""

import socket
import sys

from twisted.internet import defer, endpoints, error, protocol, task
from twisted.internet.threads import deferToThread

HOST, PORT = sys.argv[1:] + ["localhost", "8888"][len(sys.argv) - 1 :]


class Talk(protocol.Protocol):
    def connectionMade(self):
        self.done = defer.Deferred()
        self.transport.write(b"x" * 1_000_000)  # sendall without the wait
        self.transport.loseWriteConnection()  # "that was all", once it has left; reading goes on

    def connectionLost(self, reason):
        self.done.callback(reason.getErrorMessage())


async def main(reactor):
    # A name server may take seconds: in a thread, so that nothing stands still.
    print("this host:", await deferToThread(socket.getfqdn))
    try:
        print(f"an address of {HOST}:", await reactor.resolve(HOST, timeout=(1, 3)))
        found = await deferToThread(socket.getaddrinfo, HOST, PORT, type=socket.SOCK_STREAM)
        print(f"all addresses of {HOST}:", *[address[0] for *_, address in found])
        there = endpoints.HostnameEndpoint(reactor, HOST, int(PORT))  # tries them all
        talk = await endpoints.connectProtocol(there, Talk())
    except (OSError, error.ConnectError, error.DNSLookupError) as problem:
        raise SystemExit(f"{HOST}: {problem}") from None
    print("from", talk.transport.getHost(), "to", talk.transport.getPeer())
    print(await talk.done.addTimeout(10, reactor, lambda *_: "it has not closed within 10 s"))


task.react(main)
