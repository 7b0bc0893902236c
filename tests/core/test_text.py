"""Text on the wire: read in any encoding, cut at characters, never obeyed by a terminal."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import text

octets = st.binary(max_size=200)
words = st.text(max_size=100)
codecs = st.sampled_from(["utf-8", "gbk"])


@given(octets)
def test_reading_never_fails(data: bytes) -> None:
    read, codec = text.decode(data)
    assert codec in ("utf-8", "gbk")
    read.encode("utf-8")  # no half surrogates, whatever came


@given(words)
def test_utf8_is_read_as_utf8(word: str) -> None:
    assert text.decode(text.encode(word, "utf-8"))[0].encode() == text.encode(word, "utf-8")


@pytest.mark.parametrize(
    ("word", "codec"), [("您好,欢迎进入飞秋", "gbk"), ("已收到", "gbk"), ("㐀", "gb18030"), ("你好", "utf-8")]
)
def test_chinese_is_read_in_its_encoding(word: str, codec: str) -> None:
    assert text.decode(word.encode(codec)) == (word, "utf-8" if codec == "utf-8" else "gbk")


def test_a_cut_text_is_read_in_the_encoding_that_loses_less() -> None:
    assert text.decode("中文字符".encode()[:-1]) == ("中文字�", "utf-8")
    assert text.decode("中文字符".encode("gbk")[:-1])[0].startswith("中文字")


SHORT = ["谢谢", "学习", "一", "要", "小 写", "谢谢!\n"]
LETTERS = ["лл", "café", "señor", "һ", "да", "Привет"]


@pytest.mark.parametrize("word", SHORT)
def test_short_words_are_gbk_from_who_writes_gbk_or_has_shown_nothing(word: str) -> None:
    octets = word.encode("gbk")
    octets.decode("utf-8")  # it is valid
    assert text.Tongue("auto").read(octets) == word
    assert text.Tongue("gbk").read(octets) == word
    assert text.Tongue("utf-8").read(octets) == word
    spoken = text.Tongue("auto")
    spoken.read("我来了".encode("gbk"))
    assert spoken.read(octets) == word
    assert spoken.codec == "gbk"


@pytest.mark.parametrize("word", [*SHORT, *LETTERS])
def test_whoever_writes_utf8_is_read_as_utf8(word: str) -> None:
    for encoding in text.ENCODINGS:
        tongue = text.Tongue(encoding)
        tongue.read("你好".encode())
        assert tongue.read(word.encode()) == word


@pytest.mark.parametrize("word", ["café", "señor", "Привет", "ő"])
def test_latin_letters_are_utf8_from_who_has_shown_nothing(word: str) -> None:
    assert text.Tongue("auto").read(word.encode()) == word


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=20))
def test_no_hanzi_of_utf8_is_doubtful(word: str) -> None:
    assert not text.is_doubtful(word.encode())
    for encoding in text.ENCODINGS:
        assert text.Tongue(encoding).read(word.encode()) == word


@given(words, codecs)
def test_writing_never_fails_and_is_strict(word: str, codec: text.Codec) -> None:
    text.encode(word, codec).decode(codec)


def test_a_character_that_gbk_lacks_is_a_question_mark() -> None:
    assert text.encode("a☃ñ㐀b", "gbk") == b"a???b"


@given(words, codecs, st.integers(0, 120))
def test_a_cut_never_splits_a_character(word: str, codec: text.Codec, limit: int) -> None:
    whole = text.encode(word, codec)
    cut = text.cut(whole, limit, codec)
    assert len(cut) <= limit
    assert whole.startswith(cut)
    cut.decode(codec)
    assert len(whole) <= limit or len(cut) > limit - 4  # no more is lost than one character


@given(st.text(max_size=60))
def test_what_is_shown_holds_nothing_a_terminal_obeys_and_no_reader_misses(word: str) -> None:
    for char in text.visible(word):
        hidden = unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
        assert not hidden or char in "\u200c\u200d"


@given(octets)
def test_octets_are_shown_without_controls(data: bytes) -> None:
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in text.visible_octets(data))


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        ("\x1b[2J", "⟦U+001B⟧[2J"),
        ("a\u202eb", "a⟦U+202E⟧b"),
        ("a\x85b\x9b", "a⟦U+0085⟧b⟦U+009B⟧"),
        ("\u200b", "⟦U+200B⟧"),
        ("a\r\nb", "a⟦U+000D⟧⟦U+000A⟧b"),
        ("你好 é", "你好 é"),
        ("\ud800", "⟦U+D800⟧"),
    ],
)
def test_l30_f31_what_is_hidden_is_shown(hidden: str, shown: str) -> None:
    assert text.visible(hidden) == shown


def test_what_the_place_can_take_is_kept() -> None:
    assert text.visible("a\nb\x07", keep="\n") == "a\nb⟦U+0007⟧"


def test_a_peer_is_written_to_as_it_last_wrote() -> None:
    tongue = text.Tongue("auto")
    assert tongue.write("好") == "好".encode()
    assert tongue.read("你好".encode("gbk")) == "你好"
    assert tongue.write("好") == "好".encode("gbk")
    assert tongue.read(b"ascii says nothing") == "ascii says nothing"
    assert tongue.write("好") == "好".encode("gbk")
    assert tongue.read("你好".encode()) == "你好"
    assert tongue.write("好") == "好".encode()


@pytest.mark.parametrize("codec", ["utf-8", "gbk"])
def test_t1_t7_a_fixed_encoding_reads_both_and_writes_one(codec: text.Codec) -> None:
    tongue = text.Tongue(codec)
    for sent in ("utf-8", "gbk"):
        assert tongue.read("您好".encode(sent)) == "您好"
        assert tongue.write("您好☃") == text.encode("您好☃", codec)
    assert tongue.codec == codec


@given(st.lists(octets), st.sampled_from(text.ENCODINGS), words)
def test_no_conversation_breaks_a_tongue(sent: list[bytes], encoding: text.Encoding, word: str) -> None:
    tongue = text.Tongue(encoding)
    for data in sent:
        tongue.read(data)
        tongue.write(word).decode(tongue.codec)
