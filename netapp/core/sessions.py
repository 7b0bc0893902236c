"""What a conversation over a stream is, before any socket: octets and time in, effects out.

A service's ``session.py`` subclasses :class:`Session`; ``netapp.core.streams`` carries its octets.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Close:
    """Hang up once everything written has left; ``abort`` throws unsent octets away."""

    reason: str
    abort: bool = False


#: Octets to send, an order to hang up, or a service's own effect, which its protocol performs.
Effect = object


class Session:
    """One peer's conversation.  ``now`` is seconds on one clock that only rises.

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

    def finish(self, now: float) -> Sequence[Effect]:
        """The peer will send no more, but may still read."""
        return (Close("the peer has finished"),)

    def closed(self) -> None:
        """The connection is gone: let go of what was held for it."""
