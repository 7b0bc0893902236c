"""Errors say whose fault it is: the peer's, ours, or the operator's."""

from collections.abc import Sequence


class NetappError(Exception):
    """Everything netapp raises on purpose."""


class WireError(NetappError):
    """The peer sent octets its specification forbids; ``source`` names the section.

    ``effects`` of a session are performed before the peer is dropped.
    """

    def __init__(self, reason: str, *, source: str) -> None:
        super().__init__(f"{reason} ({source})")
        self.source = source
        self.effects: Sequence[object] = ()


class StateError(NetappError):
    """Our own code asked for what this state forbids: a bug, never the peer's fault."""


class ConfigError(NetappError):
    """The operator asked for what cannot be: the text names the cause and the cure."""


class ToldApart(ConfigError):
    """What it is about has been told of already, each thing on its own."""


class Busy(NetappError):
    """A bounded queue is full; the caller may try again later."""


class Unavailable(NetappError):
    """Something of ours fails, and the log has been told: the caller may try again later."""


class StartError(SystemExit, NetappError):
    """A start that cannot work: its text is one line on standard error, the exit status is 1.

    It is a ``SystemExit`` so that ``twistd`` ends without a traceback, and an ``Exception`` so
    that a daemon's parent process is told before it ends.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)

    def __str__(self) -> str:
        return str(self.args[0])
