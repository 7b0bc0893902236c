"""T11, the client: it looks for what the server's text ends with, however many reads it comes in."""

import codecs
import sys

from twisted.internet import defer, endpoints, protocol, task

HOST, PORT, NAME, PASSWORD = sys.argv[1:5] or ("127.0.0.1", "9999", "zhao", "123")


class Login(protocol.Protocol):
    def connectionMade(self):
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.text, self.done = "", defer.Deferred()

    def dataReceived(self, data):
        self.text += self.decoder.decode(data)
        if self.text.endswith("请输入用户名:") and "错误" not in self.text:
            self.transport.write(NAME.encode())
        elif self.text.endswith("请输入密码:"):
            self.transport.write(PASSWORD.encode())
        elif "登录成功" in self.text or "错误" in self.text or len(self.text) > 1000:
            self.transport.loseConnection()

    def connectionLost(self, reason):
        self.done.callback("登录成功" in self.text)


async def main(reactor):
    there = endpoints.HostnameEndpoint(reactor, HOST, int(PORT))
    login = await endpoints.connectProtocol(there, Login())
    if not await login.done.addTimeout(30, reactor):
        raise SystemExit("用户名或密码输入错误")
    print("登录成功")


task.react(main)
