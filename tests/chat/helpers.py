"""The chat service in memory: both doors over one talk, and clients for them."""

from typing import Any

from twisted.internet import defer

from netapp.chat.config import Config
from netapp.chat.service import chat_service
from netapp.core.events import Topic
from netapp.core.metrics import Metrics
from netapp.people.authentication import Verdict
from netapp.people.model import AccountChanged
from netapp.talk.store import MemoryStore
from netapp.talk.talk import Talk
from netapp.testing import FakeReactor, connect

LINES, IRC = 0, 1


class People:
    """Accounts with passwords, answered at once."""

    def __init__(self, **passwords: str) -> None:
        self.passwords = passwords
        self.opener: str | None = None  # of those who come
        self.changes: Topic[AccountChanged] = Topic()

    def account(self, name: str) -> Any:
        if name not in self.passwords:
            return None
        return type("Account", (), {"id": f"id-{name}", "name": name, "shown": name})

    def find(self, name: str) -> "defer.Deferred[Any]":
        return defer.succeed(self.account(name))

    def judge(self, name: str, password: str, source: str, *, door: str) -> "defer.Deferred[Any]":
        assert door == "chat"
        right = self.passwords.get(name) == password
        return defer.succeed(Verdict(self.account(name) if right else None, "password", opener=self.opener))

    def still(self, account: Any, opener: str | None) -> "defer.Deferred[bool]":
        return defer.succeed(True)


class Chat:
    """A started service."""

    def __init__(self, store: MemoryStore | None = None, people: Any = None, **config: Any) -> None:
        self.reactor = FakeReactor()
        self.reactor.rightNow = 1_700_000_000.0
        self.people = people or People()
        self.talk = Talk(store or MemoryStore(), self.reactor, self.people)
        self.talk.start()
        self.metrics = Metrics()
        settings = {"listen": ("tcp:7777:interface=127.0.0.1",), "irc": "tcp:6667:interface=127.0.0.1"}
        house = chat_service(
            Config(**({"lang": "en"} | settings | config)), self.talk, self.people, self.metrics, self.reactor
        )
        house.privilegedStartService()
        house.startService()

    def client(self, door: int) -> "Client":
        return Client(self, *connect(self.reactor.tcpServers[door][1]))

    def line(self, name: str) -> "Client":
        """Somebody in the line chat who has said a name."""
        client = self.client(LINES)
        client.send(name)
        client.take()
        return client

    def irc(self, nick: str, *rooms: str, caps: str = "") -> "Client":
        """An IRC client that has registered and joined."""
        client = self.client(IRC)
        if caps:
            client.send(f"CAP REQ :{caps}")
        client.send(f"NICK {nick}", f"USER {nick} 0 * :{nick}", *(["CAP END"] if caps else []))
        for room in rooms:
            client.send(f"JOIN {room}")
        client.take()
        return client


class Client:
    """One connection; ``send`` lines, ``take`` what has come since."""

    def __init__(self, chat: Chat, protocol: Any, transport: Any) -> None:
        self.chat, self.protocol, self.transport = chat, protocol, transport

    def send(self, *lines: str, codec: str = "utf-8") -> "Client":
        for line in lines:
            self.octets(line.encode(codec) + b"\r\n")
        return self

    def octets(self, data: bytes) -> "Client":
        self.protocol.dataReceived(data)
        return self

    def take_octets(self) -> bytes:
        self.chat.reactor.advance(0)
        octets: bytes = self.transport.take()
        return octets

    def take(self, codec: str = "utf-8") -> str:
        return self.take_octets().decode(codec)

    def ask(self, *lines: str) -> list[str]:
        """Send lines; the lines that come back at once."""
        self.take()
        return self.send(*lines).take().split("\r\n")[:-1]

    def gone(self) -> None:
        if self.transport.connected:
            self.transport.loseConnection()

    @property
    def connected(self) -> bool:
        return bool(self.transport.connected)
