"""The rules of names."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits
from netapp.people import names
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
    assert names.mapped_name(typed) == name
    assert names.new_name(typed) == name


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
        names.mapped_name(name)
    for lang in ("zh", "en"):
        told = refused.value.say(lang)  # type: ignore[arg-type]
        assert told.isprintable()


@pytest.mark.parametrize("name", ["аdmin", "pаypal", "αdmin", "小mинг"])
def test_l15_scripts_that_look_alike_do_not_mix_in_a_new_name(name: str) -> None:
    names.mapped_name(name)  # as something to look for it may be
    with pytest.raises(Refused, match="scripts"):
        names.new_name(name)


@pytest.mark.parametrize("name", ["админ", "zhao小明1", "ユーザー", "漢字かなカナabc", "user1", "한글abc"])
def test_scripts_that_are_written_together_are_a_name(name: str) -> None:
    assert names.new_name(name)


def test_l10_a_million_marks_are_refused_before_any_work() -> None:
    with pytest.raises(Refused, match="longer than 64"):
        names.mapped_name("a" + "\u0301" * 1_000_000)


@given(st.text(max_size=70))
def test_a_mapped_name_is_mapped_to_itself(typed: str) -> None:
    name = names.mapped_or_none(typed)
    if name is not None:
        assert 0 < len(name) <= limits.NAME
        assert names.mapped_name(name) == name == unicodedata.normalize("NFC", name)
