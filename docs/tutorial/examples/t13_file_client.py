"""T13, the client: read(count) waits for exactly so many octets, and fails where they do not come."""

import json
import sys
from pathlib import Path

from twisted.internet import defer, endpoints, protocol, task

HOST, PORT, NAME = sys.argv[1:4] or ("127.0.0.1", "7878", "1.txt")


class Reader(protocol.Protocol):
    octets, waiting = b"", None

    def read(self, count):
        self.count, self.waiting = count, (waiting := defer.Deferred())
        self.dataReceived(b"")  # they may be here already
        return waiting

    def dataReceived(self, data):
        self.octets += data
        if self.waiting and len(self.octets) >= self.count:
            waiting, self.waiting = self.waiting, None
            octets, self.octets = self.octets[: self.count], self.octets[self.count :]
            waiting.callback(octets)

    def connectionLost(self, reason):
        return self.waiting and self.waiting.errback(reason)


async def main(reactor):
    reader = await endpoints.connectProtocol(endpoints.HostnameEndpoint(reactor, HOST, int(PORT)), Reader())
    asked = json.dumps({"filename": NAME}).encode()
    reader.transport.write(len(asked).to_bytes(4, "little") + asked)
    header = json.loads(await reader.read(int.from_bytes(await reader.read(4), "little")))
    Path("[新]" + Path(NAME).name).write_bytes(await reader.read(header["filesize"]).addTimeout(60, reactor))
    print(f"{NAME}: {header['filesize']} octets")


task.react(main)
