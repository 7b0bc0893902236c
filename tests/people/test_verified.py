"""Passwords that were right a moment ago: for whom, for how long, and not for who guesses."""

import dataclasses

from netapp.core import limits
from netapp.people.model import Account
from netapp.people.verified import Verified

ZHAO = Account("0" * 32, 1, "zhao", "Zhao", "active", "", "member", 3, 0.0, None)
HOST, ELSEWHERE = "192.0.2.1", "192.0.2.2"


def verified() -> Verified:
    kept = Verified(b"k" * 32, size=10)
    kept.remember(ZHAO, b"right", HOST, 100.0)
    return kept


def test_l38_a_right_password_is_known_for_a_while() -> None:
    kept = verified()
    assert kept.knows(ZHAO, b"right", HOST, 100.0)
    assert kept.knows(ZHAO, b"right", HOST, 99.0 + limits.VERIFIED)
    assert not kept.knows(ZHAO, b"right", HOST, 100.0 + limits.VERIFIED)
    assert not kept.knows(ZHAO, b"wrong", HOST, 100.0)


def test_l38_a_change_of_the_generation_ends_it() -> None:
    assert not verified().knows(dataclasses.replace(ZHAO, generation=4), b"right", HOST, 100.0)
    assert not verified().knows(dataclasses.replace(ZHAO, id="1" * 32), b"right", HOST, 100.0)


def test_it_is_known_at_the_address_that_it_was_right_from() -> None:
    kept = verified()
    assert not kept.knows(ZHAO, b"right", ELSEWHERE, 100.0)
    assert kept.knows(ZHAO, b"right", "::ffff:192.0.2.1", 100.0)


def test_who_is_wrong_too_often_is_told_nothing() -> None:
    kept = verified()
    for number in range(limits.VERIFIED_MISSES):
        assert kept.knows(ZHAO, b"right", HOST, 100.0 + number)
        assert not kept.knows(ZHAO, b"guess %d" % number, HOST, 100.0 + number)
    assert not kept.knows(ZHAO, b"right", HOST, 120.0)
    kept.remember(ZHAO, b"right", HOST, 120.0)  # it was hashed, as every other try
    assert kept.knows(ZHAO, b"right", HOST, 121.0)


def test_it_may_be_asked_again_later() -> None:
    kept = verified()
    for _ in range(limits.VERIFIED_MISSES):
        kept.knows(ZHAO, b"guess", HOST, 100.0)
    kept.remember(ZHAO, b"right", ELSEWHERE, 100.0)
    assert kept.knows(ZHAO, b"right", ELSEWHERE, 100.0)  # others are not harmed
    kept._until.update(dict.fromkeys(kept._until, 1000.0))
    assert not kept.knows(ZHAO, b"right", HOST, 101.0)
    assert kept.knows(ZHAO, b"right", HOST, 100.0 + limits.VERIFIED + 500.0)


def test_a_clock_that_was_set_back_makes_nothing_last() -> None:
    assert not verified().knows(ZHAO, b"right", HOST, 50.0)


def test_tables_are_bounded() -> None:
    kept = verified()
    for number in range(50):
        kept.knows(ZHAO, b"x", f"192.0.2.{number}", 100.0)
        kept.remember(ZHAO, b"%d" % number, HOST, 100.0)
    assert len(kept._misses) <= 10
    assert len(kept._until) <= 10
    assert kept.knows(ZHAO, b"49", HOST, 100.0)
