"""Carries the shell's octets over the sessions of one connection, and performs what it asks for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from twisted.internet import defer, interfaces
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core.languages import Speaker
from netapp.core.ssh.connection import Connection, SessionChannel
from netapp.core.ssh.wire import Terminal
from netapp.core.text import Encoding, decode
from netapp.login.realm import Visitor
from netapp.login.shell.effects import Do
from netapp.login.shell.session import Shell
from netapp.login.shell.watch import Watch
from netapp.login.ssh.session import Conversation, Leave, Step
from netapp.login.ssh.typed import Typed
from netapp.people.directory import People


@dataclass(frozen=True)
class House:
    """What all connections have in common.  :param desk: a visitor to who performs operations."""

    people: People
    desk: Callable[[Visitor], Any]
    say: Speaker
    encoding: Encoding
    clock: interfaces.IReactorTime


class ShellConnection(Connection):
    """One visitor's sessions, which end when the visit does: by a password changed, say, or revoked."""

    def __init__(self, house: House, visitor: Visitor) -> None:
        super().__init__(self._open, house.clock)
        self._house, self._visitor = house, visitor
        self._desk = house.desk(visitor)
        self._looker: Watch | None = None

    def serviceStarted(self) -> None:
        super().serviceStarted()
        self._looker = Watch(self._house.people, self._visitor, self._ended)

    def serviceStopped(self) -> None:
        if self._looker is not None:
            self._looker.stop()
        super().serviceStopped()

    def _open(self, window: int, packet: int) -> "ShellChannel":
        return ShellChannel(self._house, self._visitor, self._desk, window, packet)

    def _ended(self, key: str) -> None:
        for each in list(self.channels.values()):
            each.end(key)
        self.transport.close()


class ShellChannel(SessionChannel):
    """One session: a shell at a terminal, a shell on a pipe, or one command."""

    _own_log = Logger()

    def __init__(self, house: House, visitor: Visitor, desk: Any, window: int, packet: int) -> None:
        super().__init__(house.clock, window, packet)
        self._house, self._visitor, self._desk = house, visitor, desk
        self._talk: Conversation | None = None
        self._timer: interfaces.IDelayedCall | None = None
        self._soon: interfaces.IDelayedCall | None = None
        self._under_way: defer.Deferred[Any] | None = None
        self._over = False

    # What the client asks for ----------------------------------------------------------------

    def shell(self) -> bool:
        return self.begins(lambda: self._begin(None))

    def execute(self, command: bytes) -> bool:
        return self.begins(lambda: self._begin(decode(command)[0]))

    def resized(self, terminal: Terminal) -> None:
        if self._talk is not None:
            self._talk.resize(terminal.columns)

    def dataReceived(self, data: bytes) -> None:
        self._run("receive", data)

    def eofReceived(self) -> None:
        self._run("finish")

    def interrupted(self) -> None:
        self._run("interrupt")

    def drained(self) -> None:
        self._run("go_on")

    def end(self, key: str) -> None:
        """The visit ends: "revoked", "disabled", "stopping"."""
        self._run("end", key)

    def farewell(self) -> None:
        self.end("stopping")
        super().farewell()

    def closed(self) -> None:
        super().closed()
        self._over = True
        for each in (self._timer, self._soon):
            if each is not None and each.active():
                each.cancel()
        if self._under_way is not None:
            self._under_way.cancel()

    # The conversation ------------------------------------------------------------------------

    def _begin(self, command: str | None) -> None:
        columns = self.terminal.columns if self.terminal is not None else None
        shell = Shell(self._house.say, self._visitor.account.name)
        self._talk = Conversation(shell, Typed(self._house.encoding), columns=columns, command=command)
        self._run("open")

    def _run(self, step: str, *args: object) -> None:
        """Have the conversation go on by one step.  A fault of ours ends this session only."""
        if self._talk is None or self._over:
            return
        self._talk.paused = self.congested
        try:
            self._perform(getattr(self._talk, step)(*args, self._house.clock.seconds()))
        except Exception:
            self._own_log.failure("a session of {peer} failed", peer=self.conn.transport.peer)
            self._leave(1)
        if not self._over:
            self.hold(self._talk.holding)
            if self._talk.more and not self.congested:
                self._soon = self._house.clock.callLater(0, self._run, "go_on")  # others have a turn
            self._sleep()

    def _perform(self, steps: Sequence[Step]) -> None:
        pending: list[bytes] = []
        for each in steps:
            if isinstance(each, bytes):
                pending.append(each)
                continue
            self._send(pending)
            if isinstance(each, Leave):
                self._leave(each.status)
                return
            self._do(each)
        self._send(pending)

    def _send(self, pending: list[bytes]) -> None:
        octets = b"".join(pending)
        pending.clear()
        if octets:
            self.write(octets)

    def _leave(self, status: int) -> None:
        self._over = True
        self.leave(status)

    def _do(self, do: Do) -> None:
        under_way = defer.maybeDeferred(self._desk.perform, do.operation)
        self._under_way = under_way
        under_way.addBoth(self._done)

    def _done(self, result: object) -> None:
        self._under_way = None
        self._run("done", result.value if isinstance(result, Failure) else result)

    def _sleep(self) -> None:
        """Have the timer fire no later than the deadline; one that fires early sleeps on."""
        assert self._talk is not None
        delay = max(0.0, self._talk.deadline - self._house.clock.seconds())
        if self._timer is None or not self._timer.active():
            self._timer = self._house.clock.callLater(delay, self._wake)
        elif self._talk.deadline < self._timer.getTime():
            self._timer.reset(delay)

    def _wake(self) -> None:
        assert self._talk is not None
        if self._house.clock.seconds() >= self._talk.deadline:
            self._run("tick")
        elif not self._over:
            self._sleep()
