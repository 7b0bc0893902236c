"""Which names can be, and which are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits
from netapp.talk import LOBBY, BadName, fold, nickname, room_name, room_shown, tidy_nickname


@pytest.mark.parametrize("name", ["小明", "bob", "Bob_2", "[x]", "a.b", "Ünal", "x|away", "名前"])
def test_names_in_any_script(name: str) -> None:
    assert nickname(f" {name} ") == name


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"),
        ("a b", "space"),
        ("a\u3000b", "space"),
        ("a\x07b", "hidden"),
        ("a\u202eb", "hidden"),
        ("a\u200bb", "hidden"),
        ("#a", "sign"),
        ("a!b", "sign"),
        ("+a", "sign"),
        ("-a", "sign"),
        ("*", "sign"),
        ("x" * 31, "long"),
        ("名" * 31, "long"),
    ],
)
def test_names_that_cannot_be(name: str, reason: str) -> None:
    with pytest.raises(BadName) as caught:
        nickname(name)
    assert caught.value.reason == reason


def test_case_and_width_do_not_make_another_name() -> None:
    assert fold("Bob") == fold("bOB") == fold("ＢＯＢ")
    assert fold("é") == fold("e\u0301")


@pytest.mark.parametrize("text", ["lobby", "#Lobby", "大厅", "#大厅", " LOBBY "])
def test_the_lobby_has_two_names(text: str) -> None:
    assert room_name(text) == LOBBY


def test_rooms_are_shown_as_people_read_them() -> None:
    assert room_shown(LOBBY, "zh") == "大厅"
    assert room_shown(LOBBY, "en") == room_shown("lobby", "en") == "lobby"
    assert room_shown("games", "zh") == "games"


@pytest.mark.parametrize("text", ["", "#", "a b", "a,b", "a\x00b", "a:b", "x" * 51, "@direct"])
def test_rooms_that_cannot_be(text: str) -> None:
    with pytest.raises(BadName):
        room_name(text)


@given(st.text())
def test_a_tidy_name_is_always_a_name(text: str) -> None:
    assert nickname(tidy_nickname(text)) == tidy_nickname(text)


@given(st.text())
def test_a_name_that_can_be_is_safe_on_every_wire(text: str) -> None:
    for rule, limit in ((nickname, limits.NICKNAME), (room_name, limits.ROOM_NAME)):
        try:
            name = rule(text)
        except BadName:
            continue
        assert name.isprintable()
        assert not set(" ,:\r\n\0") & set(name)
        assert len(name) <= limit
        assert rule(name) == name
