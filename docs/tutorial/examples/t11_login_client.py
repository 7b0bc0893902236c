"""T11, the client: it looks at what the text ends with, not at how it came."""

import codecs
import sys

from twisted.internet import defer, endpoints, protocol, task

HOST, PORT, NAME, PASSWORD = sys.argv[1:] + ["127.0.0.1", "9999", "zhao", "123"][len(sys.argv) - 1 :]


class Login(protocol.Protocol):
    def connectionMade(self):
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.text, self.done = "", defer.Deferred()

    def dataReceived(self, data):
        self.text += self.decoder.decode(data)
        if "登录成功" in self.text or "错误" in self.text or len(self.text) > 1000:
            self.transport.loseConnection()
        elif self.text.endswith(("请输入用户名:", "请输入密码:")):
            self.transport.write((NAME if "用户名" in self.text else PASSWORD).encode())
            self.text = ""  # the next text begins here

    def connectionLost(self, reason):
        self.done.callback("登录成功" in self.text)


async def main(reactor):
    there = endpoints.HostnameEndpoint(reactor, HOST, int(PORT))
    connecting = endpoints.connectProtocol(there, Login())
    login = await connecting.addErrback(lambda why: sys.exit(why.value))
    if not await login.done.addTimeout(30, reactor, lambda *_: sys.exit("silent for 30 s")):
        raise SystemExit("用户名或密码输入错误")
    print("登录成功")


task.react(main)
