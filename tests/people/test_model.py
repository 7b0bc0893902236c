"""The rules of names and passwords."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits
from netapp.people import model
from netapp.people.model import Refused


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("zhao", "zhao"),
        ("ADMIN", "admin"),
        ("ＺＨＡＯ", "zhao"),
        ("Straße", "strasse"),
        ("小明", "小明"),
        ("e\u0301va", "éva"),
        ("a.b_c-1", "a.b_c-1"),
        ("ｶﾄｳ", "カトウ"),
    ],
)
def test_l15_l16_case_width_and_normal_form_do_not_tell_names_apart(typed: str, name: str) -> None:
    assert model.mapped_name(typed) == name
    assert model.new_name(typed) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "a b",
        "a\u3000b",
        "admin\u200b",
        "a\x00",
        "a\n",
        "\u202eadmin",
        "-a",
        ".a",
        "_",
        "\u0301a",
        "a/b",
        "a:b",
        "a@b",
        "x" * 65,
        "ﬃ" * 30,
        "\ud800",
        "Ⅷ",
    ],
)
def test_l15_what_no_name_may_be(name: str) -> None:
    with pytest.raises(Refused) as refused:
        model.mapped_name(name)
    for lang in ("zh", "en"):
        told = refused.value.say(lang)  # type: ignore[arg-type]
        assert told.isprintable()


@pytest.mark.parametrize("name", ["аdmin", "pаypal", "αdmin", "小mинг"])
def test_l15_scripts_that_look_alike_do_not_mix_in_a_new_name(name: str) -> None:
    model.mapped_name(name)  # as something to look for it may be
    with pytest.raises(Refused, match="scripts"):
        model.new_name(name)


@pytest.mark.parametrize("name", ["админ", "zhao小明1", "ユーザー", "漢字かなカナabc", "user1", "한글abc"])
def test_scripts_that_are_written_together_are_a_name(name: str) -> None:
    assert model.new_name(name)


def test_l10_a_million_marks_are_refused_before_any_work() -> None:
    with pytest.raises(Refused, match="longer than 64"):
        model.mapped_name("a" + "\u0301" * 1_000_000)


@given(st.text(max_size=70))
def test_a_mapped_name_is_mapped_to_itself(typed: str) -> None:
    name = model.mapped_or_none(typed)
    if name is not None:
        assert 0 < len(name) <= limits.NAME
        assert model.mapped_name(name) == name == unicodedata.normalize("NFC", name)


# Passwords -----------------------------------------------------------------------------------


@pytest.mark.parametrize("password", ["e\u0301t\u00e9 2026!", "\u00e9te\u0301\u30002026!", "été\u00a02026!"])
def test_l13_a_password_is_the_same_however_it_is_typed(password: str) -> None:
    assert model.prepared(password) == "été 2026!".encode()


@pytest.mark.parametrize("password", ["a\x00b", " lead", "trail ", "a\tb", "cr\r", "lf\n", "Ａ"])
def test_l12_a_password_is_taken_exactly(password: str) -> None:
    assert model.prepared(password) == password.encode()


def test_l9_l11_empty_and_overlong_passwords_are_refused() -> None:
    assert model.prepared("x" * limits.PASSWORD) == b"x" * limits.PASSWORD
    for password in ("", "x" * (limits.PASSWORD + 1), "密" * 400, "x" * 64 * 1024 * 1024, "\ud800"):
        with pytest.raises(Refused):
            model.prepared(password)


def test_allow_weak_skips_the_minimum_and_nothing_else() -> None:
    with pytest.raises(Refused, match="shorter than 8"):
        model.new_password("1234567")
    assert model.new_password("密码密码密码密码") == "密码密码密码密码".encode()
    assert model.new_password("123", allow_weak=True) == b"123"
    with pytest.raises(Refused):
        model.new_password("", allow_weak=True)
    with pytest.raises(Refused):
        model.new_password("x" * 1025, allow_weak=True)


# What was typed ------------------------------------------------------------------------------


def test_l14_octets_are_read_in_each_encoding_they_can_be() -> None:
    assert model.readings(b"zhao", b"123") == [("zhao", "123")]
    assert model.readings("小明".encode("gbk"), b"123") == [("小明", "123")]
    assert model.readings("小明".encode(), "密码".encode()) == [
        ("小明", "密码"),
        ("小明".encode().decode("gb18030"), "密码".encode().decode("gb18030")),
    ]
    both = "脕".encode("gbk")  # C3 81: also UTF-8
    assert {password for _, password in model.readings(b"zhao", both)} == {"Á", "脕"}


@given(st.binary(max_size=64), st.binary(max_size=64))
def test_there_are_one_or_two_readings_of_anything(name: bytes, password: bytes) -> None:
    assert 1 <= len(model.readings(name, password)) <= 2
    assert model.tried_names(name)


def test_every_phrase_is_there_in_both_languages() -> None:
    for chinese, english in model.PHRASES.phrases.values():
        assert chinese
        assert english.isascii()
