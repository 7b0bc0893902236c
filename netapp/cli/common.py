"""What all commands share: the user's language, one-line errors, addresses, and what is shown."""

import errno
import os
import re
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NoReturn, TypeVar

import click

from netapp.core import text
from netapp.core.languages import Lang, Phrases, Speaker

Function = TypeVar("Function", bound=Callable[..., Any])
#: A host's name or address, and a port.
HostPort = tuple[str, int]

PHRASES: Final = Phrases(
    {
        "no port": ("{value} 缺少端口:请写成 {example}", "{value} has no port: write {example}"),
        "bad port": ("{value}:端口应为 {least} 到 65535", "{value}: a port is {least} to 65535"),
        "no host": ("{value} 缺少主机:请写成 {example}", "{value} has no host: write {example}"),
        "no place": ("没有写主机:请写成 {example}", "nothing is written: write {example}"),
        "brackets": ("{value}:IPv6 地址要加方括号", "{value}: an IPv6 address needs brackets"),
        "refused": ("{where} 拒绝连接:服务可能没有启动", "{where} refuses: the service may not be running"),
        "timeout": ("{where} 没有回应", "{where} does not answer"),
        "unknown host": ("找不到主机 {where}", "there is no host {where}"),
        "unreachable": ("无法到达 {where}:请检查网络", "{where} cannot be reached: look at the network"),
        "reset": ("{where} 中断了连接", "{where} broke the connection"),
        "taken": ("{where} 已被占用:请换一个端口", "{where} is in use: choose another port"),
        "not ours": ("{where} 不是本机地址", "{where} is no address of this machine"),
        "denied": ("没有权限使用 {where}", "no right to use {where}"),
        "too long": ("发给 {where} 的消息太长", "the message to {where} is too long"),
        "missing": ("找不到 {where}", "there is no {where}"),
        "folder": ("{where} 是目录", "{where} is a folder"),
        "other": ("{where}:{reason}", "{where}: {reason}"),
    }
)  # fmt: skip

_KINDS: Final = {
    errno.ECONNREFUSED: "refused",
    errno.ETIMEDOUT: "timeout",
    errno.EHOSTUNREACH: "unreachable",
    errno.ENETUNREACH: "unreachable",
    errno.ECONNRESET: "reset",
    errno.EPIPE: "reset",
    errno.EADDRINUSE: "taken",
    errno.EADDRNOTAVAIL: "not ours",
    errno.EACCES: "denied",
    errno.EPERM: "denied",
    errno.EMSGSIZE: "too long",
    errno.ENOENT: "missing",
    errno.EISDIR: "folder",
}
_PLACE: Final = re.compile(r"(?:\[(?P<six>[^]]*)\]|(?P<host>[^:]*))(?::(?P<port>[0-9]+))?", re.ASCII)


def language(environ: Mapping[str, str]) -> Lang:
    """The user's language: the first of LC_ALL, LC_MESSAGES and LANG that is set."""
    for key in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environ.get(key):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def words(phrases: Phrases) -> Speaker:
    """A command's words in the user's language."""
    return phrases.speaker(language(os.environ))


say: Final = words(PHRASES)


class CommandError(click.ClickException):
    """A command that failed: one line on standard error, exit status 1."""

    exit_code = 1

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.ctx = click.get_current_context(silent=True)  # whose name the line begins with


class OutputGone(Exception):
    """Nobody reads what we write to standard output: the command ends quietly."""


def fail(reason: str) -> NoReturn:
    """End the command with one line on standard error and exit status 1.

    :param reason: in the user's language; :func:`trouble` makes one of an :class:`OSError`.
    """
    raise CommandError(reason)


def trouble(error: OSError, where: object) -> str:
    """What the system refused, in the user's language.  :param where: a path, or what :func:`shown` gives."""
    if isinstance(error, socket.gaierror):
        kind = "unknown host"
    elif isinstance(error, TimeoutError):
        kind = "timeout"
    else:
        kind = _KINDS.get(error.errno or 0, "other")
    return say(kind, where=where, reason=error.strerror or str(error))


def shown(place: HostPort) -> str:
    """An address as it is written: ``127.0.0.1:8888``, ``[::1]:8888``."""
    host = place[0].removeprefix("::ffff:") if "." in place[0] else place[0]
    return f"[{host}]:{place[1]}" if ":" in host else f"{host}:{place[1]}"


class Place(click.ParamType[HostPort]):
    """``HOST:PORT`` on the command line; ``[::1]:80`` for IPv6.

    :param port: the port when none is written; without it one must be.
    :param anywhere: a lone port is meant, on every address of this machine; port 0 means any.
    """

    name = "HOST:PORT"

    def __init__(self, port: int | None = None, *, anywhere: bool = False) -> None:
        self._port, self._anywhere = port, anywhere

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> HostPort:
        if isinstance(value, tuple):
            return value
        example = f"192.168.1.5:{self._port or 8888}"
        if self._anywhere and value.isascii() and value.isdigit():
            value = f":{value}"
        match = _PLACE.fullmatch(value)
        if match is None:
            brackets = value.count(":") > 1
            self.fail(say("brackets" if brackets else "bad port", value=value, least=self._least), param, ctx)
        host = match["six"] or match["host"] or ""
        if not host and not self._anywhere:
            self.fail(say("no host" if value else "no place", value=value, example=example), param, ctx)
        if match["port"] is None and self._port is None:
            self.fail(say("no port", value=value, example=example), param, ctx)
        port = self._port if match["port"] is None else int(match["port"])
        if port is None or not self._least <= port <= 65535:
            self.fail(say("bad port", value=value, least=self._least), param, ctx)
        return host, port

    @property
    def _least(self) -> int:
        return 0 if self._anywhere else 1


def encoding_option(function: Function) -> Function:
    """``--encoding``, the same on every command that has text on its wire."""
    return click.option(
        "--encoding",
        type=click.Choice(text.ENCODINGS),
        default="auto",
        help="What is written: auto (as the peer does, UTF-8 at first), utf-8, gbk.  Both are read.",
    )(function)


def connect(place: HostPort, *, timeout: float) -> socket.socket:
    """A connected TCP socket whose waits end.  It fails, in one line, where nobody listens."""
    try:
        return socket.create_connection(place, timeout)
    except (OSError, UnicodeError) as error:
        fail(trouble(as_system(error), shown(place)))


def as_system(error: Exception) -> OSError:
    """An OSError for what a host name that is none raises."""
    return error if isinstance(error, OSError) else socket.gaierror(socket.EAI_NONAME, "no host name")


def write(line: str, *, keep: str = "\t", newline: bool = True, error: bool = False) -> None:
    """Show text at once; what a terminal would obey is made visible.

    :param keep: control characters that the text may have.
    :raises OutputGone: nobody reads our output any more.
    """
    with output():
        click.echo(text.visible(line, keep=keep), nl=newline, err=error)


@contextmanager
def output() -> Iterator[None]:
    """Writing to standard output: its reader's leaving is not taken for a peer's."""
    try:
        yield
    except BrokenPipeError:
        raise OutputGone from None


def note(line: str) -> None:
    """Say something beside the result: on standard error, so that a pipe stays clean."""
    write(line, error=True)


def complain(reason: str) -> None:
    """Name the command and what went wrong, and go on."""
    context = click.get_current_context(silent=True)
    note(f"{context.command_path if context is not None else 'netapp'}: {reason}")


def on_terminal() -> bool:
    """Whether somebody types."""
    return sys.stdin is not None and sys.stdin.isatty()
