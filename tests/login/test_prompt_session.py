"""The login prompt's rules, by values."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits, text
from netapp.core.languages import Lang
from netapp.core.sessions import Close, Effect, Noticed
from netapp.core.strangers import Misdirected
from netapp.errors import StateError, WireError
from netapp.login.prompt.effects import Enter, Outcome, Verify
from netapp.login.prompt.session import LoginSession
from netapp.login.prompt.words import PHRASES
from netapp.people.throttling.throttle import Throttle

NAME, PASSWORD = "请输入用户名:".encode(), "请输入密码:".encode()
ADMITTED, WRONG = "登录成功".encode(), "用户名或密码输入错误".encode()
HIDE, SHOW = b"\xff\xfb\x01", b"\xff\xfc\x01\r\n"
HOST = "192.0.2.1"


class Talk:
    """A session with a clock that the test moves, and the effects so far.

    Each turn of the session is one entry of ``turns``: what leaves together, in one write.
    """

    def __init__(
        self,
        *,
        encoding: text.Encoding = "auto",
        lang: Lang = "zh",
        throttle: Throttle | None = None,
        held: float = 0.0,
        shell: bool = True,
    ) -> None:
        self.now = 100.0
        self.throttle = throttle or Throttle()
        self.session = LoginSession(
            PHRASES.speaker(lang), text.Tongue(encoding), self.throttle.at(HOST), held=held, shell=shell
        )
        self.turns: list[tuple[float, list[Effect]]] = []
        self.noticed: list[str] = []
        self._note(self.session.open(self.now))

    def _note(self, all_effects: Sequence[Effect]) -> None:
        effects = [effect for effect in all_effects if not isinstance(effect, Noticed)]
        self.noticed += [effect.key for effect in all_effects if isinstance(effect, Noticed)]
        if effects and not self.closed:
            self.turns.append((round(self.now - 100.0, 3), list(effects)))

    @property
    def closed(self) -> bool:
        return any(isinstance(effect, Close) for _, effects in self.turns for effect in effects)

    @property
    def effects(self) -> list[Effect]:
        return [effect for _, effects in self.turns for effect in effects]

    @property
    def written(self) -> bytes:
        return b"".join(effect for effect in self.effects if isinstance(effect, bytes))

    def take(self) -> list[Effect]:
        """The effects since the last call."""
        taken = self.effects
        self.turns.clear()
        return taken

    def wait(self, seconds: float) -> "Talk":
        """Let time pass, waking the session whenever it is due."""
        end = self.now + seconds
        while self.session.deadline <= end and not self.closed:
            self.now = max(self.now, self.session.deadline)
            self._note(self.session.tick(self.now))
        self.now = end
        return self

    def send(self, octets: bytes) -> "Talk":
        if not self.closed:
            self._note(self.session.receive(octets, self.now))
        return self

    def say(self, word: bytes) -> "Talk":
        """A bare word, as the tutorials' client sends it, and the quiet after it."""
        return self.send(word).wait(limits.QUIET)

    def judge(self, outcome: Outcome) -> "Talk":
        self._note(self.session.judged(outcome, self.now))
        return self

    def finish(self) -> "Talk":
        self._note(self.session.finish(self.now))
        return self


def greeted(**how: Any) -> Talk:
    talk = Talk(**how).wait(limits.LOGIN_GREETING)
    talk.take()
    return talk


# The tutorials' conversation -----------------------------------------------------------------


def test_t11_l28_a_name_a_password_and_the_verdict_to_the_octet() -> None:
    talk = Talk().wait(limits.LOGIN_GREETING)
    assert talk.take() == [NAME]
    assert talk.say(b"zhao").take() == [PASSWORD]
    assert talk.say(b"123").take() == [Verify(b"zhao", b"123")]
    assert talk.judge(Outcome.ADMITTED).take() == [ADMITTED]
    assert talk.wait(limits.LOGIN_GAP).take() == [Enter()]


def test_t11_without_a_shell_the_verdict_is_the_end() -> None:
    talk = greeted(shell=False).send(b"zhao\n123\nsessions\n")
    talk.judge(Outcome.ADMITTED).take()
    assert talk.wait(limits.LOGIN_GAP).take() == [Close("done")]


def test_t11_a_wrong_word_is_told_and_asked_again_as_two_reads() -> None:
    talk = greeted().say(b"zhao").say(b"124")
    talk.turns.clear()
    judged = talk.now - 100.0
    talk.judge(Outcome.WRONG).wait(1.0)
    assert talk.turns == [
        (pytest.approx(judged), [WRONG]),
        (pytest.approx(judged + limits.LOGIN_GAP), [NAME]),
    ]


def test_t11_each_word_may_end_with_a_newline() -> None:
    talk = greeted()
    for word, effect in ((b"zhao\n", PASSWORD), (b"123\r\n", Verify(b"zhao", b"123"))):
        assert talk.send(word).take() == [effect]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r\x00", b"\r"])
def test_l21_every_end_of_line_is_one(end: bytes) -> None:
    talk = greeted().send(b"zhao" + end).send(b"123" + end)
    shown = [effect for effect in talk.take() if effect not in (HIDE, SHOW)]
    assert shown == [PASSWORD, Verify(b"zhao", b"123")]


def test_the_same_in_english() -> None:
    talk = Talk(lang="en").send(b"zhao\n123\n").wait(0.1).judge(Outcome.WRONG).wait(1.0)
    assert talk.written == b"User name: Password: Wrong user name or password\nUser name: "


# Encodings -----------------------------------------------------------------------------------


def test_l14_words_are_handed_on_as_typed_and_answered_in_the_same_encoding() -> None:
    name, password = "小明".encode("gbk"), "密码".encode("gbk")
    talk = greeted().say(name)
    assert talk.take() == ["请输入密码:".encode("gbk")]
    assert talk.say(password).take() == [Verify(name, password)]
    assert talk.judge(Outcome.WRONG).take() == ["用户名或密码输入错误".encode("gbk")]


def test_gbk_is_written_when_told_so() -> None:
    assert Talk(encoding="gbk").wait(1.0).take() == ["请输入用户名:".encode("gbk")]


# What people and programs type ---------------------------------------------------------------


def test_l11_an_empty_name_is_asked_for_again_and_an_empty_password_is_wrong() -> None:
    talk = greeted()
    assert talk.send(b"\n").take() == [NAME]
    assert talk.send(b"zhao\n\n").take() == [PASSWORD, Verify(b"zhao", b"")]


def test_l9_l10_what_is_too_long_is_a_try_that_fails() -> None:
    talk = greeted().send(b"n" * 1_000_000 + b"\n")
    assert talk.take() == [PASSWORD]
    assert talk.send(b"p" * 1_000_000 + b"\n").take() == [Verify(b"", b"")]


@pytest.mark.parametrize("password", [b" lead", b"trail ", b"a\tb", "密 码".encode()])
def test_l12_a_password_is_taken_exactly(password: bytes) -> None:
    talk = greeted().send(b"zhao\n" + password + b"\n")
    assert talk.take() == [PASSWORD, Verify(b"zhao", password)]


def test_l18_telnets_commands_are_no_part_of_a_word() -> None:
    talk = greeted().send(b"zh\xff\xfb\x01ao\r\n12\xff\xff\xff\xfa\x18\x00\xff\xf03\r\n")
    assert talk.effects[-1] == Verify(b"zhao", b"123")
    assert b"\xff\xfe\x01" in talk.written


def test_l19_l20_options_without_end_are_a_peers_fault() -> None:
    with pytest.raises(WireError):
        greeted().send(b"".join(bytes([255, 253, 1]) for _ in range(60_000)))
    with pytest.raises(WireError):
        greeted().send(b"\xff\xfa" + b"x" * 5000)
    assert greeted().send(b"\xff\xf1\xff\xf9").take() == []


def test_l22_erase_takes_back_whole_characters_and_no_more() -> None:
    talk = greeted().send(b"\x08\x7fx\x08zh" + "小".encode() + b"\x7fao\n")
    assert talk.send(b"123\n").effects[-1] == Verify(b"zhao", b"123")


def test_l23_a_telnet_that_sends_each_key_waits_for_enter() -> None:
    talk = greeted()
    for key in b"zhao":
        talk.send(bytes([key])).wait(0.3)
    assert talk.take() == []
    assert talk.send(b"\r\n").take() == [HIDE, PASSWORD]


def test_l24_lines_that_come_at_once_wait_their_turn_and_not_more_than_four() -> None:
    talk = greeted().send(b"u\np\n" * 500)
    for _ in range(3):
        assert Verify(b"u", b"p") in talk.take()
        talk.judge(Outcome.WRONG).wait(20.0)
    assert talk.closed
    assert "一次输入太多" in talk.written.decode()
    assert not any(isinstance(effect, Verify) for effect in talk.take())


def test_l24_before_the_first_prompt_the_name_and_the_password_only_seem_to_wait() -> None:
    talk = Talk().send(b"zhao\n123\nwhoami\nhelp\nsessions\nquit\n").wait(limits.LOGIN_GREETING)
    assert talk.take() == [NAME, PASSWORD, Verify(b"zhao", b"123")]
    talk.judge(Outcome.ADMITTED).wait(limits.LOGIN_GAP)
    assert isinstance(talk.effects[-1], Enter)
    assert talk.session.left.lines == (b"whoami", b"help", b"sessions", b"quit")


def test_a_line_before_its_prompt_is_noticed_and_one_after_it_is_not() -> None:
    assert Talk().send(b"zhao\n").wait(limits.LOGIN_GREETING).noticed == ["early"]
    assert greeted().send(b"zhao\n").send(b"123\n").noticed == []
    assert greeted().send(b"zhao\n123\nhelp\n").noticed == ["early"]


def test_l25_who_has_sent_all_gets_all_answers_and_then_the_end() -> None:
    talk = Talk().send(b"u\np\nzhao\n123\n").finish().wait(limits.LOGIN_GREETING)
    assert talk.take() == [NAME, PASSWORD, Verify(b"u", b"p")]
    assert talk.judge(Outcome.WRONG).wait(1.0).take() == [WRONG, NAME, PASSWORD, Verify(b"zhao", b"123")]
    assert talk.judge(Outcome.ADMITTED).wait(1.0).take() == [ADMITTED, Close("done")]


def test_l25_the_last_line_needs_no_newline() -> None:
    talk = Talk().send(b"zhao\n123").finish().wait(limits.LOGIN_GREETING)
    assert talk.effects[-1] == Verify(b"zhao", b"123")


def test_who_has_sent_all_and_was_wrong_is_not_asked_again() -> None:
    talk = Talk().send(b"zhao\n124\n").finish().wait(0.1).judge(Outcome.WRONG)
    assert talk.effects[-2:] == [WRONG, Close("done")]


@pytest.mark.parametrize("sent", [b"", b"zhao\n"])
def test_who_leaves_in_the_middle_is_let_go(sent: bytes) -> None:
    assert Talk().send(sent).finish().wait(limits.LOGIN_GREETING).closed


# Waiting -------------------------------------------------------------------------------------


def test_l27_silence_and_dribbling_end() -> None:
    silent = Talk().wait(limits.LOGIN_GREETING + limits.LOGIN_ANSWER)
    assert silent.closed
    dribbling = Talk()
    for _ in range(10):
        dribbling.send(b"\xff\xf1").wait(29.0)
    assert dribbling.closed
    assert "等待超时" in dribbling.written.decode()


def test_l27_a_connection_has_two_minutes_to_log_in() -> None:
    talk = greeted()
    for _ in range(5):
        talk.wait(40.0).send(b"\n")
    assert talk.closed
    assert talk.session.deadline == math.inf


def test_a_check_may_take_its_time() -> None:
    talk = greeted().send(b"zhao\n123\n").wait(1000.0)
    assert not talk.closed
    assert talk.judge(Outcome.ADMITTED).effects[-1] == ADMITTED


def test_l4_failures_hold_the_next_prompt_back_and_not_the_verdict() -> None:
    talk = greeted()
    talk.session._expires = math.inf
    waits = []
    for _ in range(8):
        talk.session._tries = 0  # more of them than one connection may have
        assert talk.send(b"zhao\n124\n").effects == [PASSWORD, Verify(b"zhao", b"124")]
        talk.throttle.failed(HOST, ["zhao"], talk.now)
        talk.turns.clear()
        talk.judge(Outcome.WRONG).wait(30.0)
        (told, verdict), (asked, prompt) = talk.turns
        assert (verdict, prompt) == ([WRONG], [NAME])
        waits.append(round(asked - told, 3))
        talk.turns.clear()
    assert waits == [0.3, 0.3, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0]


def test_l5_many_names_on_one_connection_cost_the_same() -> None:
    talk = greeted()
    for number in range(4):
        talk.send(f"user{number}\n124\n".encode()).judge(Outcome.WRONG).take()
        talk.wait(0.9 if number > 1 else 0.3)
        assert talk.effects == ([] if number > 1 else [NAME])
        talk.wait(2.0).take()


def test_l16_a_new_connection_does_not_forget_an_account() -> None:
    throttle = Throttle()
    for _ in range(5):
        throttle.failed(HOST, ["zhao"], 100.0)
    talk = greeted(throttle=throttle).send(b"ZHAO\n")
    assert talk.wait(3.0).take() == []
    assert talk.wait(1.0).take() == [PASSWORD]


def test_a_source_that_has_failed_elsewhere_waits_for_its_first_prompt() -> None:
    talk = Talk(held=15.0)
    assert talk.wait(14.9).take() == []
    assert talk.wait(0.2).take() == [NAME]


def test_tries_on_one_connection_are_bounded() -> None:
    talk = greeted()
    talk.session._expires = math.inf
    for _ in range(limits.LOGIN_TRIES):
        assert not talk.closed
        talk.send(b"zhao\n124\n").judge(Outcome.WRONG).wait(20.0)
    assert talk.closed
    assert talk.written.endswith("用户名或密码输入错误尝试次数太多,再见\n".encode())


def test_empty_names_are_tries_too() -> None:
    assert greeted().send(b"\n" * limits.LOGIN_TRIES).closed


@pytest.mark.parametrize("outcome", [Outcome.BUSY, Outcome.UNAVAILABLE])
def test_l41_what_is_not_the_peers_fault_is_said_and_asked_again(outcome: Outcome) -> None:
    talk = greeted().send(b"zhao\n123\n").judge(outcome).wait(1.0)
    assert talk.written.decode().endswith("请稍后再试\n请输入用户名:")


# Strangers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("early", [True, False])
def test_l29_a_browser_gets_one_line_of_http(early: bool) -> None:
    talk = Talk().wait(0.0 if early else 1.0)
    talk.take()
    talk.send(b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: b\r\nAccept: */*\r\nX: y\r\nZ: z\r\n\r\n")
    assert talk.effects[-2:] == [Misdirected("netapp-login", "zh"), Close("HTTP")]


def test_l29_a_request_is_a_password_like_any_other() -> None:
    talk = greeted().send(b"zhao\nGET / HTTP/1.1\n")
    assert talk.effects[-1] == Verify(b"zhao", b"GET / HTTP/1.1")


def test_l29_a_tls_hello_is_a_clean_close() -> None:
    assert Talk().send(bytes.fromhex("1603010200010001fc0303")).take() == [Close("TLS on a plain port")]


def test_a_verdict_that_nobody_asked_for_is_our_own_fault() -> None:
    with pytest.raises(StateError):
        greeted().judge(Outcome.ADMITTED)


def test_passwords_do_not_show_in_a_log() -> None:
    assert "123" not in repr(Verify(b"zhao", b"123"))


def test_the_tutorials_literals_have_no_newline_and_both_languages_say_all() -> None:
    assert [PHRASES.say("zh", key) for key in ("name", "password", "admitted", "wrong")] == [
        "请输入用户名:",
        "请输入密码:",
        "登录成功",
        "用户名或密码输入错误",
    ]
    for chinese, english in PHRASES.phrases.values():
        assert chinese
        assert english.isascii()


# Whatever comes ------------------------------------------------------------------------------


def pieces(octets: bytes, cuts: list[int]) -> Iterator[bytes]:
    edges = [0, *sorted({cut % (len(octets) + 1) for cut in cuts}), len(octets)]
    for start, end in pairwise(edges):
        if start < end:
            yield octets[start:end]


def played(octets: bytes, cuts: list[int], outcomes: list[Outcome]) -> list[Effect]:
    """All effects of a whole conversation: octets in pieces, verdicts as they are asked for."""
    talk, left = greeted(), list(outcomes)
    taken: list[Effect] = []

    def step() -> None:
        for effect in talk.take():
            taken.append(effect)
            if isinstance(effect, Verify) and not talk.closed:
                talk.judge(left.pop(0) if left else Outcome.WRONG)

    for piece in pieces(octets, cuts):
        if any(isinstance(effect, Close) for effect in taken):
            break
        talk.send(piece)
        while talk.effects:
            step()
    for _ in range(40):
        talk.wait(20.0)
        while talk.effects:
            step()
    return taken


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=8))
def test_random_octets_in_any_cut_never_raise_and_are_never_echoed(octets: bytes, cuts: list[int]) -> None:
    try:
        effects = played(b"QZ" + octets, cuts, [])
    except WireError:
        return
    written = b"".join(effect for effect in effects if isinstance(effect, bytes))
    assert b"QZ" not in written
    assert sum(isinstance(effect, Close) for effect in effects) == 1


WORDS = st.lists(st.sampled_from([b"zhao", b"123", "小明".encode(), b"x" * 200]), max_size=4)


@given(WORDS, st.lists(st.integers(0, 900), max_size=10), st.lists(st.sampled_from(Outcome), max_size=2))
def test_t11_lines_that_end_are_one_conversation_in_any_cut(
    words: list[bytes], cuts: list[int], outcomes: list[Outcome]
) -> None:
    octets = b"".join(word + b"\n" for word in words)
    assert played(octets, cuts, outcomes) == played(octets, [], outcomes)
