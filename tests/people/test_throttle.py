"""What failed tries cost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits
from netapp.people.throttle import STEPS, Throttle, delay

HOST = "192.0.2.1"


def after(failures: int, throttle: Throttle | None = None, *names: str) -> Throttle:
    throttle = throttle or Throttle()
    for _ in range(failures):
        throttle.failed(HOST, names or ("zhao",), 0.0)
    return throttle


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (1, 0), (2, 0), (3, 1), (4, 2), (5, 4), (6, 8), (7, 15), (99, 15)]
)
def test_l4_each_failure_costs_more_up_to_a_cap(failures: int, seconds: float) -> None:
    assert delay(failures) == seconds
    throttle = after(failures)
    assert throttle.source_wait(HOST, 0.0) == seconds
    assert throttle.account_wait(HOST, ["zhao"], 0.0) == seconds


def test_the_wait_is_counted_from_the_failure_and_passes() -> None:
    throttle = after(5)
    assert throttle.source_wait(HOST, 3.0) == 1.0
    assert throttle.source_wait(HOST, 4.0) == 0.0


def test_l7_a_stranger_does_not_hold_the_owner_up() -> None:
    throttle = after(50)
    assert throttle.account_wait("192.0.2.2", ["zhao"], 0.0) == 0.0
    assert throttle.source_wait("192.0.2.2", 0.0) == 0.0


def test_a_clock_that_was_set_back_holds_nobody_up_until_then() -> None:
    throttle = after(7)
    assert throttle.source_wait(HOST, -3600.0) == 0.0
    throttle.failed(HOST, ["zhao"], -3600.0)
    assert throttle.source_wait(HOST, -3600.0) == 15.0


def guarded() -> Throttle:
    throttle = Throttle()
    throttle.succeeded("192.0.2.2", "zhao")
    for number in range(limits.THROTTLE_GUARDS):
        throttle.failed(f"198.51.{number}.1", ["zhao"], 0.0)
    return throttle


def test_l6_a_thousand_sources_wait_for_one_another() -> None:
    throttle = guarded()
    assert throttle.account_wait("203.0.113.1", ["zhao"], 0.0) == STEPS[-1]
    assert throttle.at("203.0.113.1").account_wait(["li"], 0.0) == 0.0
    assert throttle.account_wait("203.0.113.1", ["zhao"], STEPS[-1]) == 0.0
    throttle.failed("203.0.113.2", ["zhao"], STEPS[-1])
    assert throttle.account_wait("203.0.113.1", ["zhao"], STEPS[-1]) == STEPS[-1]


def test_l7_the_owner_comes_in_at_once_from_a_known_place_and_ends_the_count() -> None:
    throttle = guarded()
    assert throttle.account_wait("192.0.2.2", ["zhao"], 0.0) == 0.0
    throttle.succeeded("192.0.2.2", "zhao")
    assert throttle.account_wait("203.0.113.1", ["zhao"], 0.0) == 0.0


def test_l6_few_failures_and_what_is_no_name_hold_no_stranger_up() -> None:
    throttle = Throttle()
    for number in range(limits.THROTTLE_GUARDS * 2):
        throttle.failed(f"198.51.{number}.1", [""], 0.0)
    assert throttle.account_wait("203.0.113.1", [""], 0.0) == 0.0
    assert after(limits.THROTTLE_GUARDS - 1).account_wait("203.0.113.1", ["zhao"], 0.0) == 0.0


def test_l5_trying_many_accounts_is_the_sources_own_count() -> None:
    throttle = Throttle()
    for number in range(7):
        throttle.failed(HOST, [f"user{number}"], 0.0)
    assert throttle.source_wait(HOST, 0.0) == 15.0
    assert throttle.account_wait(HOST, ["user0"], 0.0) == 0.0


def test_a_success_forgives_the_account_and_not_the_source() -> None:
    throttle = after(7)
    throttle.succeeded(HOST, "zhao")
    assert throttle.account_wait(HOST, ["zhao"], 0.0) == 0.0
    assert throttle.source_wait(HOST, 0.0) == 15.0


def test_l14_what_can_be_read_as_two_names_counts_for_both() -> None:
    throttle = after(3, None, "one", "two")
    assert throttle.account_wait(HOST, ["one"], 0.0) == throttle.account_wait(HOST, ["two"], 0.0) == 1.0
    assert throttle.source_wait(HOST, 0.0) == 1.0


def test_failures_are_forgotten_after_a_while() -> None:
    throttle = after(7)
    later = limits.THROTTLE_FORGETS + 1
    throttle.failed(HOST, ["zhao"], later)
    assert throttle.source_wait(HOST, later) == 0.0


@pytest.mark.parametrize(
    ("tried", "again"),
    [
        ("2001:db8::1", "2001:db8::ffff:1"),
        ("fe80::1%eth0", "fe80::2%eth0"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
    ],
)
def test_l17_the_addresses_of_one_host_are_one_source(tried: str, again: str) -> None:
    throttle = Throttle()
    for _ in range(7):
        throttle.failed(tried, ["zhao"], 0.0)
    assert throttle.source_wait(again, 0.0) == throttle.account_wait(again, ["zhao"], 0.0) == 15.0
    throttle.succeeded(again, "zhao")
    assert throttle.account_wait(tried, ["zhao"], 0.0) == 0.0


def test_loopback_is_many_people_and_counts_accounts_only() -> None:
    throttle = Throttle()
    for host in ("127.0.0.1", "::1", ""):
        for _ in range(7):
            throttle.failed(host, ["zhao"], 0.0)
        assert throttle.source_wait(host, 0.0) == 0.0
        assert throttle.account_wait(host, ["zhao"], 0.0) == 15.0
        assert throttle.account_wait(host, ["li"], 0.0) == 0.0


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from("vwxyz"), st.floats(0, 2000))))
def test_the_table_is_bounded_and_no_wait_is_longer_than_the_cap(tries: list[tuple[str, str, float]]) -> None:
    throttle = Throttle(size=4)
    for host, name, now in sorted(tries, key=lambda each: each[2]):
        throttle.failed(host, [name], now)
        throttle.succeeded(host, f"not {name}")
        assert len(throttle._failures) <= 4
        assert len(throttle._known) <= 4
        assert 0 <= throttle.at(host).account_wait([name], now) <= STEPS[-1]
        assert 0 <= throttle.at(host).wait(now) <= STEPS[-1]
