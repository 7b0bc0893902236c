"""The service ``ssh-connection``: sessions, a few at a time, and nothing that is forwarded.

No port, no agent, no X11 goes through here, whoever asks for it.  What a peer sends is taken as fast
as its session works; what it does not read is bounded, in octets and in time.

Source: RFC 4254.
"""

from collections.abc import Callable
from typing import Any

from twisted.conch import error
from twisted.conch.ssh import channel, connection
from twisted.internet import interfaces
from twisted.logger import Logger

from netapp.core import limits
from netapp.core.ssh import wire
from netapp.core.ssh.offers import quiet
from netapp.core.ssh.wire import Terminal
from netapp.errors import WireError


class SessionChannel(channel.SSHChannel):
    """One session; a service overrides :meth:`shell`, :meth:`execute` or :meth:`subsystem`.

    They say whether they can; the work begins in what they give :meth:`begins`, after the reply.
    """

    name = b"session"
    _log = quiet()
    _own_log = Logger()
    conn: Any

    def __init__(self, clock: interfaces.IReactorTime, window: int, packet: int) -> None:
        super().__init__(
            localWindow=limits.SSH_WINDOW,
            localMaxPacket=limits.SSH_WINDOW,
            remoteWindow=window,
            remoteMaxPacket=min(packet, limits.SSH_WINDOW),
        )
        self.clock = clock
        self.terminal: Terminal | None = None
        self.holding = False
        self.begun = False
        self._work: Callable[[], object] | None = None
        self._status: int | None = None
        self._stall: interfaces.IDelayedCall | None = None

    # For a service to override ---------------------------------------------------------------

    def shell(self) -> bool:
        return False

    def execute(self, command: bytes) -> bool:
        return False

    def subsystem(self, name: bytes) -> bool:
        return False

    def resized(self, terminal: Terminal) -> None:
        """The client's window has another size."""

    def interrupted(self) -> None:
        """The client sends SIGINT."""

    def drained(self) -> None:
        """The client has read what it was sent: there may be more."""

    def farewell(self) -> None:
        """We are about to hang up."""
        self.leave(1)

    # Requests --------------------------------------------------------------------------------

    def begins(self, work: Callable[[], object]) -> bool:
        """Take ``work`` as what this session is for; there is one for each: RFC 4254 section 6.5."""
        self.begun, self._work = True, work
        return True

    def requestReceived(self, requestType: bytes, data: bytes) -> bool:
        """Whether a request is granted; what cannot be read is not."""
        try:
            return self._request(requestType, data)
        except WireError:
            return False

    def _request(self, kind: bytes, data: bytes) -> bool:
        if kind == b"window-change":
            self.terminal = wire.parse_window_change(data)
            self.resized(self.terminal)
            return True
        if kind == b"signal":
            self._signal(wire.Reader(data).string())
            return True
        if self.begun:
            return False
        if kind == b"pty-req":
            self.terminal = wire.parse_pty(data)
            return True
        if kind == b"shell":
            return self.shell()
        if kind == b"exec":
            return self.execute(wire.Reader(data).string())
        return kind == b"subsystem" and self.subsystem(wire.Reader(data).string())

    def _signal(self, name: bytes) -> None:
        if name == b"INT" and self.begun:
            self.interrupted()

    def replied(self) -> None:
        """The client knows that its request was granted: the work begins."""
        work, self._work = self._work, None
        if work is not None:
            work()

    # Taking and giving -----------------------------------------------------------------------

    def hold(self, holding: bool) -> None:
        """Let the client send no more than its window, until we can take it."""
        self.holding = holding
        if not holding and self.localWindowLeft < self.localWindowSize // 2 and self.id is not None:
            self.conn.adjustWindow(self, self.localWindowSize - self.localWindowLeft)

    @property
    def congested(self) -> bool:
        """The client does not read: who can wait with what is to be said, waits for :meth:`drained`."""
        return bool(self.buf) or self.conn.transport.congested

    def addWindowBytes(self, data: int) -> None:
        super().addWindowBytes(data)
        if not self.congested:
            self.drained()

    def write(self, data: bytes) -> None:
        """Send as much as the client's window takes; the rest waits, for a while and up to a limit."""
        if self.localClosed or self.remoteClosed:
            return
        super().write(data)
        if len(self.buf) > limits.UNSENT:
            self.conn.transport.close(abort=True)
        elif not self.buf:
            self._calm()
        elif self._stall is None:
            self._stall = self.clock.callLater(limits.STALLED, self._stalled)

    def _stalled(self) -> None:
        self._stall = None
        self.conn.transport.close(abort=True)

    def _calm(self) -> None:
        stall, self._stall = self._stall, None
        if stall is not None:
            stall.cancel()

    def leave(self, status: int) -> None:
        """End the session, once what was written has left.  :param status: as of a process."""
        if self._status is None:
            self._status = status
            self.loseConnection()

    def loseConnection(self) -> None:
        if not self.buf and self._status is not None and not self.localClosed:
            self.conn.sendRequest(self, b"exit-status", wire.uint32(self._status))
            self.conn.sendEOF(self)
        super().loseConnection()

    def closeReceived(self) -> None:
        self.buf = b""  # nobody reads it any more
        super().closeReceived()

    def closed(self) -> None:
        self._calm()

    def eofReceived(self) -> None:
        """The client sends no more, and may still read."""


class Connection(connection.SSHConnection):
    """The sessions of somebody who is in.

    :param build: (window, packet) of the client to a new session.
    """

    _log = quiet()
    transport: Any  # a ServerTransport

    def __init__(self, build: Callable[[int, int], SessionChannel], clock: interfaces.IReactorTime) -> None:
        super().__init__()
        self._build, self._clock = build, clock
        self._idle: interfaces.IDelayedCall | None = None
        self._leaving = False

    def serviceStarted(self) -> None:
        self._watch()

    def serviceStopped(self) -> None:
        super().serviceStopped()
        idle, self._idle = self._idle, None
        if idle is not None:
            idle.cancel()

    def getChannel(self, channelType: bytes, windowSize: int, maxPacket: int, data: bytes) -> SessionChannel:
        if channelType != b"session":
            raise error.ConchError("sessions only", connection.OPEN_ADMINISTRATIVELY_PROHIBITED)
        most = 0 if self._leaving else limits.SSH_CHANNELS
        if len(self.channels) >= most or maxPacket < limits.SSH_LEAST_PACKET:
            raise error.ConchError("not so many, nor so small", connection.OPEN_RESOURCE_SHORTAGE)
        built = self._build(windowSize, maxPacket)
        built.conn = self
        return built

    def gotGlobalRequest(self, requestType: bytes, data: bytes) -> int:
        """No port is forwarded; a client that only wants to know whether we are there knows it now."""
        return 0

    def farewell(self) -> bool:
        """We are about to hang up: each session ends, and none begins.

        :returns: whether there are any, whose clients will hang up when they have read that.
        """
        self._leaving = True
        for each in list(self.channels.values()):
            each.farewell()
        return any(each.begun for each in self.channels.values())

    def drained(self) -> None:
        """The client reads again."""
        for each in list(self.channels.values()):
            if not each.congested:
                each.drained()

    def ssh_CHANNEL_REQUEST(self, packet: bytes) -> None:
        super().ssh_CHANNEL_REQUEST(packet)
        asked = self.channels.get(wire.Reader(packet).uint32())
        if asked is not None:
            asked.replied()
        self._watch()

    def adjustWindow(self, channel: Any, bytesToAdd: int) -> None:
        if not channel.holding:
            super().adjustWindow(channel, bytesToAdd)

    def sendClose(self, channel: Any) -> None:
        super().sendClose(channel)
        self._watch()

    def _watch(self) -> None:
        """A connection on which nothing goes on ends after a while."""
        busy = any(each.begun and not each.localClosed for each in self.channels.values())
        if busy and self._idle is not None:
            self._idle.cancel()
            self._idle = None
        elif not busy and self._idle is None:
            self._idle = self._clock.callLater(limits.SSH_IDLE, self._gone)

    def _gone(self) -> None:
        self._idle = None
        self.transport.close()
