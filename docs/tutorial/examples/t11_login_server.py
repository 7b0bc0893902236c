"""T11, the server: talk() reads as for one client, and serves a thousand."""

import sys

from twisted.internet import defer, protocol, reactor, task
from twisted.protocols import policies

HOST, PORT = sys.argv[1:] + ["127.0.0.1", "9999"][len(sys.argv) - 1 :]


class Login(protocol.Protocol, policies.TimeoutMixin):
    async def talk(self):
        for failures in range(1, 6):
            if (await self.ask("请输入用户名:"), await self.ask("请输入密码:")) == ("zhao", "123"):
                self.transport.write("登录成功".encode())
                return
            await task.deferLater(reactor, 0.2 * 2**failures)  # this client waits
            self.transport.write("用户名或密码输入错误".encode())
            await task.deferLater(reactor, 0.3)  # then it is a recv of its own

    def ask(self, prompt):
        self.transport.write(prompt.encode())
        self.octets, self.word = b"", defer.Deferred().addTimeout(60, reactor)
        return self.word

    def connectionMade(self):
        defer.ensureDeferred(self.talk()).addBoth(lambda _: self.transport.loseConnection())

    def dataReceived(self, data):
        self.octets = (self.octets + data)[:1024]
        self.setTimeout(0.3)  # a word ends with quiet: there is no newline

    def timeoutConnection(self):
        if self.octets and not self.word.called:  # unasked words are dropped
            self.word.callback(self.octets.decode("utf-8", "replace").strip())


port = reactor.listenTCP(int(PORT), protocol.Factory.forProtocol(Login), interface=HOST)
print(f"listening on {port.getHost().host}:{port.getHost().port}")
reactor.run()
