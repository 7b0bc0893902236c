"""Text in which UTF-8 and GBK meet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import mixed
from netapp.core.text import Tongue


def gbk(text: str) -> bytes:
    return text.encode("gbk")


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        ("请输入昵称:".encode() + gbk("欢迎,嘉\n大家好"), "请输入昵称:欢迎,嘉\n大家好"),
        ("请输入昵称\uff1a ".encode() + gbk("欢迎\n"), "请输入昵称\uff1a 欢迎\n"),
        ("你好\n".encode() + gbk("你好\n一\n") + "好\n".encode(), "你好\n你好\n一\n好\n"),
        (gbk("中文\n一\n二\n"), "中文\n一\n二\n"),  # each of the last two lines would be UTF-8 too
        (gbk("hong: 大家好\nhong: 一\n"), "hong: 大家好\nhong: 一\n"),
        ("naïve: é\n".encode(), "naïve: é\n"),
    ],
)
def test_each_line_and_prompt_is_read_by_itself(octets: bytes, text: str) -> None:
    assert mixed.read(octets, Tongue("auto")) == text


@given(
    st.lists(st.sampled_from([b"a", b":", b"\n", "好".encode(), gbk("好"), gbk("一"), b"\xff"])).map(b"".join)
)
def test_the_pieces_are_the_whole(octets: bytes) -> None:
    assert b"".join(mixed.pieces(octets)) == octets


@given(st.binary())
def test_any_octets_are_read(octets: bytes) -> None:
    assert b"".join(mixed.pieces(octets)) == octets
    mixed.is_cut(octets)


@given(st.text(min_size=1))
def test_utf8_is_read_as_it_is(text: str) -> None:
    octets = text.encode("utf-8", "replace")
    assert mixed.read(octets, Tongue("auto")) == octets.decode()


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_a_cut_character_is_noticed(codec: str) -> None:
    octets = "提示:大家好".encode(codec)
    assert not mixed.is_cut(octets)
    assert mixed.is_cut(octets[:-1])
    assert mixed.is_cut("提示:".encode() + octets[:-1])
