"""One SSH connection of a server: versions, key exchange, packets, and an end that comes in time.

Conch knows the octets.  Ours adds what a server on a hostile network needs: modern algorithms only,
short packets, messages in the order that the key exchange allows and no other, deadlines, and a
bound on what waits for a peer that does not read.

Source: RFC 4253; strict key exchange: OpenSSH's PROTOCOL section 1.10.
"""

import re
import struct
from collections.abc import Callable
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from twisted.conch import error
from twisted.conch.ssh import service, transport
from twisted.internet import interfaces
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from netapp.core import limits
from netapp.core.ssh import offers, wire
from netapp.core.ssh.alarms import Alarms
from netapp.core.ssh.flow import Flow
from netapp.core.ssh.hostkeys import HostKeys
from netapp.core.ssh.order import NEWKEYS, Order, Stage
from netapp.core.streams import Peer, SessionFactory
from netapp.errors import WireError

_VERSION: Final = re.compile(rb"SSH-(?:2\.0|1\.99)-[\x20-\x7e]{1,200}\r?\n")  # RFC 4253 section 4.2
#: What conch raises for octets that are none of the protocol's.
_MALFORMED: Final = (
    WireError, struct.error, error.ConchError, UnsupportedAlgorithm, LookupError, TypeError, ValueError,
)  # fmt: skip


@implementer(interfaces.IPushProducer)
class ServerTransport(transport.SSHServerTransport):
    """One connection, as :class:`netapp.core.connections.Carrier` has it.

    :param authenticate: makes the service that finds out who is there; it calls :meth:`admitted`.
    """

    _log = offers.quiet()
    _own_log = Logger()
    ourVersionString = b"SSH-2.0-netapp"
    supportedKeyExchanges = offers.KEY_EXCHANGES
    supportedCiphers = offers.CIPHERS
    supportedMACs = offers.MACS
    supportedCompressions = offers.COMPRESSIONS
    transport: Any

    def __init__(
        self,
        keys: HostKeys,
        authenticate: Callable[[], service.SSHService],
        clock: interfaces.IReactorTime,
        peer: Peer,
    ) -> None:
        self.clock, self.peer = clock, peer
        self.supportedPublicKeys = keys.algorithms
        self._keys, self._authenticate = keys, authenticate
        self._owner: SessionFactory | None = None
        self._hello = b""
        self._order, self._flow = Order(), Flow()
        self._alarms = Alarms(clock)
        self.closing = False

    # What a SessionFactory asks of a carrier.  Conch asks its ``factory`` for the host's keys. --

    @property
    def factory(self) -> Any:
        return self._keys

    @factory.setter  # type: ignore[override]
    def factory(self, factory: SessionFactory | None) -> None:
        self._owner = factory

    @property
    def busy(self) -> bool:
        return False  # a shell has no transfers

    def close(self, *, abort: bool = False) -> None:
        """Hang up; what is written still leaves within the stall limit, unless ``abort``."""
        if abort:
            self.closing = True
            self.transport.abortConnection()
        else:
            self._take_leave()

    # What Twisted calls ----------------------------------------------------------------------

    def connectionMade(self) -> None:
        """Say our version; the rest when the peer has said its own, so that nc is not sent noise."""
        if interfaces.ITCPTransport.providedBy(self.transport):
            self.transport.setTcpNoDelay(True)
        self.transport.registerProducer(self, True)
        self._alarms.set("login", limits.SSH_LOGIN, lambda: self._end(b"you took too long"))
        self.transport.write(self.ourVersionString + b"\r\n")
        self.currentEncryptions = transport.SSHCiphers(b"none", b"none", b"none", b"none")
        self.currentEncryptions.setKeys(b"", b"", b"", b"", b"", b"")

    def dataReceived(self, data: bytes) -> None:
        if self.closing:
            return
        if self.gotVersion:
            super().dataReceived(data)
            return
        self._hello += data
        line, newline, rest = self._hello.partition(b"\n")
        if newline and _VERSION.fullmatch(line + newline):
            self._hello = b""
            super().dataReceived(line + newline)
            self.sendKexInit()
            super().dataReceived(rest)
        elif newline or len(line) > limits.SSH_VERSION or not line.startswith(b"SSH-"[: len(line)]):
            self._malformed()

    def connectionLost(self, reason: Failure | None = None) -> None:
        self.closing = True
        self._alarms.clear()
        try:
            super().connectionLost(reason)
        except Exception:
            self._own_log.failure("a session could not be let go")
        if self._owner is not None:
            self._owner.lost(self)

    # A peer that does not read ---------------------------------------------------------------

    def pauseProducing(self) -> None:
        """Neither do we, and not for ever; a transport says so again at every write."""
        if not self._flow.paused:
            self._flow.pause()
            self.transport.pauseProducing()
            self._alarms.set("stalled", limits.STALLED, lambda: self.close(abort=True))

    def resumeProducing(self) -> None:
        self._flow.paused = False
        self._alarms.cancel("stalled")
        self.transport.resumeProducing()
        self._tell_drained()

    @property
    def congested(self) -> bool:
        """What is said now would wait; the service's ``drained`` is called when it would not."""
        return self._flow.congested

    def _tell_drained(self) -> None:
        if not self.congested:
            getattr(self.service, "drained", lambda: None)()

    def stopProducing(self) -> None:
        """The connection is going."""

    # Packets ---------------------------------------------------------------------------------

    def getPacket(self) -> bytes | None:
        """The next whole packet, if it is there; none that is longer than we want to keep."""
        if self.closing:
            return None
        size = self.currentEncryptions.decBlockSize
        if not hasattr(self, "first") and len(self.buf) >= size:
            self.first = self.currentEncryptions.decrypt(self.buf[:size])  # conch goes on from here
        if hasattr(self, "first") and not 12 <= int.from_bytes(self.first[:4], "big") <= limits.SSH_PACKET:
            self._malformed()
            return None
        packet: bytes | None = super().getPacket()
        if packet == b"":
            self._malformed()  # not even the number of a message
            return None
        return packet

    def dispatchMessage(self, messageNum: int, payload: bytes) -> None:
        """Do what a message says, if it may come now.  One peer's fault ends one connection."""
        try:
            if not self._order.may_come(messageNum, served=self.service is not None):
                raise WireError(f"message {messageNum} out of order", source="RFC 4253 section 7.1")
            super().dispatchMessage(messageNum, payload)
            self._flow.heard(len(payload))
            if self._flow.worn and not self.closing:
                self.sendKexInit()
        except _MALFORMED:
            self._malformed()
        except Exception:
            self._own_log.failure("a session of {peer} failed", peer=self.peer)
            self.close(abort=True)

    def sendPacket(self, messageType: int, payload: bytes) -> None:
        """Send a message, unless the peer has let too much wait: then it loses its connection."""
        if self.closing:
            return
        if not self._flow.says(len(payload), waits=self._order.waits(messageType)):
            self.close(abort=True)
            return
        super().sendPacket(messageType, payload)
        if messageType == NEWKEYS:
            self._order.stage = Stage.REPLIED
            if self._order.strict:
                self.outgoingPacketSequence = 0

    # Key exchange ----------------------------------------------------------------------------

    def sendKexInit(self) -> None:
        """Begin, and say that we know the strict way, which is no algorithm to choose."""
        self._flow.begin_exchange()
        self._alarms.set("exchange", limits.SSH_EXCHANGE, lambda: self.close(abort=True))
        chosen_from = self.supportedKeyExchanges
        self.supportedKeyExchanges = [*chosen_from, offers.STRICT_SERVER]
        try:
            super().sendKexInit()
        finally:
            self.supportedKeyExchanges = chosen_from

    def ssh_KEXINIT(self, packet: bytes) -> None:
        if self.sessionID is None:
            self._order.strict = offers.STRICT_CLIENT in wire.Reader(packet[16:]).string().split(b",")
            if self._order.strict and self.incomingPacketSequence != 1:
                raise WireError("KEXINIT is not the first message", source="OpenSSH PROTOCOL section 1.10")
        self._order.stage = Stage.BEGUN
        super().ssh_KEXINIT(packet)

    def ssh_NEWKEYS(self, packet: bytes) -> None:
        self._order.stage = Stage.NONE
        self._flow.end_exchange()
        self._alarms.cancel("exchange")
        super().ssh_NEWKEYS(packet)
        self._order.encrypted = True
        if self._order.strict:
            self.incomingPacketSequence = 0
        self._tell_drained()

    def sendExtInfo(self, extensions: object) -> None:
        """Tell which signatures a client's key may make; conch would name those of the host's keys."""
        super().sendExtInfo([(b"server-sig-algs", b",".join(wire.KEY_ALGORITHMS))])

    # Services --------------------------------------------------------------------------------

    def ssh_SERVICE_REQUEST(self, packet: bytes) -> None:
        """There is one to ask for, once: its tries are counted from its beginning."""
        name = wire.Reader(packet).string()
        if name != b"ssh-userauth" or self.service is not None:
            self.sendDisconnect(transport.DISCONNECT_SERVICE_NOT_AVAILABLE, b"no such service")
            return
        self.sendPacket(transport.MSG_SERVICE_ACCEPT, wire.string(name))
        self.setService(self._authenticate())

    def admitted(self, avatar: object, logout: Callable[[], None]) -> None:
        """Somebody is let in; ``logout`` is called when the connection is gone."""
        self._alarms.cancel("login")
        self.avatar, self.logoutFunction = avatar, logout

    # Ending ----------------------------------------------------------------------------------

    def sendDisconnect(self, reason: int, desc: bytes) -> None:
        """Say why, and hang up once it has left.  :param desc: English, and none of the peer's words."""
        if self.closing:
            return
        words = wire.uint32(reason) + wire.string(desc) + wire.string(b"en")
        self.sendPacket(transport.MSG_DISCONNECT, words)
        if not self.closing:  # it would take even that
            self._hang_up()

    def _hang_up(self) -> None:
        self.closing = True
        self._alarms.set("stalled", limits.STALLED, self.transport.abortConnection)
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    def loseConnection(self) -> None:
        self._end(b"goodbye")

    def _take_leave(self) -> None:
        """Have the sessions end, and let their clients hang up; who does not is hung up on."""
        farewell = getattr(self.service, "farewell", None)
        if farewell is None or not farewell():
            self._end(b"goodbye")
        elif "leave" not in self._alarms:
            self._alarms.set("leave", limits.SSH_FAREWELL, lambda: self._end(b"goodbye"))

    def _end(self, why: bytes) -> None:
        self.sendDisconnect(transport.DISCONNECT_BY_APPLICATION, why)

    def _malformed(self) -> None:
        """The peer's octets were against the specification: counted, never logged one by one."""
        if not self.closing and self._owner is not None:
            self._owner.malformed += 1
        if self.gotVersion:
            self.sendDisconnect(transport.DISCONNECT_PROTOCOL_ERROR, b"protocol error")
        elif not self.closing:
            self._hang_up()

    def _unheard(self, *words: object) -> None:
        """The peer's own words are for no log."""

    receiveError = receiveUnimplemented = receiveDebug = _unheard
