"""Phrases in both languages."""

import pytest

from netapp.core.languages import Phrases

PHRASES = Phrases({"hello": ("你好,{name}", "Hello, {name}"), "plain": ("原样 {x}", "as it is {x}")})


def test_a_phrase_is_said_in_one_language() -> None:
    assert PHRASES.say("zh", "hello", name="小明") == "你好,小明"
    assert PHRASES.speaker("en")("hello", name="Ming") == "Hello, Ming"
    assert PHRASES.speaker("en").lang == "en"


def test_what_a_peer_wrote_is_never_a_phrase() -> None:
    assert PHRASES.say("en", "hello", name="{name.__class__}") == "Hello, {name.__class__}"


def test_a_phrase_without_fields_is_said_as_it_stands() -> None:
    assert PHRASES.say("zh", "plain") == "原样 {x}"


def test_no_such_phrase_is_our_mistake() -> None:
    with pytest.raises(KeyError):
        PHRASES.say("zh", "goodbye")
    with pytest.raises(KeyError):
        PHRASES.say("zh", "hello", nobody="")
