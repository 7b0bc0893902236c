"""Listening: descriptions to sockets, two lines in the log for each, one line for what cannot be.

Streams take any of Twisted's endpoint descriptions; datagrams take the same form,
``udp:PORT[:interface=ADDRESS]``.  Binding happens in ``privilegedStartService``, so that
``twistd --uid`` can serve port 53.
"""

import errno
import re
import socket
from collections.abc import Callable, Sequence
from typing import Any, Final

from twisted.application import service
from twisted.internet import address, defer, endpoints, error, interfaces, protocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.log import callWithContext

from netapp.core import limits
from netapp.core.doorkeeper import Doorkeeper
from netapp.core.proxied import ProxiedFactory
from netapp.core.sockets import tune
from netapp.core.streams import SessionFactory
from netapp.core.udp.ports import listen_datagrams
from netapp.errors import ConfigError, StartError

#: (host to try it at, port) to one command line that does.
Hint = Callable[[str, int], str]

_PROXIED: Final = "haproxy:"  # behind a proxy that says who its clients are
#: Between the arguments of an endpoint, and one that is given by name.
_COLON: Final = re.compile(r"(?<!\\):")
_NAMED: Final = re.compile(r"([A-Za-z]+)=")
#: What a listener without an interface is held to, and where an interface stands that has no name.
_LOOPBACK: Final = {"tcp": "127.0.0.1", "tcp6": r"\:\:1", "ssl": "127.0.0.1"}
_INTERFACE_AT: Final = {"tcp": 1, "tcp6": 1, "ssl": 4}
_UNIX_MODE: Final = "660"  # its owner and group
_EVERYWHERE: Final = r":interface=\:\:"  # in both families
_DATAGRAM: Final = re.compile(
    r"udp:(?P<port>[0-9]{1,5})(:interface=(?P<interface>([^:=\\]|\\:)+))?", re.ASCII
)


def expanded(default: str, interface: str | None) -> str:
    """A default listener, such as ``tcp:7777``, at one address, or at every one of both families."""
    if interface is None:
        return default + (_EVERYWHERE if dual_stack() else "")
    return f"{default}:interface={endpoints.quoteStringArgument(interface)}"


def dual_stack() -> bool:
    """Whether one socket can hear IPv4 and IPv6 here."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::", 0))
            return not probe.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    except OSError:
        return False


def in_url(host: str) -> str:
    """An address as a URL has it: RFC 3986 section 3.2.2."""
    return f"[{host}]" if ":" in host else host


def is_datagram(description: str) -> bool:
    return description.partition(":")[0] == "udp"


def is_tls(description: str) -> bool:
    return description.removeprefix(_PROXIED).startswith("ssl:")


def parse_datagram(description: str) -> tuple[str, int]:
    """``udp:PORT[:interface=ADDRESS]`` to (address, port).  :raises ConfigError: not of this form."""
    match = _DATAGRAM.fullmatch(description)
    if match is None or int(match["port"]) > 65535:
        raise ConfigError(
            f"{description!r} is no datagram listener: write udp:PORT or udp:PORT:interface=ADDRESS, "
            r"a colon in the address as \:"
        )
    return (match["interface"] or "").replace("\\:", ":"), int(match["port"])


def on_loopback(description: str) -> str:
    """A TCP or TLS description that names no interface, held to loopback: metrics and the like."""
    kind, plain, named = _parts(description)
    if kind not in _LOOPBACK or "interface" in named or len(plain) > _INTERFACE_AT[kind]:
        return description
    return f"{description}:interface={_LOOPBACK[kind]}"


def private(description: str) -> str:
    """A UNIX socket whose mode is not given, open to its owner and group alone; Twisted's is to all."""
    kind, plain, named = _parts(description)
    open_to_all = kind == "unix" and "mode" not in named and len(plain) < 2
    return f"{description}:mode={_UNIX_MODE}" if open_to_all else description


def _parts(description: str) -> tuple[str, list[str], set[str]]:
    """An endpoint's kind, what it is given by place, and the names of what it is given by name."""
    kind, *rest = _COLON.split(description.removeprefix(_PROXIED))
    plain = [each for each in rest if not _NAMED.match(each)]
    return kind, plain, {match[1] for each in rest if (match := _NAMED.match(each))}


#: Where somebody on this machine reaches a socket that is bound to every address.
_ANYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "127.0.0.1"}  # noqa: S104  (compared, not bound)


class Listener(service.Service):
    """One socket of a service.

    :param owner: the plugin, as the log and an error name it.
    :param option: the option that chooses the listener, for the cure that an error names.
    """

    _log = Logger()
    _port: Any = None
    #: False where somebody else tells of the listener: it has no lines of its own in the log then.
    speaks = True
    #: (transport, port) to who else of ours has it; "" when nobody knows.
    holder: Callable[[str, int], str] = staticmethod(lambda transport, port: "")

    def __init__(self, owner: str, description: str, reactor: Any, hint: Hint | None, option: str) -> None:
        self.owner, self.description, self.option = owner, description, option
        self._reactor, self._hint = reactor, hint

    def getHost(self) -> Any:
        """The address that was taken, as a Twisted address."""
        return self._port.getHost()

    def privilegedStartService(self) -> None:
        super().privilegedStartService()
        try:
            # Twisted's own line for each port says less than ours: in this context it has no text.
            self._port = callWithContext({"log_format": ""}, self._listen)
        except error.CannotListenError as problem:
            reason = getattr(problem.socketError, "strerror", None) or str(problem)
            raise self._cannot(reason, self._held_by(problem)) from None
        except Exception as problem:  # an endpoint may be anybody's
            reason = ": ".join(map(str, problem.args)) or type(problem).__name__
            raise self._cannot(reason.removesuffix(".")) from None

    def startService(self) -> None:
        super().startService()
        if self._port is None:
            self.privilegedStartService()
        if self.speaks:
            self._log.info("{owner}: listening on {where}", owner=self.owner, where=self.where())
            if hint := self.hint():
                self._log.info("{owner}: try  {hint}", owner=self.owner, hint=hint)

    @property
    def stands(self) -> bool:
        """Whether it has its socket."""
        return self._port is not None

    def address(self) -> dict[str, Any]:
        """Transport, host and port; the last two are None for what has none."""
        host = self.getHost()
        if not isinstance(host, address.IPv4Address | address.IPv6Address):
            return {"transport": "unix", "host": None, "port": None}
        return {"transport": host.type.lower(), "host": host.host, "port": host.port}

    def hint(self, host: str | None = None) -> str:
        """A command line that tries the listener; "" where there is none.

        :param host: how its user reaches this machine; None for one who sits at it.
        """
        if self._hint is None or (place := self._place()) is None:
            return ""
        return self._hint(host or place[0], place[1])

    def stopService(self) -> defer.Deferred[None]:
        super().stopService()
        port, self._port = self._port, None
        return defer.ensureDeferred(self._stop(port))

    async def _stop(self, port: Any) -> None:
        if port is not None:
            await defer.maybeDeferred(port.stopListening)

    def _listen(self) -> Any:
        raise NotImplementedError

    def _held_by(self, problem: error.CannotListenError) -> str:
        if getattr(problem.socketError, "errno", None) != errno.EADDRINUSE or not problem.port:
            return ""
        transport = "udp" if is_datagram(self.description) else "tcp"
        return self.holder(transport, int(problem.port))

    def _cannot(self, reason: str, holder: str = "") -> StartError:
        """:param holder: who has it, as far as that is known."""
        listener = self.description.removesuffix(_EVERYWHERE).replace("\\:", ":")  # as a user would write it
        return StartError(
            f"{self.owner}: cannot listen on {listener}: {reason}{f' ({holder})' if holder else ''}; "
            f"choose another with {self.option}, or in the configuration file"
        )

    def _place(self) -> tuple[str, int] | None:
        """Where somebody on this machine reaches the socket, written as a client takes it."""
        host = self.getHost()
        if not isinstance(host, address.IPv4Address | address.IPv6Address):
            return None
        return _ANYWHERE.get(host.host, host.host), host.port

    def where(self) -> str:
        """Transport, address and port, as the log has them; the description of what has none."""
        host = self.getHost()
        if not isinstance(host, address.IPv4Address | address.IPv6Address):
            return self.description
        return f"{host.type.lower()} {in_url(host.host)}:{host.port}"


def _hint_tls(host: str, port: int) -> str:
    return f"openssl s_client -quiet -connect {host}:{port}"


class StreamListener(Listener):
    """Listens for connections; its stop lets running transfers end within the drain limit."""

    def __init__(
        self,
        owner: str,
        description: str,
        factory: interfaces.IProtocolFactory,
        reactor: Any,
        hint: Hint | None = None,
        option: str = "--listen",
        hint_tls: Hint = _hint_tls,
    ) -> None:
        hint = None if description.startswith(_PROXIED) else hint  # nothing but a proxy can try it
        if hint is not None and is_tls(description):
            hint = hint_tls
        super().__init__(owner, description, reactor, hint, option)
        self.factory, self._front = factory, factory
        stream = private(description)
        if description.startswith(_PROXIED) and isinstance(factory, SessionFactory):
            stream, self._front = (
                stream.removeprefix(_PROXIED),
                ProxiedFactory(factory, reactor, owner, description),
            )
        try:
            self._endpoint = endpoints.serverFromString(reactor, stream)
        except Exception as problem:  # an endpoint may be anybody's, and read any file
            raise ConfigError(
                f"{option}: {description!r} is no listener ({problem or type(problem).__name__}): "
                r"write tcp:PORT or tcp:PORT:interface=ADDRESS, a colon in the address as \:"
            ) from None

    def _listen(self) -> Any:
        outcome: list[Any] = []
        plain = self.description.removeprefix(_PROXIED).startswith(("tcp:", "tcp6:", "unix:"))
        self._endpoint.listen(self._front if plain else Doorkeeper(self._front)).addBoth(outcome.append)
        if not outcome:
            raise ValueError("this kind of listener does not start at once")
        if isinstance(outcome[0], Failure):
            outcome[0].raiseException()
        tune(outcome[0], backlog="backlog=" not in self.description)
        return outcome[0]

    async def _stop(self, port: Any) -> None:
        await super()._stop(port)
        if isinstance(self.factory, SessionFactory):
            await self.factory.drain(self._reactor)


class DatagramListener(Listener):
    """Listens for datagrams."""

    def __init__(
        self,
        owner: str,
        description: str,
        handler: protocol.AbstractDatagramProtocol,
        reactor: Any,
        hint: Hint | None = None,
        option: str = "--listen",
    ) -> None:
        super().__init__(owner, description, reactor, hint, option)
        self.handler = handler
        self._interface, self._number = parse_datagram(description)

    def _listen(self) -> Any:
        return listen_datagrams(self._reactor, self._number, self.handler, self._interface, limits.DATAGRAM)


def descriptions(given: Sequence[str], defaults: Sequence[str], interface: str | None) -> tuple[str, ...]:
    """What a service listens on: what was given, else its defaults."""
    return tuple(given) or tuple(expanded(default, interface) for default in defaults)
