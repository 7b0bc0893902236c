"""T13, the server: a framed dictionary in; a framed dictionary and the file out."""

import json
import sys

from twisted.internet import defer, endpoints, protocol, task
from twisted.protocols import basic
from twisted.python.filepath import FilePath, InsecurePath

HOST, PORT, FOLDER = sys.argv[1:] + ["127.0.0.1", "7878", "."][len(sys.argv) - 1 :]


class Files(basic.IntNStringReceiver):
    structFormat, prefixLength, MAX_LENGTH = "<I", 4, 4096

    def stringReceived(self, string):
        self.stringReceived = lambda string: None  # one question for each connection
        try:
            name = json.loads(string)["filename"]
            path = FilePath(FOLDER).child(name)
            file, size = path.open(), path.getsize()
        except (ValueError, KeyError, TypeError, InsecurePath, OSError) as error:
            print("refused:", repr(error))
            return self.transport.loseConnection()
        self.sendString(json.dumps({"filename": name, "filesize": size}).encode())
        sent = basic.FileSender().beginFileTransfer(file, self.transport)
        return sent.addBoth(lambda _: (file.close(), self.transport.loseConnection()))


async def main(reactor):
    there = endpoints.TCP4ServerEndpoint(reactor, int(PORT), interface=HOST)
    where = (await there.listen(protocol.Factory.forProtocol(Files))).getHost()
    print(f"listening on {where.host}:{where.port}")
    await defer.Deferred()


task.react(main)
