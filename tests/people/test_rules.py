"""The rules of passwords, and what was typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits
from netapp.people import rules
from netapp.people.model import Refused


@pytest.mark.parametrize("password", ["e\u0301t\u00e9 2026!", "\u00e9te\u0301\u30002026!", "été\u00a02026!"])
def test_l13_a_password_is_the_same_however_it_is_typed(password: str) -> None:
    assert rules.prepared(password) == "été 2026!".encode()


@pytest.mark.parametrize("password", ["a\x00b", " lead", "trail ", "a\tb", "cr\r", "lf\n", "Ａ"])
def test_l12_a_password_is_taken_exactly(password: str) -> None:
    assert rules.prepared(password) == password.encode()


def test_l9_l11_empty_and_overlong_passwords_are_refused() -> None:
    assert rules.prepared("x" * limits.PASSWORD) == b"x" * limits.PASSWORD
    for password in ("", "x" * (limits.PASSWORD + 1), "密" * 400, "x" * 64 * 1024 * 1024, "\ud800"):
        with pytest.raises(Refused):
            rules.prepared(password)


def test_allow_weak_skips_the_minimum_and_nothing_else() -> None:
    with pytest.raises(Refused, match="shorter than 8"):
        rules.new_password("1234567")
    assert rules.new_password("密码密码密码密码") == "密码密码密码密码".encode()
    assert rules.new_password("123", allow_weak=True) == b"123"
    with pytest.raises(Refused):
        rules.new_password("", allow_weak=True)
    with pytest.raises(Refused):
        rules.new_password("x" * 1025, allow_weak=True)


# What was typed ------------------------------------------------------------------------------


def test_l14_octets_are_read_in_each_encoding_they_can_be() -> None:
    assert rules.readings(b"zhao", b"123") == [("zhao", "123")]
    assert rules.readings("小明".encode("gbk"), b"123") == [("小明", "123")]
    assert rules.readings("小明".encode(), "密码".encode()) == [
        ("小明", "密码"),
        ("小明".encode().decode("gb18030"), "密码".encode().decode("gb18030")),
    ]
    both = "脕".encode("gbk")  # C3 81: also UTF-8
    assert {password for _, password in rules.readings(b"zhao", both)} == {"Á", "脕"}


@given(st.binary(max_size=64), st.binary(max_size=64))
def test_there_are_one_or_two_readings_of_anything(name: bytes, password: bytes) -> None:
    assert 1 <= len(rules.readings(name, password)) <= 2
    assert rules.tried_names(name)
