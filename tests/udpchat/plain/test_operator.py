"""The operator's talks, by values."""

import pytest

from netapp.core import limits
from netapp.udpchat.plain.operator import OperatorSession, Show
from netapp.udpchat.words import GOODBYE

XIAO = ("192.0.2.1", 4000)


def test_t14_one_reply_a_datagram() -> None:
    desk = OperatorSession("utf-8")
    assert desk.receive("在吗".encode(), XIAO, 0.0) == [Show("在吗")]
    assert desk.typed("在的", XIAO, 1.0) == "在的".encode()
    assert desk.typed("还有", XIAO, 2.0) is None
    assert desk.receive(b"", XIAO, 3.0) == [Show("")]
    assert desk.typed("还有", XIAO, 4.0) == "还有".encode()


def test_t20_gbk_both_ways() -> None:
    desk = OperatorSession("gbk")
    assert desk.receive("报到".encode("gbk"), XIAO, 0.0) == [Show("报到")]
    assert desk.typed("收到", XIAO, 1.0) == "收到".encode("gbk")


@pytest.mark.parametrize("word", [b"Q", b"q", b"quit", b"q\n"])
def test_t14_a_word_ends_the_talk(word: bytes) -> None:
    desk = OperatorSession("utf-8")
    desk.receive(b"hello", XIAO, 0.0)
    assert desk.receive(word, XIAO, 0.0)[1:] == [GOODBYE.encode()]
    assert desk.typed("still there?", XIAO, 0.0) is None


def test_t15_the_farewell_is_not_answered() -> None:
    desk = OperatorSession("utf-8")
    desk.receive(b"hello", XIAO, 0.0)
    assert desk.receive(GOODBYE.encode(), XIAO, 0.0) == [Show(GOODBYE)]
    assert desk.typed("still there?", XIAO, 0.0) is None


def test_both_sides_may_say_the_same() -> None:
    desk = OperatorSession("utf-8")
    desk.receive(b"hello", XIAO, 0.0)
    assert desk.typed("hello", XIAO, 0.0) == b"hello"
    assert desk.receive(b"hello", XIAO, 1.0) == [Show("hello")]


def test_who_has_waited_ten_minutes_is_gone() -> None:
    desk = OperatorSession("utf-8")
    desk.receive(b"hello", XIAO, 0.0)
    assert desk.typed("hi", XIAO, limits.PLAIN_FORGETS + 1) is None


def test_f_talks_have_a_bound() -> None:
    desk = OperatorSession("utf-8")
    for number in range(limits.PLAIN_PEERS + 1):
        desk.receive(b"hello", (f"10.0.{number // 250}.{number % 250}", 4000), 0.0)
    assert desk.typed("hi", ("10.0.0.0", 4000), 0.0) is None
    assert desk.typed("hi", ("10.0.0.1", 4000), 0.0) == b"hi"
