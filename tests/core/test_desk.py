"""An operator's desk."""

import io
import sys

import pytest
from twisted.internet.testing import StringTransport

from netapp.core import desk


def test_a_line_goes_to_who_spoke_last() -> None:
    shown: list[str] = []
    answers: list[tuple[str, str]] = []
    table = desk.Desk(shown.append, "en")
    table.typed("too early")
    table.arrived(desk.Arrived("10.0.0.1", 5, "hi"), lambda line: answers.append(("a", line)) is None)
    table.arrived(desk.Arrived("10.0.0.2", 6, "ho"), lambda line: answers.append(("b", line)) is None)
    table.typed("hello")
    assert shown[:3] == ["(nobody is there to answer)", "10.0.0.1:5 >>> hi", "10.0.0.2:6 >>> ho"]
    assert answers == [("b", "hello")]
    assert shown[3:] == ["10.0.0.2:6 <<< hello"]
    table.typed("and you")  # who spoke before waits still: nobody is left without an answer
    table.typed("more")  # nobody waits: who spoke last
    assert answers == [("b", "hello"), ("a", "and you"), ("b", "more")]
    assert len(shown) == 4


def test_who_has_gone_cannot_be_answered() -> None:
    shown: list[str] = []
    table = desk.Desk(shown.append, "zh")
    table.arrived(desk.Arrived("10.0.0.1", 5, "hi"), lambda line: False)
    table.typed("在吗")
    assert shown[-1] == "(现在没有人可以回复)"


def test_a_peer_cannot_steer_the_terminal() -> None:
    shown: list[str] = []
    desk.Desk(shown.append, "en").arrived(desk.Arrived("10.0.0.1", 5, "a\x1b[2J\nb\u202e"), lambda line: True)
    assert shown == ["10.0.0.1:5 >>> a⟦U+001B⟧[2J⟦U+000A⟧b⟦U+202E⟧"]


def test_the_newline_that_nc_sends_is_no_part_of_the_text() -> None:
    shown: list[str] = []
    table = desk.Desk(shown.append, "en")
    for sent in ("hi\n", "hi\r\n"):
        table.arrived(desk.Arrived("10.0.0.1", 5, sent), lambda line: True)
    assert shown == ["10.0.0.1:5 >>> hi"] * 2


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("codec", ["utf-8", "gbk"])
def test_the_operator_types_in_any_encoding(end: bytes, codec: str) -> None:
    typed: list[str] = []
    table = desk.Desk(typed.append, "en")
    table.typed = typed.append  # type: ignore[method-assign]
    keyboard = desk.DeskInput(table)
    keyboard.makeConnection(StringTransport())
    for octet in "您好".encode(codec) + end:
        keyboard.dataReceived(bytes([octet]))
    keyboard.dataReceived(b"x" * 100_000)
    keyboard.dataReceived(b"\nafter\n")
    assert (typed[0], typed[-1]) == ("您好", "after")


@pytest.mark.parametrize(("encoding", "shown"), [("utf-8", "好☃\n".encode()), ("ascii", b"??\n")])
def test_a_terminal_may_lack_a_peers_characters(
    monkeypatch: pytest.MonkeyPatch, encoding: str, shown: bytes
) -> None:
    octets = io.BytesIO()
    monkeypatch.setattr(sys, "__stdout__", io.TextIOWrapper(octets, encoding=encoding))
    desk._show("好☃")
    assert octets.getvalue() == shown


def test_a_terminal_that_takes_no_more_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    full = open("/dev/full", "w", encoding="utf-8")  # noqa: SIM115
    monkeypatch.setattr(sys, "__stdout__", full)
    desk._show("hello")
    desk._show("hello again")
    with pytest.raises(OSError, match="No space"):
        full.close()  # what it could not say, it keeps
