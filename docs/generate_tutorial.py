"""A page for each of the tutorials' programs, in both languages, and the tables that lead to them.

What the hub knows of a program (``netapp/hub/tutorial/rows.py``), what is written by hand about it
(``tutorial/texts/t05.md`` and ``t05.zh.md``) and its examples (``tutorial/examples/t05_*.py``) come
together in ``tutorial/programs/t05.md`` and ``t05.zh.md``.  They are kept, since who has cloned the
project wants to read them without building anything: ``python docs/generate.py`` makes them anew.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from netapp.hub.tutorial.rows import HEARD, RESPONDERS, ROWS, Responder, Row

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")
GENERATED: Final = (
    "<!-- Made by docs/generate_tutorial.py from texts/ and examples/: change it there. -->\n\n"
)
HOST: Final = "127.0.0.1"
WIDTH: Final = 80
#: The headings of a text, in this order.
HEADINGS: Final = {
    "en": ("On the wire", "What goes wrong, and why", "In Twisted"),
    "zh": ("它发什么，等什么", "会出什么错，为什么", "用 Twisted 怎么写"),
}
#: Rows whose program is another one's, tidied: they have its examples.
SAME_PROGRAM: Final = {9: 8}

_WORDS: Final = {
    "client": ("client", "客户端"),
    "server": ("server", "服务器"),
    "both": ("both sides", "两边都有"),
    "local": ("no other side", "不用对手"),
    "other": (
        "[中文](t{number:02}.zh.md) · [all programs](../programs.md)",
        "[English](t{number:02}.md) · [全部程序](../programs.zh.md)",
    ),
    "try": ("Try yours", "先跑你自己的"),
    "start": (
        "`twistd -n netapp --tutorial` plays the other side of all these programs at once.",
        "`twistd -n netapp --tutorial` 一次启动所有这些程序的对手。",
    ),
    "change": ("Change the line of your program that names the place:", "把你程序里写地址的那一行改成："),
    "asked": ("When your program asks for a place, type this:", "程序问地址和端口时，输入："),
    "bind": (
        "Ours has the program's own port, {port}: see how it answers. Bind yours to another one:",
        "原来的端口 {port} 上已有一个我们写的，可以先看看它怎么回答。你的服务器换个端口：",
    ),
    "bind_half": ("For the half that serves:", "当服务器的那一半这样写："),
    "command": ("Then talk to it from another window:", "再开一个窗口跟它对话："),
    "compare": ("The same by netapp's command:", "同样的事，用 netapp 的命令来做："),
    "moved": (
        "Where port {port} cannot be had (below 1024 that often takes root), it is {otherwise} or one above: "
        "the table that is printed at the start says which.",
        "端口 {port} 用不了时（1024 以下的常常要 root），会从 {otherwise} 起另找一个，启动时打印出来。",
    ),
    "chats": (
        "What `--tutorial` answers is not what stands below: it is `已收到`, or what others, and your own "
        "earlier runs, have said since you last asked.",
        "`--tutorial` 回答的不是下面写的那一句，而是 `已收到`，或者你上次问过之后别人说的话，"
        "你自己先前运行的程序说的也算。",
    ),
    "heard": (
        "What `--tutorial` answers is not what stands below: it is `已收到:` and your own text.",
        "`--tutorial` 回答的不是下面写的那一句，而是 `已收到:` 加上你发来的话。",
    ),
    "alone": ("Ours alone, without `--tutorial`:", "不用 `--tutorial`，只启动我们的这一个："),
    "same": (
        "T{number} is the same program before it was tidied, so both have one example.",
        "T{number} 是同一个程序整理之前的样子，两个共用一个例子。",
    ),
    "run": ("Run it, with other values if you like:", "运行（参数可以换成别的）："),
    "index": ("The tutorials' programs, one by one", "教程里的程序，一个一个来"),
    "head": (("T", "Program", "It is a", "Example in Twisted"), ("T", "程序", "角色", "Twisted 例子")),
}  # fmt: skip


def pages(docs: Path) -> Iterator[tuple[Path, str]]:
    """Every page as (where it stands, its text)."""
    folder = docs / "tutorial"
    for language in LANGUAGES:
        ending = ending_of(language)
        for row in ROWS:
            yield folder / "programs" / f"t{row.number:02}{ending}", page(folder, row, language)
        yield folder / f"programs{ending}", index_page(folder, language)


def ending_of(language: Language) -> str:
    return ".zh.md" if language == "zh" else ".md"


def page(folder: Path, row: Row, language: Language) -> str:
    """One program: what to change, the text with its three headings, the examples."""
    written = (folder / "texts" / f"t{row.number:02}{ending_of(language)}").read_text("utf-8").strip()
    introduction, heading, rest = written.partition("\n## ")
    text = f"{GENERATED}# T{row.number} {title(row, language)}\n\n"
    text += say("other", language, number=row.number) + f"\n\n{introduction.strip()}\n\n"
    text += f"## {say('try', language)}\n\n{trial(row, language)}{heading.lstrip()}{rest}\n"
    if row.number in SAME_PROGRAM:
        text += f"\n{say('same', language, number=SAME_PROGRAM[row.number])}\n"
    return text + "".join(included(path, row, language) for path in examples(folder, row))


def trial(row: Row, language: Language) -> str:
    """How the reader's own program meets ours."""
    responder = next((each for each in RESPONDERS if each.name == row.responder), None)
    ports = {responder.name: responder.port} if responder else {}
    text = ""
    if responder and row.kind != "local":
        text += say("start", language) + ("" if language == "zh" else " ")
        lead = "bind" if row.kind == "server" else "asked" if "input()" in row.line else "change"
        line = row.line_at(HOST, ports).removeprefix("input(): ")
        text += say(lead, language, port=responder.port) + block(
            "text" if lead == "asked" else "python", line
        )
        if row.kind == "both" and (bind := row.bind_at(HOST)):
            text += say("bind_half", language) + block("python", bind)
        if responder.otherwise:
            text += say("moved", language, port=responder.port, otherwise=responder.otherwise) + "\n\n"
    if responder and row.kind in ("client", "both") and (answers := other_answers(responder)):
        text += say(answers, language) + "\n\n"
    if command := row.command_at(HOST, ports):
        text += say("compare" if row.kind == "local" else "command", language) + block("sh", command)
    if responder and responder.plugin != "login" and row.kind != "local":  # the account is --tutorial's own
        text += say("alone", language) + block("sh", alone(responder))
    return text


def other_answers(responder: Responder) -> str | None:
    """What says that a responder answers otherwise than the tutorial's other side; None where it does not."""
    if responder.plugin == "udpchat" and responder.option == "--listen":
        return "chats"
    return "heard" if HEARD in responder.arguments else None


def alone(responder: Responder) -> str:
    """The command line that starts this one, quoted for a shell; a long one goes over several lines."""
    listening = (responder.option, f"{responder.transport}:{responder.port}")
    start = f"twistd -n netapp-{responder.plugin} {shlex.join(listening)}"
    parts = [start, *(shlex.join([argument]) for argument in responder.arguments)]
    line = " ".join(parts)
    return line if len(line) <= WIDTH else " \\\n    ".join(parts)


def examples(folder: Path, row: Row) -> list[Path]:
    """A row's examples; a server before its client."""
    number = SAME_PROGRAM.get(row.number, row.number)
    found = (folder / "examples").glob(f"t{number:02}_*.py")
    return sorted(found, key=lambda path: (path.stem.endswith("_client"), path))


def included(path: Path, row: Row, language: Language) -> str:
    """An example, and how to run it beside ``--tutorial``."""
    command = shlex.join(("python", path.name, *arguments(path, row))).replace("'你好'", "你好")
    shown = f"`docs/tutorial/examples/{path.name}`:\n\n```python\n{path.read_text('utf-8')}```\n"
    return f"\n{shown}\n{say('run', language)}{block('sh', command)}".rstrip() + "\n"


def arguments(path: Path, row: Row) -> list[str]:
    """The defaults that stand in an example, with the port where ours is, or where ours is not."""
    found = re.search(r"sys\.argv\[1:\] \+ \[(.*?)\]", path.read_text("utf-8"))
    given = re.findall(r'"([^"]*)"', found[1]) if found else []
    if row.responder and len(given) > 1:
        ours = next(each.port for each in RESPONDERS if each.name == row.responder)
        serves = row.kind == "server" or path.stem.endswith(("_server", "_menu"))
        given[1] = str((row.own or 10000 + ours) if serves else ours)
    return given


def index_page(folder: Path, language: Language) -> str:
    """The table of all programs, below what ``texts/index.md`` says."""
    written = (folder / "texts" / f"index{ending_of(language)}").read_text("utf-8").strip()
    text = f"{GENERATED}# {say('index', language)}\n\n{written}\n\n"
    head = _WORDS["head"][LANGUAGES.index(language)]
    text += f"| {' | '.join(head)} |\n{'| --- ' * len(head)}|\n"
    for row in ROWS:
        link = f"[{title(row, language)}](programs/t{row.number:02}{ending_of(language)})"
        shown = ", ".join(f"`{path.name}`" for path in examples(folder, row))
        text += f"| T{row.number} | {link} | {say(row.kind, language)} | {shown} |\n"
    ending = ending_of(language).removesuffix(".md")
    listed = "\n".join(f"programs/t{row.number:02}{ending}" for row in ROWS)
    return f"{text}\n```{{toctree}}\n:hidden:\n\n{listed}\n```\n"


def title(row: Row, language: Language) -> str:
    chinese, english = row.title
    return chinese.replace(",", "，").replace(":", "：") if language == "zh" else english


def say(key: str, language: Language, **fields: object) -> str:
    phrase = _WORDS[key][LANGUAGES.index(language)]
    assert isinstance(phrase, str)
    return phrase.format(**fields)


def block(kind: str, text: str) -> str:
    return f"\n\n```{kind}\n{text}\n```\n\n"
