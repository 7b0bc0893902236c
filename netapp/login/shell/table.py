"""All commands in one table: what is typed for each, what it does, and the help that is made of it."""

import difflib
import unicodedata
from dataclasses import dataclass
from typing import Final

from netapp.core.cells import cells
from netapp.core.text import visible
from netapp.login.shell import commands, credentials
from netapp.login.shell.commands import Here, Run, Script
from netapp.login.shell.effects import End
from netapp.login.shell.words import HELP


@dataclass(frozen=True)
class Command:
    """:param names: what is typed for it; the first is English, and the key of its help."""

    names: tuple[str, ...]
    chinese: tuple[str, ...]
    run: Run

    @property
    def key(self) -> str:
        return self.names[0]


def help_(here: Here, words: list[str]) -> Script:
    """The whole table, or one command of it."""
    if words:
        command = find(words[0])
        if command is None:
            yield unknown(here, words[0])
            return
        yield here.say("usage", usage=usage(here, command))
        yield "  " + HELP.say(here.say.lang, command.key) + "\n"
        return
    yield here.say("commands")
    rows = [(_called(here, each), HELP.say(here.say.lang, each.key)) for each in COMMANDS]
    widest = max(cells(called) for called, _ in rows)
    for called, does in rows:
        yield f"  {called}{' ' * (widest - cells(called))}  {does}\n"
    yield here.say("more")


def quit_(here: Here, words: list[str]) -> Script:
    """Leave."""
    yield here.say("bye")
    yield End("quit")


COMMANDS: Final = (
    Command(("whoami", "who"), ("我是谁",), commands.whoami),
    Command(("passwd", "password"), ("改密码", "密码"), commands.passwd),
    Command(("totp", "2fa"), ("两步验证", "二次验证"), commands.totp),
    Command(("sessions",), ("会话",), commands.sessions),
    Command(("revoke",), ("吊销",), commands.revoke),
    Command(("token",), ("令牌",), commands.token),
    Command(("keys", "key"), ("密钥", "公钥"), credentials.keys),
    Command(("app-passwords", "app-password"), ("应用密码",), credentials.applications),
    Command(("help", "?"), ("帮助",), help_),
    Command(("quit", "exit", "logout", "bye"), ("退出", "再见"), quit_),
)
_BY_NAME: Final = {name: each for each in COMMANDS for name in (*each.names, *each.chinese)}


def find(word: str) -> Command | None:
    """The command of a word, in whatever case or width."""
    return _BY_NAME.get(unicodedata.normalize("NFKC", word).casefold())


def unknown(here: Here, word: str) -> str:
    """One line about a word that is no command, with the nearest that is."""
    shown = visible(word if len(word) <= 30 else word[:30] + "…")
    near = difflib.get_close_matches(word[:30].casefold(), _BY_NAME, n=1, cutoff=0.6)
    if near:
        return here.fail("unknown near", word=shown, near=near[0])
    return here.fail("unknown", word=shown)


def usage(here: Here, command: Command) -> str:
    return HELP.say(here.say.lang, command.key + " usage")


def _called(here: Here, command: Command) -> str:
    both = (command.names[0], command.chinese[0])
    return ", ".join(reversed(both) if here.say.lang == "zh" else both)
