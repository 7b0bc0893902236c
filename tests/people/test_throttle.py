"""What failed tries cost."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits
from netapp.people.names import mapped_name
from netapp.people.throttling.guesses import WrongPasswords
from netapp.people.throttling.ledger import ORDER
from netapp.people.throttling.origins import origin
from netapp.people.throttling.throttle import STEPS, Throttle, delay

HOST = "192.0.2.1"


def after(failures: int, throttle: Throttle | None = None, *names: str, host: str = HOST) -> Throttle:
    throttle = throttle or Throttle()
    for _ in range(failures):
        throttle.failed(host, names or ("zhao",), 0.0)
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
    throttle.succeeded("192.0.2.2", "zhao", 0.0)
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
    throttle.succeeded("192.0.2.2", "zhao", 0.0)
    assert throttle.account_wait("203.0.113.1", ["zhao"], 0.0) == 0.0


def test_l6_few_failures_and_what_is_no_name_hold_no_stranger_up() -> None:
    throttle = Throttle()
    for number in range(limits.THROTTLE_GUARDS * 2):
        throttle.failed(f"198.51.{number}.1", [""], 0.0)
    assert throttle.account_wait("203.0.113.1", [""], 0.0) == 0.0
    assert after(limits.THROTTLE_GUARDS - 1).account_wait("203.0.113.1", ["zhao"], 0.0) == 0.0


def test_l5_trying_many_accounts_is_the_sources_own_count() -> None:
    throttle = Throttle()
    for number in range(limits.SPRAY_ACCOUNTS - 1):
        throttle.failed(HOST, [f"user{number}"], 0.0)
    assert throttle.source_wait(HOST, 0.0) == 2.0
    assert throttle.account_wait(HOST, ["user0"], 0.0) == 0.0
    throttle.failed(HOST, ["another"], 0.0)
    assert throttle.source_wait(HOST, 0.0) == 4.0
    assert throttle.account_wait(HOST, ["user0"], 0.0) == limits.SPRAY_WAIT


def spray(throttle: Throttle, now: float, host: str = HOST) -> float:
    """Fail at as many accounts as cost something.  :returns: what they cost."""
    for number in range(limits.SPRAY_ACCOUNTS):
        throttle.failed(host, [f"{now} {number}"], now)
    return throttle.account_wait(host, ["zhao"], now)


def test_l5_a_thousand_accounts_cost_more_each_time_up_to_a_cap() -> None:
    throttle, now, waits = Throttle(), 0.0, []
    for _ in range(6):
        waits.append(spray(throttle, now))
        now += waits[-1]
        assert throttle.account_wait(HOST, ["zhao"], now) == 0.0
    assert waits == [60.0, 120.0, 240.0, 480.0, 600.0, 600.0]
    assert spray(throttle, now + limits.SPRAY_FORGETS) == 60.0


def test_l5_nobody_is_kept_at_a_prompt_for_minutes() -> None:
    throttle = Throttle()
    assert spray(throttle, 0.0) == limits.SPRAY_WAIT
    assert throttle.at(HOST).account_wait(["zhao"], 0.0) == limits.THROTTLE_PATIENCE
    assert throttle.at(HOST).account_wait(["zhao"], limits.SPRAY_WAIT - 1) == 1.0


def test_no_name_at_all_is_the_sources_failure() -> None:
    throttle = Throttle()
    for _ in range(7):
        throttle.failed(HOST, [], 0.0)
    assert throttle.source_wait(HOST, 0.0) == 15.0
    assert throttle.account_wait(HOST, [], 0.0) == 0.0


def test_l5_slowly_or_from_many_sources_or_by_mistake_is_no_spraying() -> None:
    throttle = Throttle()
    for number in range(20):
        throttle.failed(HOST, [f"user{number}"], number * limits.SPRAY_SPAN / 4)
        throttle.failed(f"198.51.100.{number}", [f"user{number}"], 0.0)
    assert throttle.account_wait(HOST, ["zhao"], 5 * limits.SPRAY_SPAN) == 0.0
    a_class = Throttle()
    for number in range(40):
        a_class.failed(HOST, [f"pupil{number}"], 0.0)
        a_class.succeeded(HOST, f"pupil{number}", 1.0)
    assert a_class.account_wait(HOST, ["pupil40"], 2.0) == STEPS[-1] - 2.0  # they are one source still
    assert a_class.account_wait(HOST, ["pupil39"], 2.0) == 0.0


def test_l5_who_is_known_there_does_not_wait_for_who_sprays() -> None:
    throttle = Throttle()
    throttle.succeeded(HOST, "zhao", 0.0)
    assert spray(throttle, 1.0) == 4.0  # what the address has failed
    assert throttle.account_wait(HOST, ["li"], 1.0) == limits.SPRAY_WAIT
    assert throttle.account_wait(HOST, ["zhao", "li"], 1.0) == limits.SPRAY_WAIT


def test_a_success_forgives_the_account_and_not_the_source() -> None:
    throttle = after(7)
    throttle.succeeded(HOST, "zhao", 0.0)
    assert throttle.account_wait(HOST, ["zhao"], 0.0) == 0.0
    assert throttle.account_wait(HOST, ["li"], 0.0) == 15.0


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
        ("::ffff:c000:201", "192.0.2.1"),
        ("2001:DB8:0::1", "2001:db8::1"),
    ],
)
def test_l17_the_addresses_of_one_host_are_one_source(tried: str, again: str) -> None:
    throttle = after(7, None, host=tried)
    assert throttle.account_wait(again, ["zhao"], 0.0) == 15.0
    assert max(throttle.account_wait(again, ["li"], 0.0), throttle.source_wait(again, 0.0)) == 15.0
    throttle.succeeded(tried, "zhao", 0.0)
    assert throttle.account_wait(tried, ["zhao"], 0.0) == 0.0


def test_l17_hopping_from_network_to_network_of_one_site_costs_after_a_while() -> None:
    throttle = Throttle()
    for number in range(limits.THROTTLE_SITE + 2):
        throttle.failed(f"2001:db8:1:{number:x}::1", ["zhao"], 0.0)
    assert throttle.account_wait("2001:db8:1:ffff::1", ["li"], 0.0) == 0.0
    for number in range(5):
        throttle.failed(f"2001:db8:1:1{number:x}::1", ["zhao"], 0.0)
    assert throttle.account_wait("2001:db8:1:ffff::1", ["li"], 0.0) == 15.0
    assert throttle.account_wait("2001:db8:2:ffff::1", ["li"], 0.0) == 0.0


@given(st.ip_addresses(v=6))
def test_l17_every_address_of_a_network_is_one_origin(address: ipaddress.IPv6Address) -> None:
    at = origin(str(address))
    if address.ipv4_mapped is not None:
        assert at == origin(str(address.ipv4_mapped))
    elif not address.is_loopback:
        assert at.network == origin(str(ipaddress.IPv6Address(int(address) ^ 0xFFFF))).network
        assert at.site == origin(str(ipaddress.IPv6Address(int(address) ^ (0xFFFF << 64)))).site
        assert at.network != origin(str(ipaddress.IPv6Address(int(address) ^ (1 << 64)))).network


@given(st.text(max_size=60))
def test_l17_a_host_that_is_no_address_is_a_short_key_of_its_own(host: str) -> None:
    at = origin(host)
    assert len(at.host) <= 45
    assert at.host.isascii()
    assert " " not in at.host
    assert at.local == (not host)


def test_l7_a_stranger_in_the_owners_own_network_does_not_hold_the_owner_up() -> None:
    throttle = Throttle()
    throttle.succeeded("fe80::1%eth0", "zhao", 0.0)
    throttle.failed("fe80::1%eth0", ["zhao"], 1.0)
    for number in range(200):
        throttle.failed("fe80::bad%eth0", ["zhao"], 1.0)
        throttle.failed("fe80::bad%eth0", [f"user{number}"], 1.0)
        throttle.failed(f"fe80:0:0:{number:x}::1", ["zhao"], 1.0)
    assert throttle.source_wait("fe80::1", 1.0) == 0.0
    assert throttle.account_wait("fe80::1", ["zhao"], 1.0) == 0.0
    assert throttle.account_wait("fe80::2", ["zhao"], 1.0) == limits.SPRAY_WAIT_MOST


def test_l7_a_stranger_behind_the_owners_own_router_does_not_hold_the_owner_up() -> None:
    throttle = Throttle()
    throttle.succeeded(HOST, "zhao", 0.0)
    after(50, throttle, "li")
    assert throttle.source_wait(HOST, 0.0) == throttle.account_wait(HOST, ["zhao"], 0.0) == 0.0
    assert [key[0] for key in throttle.keys(HOST, ["zhao"], 0.0)] == ["p"]
    assert throttle.account_wait(HOST, ["li"], 0.0) == throttle.account_wait(HOST, ["wang"], 0.0) == 15.0
    assert throttle.share(HOST, ["zhao"], 0.0) != throttle.share(HOST, ["li"], 0.0)


def test_l5_who_sprays_the_accounts_that_are_known_there_gets_five() -> None:
    throttle = Throttle()
    for number in range(50):
        throttle.succeeded(HOST, f"pupil{number}", 0.0)
    for number in range(limits.SPRAY_ACCOUNTS):
        assert throttle.account_wait(HOST, [f"pupil{number}"], 1.0) == 0.0
        throttle.failed(HOST, [f"pupil{number}"], 1.0)
    throttle.failed(HOST, ["pupil0"], 1.0)
    throttle.failed(HOST, ["pupil0"], 1.0)
    assert throttle.account_wait(HOST, ["pupil49"], 1.0) == STEPS[-1]
    assert throttle.account_wait(HOST, ["stranger"], 1.0) == limits.SPRAY_WAIT


def test_a_place_is_nobodys_when_the_last_is_forgotten() -> None:
    throttle = Throttle()
    throttle.succeeded(HOST, "zhao", 0.0)
    throttle.succeeded(HOST, "li", 0.0)
    after(7, throttle, "wang")
    throttle.forget("zhao", 0.0)
    assert throttle.source_wait(HOST, 0.0) == 0.0
    throttle.forget("li", 0.0)
    assert throttle.source_wait(HOST, 0.0) == 15.0


def test_l16_names_are_counted_as_they_are_mapped_and_known_or_not() -> None:
    throttle = Throttle()
    for _ in range(5):
        throttle.failed(HOST, [mapped_name("ZHAO")], 0.0)
        throttle.failed("192.0.2.9", ["nobody"], 0.0)
    assert throttle.account_wait(HOST, [mapped_name("zhao")], 0.0) == 4.0
    assert throttle.account_wait("192.0.2.9", ["nobody"], 0.0) == 4.0


def test_loopback_is_many_people_and_counts_accounts_only() -> None:
    throttle = Throttle()
    for host in ("127.0.0.1", "::1", ""):
        for _ in range(7):
            throttle.failed(host, ["zhao"], 0.0)
        assert throttle.source_wait(host, 0.0) == 0.0
        assert throttle.account_wait(host, ["zhao"], 0.0) == 15.0
        assert throttle.account_wait(host, ["li"], 0.0) == 0.0


def test_the_same_wrong_password_again_costs_nothing_more() -> None:
    throttle = Throttle()
    for number in range(2):
        assert throttle.failed(HOST, ["zhao"], 0.0, password=b"old%d" % number)
    for _ in range(20):
        assert not throttle.failed(HOST, ["zhao"], 10.0, password=b"old0")
        assert not throttle.failed(HOST, ["zhao"], 10.0, password=b"old1")
    assert throttle.account_wait(HOST, ["zhao"], 10.0) == throttle.source_wait(HOST, 10.0) == 0.0
    assert throttle.failed(HOST, ["zhao"], 10.0, password=b"old2")
    assert throttle.account_wait(HOST, ["zhao"], 10.0) == throttle.source_wait(HOST, 10.0) == 1.0


def test_only_the_last_ten_passwords_of_one_account_at_one_source_are_remembered() -> None:
    throttle = Throttle()
    for number in range(limits.SAME_PASSWORDS + 1):
        assert throttle.failed(HOST, ["zhao"], 0.0, password=b"%d" % number)
    assert not throttle.failed(HOST, ["zhao"], 0.0, password=b"10")
    assert throttle.failed(HOST, ["zhao"], 0.0, password=b"0")
    assert throttle.failed(HOST, ["li"], 0.0, password=b"10")
    assert throttle.failed("192.0.2.2", ["zhao"], 0.0, password=b"10")
    assert not throttle.failed(HOST, ["zhao", "li"], 0.0, password=b"10")
    assert throttle.failed(HOST, ["zhao", "wang"], 0.0, password=b"10")


def test_what_is_remembered_of_passwords_is_bounded() -> None:
    passwords = WrongPasswords(b"secret", size=4)
    for number in range(100):
        assert not passwords.repeat([f"p:{number}"], b"x" * 2000)
    assert passwords.repeat(["p:99"], b"x" * 2000)
    assert len(passwords._of) == 4


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from("vwxyz"), st.floats(0, 2000))))
def test_the_tables_are_bounded_and_no_wait_is_longer_than_the_cap(
    tries: list[tuple[str, str, float]],
) -> None:
    throttle = Throttle(size=4)
    for host, name, now in sorted(tries, key=lambda each: each[2]):
        throttle.failed(host, [name], now)
        throttle.succeeded(host, f"not {name}", now)
        assert len(throttle._ledger) <= 4 * len(ORDER)
        assert 0 <= throttle.at(host).account_wait([name], now) <= limits.SPRAY_WAIT_MOST
        assert 0 <= throttle.at(host).wait(now) <= STEPS[-1]


def test_a_flood_of_sources_and_names_does_not_drive_out_what_is_under_attack() -> None:
    throttle = Throttle(size=32)
    for number in range(limits.THROTTLE_GUARDS):
        throttle.failed(f"198.51.{number}.1", ["zhao"], 0.0)
    after(7, throttle)
    for number in range(2000):
        throttle.failed(str(ipaddress.IPv4Address(number)), [f"name{number}"], 1.0)
    assert throttle.account_wait("203.0.113.1", ["zhao"], 1.0) == 14.0
    assert throttle.source_wait(HOST, 1.0) == 14.0
    gone = throttle.changed(1.0).gone
    assert len(gone) > 5000
    assert not any(throttle.account_key("zhao") in key for key in gone if key.startswith("a:"))


def test_one_account_that_comes_from_everywhere_drives_no_other_owner_out() -> None:
    throttle = Throttle()
    throttle.succeeded(HOST, "zhao", 0.0)
    for number in range(3000):
        throttle.succeeded(f"2001:db8::{number:x}", "li", 1.0)
    assert throttle.knows(HOST, ["zhao"], 1.0)
    assert len(throttle._places) == 1 + limits.PLACES_EACH


def test_a_place_is_known_for_thirty_days_after_the_last_visit() -> None:
    throttle = Throttle()
    throttle.succeeded(HOST, "zhao", 0.0)
    assert throttle.knows(HOST, ["zhao", "li"], limits.PLACE - 1)
    assert not throttle.knows(HOST, ["zhao"], limits.PLACE)
    throttle.succeeded(HOST, "zhao", limits.PLACE - 1)
    assert throttle.knows(HOST, ["zhao"], 2 * limits.PLACE - 2)


def test_an_administrators_word_forgives_and_who_is_removed_is_forgotten() -> None:
    throttle = guarded()
    after(7, throttle)
    throttle.forgive("zhao", 1.0)
    assert throttle.account_wait("203.0.113.1", ["zhao"], 1.0) == 0.0
    assert throttle.account_wait(HOST, ["zhao"], 1.0) == 0.0
    assert throttle.source_wait(HOST, 1.0) == 14.0
    assert throttle.knows("192.0.2.2", ["zhao"], 1.0)
    throttle.forget("zhao", 1.0)
    assert not throttle.knows("192.0.2.2", ["zhao"], 1.0)
    assert ("192.0.2.2", throttle.account_key("zhao")) in throttle.changed(1.0).gone_places
