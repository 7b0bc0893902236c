"""Tries that share a count go one after another."""

import inspect
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet import defer, task

from netapp.core import limits
from netapp.errors import Busy
from netapp.people.throttling.throttle import STEPS, Throttle
from netapp.people.throttling.turns import Throttled, Turns

#: More than the tests have at once, but for those of this very limit.
STRANGERS = 100


class Guesser:
    """Wrong tries through one gate, with the times when each was made."""

    def __init__(self) -> None:
        self.clock, self.throttle = task.Clock(), Throttle()
        self.queued = 0
        self.turns = Turns(self.throttle, self.clock, queue=lambda: self.queued, strangers=STRANGERS)
        self.made: list[float] = []
        self.begun: list[defer.Deferred[None]] = []

    def tries(self, host: str, *names: str) -> "defer.Deferred[None]":
        self.begun.append(defer.ensureDeferred(self._try(host, names or ("zhao",))))
        return self.begun[-1]

    def leave(self) -> None:
        """All who still wait go, and nothing is left of them."""
        for each in self.begun:
            each.addErrback(lambda failure: failure.trap(defer.CancelledError))
        for each in reversed(self.begun):
            each.cancel()
        assert self.turns._locks == {}
        assert self.turns.waiting == 0
        assert not self.turns._under_way
        assert self.clock.getDelayedCalls() == []

    async def _try(self, host: str, names: tuple[str, ...]) -> None:
        async with self.turns.turn(host, names):
            await task.deferLater(self.clock, 0.1)  # the hash takes its time
            self.made.append(round(self.clock.seconds(), 1))
            self.throttle.failed(host, names, self.clock.seconds())

    def wait(self, seconds: float) -> int:
        """How many were made meanwhile."""
        before = len(self.made)
        self.clock.pump([0.05] * round(seconds / 0.05))
        return len(self.made) - before


@pytest.fixture
def guesser() -> Iterator[Guesser]:
    guesser = Guesser()
    yield guesser
    guesser.leave()


def test_l4_l8_sixteen_connections_guess_no_faster_than_one(guesser: Guesser) -> None:
    for _ in range(16):
        guesser.tries("192.0.2.1")
    assert guesser.wait(20.0) == 7


def test_l5_l8_many_accounts_from_one_source_neither(guesser: Guesser) -> None:
    tries = [guesser.tries("2001:db8::1", f"user{number}") for number in range(16)]
    refused: list[object] = []
    for each in tries:
        each.addErrback(lambda failure: refused.append(failure.trap(Throttled)))
    assert guesser.wait(20.0) == limits.SPRAY_ACCOUNTS
    assert refused == [Throttled] * (16 - limits.SPRAY_ACCOUNTS)
    assert guesser.turns.waiting == 0
    others = Guesser()
    for number in range(16):
        others.tries("127.0.0.1", f"user{number}")  # many people: counted by account only
    assert others.wait(1.0) == 16
    others.leave()


def test_l6_a_guarded_account_is_tried_by_one_stranger_after_another(guesser: Guesser) -> None:
    for _ in range(limits.THROTTLE_GUARDS):
        guesser.throttle.failed("198.51.100.1", ["zhao"], 0.0)
    guesser.throttle.succeeded("192.0.2.200", "li", 0.0)
    for number in range(16):
        guesser.tries(f"192.0.2.{number}")
    assert guesser.wait(14.0) == 0
    assert guesser.wait(STEPS[-1] * 3) == 3


def test_l7_the_owner_at_a_known_place_does_not_wait_for_them(guesser: Guesser) -> None:
    guesser.throttle.succeeded("192.0.2.200", "zhao", 0.0)
    for _ in range(limits.THROTTLE_GUARDS):
        guesser.throttle.failed("198.51.100.1", ["zhao"], 0.0)
    guesser.tries("192.0.2.1")
    guesser.tries("192.0.2.200")
    assert guesser.wait(1.0) == 1


def test_l26_who_goes_leaves_the_place_to_the_next(guesser: Guesser) -> None:
    tries = [guesser.tries("192.0.2.1") for _ in range(3)]
    for each in tries[:2]:
        each.cancel()
        each.addErrback(lambda failure: failure.trap(defer.CancelledError))
    assert guesser.wait(1.0) == 1
    assert guesser.turns._locks == {}


def test_l8_two_hundred_tries_at_once_are_bounded_and_one_count(guesser: Guesser) -> None:
    outcomes: list[str] = []
    for number in range(200):
        guesser.tries(f"192.0.2.{number % 4}").addCallbacks(
            lambda _: outcomes.append("made"), lambda failure: outcomes.append(failure.type.__name__)
        )
    assert outcomes == ["Busy"] * (200 - 4 * limits.HASH_QUEUE_PER_ADDRESS)
    assert guesser.turns.waiting == 4 * (limits.HASH_QUEUE_PER_ADDRESS - 1)
    assert guesser.wait(20.0) == 4 * 7


def test_l6_strangers_who_are_already_on_their_way_get_in_line_too(guesser: Guesser) -> None:
    for number in range(limits.THROTTLE_GUARDS - 1):
        guesser.throttle.failed(f"198.51.100.{number}", ["zhao"], 0.0)
    for number in range(8):
        guesser.throttle.failed(f"192.0.2.{number}", ["li"], 0.0)
        guesser.throttle.failed(f"192.0.2.{number}", ["li"], 0.0)
        guesser.throttle.failed(f"192.0.2.{number}", ["li"], 0.0)
        guesser.tries(f"192.0.2.{number}")  # in line at its own source, for a second
    guesser.tries("203.0.113.1")
    assert guesser.wait(14.0) == 1
    assert guesser.wait(STEPS[-1] * 2) == 2
    assert guesser.wait(STEPS[-1] * 8) == 6
    assert guesser.turns._locks == {}


def test_l8_the_total_of_waiting_tries_is_bounded_and_who_need_not_wait_comes_in(guesser: Guesser) -> None:
    guesser.throttle.succeeded("192.0.2.200", "zhao", 0.0)
    busy: list[object] = []
    for number in range(limits.THROTTLE_WAITING + 20):
        for _ in range(7):
            guesser.throttle.failed(f"10.0.{number // 256}.{number % 256}", ["zhao"], 0.0)
        guesser.tries(f"10.0.{number // 256}.{number % 256}").addErrback(
            lambda failure: busy.append(failure.trap(Busy))
        )
    assert len(busy) >= 20
    assert guesser.turns.waiting <= limits.THROTTLE_WAITING
    guesser.tries("192.0.2.200")
    assert guesser.wait(0.2) == 1


def test_who_has_to_wait_for_minutes_is_refused_at_once(guesser: Guesser) -> None:
    for number in range(limits.SPRAY_ACCOUNTS):
        guesser.throttle.failed("192.0.2.1", [f"user{number}"], 0.0)
    refused: list[str] = []
    guesser.tries("192.0.2.1").addErrback(lambda failure: refused.append(str(failure.value)))
    assert refused == ["held back for 60 s"]
    guesser.wait(limits.SPRAY_WAIT - limits.THROTTLE_PATIENCE)
    guesser.tries("192.0.2.1")
    assert guesser.wait(limits.THROTTLE_PATIENCE + 1.0) == 1
    assert guesser.turns._locks == {}


def test_when_the_threads_are_nearly_full_strangers_are_the_ones_to_wait(guesser: Guesser) -> None:
    guesser.throttle.succeeded("192.0.2.200", "zhao", 0.0)
    guesser.queued = limits.HASH_CROWDED
    refused: list[object] = []
    guesser.tries("192.0.2.1")
    guesser.tries("192.0.2.200")
    assert guesser.wait(2.5) == 1
    guesser.queued = limits.HASH_CROWDED - 1
    assert guesser.wait(2.0) == 1
    guesser.queued = limits.HASH_QUEUE
    guesser.tries("192.0.2.3").addErrback(lambda failure: refused.append(failure.trap(Busy)))
    assert refused == [Busy]  # at once
    assert guesser.turns._locks == {}


def test_l7_strangers_wait_in_a_line_of_their_own_and_the_owner_not_behind_them(guesser: Guesser) -> None:
    guesser.throttle.succeeded("192.0.2.200", "zhao", 0.0)
    busy: list[object] = []
    for number in range(STRANGERS + limits.HASH_QUEUE + 10):
        try_of_one = guesser.tries(f"10.0.0.{number}", f"user{number}")
        try_of_one.addErrback(lambda failure: busy.append(failure.trap(Busy)))
    assert busy == [Busy] * 10
    assert guesser.turns.waiting == limits.HASH_QUEUE
    guesser.tries("192.0.2.200")
    assert guesser.wait(0.15) == STRANGERS + 1
    assert guesser.wait(0.15) == limits.HASH_QUEUE
    assert guesser.turns.waiting == 0


def test_l6_who_waits_among_strangers_gets_in_line_when_the_account_is_guarded_meanwhile(
    guesser: Guesser,
) -> None:
    guesser.turns = Turns(guesser.throttle, guesser.clock, strangers=2)
    for number in range(limits.THROTTLE_GUARDS - 1):
        guesser.throttle.failed(f"198.51.100.{number}", ["zhao"], 0.0)
    for number in range(40):
        guesser.tries(f"192.0.2.{number}").addErrback(lambda failure: failure.trap(Busy))
    assert guesser.wait(14.0) == 2  # who was looked at just then
    assert guesser.wait(STEPS[-1] * 3) == 3


def test_l6_a_line_that_ends_all_at_once_ends_one_by_one(guesser: Guesser) -> None:
    guesser.turns = Turns(guesser.throttle, guesser.clock, strangers=1)
    for number in range(limits.THROTTLE_GUARDS - 1):
        guesser.throttle.failed(f"198.51.100.{number}", ["zhao"], 0.0)
    refused: list[object] = []
    for number in range(limits.HASH_QUEUE):
        try_of_one = guesser.tries(f"192.0.2.{number}")
        try_of_one.addErrback(lambda failure: refused.append(failure.type))
    room, limit = sys.getrecursionlimit(), len(inspect.stack()) + 100
    sys.setrecursionlimit(limit)
    try:
        guesser.wait(14.0)
    finally:
        sys.setrecursionlimit(room)
    assert refused == [Busy] * (limits.HASH_QUEUE - 1 - limits.HASH_QUEUE_PER_ADDRESS - 1)


def test_l7_who_fills_the_room_of_a_network_does_not_fill_that_of_a_place_known_in_it(
    guesser: Guesser,
) -> None:
    guesser.throttle.succeeded("2001:db8::1", "zhao", 0.0)
    busy: list[object] = []
    for number in range(50):
        try_of_one = guesser.tries(f"2001:db8::bad:{number:x}", f"user{number % 4}")
        try_of_one.addErrback(lambda failure: busy.append(failure.trap(Busy)))
    assert busy == [Busy] * (50 - limits.HASH_QUEUE_PER_ADDRESS)
    guesser.tries("2001:db8::1")
    guesser.tries("2001:db8:0:1::1", "li")
    assert guesser.wait(0.15) == 3


def test_l26_who_waits_for_the_threads_or_for_a_delay_can_go(guesser: Guesser) -> None:
    guesser.queued = limits.HASH_CROWDED
    for _ in range(3):
        guesser.throttle.failed("192.0.2.2", ["li"], 0.0)
    tries = [guesser.tries("192.0.2.1"), guesser.tries("192.0.2.1"), guesser.tries("192.0.2.2", "li")]
    assert guesser.turns.waiting == 3
    for each in tries:
        each.cancel()
        each.addErrback(lambda failure: failure.trap(defer.CancelledError))
    assert guesser.turns.waiting == 0
    assert guesser.turns._locks == {}
    assert guesser.clock.getDelayedCalls() == []


def test_l8_strangers_that_wait_for_the_threads_are_in_the_queue_as_well(guesser: Guesser) -> None:
    guesser.queued = limits.HASH_CROWDED
    room = limits.HASH_QUEUE - limits.HASH_CROWDED
    tries = [guesser.tries(f"192.0.2.{number}", f"user{number}") for number in range(room + 2)]
    busy = [each for each in tries if each.called]
    assert len(busy) == 2
    for each in busy:
        each.addErrback(lambda failure: failure.trap(Busy))
    guesser.queued = 0
    assert guesser.wait(1.5) == room


def test_what_goes_wrong_within_a_turn_gives_everything_back(guesser: Guesser) -> None:
    async def broken() -> None:
        async with guesser.turns.turn("192.0.2.1", ["zhao"]):
            raise RuntimeError("the store")

    with pytest.raises(RuntimeError):
        defer.ensureDeferred(broken()).result.raiseException()  # type: ignore[attr-defined]
    guesser.tries("192.0.2.1")
    assert guesser.wait(0.2) == 1


def guarded(guesser: Guesser, name: str = "zhao") -> None:
    for _ in range(limits.THROTTLE_GUARDS):
        guesser.throttle.failed("198.51.100.1", [name], guesser.clock.seconds())


def test_l7_one_source_with_many_connections_keeps_no_other_out_of_an_account(guesser: Guesser) -> None:
    for _ in range(8):
        guesser.throttle.failed("203.0.113.5", ["zhao"], 0.0)
    guarded(guesser)
    for _ in range(limits.HASH_QUEUE_PER_ADDRESS):
        guesser.tries("203.0.113.5")
    guesser.wait(STEPS[-1] * 2)
    owner = guesser.tries("192.0.2.1")
    guesser.wait(STEPS[-1] * 2 + 2.0)
    assert owner.called


def test_l7_who_waits_out_what_they_did_themselves_has_nobody_elses_turn(guesser: Guesser) -> None:
    guarded(guesser)
    guesser.clock.advance(STEPS[-1] - 1.0)
    for _ in range(8):
        guesser.throttle.failed("203.0.113.5", ["li"], guesser.clock.seconds())
    stranger = guesser.tries("203.0.113.5")
    owner = guesser.tries("192.0.2.1")
    guesser.wait(2.0)
    assert owner.called
    assert not stranger.called


def test_l7_who_is_in_line_for_an_account_holds_up_no_neighbour_at_the_same_address(guesser: Guesser) -> None:
    guarded(guesser)
    guesser.throttle.failed("192.0.2.1", ["li"], 0.0)
    guesser.tries("192.0.2.1")
    assert guesser.wait(1.0) == 0
    guesser.tries("192.0.2.1", "li")
    assert guesser.wait(1.0) == 1


def test_l7_the_operator_at_the_machine_is_in_no_line_of_strangers(guesser: Guesser) -> None:
    guarded(guesser)
    for number in range(8):
        guesser.tries(f"192.0.2.{number}")
    guesser.tries("127.0.0.1")
    assert guesser.wait(1.0) == 1
    for _ in range(16):
        guesser.tries("127.0.0.1")  # but loopback guesses no faster than another
    assert guesser.wait(60.0) <= 7 + 5


HOSTS = ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "127.0.0.1", ""]
STEPS_OF_MANY = st.lists(
    st.tuples(
        st.sampled_from(HOSTS),
        st.sets(st.sampled_from(["zhao", "li", ""]), min_size=1),
        st.sampled_from(["try", "try", "try", "right", "cancel", "fail a lot", "wait"]),
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(STEPS_OF_MANY)
def test_l8_whoever_waits_for_whom_all_get_their_turn(steps: list[tuple[str, set[str], str]]) -> None:
    guesser = Guesser()
    outcomes: list[str] = []
    tries = 0
    for host, names, what in steps:
        match what:
            case "try":
                tries += 1
                guesser.tries(host, *names).addCallbacks(
                    lambda _: outcomes.append("made"), lambda failure: outcomes.append(failure.type.__name__)
                )
            case "right":
                guesser.throttle.succeeded(host, min(names), guesser.clock.seconds())
            case "cancel" if guesser.begun:
                guesser.begun[len(steps) % len(guesser.begun)].cancel()
            case "fail a lot":
                for _ in range(limits.THROTTLE_GUARDS):
                    guesser.throttle.failed(host, names, guesser.clock.seconds())
            case "wait":
                guesser.clock.advance(1.0)
    for _ in range(60 * 4):
        guesser.clock.advance(5.0)
    assert len(outcomes) == tries
    assert set(outcomes) <= {"made", "Busy", "Throttled", "CancelledError"}
    guesser.leave()
