"""The shell behind a terminal, a pipe or one command: octets and time in, effects out."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits
from netapp.core.text import Encoding
from netapp.login.shell import operations as op
from netapp.login.shell.desk import KeyLine
from netapp.login.shell.effects import Do
from netapp.login.shell.session import PHRASES, Shell
from netapp.login.ssh.session import Conversation, Leave, Step, completed
from netapp.login.ssh.typed import Typed
from netapp.people.model import Refused

ME = op.Me("zhao", "赵", "member", (), False, 0, "ssh", "192.0.2.1", 0.0)


class Talk:
    """A conversation, and what it has said so far; operations wait to be told their results."""

    def __init__(
        self,
        *,
        columns: int | None = None,
        command: str | None = None,
        encoding: Encoding = "auto",
        name: str = "zhao",
    ) -> None:
        shell = Shell(PHRASES.speaker("en"), name)
        self.it = Conversation(shell, Typed(encoding), columns=columns, command=command)
        self.octets = b""
        self.doing: list[op.Operation] = []
        self.status: int | None = None
        self.hear(self.it.open(0.0))

    def hear(self, steps: list[Step]) -> None:
        for each in steps:
            assert self.status is None, "after the end"
            if isinstance(each, bytes):
                self.octets += each
            elif isinstance(each, Leave):
                self.status = each.status
            else:
                self.doing.append(each.operation)

    def type(self, octets: bytes | str, now: float = 1.0) -> str:
        """:returns: what was said since."""
        octets = octets if isinstance(octets, bytes) else octets.encode()
        return self.after(self.it.receive(octets, now))

    def done(self, result: object) -> str:
        self.doing.pop(0)
        return self.after(self.it.done(result, 2.0))

    def after(self, steps: list[Step]) -> str:
        before = len(self.octets)
        self.hear(steps)
        while self.it.more and not self.it.paused:
            self.hear(self.it.go_on(2.0))
        return self.octets[before:].decode("utf-8", "replace")


def test_a_terminal_is_greeted_and_asked() -> None:
    talk = Talk(columns=80)
    assert talk.octets.endswith(b"\r\nzhao> ")
    assert talk.type("who") == "who"
    assert talk.type("ami\r") == "ami\r\n"
    assert talk.it.holding
    assert "zhao (shown as 赵)" in talk.done(ME)
    assert not talk.it.holding
    assert talk.type("quit\r") == "quit\r\nGoodbye.\r\n"
    assert talk.status == 0


def test_a_pipe_has_lines_and_no_prompt() -> None:
    talk = Talk()
    assert b">" not in talk.octets
    assert b"\r" not in talk.octets
    assert talk.type(b"whoami\r\nwho") == ""
    assert talk.done(ME).startswith("zhao (shown as 赵)")
    assert talk.after(talk.it.finish(3.0)) == ""
    assert len(talk.doing) == 1
    talk.done(ME)
    assert talk.status == 0


def test_l25_all_answers_come_after_the_end_of_the_input() -> None:
    talk = Talk()
    talk.type("whoami\n" * 50)  # more than may wait in the shell: they wait here
    talk.hear(talk.it.finish(2.0))
    for _ in range(50):
        assert talk.status is None
        assert talk.done(ME)
    assert talk.status == 0
    assert talk.octets.count(b"shown as") == 50


@pytest.mark.parametrize(
    ("result", "status"),
    [(ME, 0), (Refused("gone"), 1), (RuntimeError(), 1)],
    ids=["done", "refused", "broken"],
)
def test_one_command_has_a_status(result: object, status: int) -> None:
    talk = Talk(command="whoami")
    assert talk.octets == b""
    talk.done(result)
    assert talk.status == status
    assert talk.octets
    assert not talk.it.holding


@pytest.mark.parametrize("command", ["nonsense", "revoke", "totp maybe"])
def test_a_command_that_makes_no_sense_fails(command: str) -> None:
    talk = Talk(command=command)
    assert talk.status == 1
    assert talk.octets


def test_commands_that_need_nothing_and_no_command_at_all() -> None:
    assert Talk(command="help").status == 0
    assert Talk(command="quit").status == 0
    assert Talk(command="").status == 0


def test_one_commands_answers_come_from_the_pipe() -> None:
    talk = Talk(command="passwd")
    assert talk.octets == b"Current password: \n"
    talk.type("old\nnew password\nnew password\n")
    assert talk.doing == [op.ChangePassword("old", "new password")]
    talk.done(None)
    talk.done([])
    assert talk.status == 0


def test_one_command_about_a_number_shows_its_list_first() -> None:
    for typed, status in (("1\n", 0), ("", 1)):
        talk = Talk(command="key remove 1")
        talk.done([KeyLine("k1", "ssh-ed25519", "SHA256:abc", "")])
        assert "  1  ssh-ed25519  SHA256:abc" in talk.octets.decode()
        talk.type(typed)
        talk.hear(talk.it.finish(2.0))
        assert talk.doing == ([op.RemoveKey("k1")] if typed else [])
        if typed:
            talk.done(None)
        assert talk.status == status


def test_answers_that_never_come_fail_the_command() -> None:
    talk = Talk(command="passwd")
    talk.type("old\n")
    talk.hear(talk.it.finish(2.0))
    assert talk.status == 1
    assert talk.doing == []


def test_one_commands_answers_are_hidden_at_a_terminal() -> None:
    talk = Talk(columns=80, command="passwd")
    assert talk.type("secret\r") == "\r\nNew password: "
    assert "secret" not in talk.octets.decode()


def test_control_c_goes_back_to_the_prompt_and_fails_a_command() -> None:
    talk = Talk(columns=80)
    talk.type("passwd\r")
    assert talk.type("secret\x03") == "^C\r\nzhao> "
    talk = Talk(columns=80, command="passwd")
    talk.type("\x03")
    assert talk.status == 1
    talk = Talk(command="passwd")
    talk.hear(talk.it.interrupt(1.0))
    assert talk.status == 1


def test_control_d_leaves_at_the_prompt_and_gives_a_question_up() -> None:
    talk = Talk(columns=80)
    talk.type("passwd\r")
    assert talk.type("\x04").endswith("zhao> ")
    assert talk.type("\x04").endswith("Goodbye.\r\n")
    assert talk.status == 0


def test_what_is_typed_meanwhile_waits() -> None:
    talk = Talk(columns=80)
    talk.type("whoami\rhelp\rwho")
    assert len(talk.doing) == 1
    said = talk.done(ME)
    assert "Commands (in English" in said
    assert said.endswith("zhao> who")
    talk.type("ami\rhelp\r\x03")
    assert "Commands (in English" not in talk.done(ME)


def test_a_client_that_does_not_read_is_not_talked_to() -> None:
    talk = Talk()
    steps = talk.it.receive(b"help\n" * 1000, 1.0)
    assert sum(len(each) for each in steps if isinstance(each, bytes)) < 2 * limits.SSH_AT_ONCE
    assert talk.it.more
    assert talk.it.holding
    talk.it.paused = True
    assert talk.it.receive(b"help\n", 1.0) == []
    talk.it.paused = False
    talk.hear(steps)
    talk.after(talk.it.go_on(2.0))
    assert talk.octets.count(b"Commands (in English") == 1001
    assert not talk.it.holding


def test_a_terminal_that_goes_is_answered_first() -> None:
    talk = Talk(columns=80)
    talk.type("whoami\rhalf")
    talk.hear(talk.it.finish(2.0))
    assert talk.status is None
    talk.done(ME)
    assert talk.status == 0


def test_a_line_that_is_too_long() -> None:
    talk = Talk()
    assert talk.type("x" * (limits.LINE + 1)) == ""
    assert talk.type("x" * limits.LINE) == ""
    assert "too long" in talk.type("x\nhelp\n")
    talk = Talk()
    assert "too long" in talk.type("x" * (limits.LINE + 1) + "\n")


def test_silence_ends_it() -> None:
    talk = Talk(columns=80)
    assert talk.it.tick(talk.it.deadline - 1) == []
    assert "goodbye" in talk.after(talk.it.tick(talk.it.deadline))
    assert talk.status == 1


def test_an_end_from_outside_is_told_after_what_is_being_typed() -> None:
    talk = Talk(columns=80)
    talk.type("half\x1b[D\x1b[D")
    said = talk.after(talk.it.end("revoked", 2.0))
    assert said.endswith("zhao> half\r\nThis session was revoked, goodbye.\r\n")
    assert talk.status == 1
    assert talk.it.end("revoked", 3.0) == []


def test_l30_what_comes_from_the_network_is_made_visible() -> None:
    for columns in (None, 80):
        talk = Talk(columns=columns, name="\x1b[2J")
        talk.type("\x1b]0;title\x07\n" if columns is None else "x\r")
        talk.type("whoami\n")
        if talk.doing:
            talk.done(op.Me("\x1b[31m", "\x9b31m", "member", ("\x07",), False, 0, "ssh", "\x1b", 0.0))
        assert b"\x1b[2J" not in talk.octets
        assert b"\x1b[31m" not in talk.octets
        assert b"\x07" not in talk.octets


def test_l14_gbk_terminals() -> None:
    talk = Talk(columns=80)
    talk.type("我是谁\r".encode("gbk"))
    talk.doing.pop()
    before = len(talk.octets)
    talk.hear(talk.it.done(ME, 2.0))
    assert "赵".encode("gbk") in talk.octets[before:]


def test_a_picture_is_drawn_where_its_characters_can_be() -> None:
    blocks, spaces = "\x1b[7m▀▄\x1b[0m\n", "\x1b[40m  \x1b[0m\n"
    for encoding, drawn in (("utf-8", blocks), ("gbk", spaces)):
        talk = Talk(columns=80, encoding=encoding)  # type: ignore[arg-type]
        talk.type("totp on\r")
        talk.done(False)
        before = len(talk.octets)
        talk.doing.pop()
        talk.hear(talk.it.done(op.Enrolment("ABC", "otpauth://x", blocks, spaces), 2.0))
        for each in (blocks, spaces):
            assert (each.replace("\n", "\r\n").encode() in talk.octets[before:]) == (each == drawn)
        assert b"ABC" in talk.octets[before:]


def test_commands_are_completed() -> None:
    assert completed("who") == ["whoami"]
    assert completed("密") == ["密码", "密钥"]
    assert completed("passwd x") == []


@given(
    st.sampled_from([None, 20]),
    st.lists(
        st.one_of(st.binary(max_size=8), st.sampled_from([b"passwd\r\n", b"whoami\n", b"\x03", b"\x04"]))
    ),
)
def test_any_octets(columns: int | None, pieces: list[bytes]) -> None:
    talk = Talk(columns=columns)
    results: list[Any] = [ME, Refused("gone")]
    for piece in pieces:
        if talk.status is None:
            talk.type(piece, 1.0)
        while talk.doing and talk.status is None:
            talk.done(results[len(piece) % 2] if isinstance(talk.doing[0], op.WhoAmI) else Refused("gone"))
    if talk.status is None:
        talk.hear(talk.it.finish(2.0))
        while talk.doing and talk.status is None:
            talk.done(Refused("gone"))
    assert talk.status is not None


def test_steps_are_no_more_than_these() -> None:
    talk = Talk()
    assert [type(each) for each in talk.it.receive(b"whoami\n", 1.0)] == [Do]
