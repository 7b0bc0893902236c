"""What a conversation over a stream is, before any socket: octets and time in, effects out.

A service's ``session.py`` subclasses :class:`Session`; ``netapp.core.streams`` carries its octets.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Close:
    """Hang up once everything written has left; ``abort`` throws unsent octets away.

    ``linger`` goes on reading for a moment and drops what comes: a peer that is still sending
    would otherwise lose the end of what it was sent, since its system is told of a reset.
    """

    reason: str
    abort: bool = False
    linger: bool = False


class Source(Protocol):
    """A file's octets, at any offset."""

    def pread(self, count: int, offset: int) -> bytes:
        """Up to ``count`` octets; fewer only at the end."""

    def fileno(self) -> int | None:
        """A descriptor that ``sendfile`` can read, if there is one."""

    def close(self) -> None:
        """Let go of it; a second call does nothing."""


@dataclass(frozen=True, slots=True)
class Slice:
    """``count`` octets of a source, from ``offset`` on."""

    source: Source
    offset: int
    count: int


@dataclass(frozen=True, slots=True)
class Body:
    """Octets to stream, in order, as fast as the peer reads; the last effect of its step.

    Nothing is read from the peer meanwhile.  When all has left, :meth:`Session.sent` is called.
    Its sources are closed by whoever streams it, however that ends.
    """

    parts: tuple[bytes | Slice, ...]

    def close(self) -> None:
        for part in self.parts:
            if isinstance(part, Slice):
                part.source.close()


@dataclass(frozen=True, slots=True)
class Noticed:
    """What only this session can know of a peer's mistake; ``--explain`` says it, else nobody does.

    :param key: a phrase of :mod:`netapp.core.explain.findings`.
    :param fields: what the phrase is filled with.
    """

    key: str
    fields: Mapping[str, object] = field(default_factory=dict)


#: Octets to send, an order to hang up, or a service's own effect, which its protocol performs.
Effect = object


class Session:
    """One peer's conversation.  ``now`` is seconds, as the reactor counts them.

    Every method gives back effects in order; octets that stand beside each other leave in one
    write.  The caller sleeps until ``deadline`` and then calls :meth:`tick`.
    """

    #: When :meth:`tick` has work; infinity for never.
    deadline: float = math.inf
    #: A transfer is under way that a stop should wait for.
    busy: bool = False

    def open(self, now: float) -> Sequence[Effect]:
        """The connection stands."""
        return ()

    def receive(self, data: bytes, now: float) -> Sequence[Effect]:
        """:raises WireError: drop this peer."""
        raise NotImplementedError

    def tick(self, now: float) -> Sequence[Effect]:
        """The deadline has come."""
        return ()

    def sent(self, now: float) -> Sequence[Effect]:
        """The :class:`Body` that this session gave has left."""
        return ()

    def finish(self, now: float) -> Sequence[Effect]:
        """The peer will send no more, but may still read."""
        return (Close("the peer has finished"),)

    def closed(self) -> None:
        """The connection is gone: let go of what was held for it."""
