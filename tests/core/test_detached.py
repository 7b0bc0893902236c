"""Work outlives who waits for it, and its outcome is not lost."""

from typing import Any

import pytest
from twisted.internet import defer
from twisted.python.failure import Failure

from netapp.core.detached import detached


def test_who_waits_gets_the_outcome() -> None:
    work: defer.Deferred[int] = defer.Deferred()
    got: list[Any] = []
    detached(work, got.append).addCallback(lambda value: got.append(("waited for", value)))

    work.callback(7)

    assert got == [("waited for", 7)]


def test_who_waits_gets_the_failure() -> None:
    got: list[Any] = []
    detached(defer.fail(ValueError("no")), got.append).addErrback(lambda failure: got.append(failure.type))

    assert got == [ValueError]


@pytest.mark.parametrize("outcome", [7, Failure(ValueError("no"))])
def test_a_cancel_ends_the_wait_and_not_the_work(outcome: Any) -> None:
    cancelled: list[Any] = []
    work: defer.Deferred[Any] = defer.Deferred(cancelled.append)
    ends: list[Any] = []
    late: list[Any] = []
    waiting = detached(work, late.append)
    waiting.addErrback(lambda failure: ends.append(failure.type))

    waiting.cancel()
    work.callback(outcome)

    assert ends == [defer.CancelledError]
    assert cancelled == []
    assert late == [outcome]
