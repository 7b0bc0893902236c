"""Work that goes on when nobody waits for it any more."""

from collections.abc import Callable
from typing import TypeVar

from twisted.internet import defer
from twisted.python.failure import Failure

T = TypeVar("T")


def detached(
    work: "defer.Deferred[T]", late: Callable[[T | Failure], object] = lambda outcome: None
) -> "defer.Deferred[T]":
    """The outcome of ``work``, for as long as somebody waits: a cancel ends the wait alone.

    :param late: takes the outcome that came when nobody waited.
    """
    waiting: defer.Deferred[T] = defer.Deferred()

    def tell(outcome: T | Failure) -> None:
        if waiting.called:
            late(outcome)
        else:
            waiting.callback(outcome)  # a Failure goes down the errback chain

    work.addBoth(tell)
    return waiting
