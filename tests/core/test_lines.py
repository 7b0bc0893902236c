"""Messages out of octets: ends of line, quiet, telnet's commands, erase keys."""

import itertools
import math
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits
from netapp.core.lines import IAC, Item, LineReader, Overlong, Reply
from netapp.errors import WireError

WILL, DO, SB, SE = b"\xff\xfb", b"\xff\xfd", b"\xff\xfa", b"\xff\xf0"
ends = st.sampled_from([b"\n", b"\r\n", b"\r\x00"])
line = st.binary(max_size=30).map(lambda data: data.translate(None, b"\r\n\x00\xff\x08\x7f"))


def fed(data: bytes, cuts: Iterable[int] = (), *, limit: int = limits.LINE) -> list[Item]:
    """What a reader makes of octets that come in these pieces, with no quiet between them."""
    reader, items = LineReader(limit=limit), []
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, end in itertools.pairwise(edges):
        if start != end:
            items += reader.receive(data[start:end], 0.0)
    return items


@given(st.lists(st.tuples(line, ends)), st.lists(st.integers(0, 2000)))
def test_the_same_messages_come_out_of_any_pieces(sent: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    data = b"".join(word + end for word, end in sent)
    assert fed(data, cuts) == [word for word, _ in sent]


@given(st.binary(max_size=300), st.lists(st.integers(0, 300)))
def test_any_octets_end_up_the_same_in_any_pieces(data: bytes, cuts: list[int]) -> None:
    def messages(items: list[Item]) -> list[Item]:
        return [item for item in items if not isinstance(item, Reply)]

    def replies(items: list[Item]) -> bytes:
        return b"".join(item.octets for item in items if isinstance(item, Reply))

    once, in_pieces = fed(data, limit=20), fed(data, cuts, limit=20)
    assert messages(once) == messages(in_pieces)
    assert replies(once) == replies(in_pieces)


@given(st.lists(st.tuples(st.binary(max_size=200), st.floats(0, 5))))
def test_no_octets_at_any_time_raise_anything_but_a_wire_error(sent: list[tuple[bytes, float]]) -> None:
    reader, now = LineReader(limit=50), 0.0
    try:
        for data, pause in sent:
            items = reader.receive(data, now) if data else []
            now += pause
            items += reader.tick(now)
            assert len(reader.pending) <= 50
            assert all(not isinstance(item, bytes) or b"\n" not in item for item in items)
        reader.finish()
    except WireError:
        pass
    assert reader.deadline == math.inf or reader.deadline >= 0


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r\x00", b"\r"])
@pytest.mark.parametrize("cut", [[], [1], [2], [3], [1, 2, 3, 4, 5, 6]])
def test_l21_each_end_of_line_ends_one_line(end: bytes, cut: list[int]) -> None:
    assert fed(b"a" + end + b"b" + end, cut) == [b"a", b"b"]


def test_l21_an_empty_line_is_a_line() -> None:
    assert fed(b"\r\n\r\n\n\na\n") == [b"", b"", b"", b"", b"a"]


# Quiet -------------------------------------------------------------------------------------------


def test_quiet_ends_a_message() -> None:
    reader = LineReader()
    assert reader.receive(b"zhao", 10.0) == []
    assert reader.deadline == 10.0 + limits.QUIET
    assert reader.tick(10.2) == []
    assert reader.tick(10.3) == [b"zhao"]
    assert reader.deadline == math.inf


def test_l23_a_telnet_that_sends_each_key_is_given_time_to_type() -> None:
    reader, now = LineReader(), 0.0
    for key in b"zhao":
        assert reader.receive(bytes([key]), now) == []
        now += 1.9
        assert reader.tick(now) == []
    assert reader.receive(b"\r", now) == [b"zhao"]
    assert reader.receive(b"\x00", now) == []
    assert reader.deadline == math.inf


def test_a_single_octet_is_a_message_after_longer_quiet() -> None:
    reader = LineReader()
    reader.receive(b"Q", 0.0)
    assert reader.tick(limits.QUIET) == []
    assert reader.tick(limits.QUIET_LONE) == [b"Q"]


def test_a_telnet_may_think_as_long_as_it_likes() -> None:
    reader = LineReader()
    reader.receive(b"zh", 0.0)
    reader.receive(DO + b"\x03", 0.1)  # only a command, yet it says what the peer is
    assert reader.deadline == math.inf
    assert reader.tick(100.0) == []
    assert reader.receive(b"ao\r\n", 100.0) == [b"zhao"]


def test_l25_the_last_message_needs_no_end() -> None:
    reader = LineReader()
    assert reader.receive(b"u\np", 0.0) == [b"u"]
    assert reader.finish() == [b"p"]
    assert reader.finish() == []


# Bounds ------------------------------------------------------------------------------------------


def test_a_line_too_long_is_said_once_and_the_next_is_read() -> None:
    reader = LineReader(limit=4)
    assert reader.receive(b"12345", 0.0) == [Overlong()]
    assert reader.receive(b"6789", 0.0) == []
    assert reader.pending == b""
    assert reader.receive(b"x\nabcd\n", 0.0) == [b"abcd"]


def test_quiet_ends_a_line_too_long_as_well() -> None:
    reader = LineReader(limit=4)
    reader.receive(b"123456", 0.0)
    assert reader.tick(limits.QUIET) == []
    assert reader.receive(b"abcd\n", 1.0) == [b"abcd"]


@pytest.mark.parametrize("cut", [[], [4], [5], [3, 5]])
def test_a_line_of_just_the_limit_is_a_line(cut: list[int]) -> None:
    assert fed(b"1234\n12345\n", cut, limit=4) == [b"1234", Overlong()]


# Telnet ------------------------------------------------------------------------------------------


def test_options_are_refused_once_each() -> None:
    asked = WILL + b"\x01" + DO + b"\x03" + WILL + b"\x01"
    assert fed(asked) == [Reply(b"\xff\xfe\x01\xff\xfc\x03")]


def test_what_was_never_agreed_needs_no_answer() -> None:
    assert fed(b"\xff\xfc\x01\xff\xfe\x01" * 1000) == []


def test_a_timing_mark_is_answered_each_time() -> None:
    """Telnet sends one with each interrupt and shows nothing until it is answered."""
    assert fed(DO + b"\x06" + DO + b"\x06") == [Reply(b"\xff\xfc\x06" * 2)]


@pytest.mark.parametrize(
    "command",
    [
        b"\xff\xff",
        b"\xff\xf1",
        b"\xff\x00",
        WILL + b"\x18",
        SB + b"\x18\x00xterm" + SE,
        SB + b"\x18a\xff\xff\xf0b" + SE,  # an escaped 0xFF before 0xF0 is data
        SB + SE,
    ],
)
@pytest.mark.parametrize("cuts", [[], [4], [5], [6], [7], range(1, 30)])
def test_l18_commands_within_a_line_are_no_part_of_it(command: bytes, cuts: Iterable[int]) -> None:
    items = fed(b"pass" + command + b"word\r\n", cuts)
    assert [item for item in items if isinstance(item, bytes)] == [b"password"]


def test_l18_a_command_between_cr_and_lf_parts_no_line() -> None:
    assert fed(b"a\r" + bytes([IAC, 241]) + b"\nb\n") == [b"a", b"b"]


def test_l19_a_flood_of_options_ends_and_is_not_mirrored() -> None:
    flood = b"".join(WILL + bytes([number % 250]) for number in range(60_000))
    with pytest.raises(WireError, match="too many telnet options"):
        fed(flood)
    reader = LineReader()
    for start in range(0, limits.TELNET_OPTIONS * 3, 3):
        assert len(reader.receive(flood[start : start + 3], 0.0)) == 1
    with pytest.raises(WireError, match="too many telnet options"):
        reader.receive(WILL + b"\x01", 0.0)


@pytest.mark.parametrize("piece", [1, 100, 4095])
def test_l20_a_subnegotiation_without_end_ends(piece: int) -> None:
    with pytest.raises(WireError, match="subnegotiation without end"):
        fed(SB + b"x" * limits.TELNET_SUBNEGOTIATION, range(0, limits.TELNET_SUBNEGOTIATION, piece))


# What a telnet takes for control characters --------------------------------------------------------

# "小明" and "望" as GNU telnet sends them: the octet it mistakes, then a request for a timing mark.
MANGLED = b"\xe5\xb0" + bytes([IAC, 245]) + DO + b"\x06" + b"\xe6\x98\x8e\r\n"
AGAIN = b"\xe6" + bytes([IAC, 243]) + DO + b"\x06" + b"\x9b\r\n"


@pytest.mark.parametrize("cuts", [[], *([cut] for cut in range(1, 12)), range(1, 12)])
def test_a_character_that_a_telnet_takes_for_control_keys_is_put_together(cuts: Iterable[int]) -> None:
    items = fed(MANGLED, cuts)
    assert [item for item in items if isinstance(item, bytes)] == ["小明".encode()]


def test_a_telnet_that_mistakes_octets_is_asked_for_binary_once() -> None:
    reader = LineReader()
    no_mark = bytes([IAC, 252, 6])
    assert reader.receive(MANGLED, 0.0) == [Reply(DO + b"\x00" + no_mark), "小明".encode()]
    assert reader.receive(WILL + b"\x00", 0.0) == []  # agreed: an answer would undo it
    assert reader.receive(AGAIN, 0.0) == [Reply(no_mark), "望".encode()]


@pytest.mark.parametrize("typed", [b"", b"pass", "你".encode(), "你\n".encode()])
@pytest.mark.parametrize("command", [237, 243, 244, 245])
def test_a_control_key_after_a_whole_character_is_one(typed: bytes, command: int) -> None:
    items = fed(typed + bytes([IAC, command]) + b"\r\n")
    assert [item for item in items if isinstance(item, Reply)] == []
    assert items[0] == typed.rstrip(b"\n")


@pytest.mark.parametrize("command", range(256))
def test_l20_no_command_is_an_error(command: int) -> None:
    reader = LineReader()
    reader.receive(bytes([IAC, command]), 0.0)
    reader.receive(b"\x01ab\xff\xf0c\r\n", 0.0)


# Erase keys --------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [b"\x08", b"\x7f"])
@pytest.mark.parametrize("codec", ["utf-8", "gbk"])
def test_l22_an_erase_key_takes_a_whole_character(key: bytes, codec: str) -> None:
    typed = "用户".encode(codec) + key + "名".encode(codec) + b"x" + key
    assert fed(typed + b"\r\n") == ["用名".encode(codec)]


def test_l22_before_the_beginning_there_is_nothing_to_erase() -> None:
    assert fed(b"\x08\x7f\x08a\x08\x08b\n") == [b"b"]


def test_the_rest_of_an_erased_line_keeps_its_octets() -> None:
    rare = "㐀".encode("gb18030")  # four octets there, no character of GBK
    assert fed("字".encode("gbk") + rare + b"x\x08\n") == ["字".encode("gbk") + rare]


@pytest.mark.parametrize("data", [b"ab\xfe\x80", "中".encode()[:2] + b"\x00"])
def test_a_line_without_erase_keys_is_not_touched(data: bytes) -> None:
    assert fed(data + b"\n") == [data.replace(b"\x00", b"")]


def test_a_telnets_interrupt_is_told_once_and_drops_what_was_typed() -> None:
    reader = LineReader()
    assert reader.receive(b"half a li\xff", 0.0) == []
    assert not reader.interrupted()
    assert reader.receive(b"\xf4\xff\xfd\x06", 0.0) == [Reply(b"\xff\xfc\x06")]
    assert reader.interrupted()
    assert not reader.interrupted()
    assert reader.receive(b"next\r\n", 0.0) == [b"next"]


# Hidden input --------------------------------------------------------------------------------

HIDE, SHOW = b"\xff\xfb\x01", b"\xff\xfc\x01\r\n"


@pytest.mark.parametrize("before", [b"zhao\r\n", b"zhao\r\x00", b"\xff\xf1zhao\n"])
def test_a_telnet_is_asked_to_hide_what_is_typed_and_to_show_it_again(before: bytes) -> None:
    reader = LineReader()
    reader.receive(before, 0.0)
    assert reader.hide() == HIDE
    assert reader.hide() == b""  # asked already
    assert reader.hidden
    assert reader.show() == SHOW
    assert reader.show() == b""


def test_a_line_end_in_two_pieces_is_a_telnets_too() -> None:
    reader = LineReader()
    reader.receive(b"zhao\r", 0.0)
    assert reader.hide() == b""
    reader.receive(b"\n", 0.0)
    assert reader.hide() == HIDE


@pytest.mark.parametrize("before", [b"", b"zhao", b"zhao\n", b"zhao\r"])
def test_nothing_is_negotiated_with_who_is_no_telnet(before: bytes) -> None:
    reader = LineReader()
    reader.receive(before, 0.0)
    assert (reader.hide(), reader.show(), reader.hidden) == (b"", b"", False)


def test_l19_answers_to_our_own_offer_are_no_options_to_refuse() -> None:
    reader = LineReader()
    reader.receive(b"zhao\r\n", 0.0)
    reader.hide()
    reader.receive(DO + b"\x01", 0.0)
    reader.show()
    for _ in range(limits.TELNET_OPTIONS * 2):
        reader.hide()
        assert reader.receive(DO + b"\x01", 0.0) == []
        reader.show()
        assert reader.receive(b"\xff\xfe\x01", 0.0) == []  # DONT
    assert reader.receive(DO + b"\x01", 0.0) == [Reply(b"\xff\xfc\x01")]  # one that we did not offer


def test_an_answer_that_comes_after_the_offer_was_withdrawn_is_an_answer() -> None:
    reader = LineReader()
    reader.receive(b"zhao\r\n", 0.0)
    reader.hide()
    reader.show()
    reader.hide()
    binary = Reply(DO + b"\x00")  # asked for once
    assert reader.receive(DO + b"\x01\xff\xfe\x01" + DO + b"\x01", 0.0) == [binary]


def test_a_telnet_that_hides_what_is_typed_is_asked_for_binary() -> None:
    reader = LineReader()
    reader.receive(b"zhao\r\n", 0.0)
    reader.hide()
    assert reader.receive(DO + b"\x01", 0.0) == [Reply(DO + b"\x00")]
    assert reader.receive(WILL + b"\x00" + "会话\n".encode(), 0.0) == ["会话".encode()]


def test_an_offer_alone_makes_nobody_a_telnet_that_always_ends_its_lines() -> None:
    reader = LineReader()
    reader.receive(b"zhao\r\n", 0.0)
    reader.hide()
    reader.receive(b"123", 1.0)
    assert reader.deadline == 1.0 + limits.QUIET
