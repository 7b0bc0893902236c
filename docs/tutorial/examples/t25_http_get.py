"""T25: a page by HTTP; Agent knows where it ends, and its header the encoding."""

import sys
from email.message import Message

from twisted.internet import defer, error, protocol, task
from twisted.web import client

HOST, PORT, PATH = sys.argv[1:] + ["127.0.0.1", "80", "/"][len(sys.argv) - 1 :]
KNOWN = {"utf-8", "gbk", "gb2312", "gb18030", "big5", "iso-8859-1"}


class Body(protocol.Protocol):
    def __init__(self, response):
        self.octets, self.done = b"", defer.Deferred()
        response.deliverBody(self)

    def dataReceived(self, data):
        self.octets += data[: 16_000_000 - len(self.octets)]  # a page may have no end

    def connectionLost(self, reason):
        self.done.callback(self.octets)


async def main(reactor):
    agent, url = client.Agent(reactor, connectTimeout=10), f"http://{HOST}:{PORT}{PATH}"
    try:
        response = await agent.request(b"GET", url.encode()).addTimeout(30, reactor)
        body = await Body(response).done.addTimeout(30, reactor)
    except (OSError, ValueError, error.ConnectError, defer.TimeoutError, client.ResponseFailed) as why:
        raise SystemExit(f"{url}: {why!r}") from None
    print(response.code, response.phrase.decode("latin-1"))
    headers = Message()
    for name, values in response.headers.getAllRawHeaders():
        headers[name.decode("latin-1")] = b", ".join(values).decode("latin-1")
    charset = headers.get_content_charset("utf-8")
    print(headers, body.decode(charset if charset in KNOWN else "utf-8", "replace"), sep="")


task.react(main)
