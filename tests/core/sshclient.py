"""A client of SSH in memory that says what a test wants, in the order that it wants."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ed25519
from twisted.conch.ssh import keys, transport
from twisted.conch.ssh.service import SSHService
from twisted.internet import defer, error
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from netapp.core.access import Access
from netapp.core.connections import SessionFactory
from netapp.core.ssh import wire
from netapp.core.ssh.auth import UserAuth
from netapp.core.ssh.connection import Connection, SessionChannel
from netapp.core.ssh.hostkeys import HostKeys
from netapp.core.ssh.offers import quiet
from netapp.core.ssh.transport import ServerTransport
from netapp.core.ssh.wire import string, uint32
from netapp.testing import FakeReactor, connect


@cache
def host_keys() -> HostKeys:
    key = keys.Key(ed25519.Ed25519PrivateKey.generate())
    return HostKeys({key.sshType(): key.public()}, {key.sshType(): key})


@dataclass
class FakeAdmission:
    clock: Any
    build: Callable[[int, int], SessionChannel]
    left: int = 0

    def begin(self) -> SSHService:
        return Connection(self.build, self.clock)

    def leave(self) -> None:
        self.left += 1


class FakeGate:
    """Lets in ``zhao`` with ``123``, and with a code where ``code`` is set, or by the key ``blob``."""

    def __init__(self, admission: FakeAdmission) -> None:
        self.admission = admission
        self.tried: list[tuple[bytes, bytes, bytes | None]] = []
        self.probed: list[tuple[bytes, bytes]] = []
        self.code: bytes | None = None
        self.blob = b""
        self.waits: defer.Deferred[None] | None = None
        self.problem: Exception | None = None

    async def password(self, name: bytes, password: bytes, code: bytes | None) -> FakeAdmission | None:
        self.tried.append((name, password, code))
        if self.waits is not None:
            await self.waits
        if self.problem is not None:
            raise self.problem
        return self.admission if (name, password, code) == (b"zhao", b"123", self.code) else None

    async def wants_code(self, name: bytes) -> bool:
        return self.code is not None and name == b"zhao"

    async def offered(self, name: bytes, blob: bytes) -> bool:
        self.probed.append((name, blob))
        return (name, blob) == (b"zhao", self.blob)

    async def key(self, name: bytes, blob: bytes) -> FakeAdmission | None:
        return self.admission if (name, blob) == (b"zhao", self.blob) else None

    def say(self, key: str) -> str:
        return key


class RawClient(transport.SSHClientTransport):
    """Keeps every message that comes, as (number, payload)."""

    def __init__(self) -> None:
        self.messages: list[tuple[int, bytes]] = []
        self.secure = False

    _log = quiet()

    def verifyHostKey(self, hostKey: bytes, fingerprint: bytes) -> defer.Deferred[int]:
        return defer.succeed(1)

    def connectionSecure(self) -> None:
        self.secure = True

    def dispatchMessage(self, messageNum: int, payload: bytes) -> None:
        self.messages.append((messageNum, payload))
        if messageNum < 50 and messageNum not in (1, 6):
            super().dispatchMessage(messageNum, payload)


class Dialogue:
    """A client, and a server with a fake gate, joined in memory."""

    def __init__(self, build: Callable[[int, int], SessionChannel] | None = None) -> None:
        self.clock = FakeReactor()
        self.admission = FakeAdmission(
            self.clock, build or (lambda window, packet: SessionChannel(self.clock, window, packet))
        )
        self.gate = FakeGate(self.admission)
        self.factory = SessionFactory(
            lambda peer: ServerTransport(  # type: ignore[arg-type,return-value]
                host_keys(), lambda: UserAuth(self.gate), self.clock, peer
            ),
            Access(),
        )
        self.server, self.wire = connect(self.factory)
        self.client = RawClient()
        self.out = StringTransport()

    def begin(self) -> "Dialogue":
        """Exchange keys, and ask for authentication."""
        self.client.makeConnection(self.out)
        self.pump()
        assert self.client.secure
        self.say(5, string(b"ssh-userauth"))
        assert (6, string(b"ssh-userauth")) in self.client.messages
        return self

    def come_in(self) -> "Dialogue":
        self.begin()
        self.request(b"password", b"\0" + string(b"123"))
        assert self.client.messages[-1][0] == wire.USERAUTH_SUCCESS
        return self

    def open(self, *, window: int = 65536, packet: int = 32768, kind: bytes = b"session") -> int:
        """Open a channel.  :returns: the number of the last message: 91 for yes."""
        self.say(90, string(kind) + uint32(7) + uint32(window) + uint32(packet))
        return self.client.messages[-1][0]

    def ask(self, kind: bytes, data: bytes = b"", channel: int = 0) -> bool:
        """A request on a channel.  :returns: whether it was granted."""
        before = len(self.client.messages)
        self.say(98, uint32(channel) + string(kind) + b"\1" + data)
        (answer,) = [number for number, _ in self.client.messages[before:] if number in (99, 100)]
        return answer == 99

    def request(self, method: bytes, data: bytes = b"", user: bytes = b"zhao") -> None:
        self.say(50, string(user) + string(b"ssh-connection") + string(method) + data)

    def say(self, number: int, payload: bytes) -> None:
        self.client.sendPacket(number, payload)
        self.pump()

    def pump(self) -> None:
        """Carry octets both ways until nobody says anything more."""
        while True:
            to_server, to_client = self.out.value(), self.wire.take()
            self.out.clear()
            if not to_server and not to_client:
                return
            if to_client:
                self.client.dataReceived(to_client)
            if to_server and self.wire.connected:
                self.server.dataReceived(to_server)

    def numbers(self) -> list[int]:
        return [number for number, _ in self.client.messages]

    def last(self, number: int) -> bytes:
        return next(payload for each, payload in reversed(self.client.messages) if each == number)

    @property
    def ended(self) -> bool:
        return not self.wire.connected

    def drop(self) -> None:
        """The client's machine has gone."""
        if self.wire.connected:
            self.wire.connected = False
            self.server.connectionLost(Failure(error.ConnectionLost()))
