"""``netapp login``: T11's client, each of the server's texts by one read."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import click

from netapp.cli import common
from netapp.cli.console import Console
from netapp.core import limits
from netapp.core.languages import Phrases
from netapp.core.text import Tongue

PHRASES: Final = Phrases(
    {
        "closed": ("连接已断开,没有登录", "the server has closed the connection: not logged in"),
        "input": ("输入已结束,没有登录", "the input has ended: not logged in"),
    }
)
say: Final = common.words(PHRASES)
#: The server's port.
PORT: Final = 9999
#: Seconds for the server to say something: a right or wrong password is looked at with care.
_PATIENCE: Final = 60.0
_SUCCESS: Final = re.compile(r"登录成功|登陆成功|logged in|login succe", re.IGNORECASE)
_PROMPT: Final = re.compile("[:\uff1a]\\s*$")  # U+FF1A is the colon of Chinese texts
_PASSWORD: Final = re.compile("(密码|password)[^:\uff1a]*[:\uff1a]\\s*$", re.IGNORECASE)
_TELNET: Final = re.compile(rb"\xff[\xfb-\xfe].|\xff[\xf0-\xfa]", re.DOTALL)

EPILOG = """\b
Examples:
  netapp login 127.0.0.1:9999
  netapp login 127.0.0.1:9999 --user zhao
  printf 'zhao\\n123\\n' | netapp login 127.0.0.1:9999"""


@click.command(epilog=EPILOG)
@click.argument("server", type=common.Place(PORT), metavar="HOST:PORT")
@click.option("--user", metavar="NAME", help="Answer the first prompt with NAME.")
@common.encoding_option
def login(server: common.HostPort, user: str | None, encoding: Any) -> None:
    """Log in by the server's prompts.

    A password is not shown while it is typed.  In a pipe each line answers one prompt.  The exit
    status is 0 once the server says that the login succeeded, else 1.
    """
    with common.connect(server, timeout=limits.COMMAND_CONNECT) as connection:
        connection.settimeout(_PATIENCE)
        try:
            Login(connection, Tongue(encoding), user).run()
        except OSError as error:
            common.fail(common.trouble(error, common.shown(server)))


class Login:
    """One try after another, until the server is content or hangs up."""

    def __init__(self, connection: socket.socket, tongue: Tongue, user: str | None) -> None:
        self._connection, self._tongue, self._user = connection, tongue, user
        self._console = Console()

    def run(self) -> None:
        """It fails, in one line, when there is no success."""
        with _echo(self._console, on=False):
            self._converse()

    def _converse(self) -> None:
        while octets := self._connection.recv(limits.PLAIN_ANSWER):
            text = self._tongue.read(_TELNET.sub(b"", octets))
            success = _SUCCESS.search(text)
            self._show(text)
            if success:
                self._end_line(text)
                return
            if _PROMPT.search(text):
                answer = self._answer(text) or "\n"  # nothing at all would leave both sides waiting
                self._connection.sendall(self._tongue.write(answer))
        common.fail(say("closed"))

    def _answer(self, prompt: str) -> str:
        secret = _PASSWORD.search(prompt) is not None
        if self._user is not None and not secret:
            answer, self._user = self._user, None
            common.write(answer)
            return answer
        with _echo(self._console, on=not secret):
            typed = self._console.line()
        if secret or not self._console.interactive or typed is None:
            common.write("")  # the terminal has not shown the end of this line
        return typed if typed is not None else common.fail(say("input"))

    def _show(self, text: str) -> None:
        shown = text.replace("\r\n", "\n")
        ends_line = _PROMPT.search(text) or text.endswith("\n")
        common.write(shown, keep="\n\t", newline=not ends_line)

    def _end_line(self, text: str) -> None:
        if _PROMPT.search(text):
            common.write("")


@contextmanager
def _echo(console: Console, *, on: bool) -> Iterator[None]:
    """Have the terminal show what is typed, or not: a password may be typed before it is asked for."""
    if not console.interactive:
        yield
        return
    import termios

    before = termios.tcgetattr(console)
    flags = before[3] | termios.ECHO if on else before[3] & ~termios.ECHO
    try:
        termios.tcsetattr(console, termios.TCSADRAIN, [*before[:3], flags, *before[4:]])
        yield
    finally:
        termios.tcsetattr(console, termios.TCSADRAIN, before)
