"""The rules of passwords, and what was typed."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits
from netapp.people import rules, shipped
from netapp.people.model import Refused
from tests.real import PROJECT

LIST = PROJECT / "netapp" / "people" / "common_passwords.txt"


@pytest.mark.parametrize(
    "password",
    [
        "e\u0301t\u00e9 2026!",
        "\u00e9te\u0301\u30002026!",
        "été\u00a02026!",
        "été\u20092026!",
        "étｅ\u0301 ２０２６！",
    ],
)
def test_l13_a_password_is_the_same_however_it_is_typed(password: str) -> None:
    assert rules.prepared(password) == "été 2026!".encode()


def test_l13_an_input_methods_width_is_none_of_the_passwords() -> None:
    assert rules.prepared("Ｐａｓｓ　１！") == rules.prepared("Pass 1!") == b"Pass 1!"
    assert rules.prepared("ｶﾞﾗｽ") == "ガラス".encode()
    assert rules.prepared("ﬁ ½ Ⅷ ㎏") == "ﬁ ½ Ⅷ ㎏".encode()  # other compatibility forms stay


@pytest.mark.parametrize(
    "password",
    [
        "a\x00b",
        " lead",
        "trail ",
        "a\tb",
        "cr\r",
        "lf\n",
        "\x7f",
        "A",
        "😀",
        "a\u200bb",
        "\ue000",
        "two  spaces",
    ],
)
def test_l12_a_password_is_taken_exactly(password: str) -> None:
    assert rules.prepared(password) == password.encode()


def test_l9_l11_empty_and_overlong_passwords_are_refused() -> None:
    assert rules.prepared("x" * limits.PASSWORD) == b"x" * limits.PASSWORD
    for password in ("", "x" * (limits.PASSWORD + 1), "密" * 400, "x" * 64 * 1024 * 1024, "\ud800"):
        with pytest.raises(Refused):
            rules.prepared(password)
    assert rules.candidates(b"zhao", b"") == []
    assert rules.candidates(b"zhao", b"x" * 1025) == []


def test_l9_l10_what_is_overlong_costs_nothing() -> None:
    password, name = b"x" * 64 * 1024 * 1024, b"a" + "\u0301".encode() * 1_000_000
    rules.candidates(b"zhao", b"warm")
    before = time.process_time()
    assert rules.readings(b"zhao", password) == rules.candidates(b"zhao", password) == []
    assert rules.tried_names(name) == {""}
    assert rules.candidates(name, b"secret") == [(None, b"secret")]
    assert time.process_time() - before < 0.05  # decoded, it would be half a second


@given(st.text(max_size=40))
def test_a_prepared_password_is_prepared_to_itself(typed: str) -> None:
    try:
        octets = rules.prepared(typed)
    except Refused:
        return
    assert rules.prepared(octets.decode()) == octets
    assert rules.prepared(unicodedata.normalize("NFD", typed)) == octets


# A new one -----------------------------------------------------------------------------------


def refused(password: str, **options: object) -> str | None:
    try:
        rules.new_password(password, **options)  # type: ignore[arg-type]
    except Refused as refusal:
        return refusal.key
    return None


def test_eight_characters_are_enough_whatever_they_are() -> None:
    assert refused("83a5417") == "password short"
    for password in ("83625417", "密码密码密码密码", "ppurplee", "        x", "ÄÄÄÄÄÄÄÄ", "e\u0301" * 8):
        assert refused(password) is None
    assert refused("e\u0301" * 7) == "password short"  # as it is hashed
    with pytest.raises(Refused, match="shorter than 8"):
        rules.new_password("1234567")


def test_allow_weak_takes_what_is_some_password() -> None:
    for password in ("123", "12345678", "zhao"):
        assert rules.new_password(password, allow_weak=True, name="zhao") == password.encode()
    for password, key in (("", "password empty"), ("x" * 1025, "password long"), ("\ud800", "password text")):
        assert refused(password, allow_weak=True) == key


@pytest.mark.parametrize(
    "password",
    [
        "12345678",
        "password",
        "PassWord1",
        "ｐａｓｓｗｏｒｄ",
        "qwertyuiop",
        "1qaz2wsx",
        "woaini1314",
        "88888888",
        " password ",
    ],
)
def test_what_everybody_guesses_first_is_refused(password: str) -> None:
    assert refused(password) == "password common"


def test_the_list_is_long_enough_and_tells_where_it_is_from() -> None:
    words = list(shipped.lines("common_passwords.txt"))
    assert len(words) > 3000  # ASVS 6.2.4
    assert words == sorted(set(words))
    assert all(len(word) >= limits.PASSWORD_LEAST and word == word.casefold().strip() for word in words)
    head = LIST.read_text("utf-8")[:4000]
    assert "Django" in head
    assert "Redistribution and use in source and binary forms" in head


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("zhaoxiaoming", "zhaoxiaoming"),
        ("zhaoxiaoming", "ZhaoXiaoMing"),
        ("ZhaoXiaoming", "zhaoxiaoming1"),
        ("zhao", "zhao2026!"),
        ("zhao", "2026-zhao"),
        ("zhao", "zhaozhao"),
        ("小明", "小明小明1234"),
        ("zhao", "netapp2026"),
        ("", "netapp-netapp"),
        ("netapp1", "netapp1netapp1"),
    ],
)
def test_a_password_is_more_than_the_accounts_name(name: str, password: str) -> None:
    assert refused(password, name=name) == "password name"
    assert refused(password + " likes tea", name=name) is None


@pytest.mark.parametrize(
    ("name", "password"), [("zhao", "zhao83625417"), ("a", "a!b2c3d4"), ("", "20261121-x")]
)
def test_a_name_in_a_password_does_no_harm(name: str, password: str) -> None:
    assert refused(password, name=name) is None


def test_nist_wants_15_characters_alone_and_8_beside_a_second_factor() -> None:
    assert refused("purple tractor", policy="nist") == "password alone"  # 14
    assert refused("purple tractors", policy="nist") is None
    assert refused("purple", policy="nist", second_factor=True) == "password short"
    assert refused("83625417", policy="nist", second_factor=True) is None
    assert refused("password", policy="nist", second_factor=True) == "password common"
    with pytest.raises(Refused, match="longer one, or set up a second factor, beside which 8") as refusal:
        rules.new_password("purple", policy="nist")
    assert "两步验证" in refusal.value.say("zh")
    assert rules.least("basic") == rules.least("nist", second_factor=True) == 8


def test_a_password_of_15_characters_stands_alone() -> None:
    assert rules.stands_alone(rules.prepared("密" * 15))
    assert not rules.stands_alone(rules.prepared("密" * 14))
    assert not rules.stands_alone(rules.prepared("e\u0301" * 14))


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


def test_l13_l14_candidates_are_few_and_the_likely_one_is_first() -> None:
    assert rules.candidates(b"ZHAO", b"secret") == [("zhao", b"secret")]
    assert rules.candidates(b"no name!", b"secret") == [(None, b"secret")]
    assert rules.candidates("小明".encode("gbk"), "密码".encode("gbk")) == [("小明", "密码".encode())]
    wide = rules.candidates(b"zhao", "Ａ１".encode())
    assert wide[0] == ("zhao", b"A1")
    assert ("zhao", "Ａ１".encode()) in wide  # as it was hashed before width was mapped


@given(st.binary(max_size=64), st.binary(max_size=64))
def test_there_are_one_or_two_readings_of_anything(name: bytes, password: bytes) -> None:
    assert 1 <= len(rules.readings(name, password)) <= 2
    assert len(rules.candidates(name, password)) <= 4
    assert rules.tried_names(name)
