"""What ``--tutorial`` shows once everything listens: each program, the line to change, the port."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from netapp.core.cells import cells, padded
from netapp.core.languages import Phrases, Speaker
from netapp.hub.tutorial.ports import Place
from netapp.hub.tutorial.rows import ACCOUNT, NAMES, RESPONDERS, ROWS, Row
from netapp.hub.tutorial.samples import SAMPLES

PHRASES: Final = Phrases(
    {
        "head": (
            "教程里 32 个程序的对手都在这里,按下表改一行就能运行。Ctrl-C 结束。",
            "The other side of the tutorials' 32 programs: change one line, and run it.",
        ),
        "program": ("您的程序", "your program"),
        "line": ("要改的那一行", "the line to change"),
        "port": ("我们的端口", "our port"),
        "clients": ("客户端:连到这里来", "Clients: connect to here"),
        "servers": (
            "服务器:原端口上已有一个同样的;您的换个端口,再用下面的命令去连",
            "Servers: ours has the usual port; bind yours as shown, then talk to it:",
        ),
        "local": ("不用对手的", "Without another side"),
        "moved": ("* 原来的端口用不了,换成了这一个:", "* not on the row's own port:"),
        "reason": ("  {transport} {port}:{reason}", "  {transport} {port}: {reason}"),
        "names": ("T4、T5 的域名:{names}", "T4, T5 know {names}"),
        "account": ("T11 的用户名 {name},密码 {password}", "T11: user {name}, password {password}"),
        "files": ("T10、T13、T18、T19 的文件:{files}", "T10, T13, T18, T19: {files}"),
        "folder": ("  在 {folder}", "  in {folder}"),
        "operator": (
            "{programs} 由您来回答:在这里打字,回车发出",
            "{programs}: you answer. Type here, Enter sends",
        ),
        "explain": (
            "程序不对劲时看带 explain 的那几行:哪里错了、怎么改,当场说明",
            'Lines with "explain" say what goes wrong with a program, and the cure',
        ),
        "elsewhere": (
            "在别的机器上运行的程序,要写这台机器的地址,不是 {host}",
            "From other machines: this machine's address instead of {host}",
        ),
    }
)
#: Cells of the columns: T and number, program, line.
_NUMBER, _PROGRAM, _LINE = 4, 22, 42
#: Responders that a person can stand in for.
_ANSWERED: Final = tuple(each.name for each in RESPONDERS if each.operator)
_INDENT: Final = " " * _NUMBER
_WIDTH: Final = 80


def table(
    say: Speaker,
    host: str,
    places: Sequence[Place],
    folder: Path,
    *,
    operator: bool = False,
    anywhere: bool = False,
) -> list[str]:
    """Lines for a terminal of 80 cells.

    :param host: where a program on this machine reaches us.
    :param folder: what the file services share.
    :param operator: a person answers what can be answered by one.
    :param anywhere: other machines reach us too.
    """
    return [
        say("head"),
        *_moved(say, places),
        *_folded(say("names", names=", ".join(NAMES))),
        say("account", name=ACCOUNT[0], password=ACCOUNT[1]),
        say("files", files=" ".join(SAMPLES)),
        say("folder", folder=folder),
        say("explain"),
        *([say("operator", programs=_programs(*_ANSWERED))] if operator else []),
        *([say("elsewhere", host=host)] if anywhere else []),
        "",
        _columns("T", say("program"), say("line"), say("port")).rstrip(),
        *_rows(say, host, places),
    ]


def _rows(say: Speaker, host: str, places: Sequence[Place]) -> Iterator[str]:
    ports = {place.responder.name: place.port for place in places}
    shown = {place.responder.name: _port(place) for place in places}

    def line(row: Row, text: str) -> str:
        title = row.title[0 if say.lang == "zh" else 1]
        return _columns(f"T{row.number}", title, text, shown.get(row.responder or "", "")).rstrip()

    yield say("servers")
    for row in ROWS:
        if bound := row.bind_at(host):
            yield line(row, bound)
            yield f"{_INDENT}{row.command_at(host, ports)}"
    yield ""
    yield say("local")
    for row in ROWS:
        if row.kind == "local":
            yield line(row, row.line_at(host, ports))
            yield f"{_INDENT}{row.command_at(host, ports)}"
    yield ""
    yield say("clients")  # the last, and so what a small terminal still shows
    for row in ROWS:
        if row.kind in ("client", "both"):
            yield line(row, row.line_at(host, ports))


def _port(place: Place) -> str:
    return f"{place.responder.transport.upper()} {place.port}{'*' if place.reason else ''}"


def _moved(say: Speaker, places: Sequence[Place]) -> Iterator[str]:
    moved = [place for place in places if place.reason]
    if moved:
        yield say("moved")
    for place in moved:
        responder = place.responder
        told = say("reason", transport=responder.transport.upper(), port=responder.port, reason=place.reason)
        yield f"{told} -> {place.port} ({_programs(responder.name)})"


def _programs(*responders: str) -> str:
    return " ".join(f"T{row.number}" for row in ROWS if row.responder in responders)


def _columns(number: str, program: str, line: str, port: str) -> str:
    return f"{number:<{_NUMBER}}{_padded(program, _PROGRAM)}{_padded(line, _LINE)}{port}"


def _padded(text: str, room: int) -> str:
    """At least one space follows, also what is wider than its column."""
    return padded(text + " ", room)


def _folded(text: str) -> Iterator[str]:
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line and cells(longer) > _WIDTH:
            yield line
            longer = f"  {word}"
        line = longer
    yield line
