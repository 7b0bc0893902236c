"""The shell's rules, by values: lines in, text and operations out."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits
from netapp.core.languages import Lang
from netapp.errors import Busy, StateError
from netapp.login.shell import operations as op
from netapp.login.shell.desk import KeyLine
from netapp.login.shell.effects import Ask, Do, Effect, End, Picture
from netapp.login.shell.session import Shell, written
from netapp.login.shell.table import COMMANDS
from netapp.login.shell.words import HELP, PHRASES
from netapp.people.model import Application, Refused

ME = op.Me("zhao", "赵", "member", ("一班",), False, 0, "login", "192.168.1.5", 1_800_000_000.0)
SITTINGS = [
    op.Sitting("s1", "live", "login", "192.168.1.5", 1_800_000_000.0, True),
    op.Sitting("s2", "token", "ssh", "192.168.1.6", 1_800_000_100.0, False),
]


class Talk:
    """A shell, and a desk whose answers stand in ``answers`` by the operation's kind."""

    def __init__(self, lang: Lang = "en", **answers: Any) -> None:
        self.now = 100.0
        self.shell = Shell(PHRASES.speaker(lang), "zhao")
        self.answers = answers
        self.done: list[op.Operation] = []
        self.effects: list[Effect] = []
        self.opening = self.perform(self.shell.open(self.now))

    def perform(self, effects: list[Effect]) -> str:
        """:returns: what a terminal shows of it."""
        shown = ""
        while effects:
            self.effects += effects
            shown += written(effects)
            wish = effects[-1]
            if not isinstance(wish, Do) or type(wish.operation).__name__ not in self.answers:
                break
            self.done.append(wish.operation)
            answer = self.answers[type(wish.operation).__name__]
            effects = self.shell.done(answer(wish.operation) if callable(answer) else answer, self.now)
        return shown

    def line(self, text: str) -> str:
        return self.perform(self.shell.line(text, self.now))

    @property
    def ended(self) -> str:
        return next((each.reason for each in self.effects if isinstance(each, End)), "")

    @property
    def asked(self) -> Ask:
        last = self.effects[-1]
        assert isinstance(last, Ask)
        return last


def test_a_greeting_with_the_name_a_hint_and_a_prompt() -> None:
    assert Talk().opening == "Hello zhao. Type help for the commands, quit to leave.\nzhao> "
    assert Talk("zh").opening == "\n您好,zhao!输入“帮助”(help)查看命令,输入“退出”(quit)离开。\nzhao> "


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_help_is_the_table(lang: Lang) -> None:
    shown = Talk(lang).line("help")
    for command in COMMANDS:
        for name in (command.names[0], command.chinese[0], HELP.say(lang, command.key)):
            assert name in shown
        assert HELP.say(lang, command.key + " usage") in Talk(lang).line(f"help {command.names[0]}")
    assert set(HELP.phrases) == {key for command in COMMANDS for key in (command.key, command.key + " usage")}


@pytest.mark.parametrize(
    "name", [name for command in COMMANDS for name in (*command.names, *command.chinese)]
)
def test_every_name_of_a_command_is_known(name: str) -> None:
    assert "There is no command" not in Talk().line(f"  {name.upper()} ")


@pytest.mark.parametrize(
    ("typed", "near"), [("whoam", "whoami"), ("sesions", "sessions"), ("改密", "改密码")]
)
def test_an_unknown_command_is_one_line_with_the_nearest(typed: str, near: str) -> None:
    shown = Talk().line(typed)
    assert near in shown
    assert shown.count("\n") == 1
    assert Talk().line("xyzzy") == "There is no command 'xyzzy'; help lists them.\nzhao> "


def test_an_empty_line_is_a_new_prompt() -> None:
    assert Talk().line("  ") == "zhao> "


@pytest.mark.parametrize("word", ["quit", "exit", "退出", "再见"])
def test_leaving(word: str) -> None:
    talk = Talk()
    assert talk.line(word) == "Goodbye.\n"
    assert talk.ended == "quit"
    assert talk.shell.deadline == math.inf
    assert talk.line("whoami") == ""


def test_whoami() -> None:
    shown = Talk(WhoAmI=replace(ME, shown="zhao")).line("whoami")
    assert shown.startswith("zhao, member\n")  # and not the same twice
    shown = Talk(WhoAmI=ME).line("whoami")
    assert "zhao (shown as 赵), member" in shown
    assert "Groups: 一班" in shown
    assert "from 192.168.1.5 (login)" in shown
    assert "Second factor: off" in shown


def test_l30_text_from_others_is_made_visible() -> None:
    evil = "\x1b[2J"
    me = op.Me("zhao", evil, "member", (evil,), True, 3, "login", evil, 0.0)
    key = KeyLine("k", "ssh-ed25519", "SHA256:x", evil)
    application = Application("a", "id", evil, frozenset({"http"}), 0.0, None)
    sitting = op.Sitting("s", "live", "login", evil, 0.0, False)
    talk = Talk(WhoAmI=me, ListKeys=[key], ListApplications=[application], ListSessions=[sitting])
    talk.answers["ChangePassword"] = Refused("taken", name=evil)
    for line in ("whoami", "keys", "app-passwords", "sessions", evil, "passwd", "a", "b", "b"):
        assert "\x1b" not in talk.line(line)
    assert "⟦U+001B⟧" in written(talk.effects)
    assert "\x1b" not in Shell(PHRASES.speaker("en"), evil).open(0.0)[0]  # type: ignore[operator]


# Passwords and codes -------------------------------------------------------------------------


def test_passwd_asks_hidden_for_the_old_one_and_twice_for_the_new() -> None:
    talk = Talk(ChangePassword=None, ListKeys=[])
    for line in ("passwd", "old one", "new one"):
        talk.line(line)
        assert talk.asked.hidden
    assert "is changed" in talk.line("new one")
    assert talk.done == [op.ChangePassword("old one", "new one"), op.ListKeys()]
    assert not talk.asked.hidden


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (("",), "Cancelled"),
        (("old", ""), "Cancelled"),
        (("old", "new", "other", ""), "Cancelled"),
        (("old", *("new", "other") * limits.SHELL_TRIES), "The two are not the same.\nCancelled"),
    ],
)
def test_passwd_changes_nothing_unless_all_is_well(answers: tuple[str, ...], said: str) -> None:
    talk = Talk()
    talk.line("passwd")
    shown = [talk.line(answer) for answer in answers][-1]
    assert said in shown
    assert shown.endswith("zhao> ")
    assert talk.done == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Refused("password wrong"), "Refused: the old password is wrong\nzhao> "),
        (Busy("full"), "Too much at once, try again later.\nzhao> "),
        (OSError(28, "No space left"), "Not possible now, try again later.\nzhao> "),
    ],
)
def test_what_an_operation_raises_is_said_and_the_shell_goes_on(fault: Exception, said: str) -> None:
    talk = Talk(ChangePassword=fault)
    for line in ("passwd", "old", "new"):
        talk.line(line)
    assert talk.line("new") == said


def test_passwd_asks_again_for_a_new_password_that_cannot_be() -> None:
    talk = Talk(ChangePassword=Refused("password short", least=8))
    for line in ("passwd", "old", "new"):
        talk.line(line)
    shown = talk.line("new")
    assert "shorter than 8" in shown
    assert shown.endswith("New password: ")
    assert talk.asked.hidden
    talk.answers["ChangePassword"] = None
    talk.line("correct horse")
    assert "is changed" in talk.line("correct horse")
    assert talk.done[-1:] == [op.ChangePassword("old", "correct horse")]


def test_l12_spaces_in_a_password_are_kept() -> None:
    talk = Talk(ChangePassword=None)
    for line in ("passwd", " old ", " new ", " new "):
        talk.line(line)
    assert talk.done == [op.ChangePassword(" old ", " new ")]


def enrolling(**answers: Any) -> Talk:
    setup = op.Enrolment("SECRET", "otpauth://totp/zhao", "▀▄\n")
    return Talk(FactorIsOn=False, BeginFactor=setup, **answers)


def test_totp_on_shows_the_secret_and_a_picture_and_asks_for_a_first_code() -> None:
    talk = enrolling(ConfirmFactor=["AAAA", "BBBB"])
    shown = talk.line("totp on")
    assert "SECRET" in shown
    assert "otpauth://totp/zhao" in shown
    assert Picture("▀▄\n") in talk.effects
    shown = talk.line("123456")
    assert talk.done[-1:] == [op.ConfirmFactor("123456")]
    assert "  AAAA\n  BBBB\n" in shown


def test_a_wrong_first_code_is_asked_for_again_and_not_for_ever() -> None:
    talk = enrolling(ConfirmFactor=Refused("code wrong"))
    talk.line("两步验证 开")
    for _ in range(limits.SHELL_TRIES - 1):
        assert talk.line("000000") == "Refused: the code is wrong\nCode: "
    assert talk.line("000000").endswith("Cancelled; nothing has changed.\nzhao> ")
    talk = enrolling()
    talk.line("totp on")
    assert "Cancelled" in talk.line("")


def test_totp_off_asks_for_a_code() -> None:
    talk = Talk(FactorIsOn=True, EndFactor=None)
    assert talk.line("totp off") == "One-time or recovery code: "
    assert "is off" in talk.line("123456")
    assert talk.done[-1:] == [op.EndFactor("123456")]


def test_a_wrong_code_that_is_to_turn_it_off_is_asked_for_again_and_not_for_ever() -> None:
    talk = Talk(FactorIsOn=True, EndFactor=Refused("code wrong"))
    talk.line("totp off")
    for _ in range(limits.SHELL_TRIES - 1):
        assert talk.line("111111").endswith("the code is wrong\nOne-time or recovery code: ")
    assert talk.line("111111").endswith("Cancelled; nothing has changed.\nzhao> ")
    talk.line("totp off")
    assert "Cancelled" in talk.line("")
    talk = Talk(FactorIsOn=True, EndFactor=Refused("password not alone", least=15))
    talk.line("totp off")
    assert talk.line("123456").endswith("choose a longer one first\nzhao> ")


def test_help_tells_that_a_recovery_code_will_do() -> None:
    assert "recovery code" in Talk().line("help totp")
    assert "恢复码" in Talk("zh").line("帮助 两步验证")


@pytest.mark.parametrize(("line", "on"), [("totp on", True), ("totp off", False)])
def test_totp_as_it_is_already(line: str, on: bool) -> None:
    assert "already" in Talk(FactorIsOn=on).line(line)


@pytest.mark.parametrize("line", ["totp", "totp maybe", "totp on on", "revoke", "revoke x", "key add", "key"
                                  " remove", "key remove x", "keys all", "app-password add", "app-password"
                                  " add label", "app-password add --scope http", "app-password add a --scope",
                                  "revoke -1", "revoke 99999999"])  # fmt: skip
def test_words_that_make_no_sense_get_the_usage(line: str) -> None:
    talk = Talk(ListSessions=SITTINGS)
    assert talk.line(line).startswith("Usage: ")
    assert talk.done == []


# Sessions, tokens, keys ----------------------------------------------------------------------


def test_sessions_are_numbered_and_this_one_is_marked() -> None:
    lines = Talk(ListSessions=SITTINGS).line("sessions").splitlines()
    assert lines[0].startswith("  1  session  login  192.168.1.5  since ")
    assert lines[0].endswith("  <- this one")
    assert lines[1].startswith("  2  token  ssh  192.168.1.6  since ")
    assert not lines[1].endswith("this one")


def test_revoke_takes_the_numbers_of_the_list_that_was_shown() -> None:
    talk = Talk(ListSessions=list(SITTINGS), Revoke=1)
    talk.line("sessions")
    talk.answers["ListSessions"] = list(reversed(SITTINGS))  # meanwhile
    assert talk.line("revoke 2") == "Ended: 1.\nzhao> "
    assert talk.done[-1:] == [op.Revoke("s2")]
    assert talk.line("revoke 1").startswith("That is this session")
    assert talk.line("revoke 3") == "There is no number 3.\nzhao> "
    assert talk.line("吊销 ２").startswith("Ended")  # in full width


@pytest.mark.parametrize(
    ("line", "listing", "does"),
    [
        ("revoke 2", op.ListSessions(), op.Revoke("s2")),
        ("key remove 2", op.ListKeys(), op.RemoveKey("k2")),
        ("app-password remove 2", op.ListApplications(), op.RemoveApplication("a2")),
    ],
)
def test_a_number_is_of_a_list_that_was_shown(line: str, listing: op.Operation, does: op.Operation) -> None:
    talk = Talk(
        **{type(does).__name__: 1},
        ListSessions=SITTINGS,
        ListKeys=[KeyLine(f"k{n}", "ssh-ed25519", f"SHA256:{n}", "") for n in (1, 2)],
        ListApplications=[Application(f"a{n}", "id", "backup", frozenset(), 0.0, None) for n in (1, 2)],
    )
    assert talk.line(line).splitlines()[1].startswith("  2  ")
    assert (talk.asked, talk.done) == (Ask("Number: "), [listing])
    assert talk.line("quit") == "Cancelled; nothing has changed.\nzhao> "
    assert talk.shell.failed
    talk.line(line)
    assert talk.done == [listing, does]
    talk = Talk("zh", **talk.answers)
    talk.line(line)
    assert talk.asked == Ask("编号:")
    talk.line(" ２ ")
    assert talk.done == [listing, does]


def test_a_session_by_a_token_says_by_which() -> None:
    theirs = [op.Sitting(f"s{n}", "live", "ssh", "192.168.1.7", 1.8e9, False, f"s{n - 1}") for n in (3, 9)]
    lines = Talk(ListSessions=[*SITTINGS, *theirs]).line("sessions").splitlines()
    assert [line.partition("since ")[2][11:] for line in lines[:4]] == [
        "  <- this one",
        "",
        "  by token 2",
        "  by a token",
    ]
    assert "用令牌 2 登录" in Talk("zh", ListSessions=[*SITTINGS, *theirs]).line("会话")


@pytest.mark.parametrize("typed", [("passwd", "a", "b", "b"), ("revoke all",)])
def test_who_locks_others_out_hears_of_the_keys_that_are_left(typed: tuple[str, ...]) -> None:
    key = KeyLine("k1", "ssh-ed25519", "SHA256:abc", "")
    for keys, told in (([], False), ([key, key], True)):
        talk = Talk(ChangePassword=None, Revoke=1, ListKeys=keys)
        shown = [talk.line(line) for line in typed][-1]
        assert ("SSH keys that still log in: 2." in shown) is told


@pytest.mark.parametrize(
    ("line", "does"),
    [("token", "MintToken"), ("key add ssh-ed25519 AAAA", "AddKey"), ("revoke all", "Revoke")],
)
def test_l32_a_shell_ends_when_its_session_is_over(line: str, does: str) -> None:
    talk = Talk()
    for each in (line, "token", "token"):  # sent ahead
        talk.line(each)
    shown = talk.perform(talk.shell.done(Refused("session over"), talk.now))
    assert "This session was revoked" in shown
    assert (talk.ended, talk.done) == ("revoked", [])
    assert [type(each.operation).__name__ for each in talk.effects if isinstance(each, Do)] == [does]


def test_l32_a_shell_ends_in_the_middle_of_a_command_too() -> None:
    talk = Talk(FactorIsOn=False, BeginFactor=op.Enrolment("S", "otpauth:", ""))
    talk.answers["ConfirmFactor"] = Refused("session over")
    talk.line("totp on")
    talk.line("123456")
    assert talk.ended == "revoked"


@pytest.mark.parametrize("word", ["all", "全部"])
def test_revoke_all_keeps_this_one(word: str) -> None:
    talk = Talk(Revoke=0, ListKeys=[])
    assert "no other sessions" in talk.line(f"revoke {word}")
    assert talk.done == [op.Revoke(None), op.ListKeys()]


def test_a_token_is_shown_with_its_span() -> None:
    shown = Talk(MintToken="netapp_abc").line("token")
    assert "\n  netapp_abc\n" in shown
    assert "12 hours" in shown
    assert "7 days" in shown


def test_keys_are_listed_added_and_removed() -> None:
    key = KeyLine("k1", "ssh-ed25519", "SHA256:abc", "zhao@home")
    talk = Talk(ListKeys=[], AddKey=key, RemoveKey=None)
    assert "no SSH keys" in talk.line("keys")
    assert "Added SHA256:abc" in talk.line("key add ssh-ed25519 AAAA zhao@home")
    assert talk.done[-1:] == [op.AddKey("ssh-ed25519 AAAA zhao@home")]
    talk.answers["ListKeys"] = [key]
    assert "  1  ssh-ed25519  SHA256:abc  zhao@home" in talk.line("密钥")
    assert "Removed SHA256:abc" in talk.line("密钥 删除 1")
    assert talk.done[-1:] == [op.RemoveKey("k1")]


def test_application_passwords_are_listed_added_and_removed() -> None:
    backup = Application("a1", "id", "backup", frozenset({"file:read"}), 0.0, None)
    talk = Talk(ListApplications=[], AddApplication="abcde-fghjk", RemoveApplication=None)
    assert "no application passwords" in talk.line("app-passwords")
    assert "\n  abcde-fghjk\n" in talk.line("app-password add my backup --scope file:read --scope=http")
    assert talk.done[-1:] == [op.AddApplication("my backup", ("file:read", "http"))]
    talk.answers["ListApplications"] = [backup]
    assert "  1  backup  file:read" in talk.line("应用密码")
    assert "Removed backup" in talk.line("应用密码 删除 1")
    assert talk.done[-1:] == [op.RemoveApplication("a1")]


# Time, turns, and the end --------------------------------------------------------------------


def test_lines_wait_while_something_is_done_and_not_too_many() -> None:
    talk = Talk()
    talk.line("whoami")
    assert talk.shell.busy
    for _ in range(limits.SHELL_LINES + 5):
        assert talk.line("token") == ""
    assert talk.ended == ""
    talk.answers = {"MintToken": "netapp_abc"}
    shown = talk.perform(talk.shell.done(ME, talk.now))
    assert shown.count("netapp_abc") == limits.SHELL_LINES
    assert shown.endswith("Too much at once, goodbye.\n")
    assert talk.ended == "flood"
    assert talk.shell.line("token", talk.now) == []


def test_lines_that_waited_are_taken_one_after_another() -> None:
    talk = Talk()
    talk.line("whoami")
    talk.line("token")
    talk.line("quit")
    talk.answers = {"MintToken": "netapp_abc"}
    shown = talk.perform(talk.shell.done(ME, talk.now))
    assert shown.index("赵), member") < shown.index("netapp_abc") < shown.index("Goodbye")
    assert talk.ended == "quit"


def test_an_answer_may_wait_as_well() -> None:
    talk = Talk(ChangePassword=None)
    for line in ("whoami", "passwd", "a", "b", "b"):
        talk.line(line)
    talk.perform(talk.shell.done(ME, talk.now))
    assert talk.done == [op.ChangePassword("a", "b")]


def test_a_result_that_nobody_waits_for_is_our_fault() -> None:
    with pytest.raises(StateError):
        Talk().shell.done(None, 0.0)


def test_silence_ends_it_and_a_line_begins_the_count_anew() -> None:
    talk = Talk()
    talk.now += limits.SHELL_IDLE - 1
    assert talk.shell.tick(talk.now) == []
    talk.line("")
    assert talk.shell.deadline == talk.now + limits.SHELL_IDLE
    assert "too long" in talk.perform(talk.shell.tick(talk.shell.deadline))
    assert talk.ended == "idle"


def test_a_session_has_an_end_however_much_is_typed() -> None:
    talk = Talk()
    while not talk.ended:
        talk.now = talk.shell.deadline
        talk.shell.line("", talk.now - 1)
        talk.perform(talk.shell.tick(talk.now))
    assert talk.ended == "total"
    assert talk.now == 100.0 + limits.SHELL_TOTAL


def test_what_ends_it_from_outside_is_one_line() -> None:
    talk = Talk()
    assert talk.perform(talk.shell.end("revoked")) == "\nThis session was revoked, goodbye.\n"
    assert talk.shell.end("revoked") == []


def test_an_interrupt_drops_what_is_asked() -> None:
    talk = Talk()
    talk.line("passwd")
    assert talk.perform(talk.shell.interrupt(talk.now)) == "\nzhao> "
    assert "There is no command" in talk.line("secret")
    talk.line("whoami")
    assert talk.shell.interrupt(talk.now) == []


def test_a_line_too_long_is_said() -> None:
    talk = Talk()
    talk.line("passwd")
    assert talk.perform(talk.shell.overlong(talk.now)) == "That line is too long and was not read.\nzhao> "


TYPED = st.one_of(
    st.text(max_size=40),
    st.sampled_from([name for command in COMMANDS for name in (*command.names, *command.chinese)]),
    st.sampled_from(["totp on", "revoke 1", "revoke all", "key add a b", "key remove 1", "passwd"]),
)


@given(st.lists(TYPED, max_size=30), st.booleans())
def test_whatever_is_typed_the_shell_asks_again_or_ends(lines: list[str], refusing: bool) -> None:
    results: dict[str, Callable[[Any], Any] | Any] = {
        "WhoAmI": ME, "ChangePassword": None, "FactorIsOn": False, "ConfirmFactor": ["A"], "EndFactor": None,
        "BeginFactor": op.Enrolment("S", "u", "p"), "ListSessions": SITTINGS, "Revoke": 1, "MintToken": "t",
        "ListKeys": [], "AddKey": KeyLine("k", "t", "f", "c"), "RemoveKey": None, "ListApplications": [],
        "AddApplication": "p", "RemoveApplication": None,
    }  # fmt: skip
    talk = Talk(**(dict.fromkeys(results, Refused("gone")) if refusing else results))
    for line in lines:
        talk.line(line)
        assert not talk.shell.busy
        assert talk.ended or isinstance(talk.effects[-1], Ask)
