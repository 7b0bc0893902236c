"""The shell's lines as octets, and its text as octets, in any pieces."""

import contextlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits
from netapp.core.lines import LineReader
from netapp.core.sessions import Close, Effect
from netapp.core.text import Tongue
from netapp.errors import WireError
from netapp.login.prompt.effects import Left
from netapp.login.prompt.inside import Inside
from netapp.login.shell.effects import Do
from netapp.login.shell.session import Shell
from netapp.login.shell.words import PHRASES
from netapp.people.model import Refused

GREETING = b"Hello zhao. Type help for the commands, quit to leave.\n"


class Talk:
    """A session inside, whose every operation is refused."""

    def __init__(self, *lines: bytes | None, finished: bool = False, before: bytes = b"") -> None:
        self.now, self.effects = 100.0, list[Effect]()
        reader = LineReader()
        reader.receive(before, self.now)
        shell = Shell(PHRASES.speaker("en"), "zhao")
        self.session = Inside(shell, Tongue("auto"), Left(reader, lines, finished))
        self.take(self.session.open(self.now))

    def take(self, effects: "list[Effect] | tuple[Effect, ...] | object") -> None:
        assert isinstance(effects, list | tuple)
        self.effects += effects
        if effects and isinstance(effects[-1], Do) and not self.closed:
            self.take(self.session.done(Refused("gone"), self.now))

    def send(self, octets: bytes) -> "Talk":
        if not self.closed:
            self.take(self.session.receive(octets, self.now))
        return self

    def wait(self, seconds: float) -> "Talk":
        self.now += seconds
        if self.now >= self.session.deadline and not self.closed:
            self.take(self.session.tick(self.now))
        return self

    @property
    def closed(self) -> bool:
        return any(isinstance(effect, Close) for effect in self.effects)

    @property
    def written(self) -> bytes:
        return b"".join(effect for effect in self.effects if isinstance(effect, bytes))


def test_lines_that_waited_at_the_prompt_are_the_shells() -> None:
    talk = Talk(b"nonsense", None, b"quit")
    assert talk.written == (
        GREETING + b"zhao> There is no command 'nonsense'; help lists them.\nzhao> "
        b"That line is too long and was not read.\nzhao> Goodbye.\n"
    )
    assert talk.closed


def test_l25_who_has_finished_is_answered_and_let_go() -> None:
    talk = Talk(b"whoami", finished=True)
    assert talk.written.endswith(b"Refused: this account is no longer in use\nzhao> ")
    assert talk.closed


def test_a_bare_word_is_a_line_after_a_moment_of_quiet() -> None:
    talk = Talk().send(b"quit")
    assert not talk.closed
    assert talk.wait(limits.QUIET).closed


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r\x00", b"\r"])
def test_l21_every_end_of_line_is_one(end: bytes) -> None:
    assert Talk().send(b"help" + end + b"quit" + end).closed


def test_a_telnets_lines_end_in_cr_lf() -> None:
    assert Talk(before=b"zhao\r\n").written == GREETING.replace(b"\n", b"\r\n") + b"zhao> "


def test_a_telnets_interrupt_leads_back_to_the_prompt_and_shows_again_what_is_typed() -> None:
    talk = Talk(before=b"zhao\r\n").send(b"passwd\r\nhalf")
    before = len(talk.written)
    assert talk.send(b"\xff\xf4\xff\xfd\x06").written[before:] == b"\xff\xfc\x06\xff\xfc\x01\r\n\r\nzhao> "
    assert talk.send(b"quit\r\n").closed


def test_l10_a_line_too_long_is_no_line() -> None:
    assert b"too long" in Talk().send(b"x" * 100_000 + b"\nquit\n").written


WORDS = st.sampled_from([b"help", b"whoami", b"passwd", b"a", "帮助".encode(), b"totp on", b""])


def pieces(octets: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted({cut % (len(octets) + 1) for cut in cuts}), len(octets)]
    return [octets[start:end] for start, end in pairwise(edges) if start < end]


@given(st.lists(WORDS, max_size=10), st.lists(st.integers(0, 500), max_size=10))
def test_lines_come_out_the_same_in_any_pieces(words: list[bytes], cuts: list[int]) -> None:
    octets = b"".join(word + b"\n" for word in words)
    whole, parts = Talk().send(octets), Talk()
    for piece in pieces(octets, cuts):
        parts.send(piece)
    assert parts.written == whole.written


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=8))
def test_random_octets_never_raise_anything_but_a_wire_error(octets: bytes, cuts: list[int]) -> None:
    talk = Talk()
    with contextlib.suppress(WireError):
        for piece in pieces(octets, cuts):
            talk.send(piece).wait(0.1)
        talk.wait(limits.SHELL_IDLE).wait(limits.SHELL_IDLE)
        assert talk.closed
