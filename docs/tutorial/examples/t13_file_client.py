"""T13, the client: read(count) waits for exactly so many octets."""

import json
import sys
from pathlib import Path

from twisted.internet import defer, endpoints, protocol, reactor, task

HOST, PORT, NAME = sys.argv[1:] + ["127.0.0.1", "7878", "1.txt"][len(sys.argv) - 1 :]


class Reader(protocol.Protocol):
    octets, waiting = b"", None

    def read(self, count):
        self.count, self.waiting = count, (waiting := defer.Deferred().addTimeout(60, reactor))
        self.dataReceived(b"")  # they may be here already
        return waiting

    def dataReceived(self, data):
        self.octets += data
        if self.waiting and len(self.octets) >= self.count:
            waiting, self.waiting = self.waiting, None
            octets, self.octets = self.octets[: self.count], self.octets[self.count :]
            waiting.callback(octets)

    def connectionLost(self, reason):
        return self.waiting and self.waiting.errback(SystemExit("closed before all had come"))


async def main(reactor):
    there = endpoints.HostnameEndpoint(reactor, HOST, int(PORT))
    reader = await endpoints.connectProtocol(there, Reader()).addErrback(lambda why: sys.exit(why.value))
    asked = json.dumps({"filename": NAME}).encode()
    reader.transport.write(len(asked).to_bytes(4, "little") + asked)
    header = json.loads(await reader.read(int.from_bytes(await reader.read(4), "little")))
    print(Path("[新]" + Path(NAME).name).write_bytes(await reader.read(header["filesize"])), "octets")


task.react(main)
