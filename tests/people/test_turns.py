"""Tries that share a count go one after another."""

from twisted.internet import defer, task

from netapp.core import limits
from netapp.people.throttle import STEPS, Throttle
from netapp.people.turns import Turns


class Guesser:
    """Wrong tries through one gate, with the times when each was made."""

    def __init__(self) -> None:
        self.clock, self.throttle = task.Clock(), Throttle()
        self.turns = Turns(self.throttle, self.clock)
        self.made: list[float] = []

    def tries(self, host: str, name: str = "zhao") -> "defer.Deferred[None]":
        return defer.ensureDeferred(self._try(host, name))

    async def _try(self, host: str, name: str) -> None:
        async with self.turns.turn(host, [name]):
            await task.deferLater(self.clock, 0.1)  # the hash takes its time
            self.made.append(round(self.clock.seconds(), 1))
            self.throttle.failed(host, [name], self.clock.seconds())

    def wait(self, seconds: float) -> int:
        """How many were made meanwhile."""
        before = len(self.made)
        self.clock.pump([0.05] * round(seconds / 0.05))
        return len(self.made) - before


def test_l4_l8_sixteen_connections_guess_no_faster_than_one() -> None:
    guesser = Guesser()
    for _ in range(16):
        guesser.tries("192.0.2.1")
    assert guesser.wait(20.0) == 7


def test_l5_l8_many_accounts_from_one_source_neither() -> None:
    guesser = Guesser()
    for number in range(16):
        guesser.tries("2001:db8::1", f"user{number}")
    assert guesser.wait(20.0) == 7
    others = Guesser()
    for number in range(16):
        others.tries("127.0.0.1", f"user{number}")  # many people: counted by account only
    assert others.wait(1.0) == 16


def test_l6_a_guarded_account_is_tried_by_one_stranger_after_another() -> None:
    guesser = Guesser()
    for _ in range(limits.THROTTLE_GUARDS):
        guesser.throttle.failed("198.51.100.1", ["zhao"], 0.0)
    guesser.throttle.succeeded("192.0.2.200", "li")
    for number in range(16):
        guesser.tries(f"192.0.2.{number}")
    assert guesser.wait(14.0) == 0
    assert guesser.wait(STEPS[-1] * 3) == 3


def test_l7_the_owner_at_a_known_place_does_not_wait_for_them() -> None:
    guesser = Guesser()
    guesser.throttle.succeeded("192.0.2.200", "zhao")
    for _ in range(limits.THROTTLE_GUARDS):
        guesser.throttle.failed("198.51.100.1", ["zhao"], 0.0)
    guesser.tries("192.0.2.1")
    guesser.tries("192.0.2.200")
    assert guesser.wait(1.0) == 1


def test_l26_who_goes_leaves_the_place_to_the_next() -> None:
    guesser = Guesser()
    tries = [guesser.tries("192.0.2.1") for _ in range(3)]
    for each in tries[:2]:
        each.cancel()
        each.addErrback(lambda failure: failure.trap(defer.CancelledError))
    assert guesser.wait(1.0) == 1
    assert guesser.turns._locks == {}
