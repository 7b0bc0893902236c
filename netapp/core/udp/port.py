"""The port for Linux: up to 64 datagrams a system call, and answers from the address that was asked.

A socket bound to every address has many of its own, and the kernel would take for an answer the
one that its routes prefer; a client drops what comes from another than it has asked.  So the
kernel is told to say of each datagram which one that was (ip(7), ipv6(7): ``IP_PKTINFO``).
"""

import errno
import socket
from collections import OrderedDict
from contextlib import suppress
from typing import Any, Final

from twisted.internet import error, interfaces
from twisted.logger import Logger
from zope.interface import implementer

from netapp.core import limits
from netapp.core.addresses import EVERYWHERE
from netapp.core.udp import layout
from netapp.core.udp.batch import NO_ORIGIN, Batch
from netapp.core.udp.pause import Pause
from netapp.core.udp.plain import TidyPort
from netapp.core.udp.source import Source, peer_of

#: What a kernel says of an earlier answer, or while it has no memory: the socket is as good as before.
_HARMLESS: Final = (
    *(errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN),
    *(errno.ENOMEM, errno.ENOBUFS),
)


@implementer(interfaces.IReadDescriptor, interfaces.IWriteDescriptor)
class BatchPort(TidyPort):
    """Reads batches.  A handler with ``batchReceived`` gets each whole one, and its answers leave
    together; any other gets ``datagramReceived`` for each datagram, and writes when it likes.

    While the socket cannot take what is to be sent nothing more is read, for at most
    ``limits.DATAGRAM_BLOCKED`` seconds: then these answers are dropped.

    :param calls: ``recvmmsg`` and ``sendmmsg``.
    :param timer: ``timerfd_create`` and ``timerfd_settime``; None goes without pauses.
    :ivar truncated: datagrams that were larger than ``maxPacketSize``; they are dropped.
    """

    _log = Logger()
    socket: socket.socket
    reactor: Any

    def __init__(
        self, calls: tuple[Any, Any], *arguments: Any, timer: tuple[Any, Any] | None = None, **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self._calls = calls
        self._asked: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._patience: Any = None
        self._timer = timer
        self._pause: Pause | None = None
        self._reading = False  # whoever has this port wants it to
        self._stopping = False

    @property
    def truncated(self) -> int:
        return self._batch.truncated if self.connected else 0

    def _bindSocket(self) -> None:
        super()._bindSocket()
        self._stopping = False
        self._family = layout.IPV6 if self.addressFamily == socket.AF_INET6 else layout.IPV4
        self._told = self._tell_address()
        self._batch = Batch(self._calls, self._family, self.maxPacketSize, told=self._told)
        self._take = getattr(self.protocol, "batchReceived", self._hand_on)
        self._gone = getattr(self.protocol, "batchSent", lambda batch: None)
        if self._timer is not None:
            with suppress(OSError):  # no descriptor is left: it goes without
                self._pause = Pause(self._timer, self, self.reactor)

    def _tell_address(self) -> bool:
        """Have the kernel tell which address was asked, where that is not the socket's own."""
        if self.socket.getsockname()[0] not in EVERYWHERE:
            return False
        try:
            if self._family is layout.IPV6:
                self.socket.setsockopt(socket.IPPROTO_IPV6, layout.IPV6_RECVPKTINFO, 1)
            else:
                self.socket.setsockopt(socket.IPPROTO_IP, layout.IP_PKTINFO, 1)
        except OSError:  # a kernel without it: answers leave from where its routes lead
            return False
        return True

    # Reading -----------------------------------------------------------------------------------

    def startReading(self) -> None:
        """Read, once what waits for the socket has left: what comes takes its place in memory."""
        self._reading = True
        if not self._waiting and not (self._pause and self._pause.running):
            super().startReading()

    def stopReading(self) -> None:
        self._reading = False
        self._rest()

    def _rest(self) -> None:
        if self._pause:
            self._pause.stop()
        super().stopReading()

    def doRead(self) -> None:
        """Read what is there, and again when something comes: after a pause if much is on its way."""
        count = self._read()
        if self._pause is None:
            return
        if limits.DATAGRAM_DENSE <= count < limits.DATAGRAM_BATCH and self._reading:
            self._read_later(self._pause)
        elif self._pause.running:
            self._pause.stop()
            super().startReading()

    def _read(self) -> int:
        """At most ``limits.DATAGRAM_BATCHES``, one if that takes long; then the others have their turn.

        :returns: how many datagrams the last one had; 0 also if answers wait for the socket.
        """
        batch, descriptor = self._batch, self.socket.fileno()
        seconds = self.reactor.seconds
        until = seconds() + limits.DATAGRAM_TURN
        for _ in range(limits.DATAGRAM_BATCHES):
            try:
                count = batch.receive(descriptor)
            except OSError as problem:
                self._broken(problem)
                return 0
            if not count:
                return 0
            try:
                self._take(batch)
            except Exception:  # as Twisted's port: one handler's failure ends no listener
                self._log.failure("a batch of datagrams failed")
            sent = batch.send(descriptor)
            self._gone(batch)
            if not sent:
                self._wait()
                return 0
            if count < limits.DATAGRAM_BATCH or seconds() >= until:
                break
        return count

    def _read_later(self, pause: Pause) -> None:
        if not pause.running:
            super().stopReading()
        pause.start()

    def _broken(self, problem: OSError) -> None:
        """:raises OSError: the socket is of no more use."""
        if problem.errno not in _HARMLESS:
            raise problem
        if self._connectedAddr:
            self.protocol.connectionRefused()

    def _hand_on(self, batch: Batch) -> None:
        for slot in range(len(batch)):
            datagram = batch.octets(slot)
            if datagram is None:
                continue
            peer = peer_of(batch.name(slot))
            if self._told:
                self._remember(peer, batch.control(slot))
            try:
                self.protocol.datagramReceived(datagram, peer)
            except Exception:
                self._log.failure("a datagram of {peer} failed", peer=peer[0])

    def _remember(self, peer: tuple[str, int], control: bytes) -> None:
        self._asked[peer] = control
        self._asked.move_to_end(peer)
        if len(self._asked) > limits.DATAGRAM_ASKED:
            self._asked.popitem(last=False)

    # Writing -----------------------------------------------------------------------------------

    def write(self, datagram: bytes, addr: tuple[str, int] | None = None) -> None:
        """Send one datagram now, as Twisted's port does: from the address that this peer has asked.

        :raises OSError: the kernel would not.  :raises MessageLengthError: it is too large.
        """
        control = self._asked.get(addr) if addr is not None else None
        if control is None or not self._write_from(datagram, addr, control):
            super().write(datagram, addr)

    def answer(self, datagram: bytes, source: Source) -> None:
        """Answer something later.  Raises as :meth:`write` does."""
        if not source.control or not self._write_from(datagram, source.peer, source.control):
            super().write(datagram, source.peer)

    def _write_from(self, datagram: bytes, addr: Any, control: bytes) -> bool:
        """:returns: whether it could leave from that address."""
        family = self._family
        data = control[layout.HEAD : layout.HEAD + family.data]
        try:
            self.socket.sendmsg([datagram], [(family.level, family.kind, data)], 0, addr)
        except OSError as problem:
            if problem.errno == errno.EMSGSIZE:
                raise error.MessageLengthError("message too long") from None
            if problem.errno not in NO_ORIGIN:
                raise
            return False
        return True

    @property
    def _waiting(self) -> bool:
        return self._patience is not None and self._patience.active()

    def _wait(self) -> None:
        """The socket's buffer is full: what is left leaves when there is room."""
        if self._stopping:
            self._let_go()
            return
        self._rest()
        self.startWriting()
        self._patience = self.reactor.callLater(limits.DATAGRAM_BLOCKED, self._give_up)

    def doWrite(self) -> None:
        done = self._batch.go_on(self.socket.fileno())
        self._gone(self._batch)
        if done:
            self._go_on()

    def _give_up(self) -> None:
        self._batch.drop()
        self._gone(self._batch)
        self._go_on()

    def _go_on(self) -> None:
        if self._waiting:
            self._patience.cancel()
        self.stopWriting()
        if self._reading:
            super().startReading()

    # Its end -----------------------------------------------------------------------------------

    def stopListening(self) -> Any:
        self._stopping = True
        self._let_go()
        return super().stopListening()

    def connectionLost(self, reason: Any = None) -> None:
        self._stopping = True
        self._let_go()
        super().connectionLost(reason)

    def _let_go(self) -> None:
        """Nothing is waited for any more."""
        if not self.connected:
            return
        if self._waiting:
            self._patience.cancel()
        if self._pause:
            self._pause.close()
            self._pause = None
        self.stopWriting()
        self._batch.drop()
        self._gone(self._batch)
