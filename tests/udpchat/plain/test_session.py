"""The rules of plain datagrams, by values and a clock moved by hand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netapp.core import limits
from netapp.core.text import Encoding
from netapp.udpchat.plain.session import SAME, Answer, Asked, Effect, Joined, Left, Said, Session
from netapp.udpchat.words import GOODBYE, PHRASES

XIAO, MING = ("192.0.2.1", 4000), ("192.0.2.2", 4000)
ACK = "已收到"


class Chat:
    """A session and its clock; what is said is stored at once unless told otherwise."""

    def __init__(self, *, ack: str = ACK, encoding: Encoding = "auto", stores: bool = True) -> None:
        self.now, self._stores = 1000.0, stores
        self.session = Session(encoding, ack, PHRASES.speaker("zh"))

    def hears(self, datagram: bytes | str, of: tuple[str, int] = XIAO) -> list[Effect]:
        octets = datagram.encode() if isinstance(datagram, str) else datagram
        effects = list(self.session.receive(octets, of, self.now))
        for each in list(effects):
            if isinstance(each, Said) and self._stores:
                effects += self.session.stored(each.owed, self.now)
        return effects

    def line(self, text: str, to: tuple[str, int] = XIAO) -> list[Effect]:
        return list(self.session.line(to, text, self.now))

    def advance(self, seconds: float) -> list[Effect]:
        effects: list[Effect] = []
        end = self.now + seconds
        while self.session.deadline <= end:
            self.now = max(self.now, self.session.deadline)
            effects += self.session.tick(self.now)
            assert self.session.deadline > self.now
        self.now = end
        return effects


def answers(effects: list[Effect]) -> list[bytes]:
    return [each.octets for each in effects if isinstance(each, Answer)]


def said(effects: list[Effect]) -> list[str]:
    return [line for each in effects if isinstance(each, Said) for line in each.lines]


def test_a_datagram_is_a_line_and_is_acknowledged_after_the_wait() -> None:
    chat = Chat()
    effects = chat.hears("你好\n")
    assert effects[0] == Joined(XIAO)
    assert said(effects) == ["你好"]
    assert answers(effects + chat.advance(limits.PLAIN_WAIT - 0.01)) == []
    assert answers(chat.advance(0.02)) == [ACK.encode()]
    assert answers(chat.advance(10.0)) == []


def test_what_somebody_says_within_the_wait_is_the_answer() -> None:
    chat = Chat()
    chat.hears("你好")
    chat.advance(0.1)
    assert answers(chat.line("[小明] 在")) == ["[小明] 在".encode()]
    assert answers(chat.advance(10.0)) == []


def test_what_is_said_later_waits_for_the_next_datagram() -> None:
    chat = Chat()
    chat.hears("你好")
    chat.advance(1.0)
    assert chat.line("[小明] 一") == chat.line("[小明] 二") == []
    assert answers(chat.hears("在吗")) == ["[小明] 一\n[小明] 二".encode()]
    assert answers(chat.advance(1.0)) == []


def test_t30_an_empty_datagram_is_answered_and_not_said() -> None:
    chat = Chat()
    effects = chat.hears(b"") + chat.hears(b"\r\n")
    assert said(effects) == []
    assert answers(effects + chat.advance(1.0)) == [ACK.encode()] * 2


def test_t30_an_empty_line_fetches_what_was_said() -> None:
    chat = Chat()
    chat.hears("hello")
    chat.advance(1.0)
    chat.line("[小明] hi")
    assert answers(chat.hears(b"")) == [b"[\xe5\xb0\x8f\xe6\x98\x8e] hi"]


def test_t1_t3_gbk_is_answered_in_gbk() -> None:
    chat = Chat()
    assert said(chat.hears("你好吗".encode("gbk"))) == ["你好吗"]
    assert answers(chat.line("[小明] 在")) == ["[小明] 在".encode("gbk")]


def test_t1_utf8_out_and_gbk_in() -> None:
    chat = Chat(encoding="gbk")
    assert said(chat.hears("你好吗\n")) == ["你好吗"]
    assert answers(chat.advance(1.0)) == [ACK.encode("gbk")]


@pytest.mark.parametrize("word", ["quit", "Q", "q", "quit\n"])
def test_t1_t14_a_word_ends_the_talk(word: str) -> None:
    chat = Chat()
    chat.hears("hello")
    chat.advance(1.0)
    assert chat.hears(word) == [Left(XIAO), Answer(GOODBYE.encode(), XIAO)]
    assert chat.line("[小明] hi") == []
    assert answers(chat.hears(word)) == [GOODBYE.encode()]


@pytest.mark.parametrize("codec", ["utf-8", "gbk"])
def test_t15_the_farewell_ends_the_talk_without_an_answer(codec: str) -> None:
    chat = Chat()
    chat.hears("hello")
    chat.advance(1.0)
    assert chat.hears(GOODBYE.encode(codec)) == [Left(XIAO)]
    assert answers(chat.advance(10.0)) == []


def test_each_of_many_datagrams_gets_its_own_answer() -> None:
    chat = Chat()
    for number in range(5):
        chat.hears(f"line {number}")
    assert answers(chat.line("[小明] hi")) == ["[小明] hi".encode()]
    assert answers(chat.advance(1.0)) == [ACK.encode()] * 4


def test_an_acknowledgement_waits_for_the_store() -> None:
    chat = Chat(stores=False)
    (message,) = (each for each in chat.hears("hello") if isinstance(each, Said))
    assert answers(chat.advance(5.0)) == []
    assert answers(list(chat.session.stored(message.owed, chat.now))) == [ACK.encode()]
    assert answers(list(chat.session.stored(message.owed, chat.now))) == []


def test_what_could_not_be_stored_is_answered_by_why() -> None:
    chat = Chat(stores=False)
    (message,) = (each for each in chat.hears("hello") if isinstance(each, Said))
    assert answers(list(chat.session.answer(message.owed, "未能保存", chat.now))) == ["未能保存".encode()]
    assert answers(chat.advance(5.0)) == []


def test_without_an_acknowledgement_only_lines_are_answers() -> None:
    chat = Chat(ack="")
    chat.hears("hello")
    assert answers(chat.advance(5.0)) == []
    chat.line("[小明] hi")
    assert len(answers(chat.hears(b""))) == 1


def test_commands_are_not_said() -> None:
    chat = Chat()
    asked = [each for text in ("/nick 小红", "/who") for each in chat.hears(text) if isinstance(each, Asked)]
    assert [(each.command, each.argument) for each in asked] == [("/nick", "小红"), ("/who", "")]
    assert len(answers(chat.hears("/help"))) == 1
    assert said(chat.hears("/etc/passwd is a file")) == ["/etc/passwd is a file"]


def test_commands_have_the_line_chats_names() -> None:
    asked = [each for each in Chat().hears("/改名 小红") if isinstance(each, Asked)]
    assert [(each.command, each.argument) for each in asked] == [("/nick", "小红")]


@pytest.mark.parametrize("text", ["/msg 小明 悄悄话", "/私聊 小明 悄悄话\n", "/me waves", "/history"])
def test_the_line_chats_other_commands_are_refused_and_not_said(text: str) -> None:
    effects = (chat := Chat()).hears(text)
    assert said(effects) == []
    (refusal,) = answers(effects)
    assert text.split()[0] in refusal.decode()
    assert answers(chat.advance(5.0)) == []


def test_a_long_talk_is_cut_at_a_character_and_the_rest_is_the_next_answer() -> None:
    chat = Chat()
    chat.hears("你好")
    chat.advance(1.0)
    chat.line("[小明] " + "长" * 700)
    chat.line("[小明] 完")
    got: list[str] = []
    while not got or got[-1] != ACK:
        (answer,) = answers(chat.hears(f"more {len(got)}") + chat.advance(1.0))
        assert len(answer) <= limits.PLAIN_ANSWER
        got.append(answer.decode())
    assert "".join(got[:-1]).replace("\n", "") == "[小明] " + "长" * 700 + "[小明] 完"
    assert len(got) == 4


def test_what_waits_for_a_peer_has_a_bound_and_the_newest_stays() -> None:
    chat = Chat()
    chat.hears("hello")
    chat.advance(1.0)
    for number in range(limits.PLAIN_PENDING + 10):
        chat.line(f"{number}")
    (answer,) = answers(chat.hears(b""))
    assert answer.split(b"\n")[0] == b"10"


def test_what_we_sent_within_ten_seconds_does_not_come_back() -> None:
    chat = Chat()
    chat.hears("hello")
    assert answers(chat.advance(1.0)) == [ACK.encode()]
    assert chat.hears(ACK) == chat.hears(ACK + "\n") == []
    assert said(chat.hears(ACK, MING)) == [ACK]
    chat.advance(limits.NO_ECHO)
    assert said(chat.hears(ACK)) == [ACK]


def test_two_that_acknowledge_each_other_come_to_an_end() -> None:
    ours, theirs = Chat(), Chat(ack="received")
    octets, rounds = [b"hello"], 0
    while octets and rounds < 10 * SAME:
        rounds += 1
        octets = answers(ours.hears(octets[0]) + ours.advance(0.3))
        if octets:
            octets = answers(theirs.hears(octets[0], MING) + theirs.advance(0.3))
    assert rounds <= SAME + 3


@pytest.mark.parametrize("apart", [0.0, 0.07])
def test_loops_side_by_side_come_to_an_end(apart: float) -> None:
    """Each of these peers answers whatever it gets, and always the same."""
    chat, answered = Chat(), list[bytes]()
    for number in range(3):
        chat.hears(f"hello{number}")
        answered += answers(chat.advance(apart))
    for _ in range(10 * SAME):
        answered += answers(chat.advance(0.1))
        octets, answered = answered, []
        for _ in octets:
            answered += answers(chat.hears("no such name"))
    assert answers(chat.advance(1.0)) == []
    assert chat.session.echoed == 3


def test_loops_that_others_talk_into_come_to_an_end() -> None:
    chat, lines = Chat(), 0
    octets = answers(chat.hears("hello") + chat.advance(0.3))
    while octets and lines < 10 * SAME:
        lines += 1
        chat.line(f"[小红] {lines}")
        octets = answers(chat.hears(("no such name", "what?")[lines % 2]) + chat.advance(0.3))
    assert lines <= 2 * SAME + 1


def test_a_lock_step_client_that_says_the_same_is_answered() -> None:
    chat = Chat()
    for _ in range(SAME):
        assert answers(chat.hears("hello") + chat.advance(0.3)) == [ACK.encode()]
    chat.advance(2.1)
    assert answers(chat.hears("hello") + chat.advance(0.3)) == [ACK.encode()]


def test_a_burst_of_equal_datagrams_is_no_loop() -> None:
    chat = Chat()
    effects = [each for _ in range(90) for each in chat.hears("x")]
    assert len(answers(effects + chat.advance(1.0))) == 90
    chat.advance(3.0)
    assert len(answers(chat.hears("x") + chat.advance(1.0))) == 1


def test_a_silent_peer_is_forgotten_after_ten_minutes() -> None:
    chat = Chat()
    chat.hears("hello")
    assert Left(XIAO) not in chat.advance(limits.PLAIN_FORGETS - 1)
    assert Left(XIAO) in chat.advance(2.0)
    assert len(chat.session) == 0
    assert chat.session.deadline == float("inf")


def test_f_the_table_has_a_bound_and_an_address_a_share_of_it() -> None:
    chat = Chat()
    chat.hears("hello", MING)
    for port in range(2000, 2200):
        chat.hears("hello", ("192.0.2.1", port))
    assert len(chat.session) == limits.PLAIN_PEERS_EACH + 1
    for number in range(limits.PLAIN_PEERS + 10):
        chat.hears("hello", (f"10.0.{number // 250}.{number % 250}", 4000))
    assert len(chat.session) == limits.PLAIN_PEERS


@settings(max_examples=80)
@given(
    st.lists(
        st.tuples(
            st.binary(max_size=30) | st.sampled_from([b"quit", b"hi", b"", b"/who", GOODBYE.encode()]),
            st.integers(0, 2),
            st.sampled_from([0.0, 0.1, 0.31, 700.0]),
            st.booleans(),
        ),
        max_size=40,
    )
)
def test_every_datagram_has_one_answer_at_most_and_presence_is_consistent(
    script: list[tuple[bytes, int, float, bool]],
) -> None:
    chat, present, answered = Chat(), set[tuple[str, int]](), 0
    for datagrams, (datagram, who, pause, somebody_speaks) in enumerate(script, start=1):
        address = ("192.0.2.7", 5000 + who)
        effects = chat.hears(datagram, address)
        for each in list(effects):
            if isinstance(each, Asked):
                effects += chat.session.answer(each.owed, "answer", chat.now)
        if somebody_speaks:
            effects += chat.line("[小明] 你好", address)
        effects += chat.advance(pause)
        for each in effects:
            if isinstance(each, Joined):
                assert each.who not in present
                present.add(each.who)
            elif isinstance(each, Left):
                present.remove(each.who)
            elif isinstance(each, Answer):
                answered += 1
                assert len(each.octets) <= limits.PLAIN_ANSWER
        assert answered <= datagrams
