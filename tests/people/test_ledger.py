"""What failed tries have cost is stored, and a restart forgives none of it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits
from netapp.people.throttling.counts import MOST, Changes
from netapp.people.throttling.throttle import STEPS, Throttle

KEY = b"k" * 32
HOST, OWNERS = "198.51.100.1", "192.0.2.2"
START = 1_790_000_000.0


class Disk:
    """What the store does with changes."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[int, float]] = {}
        self.places: dict[tuple[str, str], float] = {}

    def store(self, changes: Changes) -> None:
        self.rows |= {key: (failures, last) for key, failures, last in changes.rows}
        self.places |= {(source, account): last for source, account, last in changes.places}
        for key in changes.gone:
            self.rows.pop(key, None)
        for place in changes.gone_places:
            self.places.pop(place, None)

    def load(self, throttle: Throttle, now: float) -> Throttle:
        throttle.restore(
            [(key, *row) for key, row in self.rows.items()],
            [(*place, last) for place, last in self.places.items()],
            now,
        )
        return throttle


def restarted(throttle: Throttle, now: float = START) -> Throttle:
    disk = Disk()
    disk.store(throttle.changed(now))
    return disk.load(Throttle(KEY), now)


def attacked() -> Throttle:
    throttle = Throttle(KEY)
    throttle.succeeded(OWNERS, "zhao", START)
    for number in range(limits.THROTTLE_GUARDS):
        throttle.failed(f"198.51.{number}.7", ["zhao"], START)
    for _ in range(7):
        throttle.failed(HOST, ["li"], START)
    return throttle


def test_l42_a_restart_forgives_nothing() -> None:
    throttle = restarted(attacked())
    assert throttle.source_wait(HOST, START) == 15.0
    assert throttle.account_wait(HOST, ["li"], START) == 15.0
    assert throttle.account_wait("203.0.113.1", ["zhao"], START) == 15.0


def test_l7_the_owner_is_still_known_after_a_restart() -> None:
    throttle = restarted(attacked())
    assert throttle.knows(OWNERS, ["zhao"], START)
    assert throttle.source_wait(OWNERS, START) == throttle.account_wait(OWNERS, ["zhao"], START) == 0.0


def test_l5_l42_a_restart_between_the_accounts_that_are_sprayed_forgives_none() -> None:
    throttle, disk = Throttle(KEY), Disk()
    for number in range(3 * limits.SPRAY_ACCOUNTS):
        now = START + number * 100
        throttle.failed(HOST, [f"user{number}"], now)
        disk.store(throttle.changed(now))
        throttle = disk.load(Throttle(KEY), now)
    assert throttle.account_wait(HOST, ["zhao"], now) == 4 * limits.SPRAY_WAIT


def test_nothing_that_was_typed_stands_in_what_is_stored() -> None:
    throttle = Throttle(KEY)
    throttle.failed("2001:db8::1", ["hunter2hunter2", ""], START, password=b"hunter2hunter2")
    throttle.failed("hunter2hunter2", ["\udcff" * 1000], START)
    throttle.succeeded(HOST, "hunter2hunter2", START)
    changes = throttle.changed(START)
    assert "hunter2" not in repr(changes)
    assert len(changes.rows) > 8
    assert max(len(key) for key, _, _ in changes.rows) <= 128
    assert max(len(source) for source, _, _ in changes.places) <= 64
    other = Throttle(b"o" * 32)
    assert other.account_key("zhao") != throttle.account_key("zhao")
    assert len(other.account_key("zhao" * 1000)) == 24


def test_only_what_has_changed_is_given_to_store() -> None:
    throttle = attacked()
    assert len(throttle.changed(START).rows) > limits.THROTTLE_GUARDS
    assert not throttle.changed(START)
    throttle.failed(HOST, ["li"], START + 1)
    assert {key[0] for key, _, _ in throttle.changed(START + 1).rows} == {"a", "h", "p"}
    throttle.succeeded(OWNERS, "zhao", START + 1)
    rows, places = (changes := throttle.changed(START + 1)).rows, changes.places
    assert [(key[0], failures) for key, failures, _ in rows] == [("a", 0)]
    assert places == []  # it is known since a second ago
    throttle.succeeded(OWNERS, "zhao", START + 1 + limits.PLACE_NOTED)
    assert len(throttle.changed(START + 1 + limits.PLACE_NOTED).places) == 1


def test_l41_what_could_not_be_stored_is_given_again() -> None:
    throttle, disk = attacked(), Disk()
    lost = throttle.changed(START)
    throttle.put_back(lost)
    throttle.failed(HOST, ["li"], START + 1)
    disk.store(throttle.changed(START + 1))
    assert disk.load(Throttle(KEY), START + 1).account_wait(HOST, ["li"], START + 1) == 15.0
    assert len(disk.places) == len(lost.places)
    later = START + limits.PLACE
    dropped = throttle.changed(later)
    assert set(dropped.gone) == set(disk.rows)
    throttle.put_back(dropped)
    disk.store(throttle.changed(later))
    assert disk.rows == {}
    assert disk.places == {}


def test_l34_a_stored_time_in_the_future_counts_as_now() -> None:
    throttle = attacked()
    back = START - 3600.0
    disk = Disk()
    disk.store(throttle.changed(START))
    after = disk.load(Throttle(KEY), back)
    assert after.account_wait(HOST, ["li"], back) == 15.0
    assert after.account_wait(HOST, ["li"], back + 15.0) == 0.0
    assert after.knows(OWNERS, ["zhao"], back)
    disk.store(after.changed(back))
    assert max(last for _, last in disk.rows.values()) == back
    assert max(disk.places.values()) == back


@pytest.mark.parametrize("last", [math.nan, math.inf, -math.inf, -1e300])
def test_rows_that_cannot_be_are_gone(last: float) -> None:
    throttle = Throttle(KEY)
    throttle.restore([("h:a", 7, last)], [("a", "b", last)], START)
    throttle.restore([("", 7, START), ("zhao", 7, START), ("h:" + "x" * 200, 7, START)], [], START)
    changes = throttle.changed(START)
    assert not changes.rows
    assert len(changes.gone) == 4
    assert throttle.source_wait("a", START) == 0.0


def test_counts_do_not_overflow() -> None:
    throttle = Throttle(KEY)
    throttle.restore([(f"h:{HOST}", 2**70, START), ("d:" + HOST, 10**9, START)], [], START)
    throttle.failed(HOST, ["zhao"], START)
    assert max(failures for _, failures, _ in throttle.changed(START).rows) == MOST
    assert throttle.source_wait(HOST, START) == STEPS[-1]
    assert throttle.account_wait(HOST, ["li"], START) == limits.SPRAY_WAIT_MOST
    throttle.restore([(f"h:{HOST}", -5, START + 1)], [], START + 1)
    assert throttle.source_wait(HOST, START + 1) == 0.0


def test_what_another_process_has_counted_and_forgiven_is_true_here() -> None:
    one, other, disk = Throttle(KEY), Throttle(KEY), Disk()
    for number in range(7):
        counting = (one, other)[number % 2]
        disk.load(counting, START + number).failed(HOST, ["zhao"], START + number)
        disk.store(counting.changed(START + number))
    now = START + 6
    assert disk.load(one, now).account_wait(HOST, ["zhao"], now) == 15.0
    assert disk.load(other, now).account_wait(HOST, ["zhao"], now) == 15.0
    other.succeeded(HOST, "zhao", now + 1)
    disk.store(other.changed(now + 1))
    assert disk.load(one, now + 1).account_wait(HOST, ["zhao"], now + 1) == 0.0
    assert one.account_wait(HOST, ["li"], now + 1) == 14.0
    assert one.knows(HOST, ["zhao"], now + 1)


TRIES = st.lists(
    st.tuples(
        st.sampled_from(
            ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "127.0.0.1"]
        ),
        st.sampled_from(["", "zhao", "li", "wang", "chen", "liu", "yang"]),
        st.booleans() | st.just(False),
        st.floats(0.5, 400.0),
    ),
    max_size=40,
)


@given(TRIES, st.sets(st.integers(0, 40)))
def test_l42_with_restarts_everything_costs_what_it_costs_without(
    tries: list[tuple[str, str, bool, float]], restarts: set[int]
) -> None:
    lasting, now = Throttle(KEY), START
    stopped, disk = Throttle(KEY), Disk()
    for number, (host, name, right, passes) in enumerate(tries):
        now += passes
        for throttle in (lasting, stopped):
            if right:
                throttle.succeeded(host, name, now)
            else:
                throttle.failed(host, [name], now)
        disk.store(stopped.changed(now))
        if number in restarts:
            stopped = disk.load(Throttle(KEY), now)
        assert lasting.keys(host, [name], now) == stopped.keys(host, [name], now)
        assert lasting.account_wait(host, [name], now) == stopped.account_wait(host, [name], now)
        assert lasting.source_wait(host, now) == stopped.source_wait(host, now)


@given(TRIES)
def test_reading_back_what_one_has_stored_changes_nothing(tries: list[tuple[str, str, bool, float]]) -> None:
    throttle, disk, now = Throttle(KEY), Disk(), START
    for host, name, right, passes in tries:
        now += passes
        if right:
            throttle.succeeded(host, name, now)
        else:
            throttle.failed(host, [name], now)
        disk.store(throttle.changed(now))
        disk.load(throttle, now)
        assert not throttle.changed(now)
