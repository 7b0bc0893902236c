"""The commands of a talk at a terminal: one table for what is understood, explained and completed.

Pure: a line in, what it means out.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from netapp.core import limits
from netapp.core.cells import cells
from netapp.core.languages import LANGS, Lang, Phrases, Speaker
from netapp.core.text import ENCODINGS

PHRASES: Final = Phrases(
    {
        "unknown": ("没有 /{name} 这个命令:/help 列出命令", "there is no /{name}: /help lists the commands"),
        "usage": ("用法:{usage}", "usage: {usage}"),
        "surplus": (
            "/{name} 后面不带参数(要发送这行文字,请输入 //{name} …)",
            "/{name} takes nothing (to send this as text type //{name} ...)",
        ),
        "seconds": ("{value} 不是秒数", "{value} is no number of seconds"),
        "note": ("//x 发送 /x", "//x sends /x"),
    }
)


@dataclass(frozen=True, slots=True)
class Command:
    """One row: both languages as (Chinese, English).

    :param takes: what follows the name; empty for nothing.
    :param choices: what may follow, where that is a few words.
    :param files: a file's name follows.
    """

    name: str
    about: tuple[str, str]
    takes: tuple[str, str] = ("", "")
    choices: tuple[str, ...] = ()
    files: bool = False

    def usage(self, lang: Lang) -> str:
        return f"/{self.name} {self.takes[LANGS.index(lang)]}".rstrip()


COMMANDS: Final = (
    Command("help", ("列出命令", "list the commands")),
    Command("text", ("只显示文本", "show text")),
    Command("hex", ("只显示十六进制", "show hex")),
    Command("both", ("文本和十六进制并排显示", "show text and hex side by side")),
    Command(
        "encoding",
        ("切换编码;auto 跟随对方", "change the encoding; auto does as the peer does"),
        ("|".join(ENCODINGS),) * 2,
        ENCODINGS,
    ),
    Command("send-hex", ("按十六进制发送", "send octets"), ("01 02 ff",) * 2),
    Command("file", ("发送文件", "send a file"), ("文件", "FILE"), files=True),
    Command("every", ("每隔几秒发一次", "send it again and again"), ("秒数 内容", "SECONDS TEXT")),
    Command("stop", ("停止重复发送和文件发送", "end /every and /file")),
    Command("peers", ("列出对方", "list the peers")),
    Command(
        "to",
        ("指定发给谁;/to auto 恢复为最后发言的一方", "who gets what is typed; /to auto: who spoke last"),
        ("N|all|auto",) * 2,
        ("all", "auto"),
    ),
    Command(
        "save",
        ("保存全部对话;.pcap 可用 Wireshark 打开", "save the whole talk; Wireshark opens .pcap"),
        ("文件[.txt|.pcap]", "FILE[.txt|.pcap]"),
        files=True,
    ),
    Command("clear", ("清屏", "clear the screen")),
    Command("quit", ("结束", "leave")),
)
TABLE: Final = {command.name: command for command in COMMANDS}


@dataclass(frozen=True, slots=True)
class Text:
    """A line to send."""

    text: str


@dataclass(frozen=True, slots=True)
class Do:
    """A command; ``seconds`` is what ``/every`` was given."""

    name: str
    argument: str = ""
    seconds: float = 0.0


class Wrong(ValueError):
    """What was typed is no command; the text says so to the user."""


def parse(line: str, say: Speaker) -> Text | Do:
    """What a typed line means.  :raises Wrong: it begins with a slash and is no command."""
    if not line.startswith("/"):
        return Text(line)
    if line.startswith("//"):
        return Text(line[1:])
    name, _, argument = line[1:].partition(" ")
    argument = argument.strip() if name != "every" else argument.lstrip()
    if (command := TABLE.get(name)) is None:
        raise Wrong(say("unknown", name=name))
    if not command.takes[0]:
        if argument:
            raise Wrong(say("surplus", name=name))
        return Do(name)
    usage = say("usage", usage=command.usage(say.lang))
    if name == "every":
        return _every(argument, usage, say)
    numbered = name == "to" and argument.isascii() and argument.isdigit()
    if not argument or (command.choices and argument not in command.choices and not numbered):
        raise Wrong(usage)
    return Do(name, argument)


def _every(argument: str, usage: str, say: Speaker) -> Do:
    value, space, text = argument.partition(" ")
    if not space:
        raise Wrong(usage)
    try:
        seconds = float(value)
    except ValueError:
        raise Wrong(say("seconds", value=value)) from None
    if not math.isfinite(seconds) or seconds < limits.TERMINAL_EVERY:
        raise Wrong(say("seconds", value=value))
    return Do("every", text, seconds)


def explained(say: Speaker) -> list[str]:
    """The lines that ``/help`` shows."""
    which = LANGS.index(say.lang)
    rows = [(command.usage(say.lang), command.about[which]) for command in COMMANDS]
    width = max(cells(usage) for usage, _ in rows)
    return [
        *(f"  {usage}{' ' * (width - cells(usage))}  {about}" for usage, about in rows),
        f"  {say('note')}",
    ]


def completions(
    line: str, lang: Lang, *, peers: int, files: Callable[[str], Iterable[str]]
) -> Sequence[tuple[str, int, str]]:
    """What the end of a line may become: (text, cells of the line that it replaces, what it is).

    :param peers: how many ``/to`` may choose from.
    :param files: names of files that begin so.
    """
    if not line.startswith("/") or line.startswith("//"):
        return []
    name, space, argument = line[1:].partition(" ")
    if not space:
        return [
            (f"/{each.name}" + " " * bool(each.takes[0]), len(line), each.about[LANGS.index(lang)])
            for each in COMMANDS
            if each.name.startswith(name)
        ]
    command = TABLE.get(name)
    if command is None:
        return []
    if command.files:
        return [(each, len(argument), "") for each in files(argument)]
    choices = [*map(str, range(1, peers + 1)), *command.choices] if name == "to" else command.choices
    return [(each, len(argument), "") for each in choices if each.startswith(argument)]
