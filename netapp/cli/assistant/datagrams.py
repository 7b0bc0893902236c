"""UDP under a conversation: one peer as a client, or whoever writes as a listener."""

import ipaddress
import selectors
import socket
import struct
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final

from netapp.cli import common
from netapp.cli.assistant.trace import Trace, Untraced
from netapp.cli.console import Form
from netapp.core import limits
from netapp.core.addresses import towards
from netapp.core.languages import Phrases
from netapp.core.text import Tongue

PHRASES: Final = Phrases(
    {
        "frame": (
            "{name} 发来的数据报不是 --frame 的格式,没有显示",
            "{name} has sent a datagram that is none as --frame has it: it is not shown",
        ),
        "listening": ("正在监听 UDP {where}", "listening on UDP {where}"),
        "left": ("{name} 已离开", "{name} has left"),
        "bye": ("您已断开连接!", "您已断开连接!"),  # T14, T15: a word of the wire, in either language
    }
)
say: Final = common.words(PHRASES)
#: What ends a talk: T1 says ``quit`` to itself and sees it from others, T15 sends ``Q``.
QUIT: Final = "quit"
ASKS_TO_END: Final = ("Q", "q")


class DatagramPeer:
    """Somebody at an address."""

    stream = False
    waits = False

    def __init__(self, sock: socket.socket, address: Any, form: Form, *, connected: bool = False) -> None:
        self.place: common.HostPort = address[:2]
        self._own: common.HostPort | None = None
        self.name = common.shown(self.place)
        self.trace: Trace = Untraced()
        self.tongue = Tongue(form.encoding)
        self._socket, self._address, self._connected = sock, address, connected
        self._form = form

    @property
    def own(self) -> common.HostPort:
        """Our end, whose port is known once something was sent."""
        if self._own is None or not self._own[1]:
            self._own = towards(self._socket.getsockname()[:2], self._address)
        return self._own

    def send(self, octets: bytes) -> None:
        """:raises OSError: the address refuses, or the message is too long."""
        datagram = packed(octets, self._form)
        if self._connected:
            self._socket.send(datagram)
        else:
            self._socket.sendto(datagram, self._address)
        self.trace.sent(self, octets)

    def head(self, size: int) -> bytes:
        """What stands before a message of so many octets."""
        return struct.pack("<I", size) if self._form.framed else b""

    def send_some(self, octets: bytes) -> int:
        """A datagram goes whole."""
        self.send(octets)
        return len(octets)


class Datagrams:
    """One socket; who wrote last is answered.

    :param peer: as a client, whom we write to.
    :param talk: the words that end a talk in T1, T14 and T15 do so.
    """

    closed = False
    empty = True
    lossy = True

    def __init__(self, sock: socket.socket, form: Form, *, peer: DatagramPeer | None, talk: bool) -> None:
        self.peer = peer
        self.listening = peer is None
        self._socket, self._form, self._talk = sock, form, talk and not form.hex
        self._peers: OrderedDict[Any, DatagramPeer] = OrderedDict()
        self.trace: Trace = Untraced()
        if self.listening:
            common.note(say("listening", where=common.shown(sock.getsockname()[:2])))

    def parties(self) -> Sequence[DatagramPeer]:
        return list(self._peers.values()) if self.listening else [self.peer] if self.peer else []

    def start(self, selector: selectors.BaseSelector) -> None:
        if self.peer is not None:
            self.peer.trace = self.trace
        selector.register(self._socket, selectors.EVENT_READ)

    def ready(self, source: Any) -> Sequence[tuple[DatagramPeer, bytes]]:
        datagram, address = self._socket.recvfrom(limits.DATAGRAM)
        octets = unpacked(datagram, self._form, common.shown(address[:2]))
        if octets is None:
            return []
        if self.peer is not None and not self.listening:
            self.trace.received(self.peer, octets)
            return [(self.peer, octets)]
        if address[1] in limits.REFLECTING_PORTS:
            return []  # it answers by itself: so would we
        self.peer = self._known(address)
        self.trace.received(self.peer, octets)
        return [(self.peer, octets)]

    def leaves(self, line: str) -> bool:
        return self._talk and line == QUIT

    def parts(self, peer: Any, octets: bytes) -> bool:
        """Whether this ends the talk; who asks for that is told, as in T15."""
        if not self._talk:
            return False
        word = Tongue("auto").read(octets).replace("\uff01", "!")  # as some keyboards write it
        if word in ASKS_TO_END:
            peer.send(peer.tongue.write(say("bye")))
        elif word not in (QUIT, say("bye")):
            return False
        common.note(say("left", name=peer.name))
        if self.listening:
            self.peer = None
        return True

    def _known(self, address: Any) -> DatagramPeer:
        if address not in self._peers:
            self._peers[address] = DatagramPeer(self._socket, address, self._form)
            self._peers[address].trace = self.trace
            if len(self._peers) > limits.COMMAND_PEERS:
                self._peers.popitem(last=False)
        return self._peers[address]


def packed(octets: bytes, form: Form) -> bytes:
    """A message as a datagram: behind its length with ``--frame``."""
    return struct.pack("<I", len(octets)) + octets if form.framed else octets


def unpacked(datagram: bytes, form: Form, name: str) -> bytes | None:
    """The message of a datagram; what is no frame is told of, and ``None``.  :param name: the sender's."""
    if not form.framed:
        return datagram
    octets = datagram[4:]
    if datagram == packed(octets, form):
        return octets
    common.note(say("frame", name=name))
    return None


def bound(place: common.HostPort) -> socket.socket:
    """A socket at a port of ours; of both families when no host is given.  It fails in one line."""
    host, port = place
    six = ":" in host or (not host and socket.has_dualstack_ipv6())
    sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        if six and not host:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        common.fail(common.trouble(error, common.shown(place)))
    return sock


def opened(
    place: common.HostPort, form: Form, *, own: common.HostPort = ("", 0)
) -> tuple[socket.socket, DatagramPeer]:
    """A socket for one peer.

    Connected where that can be, so that a port where nobody is says so at once; a broadcast or
    multicast address is answered from others.

    :param own: the address and port that we send from.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(*place, type=socket.SOCK_DGRAM)[0]
        sock = socket.socket(family, socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        common.fail(common.trouble(common.as_system(error), common.shown(place)))
    try:
        if own != ("", 0):
            sock.bind(own)
        connected = _connected(sock, address)
    except OSError as error:
        sock.close()
        where = own if error.errno and own != ("", 0) else place
        common.fail(common.trouble(error, common.shown(where)))
    return sock, DatagramPeer(sock, address, form, connected=connected)


def _connected(sock: socket.socket, address: Any) -> bool:
    if ipaddress.ip_address(address[0].partition("%")[0]).is_multicast:
        return False
    try:
        sock.connect(address)
    except PermissionError:  # a broadcast address
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        return False
    return True
