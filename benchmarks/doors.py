"""One refusal at each of the login service's doors, and the seconds from the password to the verdict."""

import base64
import secrets
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.process import LOOPBACK, Failed

#: Seconds, or a Deferred of them, by port, name and password.
Refused = Callable[[int, str, str], Any]
OPTIONS = ("listen", "ssh", "http", "ldap")
_PATIENCE = 30.0


def at_prompt(port: int, name: str, password: str) -> float:
    with socket.create_connection((LOOPBACK, port), _PATIENCE) as client:
        client.sendall(name.encode() + b"\n")
        _until(client, b"Password: ")
        return _asked(client, password.encode() + b"\n", b"Wrong user name or password")


def by_http(port: int, name: str, password: str) -> float:
    basic = base64.b64encode(f"{name}:{password}".encode())
    request = b"GET /verify HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic " + basic + b"\r\n\r\n"
    with socket.create_connection((LOOPBACK, port), _PATIENCE) as client:
        return _asked(client, request, b"HTTP/1.1 401 ")


def by_ldap(port: int, name: str, password: str) -> float:
    dn = f"uid={name},ou=people,dc=netapp".encode()
    bind = _ber(0x02, b"\x03") + _ber(0x04, dn) + _ber(0x80, password.encode())  # RFC 4511 section 4.2
    with socket.create_connection((LOOPBACK, port), _PATIENCE) as client:
        return _asked(client, _ber(0x30, _ber(0x02, b"\x01") + _ber(0x60, bind)), b"\x0a\x01\x31")


def by_ssh(port: int, name: str, password: str, *, probe: bool = False) -> Any:
    """One connection for each: its keys are exchanged before the time begins."""
    from twisted.conch.ssh import transport
    from twisted.conch.ssh.common import NS
    from twisted.conch.ssh.service import SSHService
    from twisted.internet import defer, endpoints, reactor

    done: defer.Deferred[float] = defer.Deferred()

    class Userauth(SSHService):
        name = b"ssh-userauth"
        protocolMessages = {50: "MSG_USERAUTH_REQUEST", 51: "MSG_USERAUTH_FAILURE"}  # noqa: RUF012
        asked = 0.0

        def serviceStarted(self) -> None:
            method = _key() if probe else NS(b"password") + b"\0" + NS(password.encode())
            self.asked = time.perf_counter()
            # RFC 4252 sections 5, 7 and 8
            self.transport.sendPacket(50, NS(asked.encode()) + NS(b"ssh-connection") + method)

        def ssh_USERAUTH_FAILURE(self, packet: bytes) -> None:
            took = time.perf_counter() - self.asked
            self.transport.loseConnection()
            done.callback(took)

    def _key() -> bytes:
        blob = NS(b"ssh-ed25519") + NS(secrets.token_bytes(32))
        return NS(b"publickey") + b"\0" + NS(b"ssh-ed25519") + NS(blob)

    class Client(transport.SSHClientTransport):  # type: ignore[misc]
        def verifyHostKey(self, hostKey: bytes, fingerprint: bytes) -> Any:
            return defer.succeed(1)

        def connectionSecure(self) -> None:
            self.requestService(Userauth())

        def connectionLost(self, reason: Any = None) -> None:
            if not done.called:
                done.errback(Failed("an SSH connection ended before its answer"))

    asked = name
    endpoint = endpoints.TCP4ClientEndpoint(reactor, LOOPBACK, port)
    connected = endpoints.connectProtocol(endpoint, Client())
    return connected.addCallback(lambda _: done)


#: The option that opens the door, and how to be refused at it; keys are offered and not proved.
DOORS: dict[str, tuple[str, Refused]] = {
    "prompt": ("listen", at_prompt),
    "ssh": ("ssh", by_ssh),
    "sshkey": ("ssh", partial(by_ssh, probe=True)),
    "http": ("http", by_http),
    "ldap": ("ldap", by_ldap),
}


def _asked(client: socket.socket, octets: bytes, refusal: bytes) -> float:
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    begun = time.perf_counter()
    client.sendall(octets)
    answer = client.recv(4096)
    took = time.perf_counter() - begun
    if refusal not in answer:
        raise Failed(f"no refusal: {answer[:80]!r}")
    return took


def _until(client: socket.socket, prompt: bytes) -> None:
    heard = b""
    while not heard.endswith(prompt):
        octets = client.recv(4096)
        if not octets:
            raise Failed(f"no prompt: {heard[-80:]!r}")
        heard += octets


def _ber(tag: int, content: bytes) -> bytes:
    """X.690 section 8.1.3; the length of one octet is enough."""
    return bytes((tag, len(content))) + content
