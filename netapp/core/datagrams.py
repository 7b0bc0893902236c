"""What every datagram service shares: who is answered, how often, and never in a loop."""

import socket
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from twisted.internet import error, interfaces, protocol
from twisted.logger import Logger

from netapp.core import limits
from netapp.core.access import Access, plain_host
from netapp.core.addresses import bindable
from netapp.core.udp.source import Source as Source
from netapp.errors import WireError

if TYPE_CHECKING:
    from netapp.core.explain.doors import DatagramDoor

Peer = tuple[str, int]


class OwnPorts:
    """The UDP ports that this process listens on: datagrams from these are never answered.

    :ivar doubtful: all that must not be answered without a closer look; reflecting ports too.
    """

    def __init__(self) -> None:
        self._ports: Counter[int] = Counter()  # a port may be ours at several addresses
        self._is_local = lru_cache(limits.SOURCES)(_is_local)
        self.doubtful = set(limits.REFLECTING_PORTS)

    def add(self, port: int) -> None:
        self._ports[port] += 1
        self.doubtful.add(port)

    def discard(self, port: int) -> None:
        self._ports[port] -= 1
        if self._ports[port] <= 0 and port not in limits.REFLECTING_PORTS:
            self.doubtful.discard(port)

    def __iter__(self) -> Iterator[int]:
        """The ports, for another process that answers at the same."""
        return (port for port, count in self._ports.items() if count > 0)

    def holds(self, peer: Peer) -> bool:
        """Whether a datagram with this source came from one of our own listeners."""
        return self._ports[peer[1]] > 0 and self._is_local(peer[0])


class Rate:
    """At most ``most`` events in one second of the clock for each address.

    The least recent one is forgotten.  An IPv6 network is not one source here: a classroom's
    machines are all of one.
    """

    def __init__(self, most: int, *, sources: int = limits.SOURCES) -> None:
        self._most, self._sources = most, sources
        self._seen: OrderedDict[str, tuple[int, int]] = OrderedDict()  # source -> (second, count)

    def admits(self, host: str, now: float) -> bool:
        source = plain_host(host)
        second, count = self._seen.pop(source, (0, 0))
        if second != int(now):
            second, count = int(now), 0
        self._seen[source] = (second, count + 1)
        if len(self._seen) > self._sources:
            self._seen.popitem(last=False)
        return count < self._most


class Datagrams(protocol.DatagramProtocol):
    """Hands on the datagrams of those who may be answered; a service subclasses :meth:`heard`.

    Not answered, only counted: reflecting source ports, our own listeners, addresses outside the
    allowed networks, and what comes faster than ``most`` a second from one source.

    :param most: datagrams of one source heard in a second; None for no bound.
    """

    noisy = False
    _log = Logger()
    transport: Any  # IUDPTransport, or a test's

    def __init__(
        self,
        clock: interfaces.IReactorTime,
        access: Access,
        own: OwnPorts,
        *,
        most: int | None = limits.ANSWERS_PER_SECOND,
    ) -> None:
        self.clock, self.own = clock, own
        self._permits = access.permits
        self._rate = Rate(most) if most is not None else None
        self._port = 0
        self.witness: DatagramDoor | None = None  # of --explain
        self.received = self.answered = self.refused = self.malformed = self.unsent = 0

    def heard(self, datagram: bytes, peer: Peer, now: float) -> Iterable[bytes]:
        """Answer one datagram.  ``peer`` is what :meth:`send` takes.

        :returns: datagrams to send back at once.
        :raises WireError: not what the specification allows; counted, unanswered.
        """
        raise NotImplementedError

    # What Twisted calls ----------------------------------------------------------------------

    def startProtocol(self) -> None:
        self._port = self.transport.getHost().port
        self.own.add(self._port)

    def stopProtocol(self) -> None:
        self.own.discard(self._port)

    def datagramReceived(self, datagram: bytes, addr: Peer) -> None:
        self.received += 1
        host, port = addr
        if port in limits.REFLECTING_PORTS or not self._permits(host) or self.own.holds(addr):
            self.refused += 1
            return
        now = self.clock.seconds()
        if self.witness is not None:
            self.witness.heard(datagram, addr, now)
        if self._rate is not None and not self._rate.admits(host, now):
            self.refused += 1
            return
        try:
            for answer in self.heard(datagram, addr, now):
                self.send(answer, addr)
        except WireError:
            self.malformed += 1
        except Exception:
            self._log.failure("a datagram of {peer} failed", peer=plain_host(host))

    def connectionRefused(self) -> None:
        """A peer has gone; its port is its own trouble."""

    # What services call ----------------------------------------------------------------------

    def send(self, octets: bytes, peer: Peer) -> bool:
        """Send one datagram; what the kernel refuses is counted.  :returns: whether it left."""
        if self.witness is not None:
            self.witness.saying(octets, peer)
        try:
            self.transport.write(octets, peer)
        except (OSError, error.MessageLengthError):
            self.unsent += 1
            return False
        self.answered += 1
        return True


def _is_local(host: str) -> bool:
    """Whether an address is one of this machine's: only such can be bound."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind(bindable(host, 0))
    except OSError:
        return False
    return True
