"""``netapp login``: T11's client, each of the server's texts by one read, and then the session."""

import codecs
import re
import selectors
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Final

import click

from netapp.cli import common, keyboard
from netapp.cli.console import Console
from netapp.core import limits
from netapp.core.languages import Phrases
from netapp.core.text import Tongue, decode

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
_UNFINISHED: Final = re.compile(rb"\xff[\xfb-\xfe]?\Z")
#: A telnet's server offers to echo, which it does not do then: a password. RFC 857
_HIDE: Final = b"\xff\xfb\x01"
#: Colours, the one thing of a terminal's own that a session's text may have: ECMA-48 section 8.3.117.
_COLOUR: Final = re.compile(r"(\x1b\[[0-9;]{0,16}m)")
#: The beginning of one, whose end has not come yet.
_COLOUR_BEGUN: Final = re.compile(r"\x1b(\[[0-9;]{0,16})?\Z")
#: Seconds of quiet after which a pipe's session is over, once all of its input is sent.
_QUIET: Final = 5.0

EPILOG = """\b
Examples:
  netapp login 127.0.0.1:9999
  netapp login 127.0.0.1:9999 --user zhao
  printf 'zhao\\n123\\n' | netapp login 127.0.0.1:9999
  printf 'zhao\\n123\\ntoken\\n' | netapp login 127.0.0.1:9999"""


@click.command(epilog=EPILOG)
@click.argument("server", type=common.Place(PORT), metavar="HOST:PORT")
@click.option("--user", metavar="NAME", help="Answer the first prompt with NAME.")
@common.encoding_option
def login(server: common.HostPort, user: str | None, encoding: Any) -> None:
    """Log in by the server's prompts, and go on with its session.

    A password is not shown while it is typed; Ctrl-D leaves.  In a pipe each line answers one prompt,
    and what is left goes to the session.  The exit status is 0 once the server says that the login
    succeeded, else 1.
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
        self._console = Lines()
        self._line_open = False

    def run(self) -> None:
        """It fails, in one line, when there is no success."""
        with _echo(self._console, on=False):
            self._converse()
        Visit(self._connection, self._tongue, self._console, line_open=self._line_open).run()

    def _converse(self) -> None:
        while octets := self._connection.recv(limits.PLAIN_ANSWER):
            text = self._tongue.read(_TELNET.sub(b"", octets))
            success = _SUCCESS.search(text)
            self._show(text, last=success is not None)
            if success:
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

    def _show(self, text: str, *, last: bool) -> None:
        """:param last: the session may begin with the line's end, or ends it itself."""
        shown = text.replace("\r\n", "\n")
        ends_line = last or _PROMPT.search(text) or text.endswith("\n")
        common.write(shown, keep="\n\t", newline=not ends_line)
        self._line_open = not text.endswith("\n")


@contextmanager
def _echo(console: Console, *, on: bool) -> Iterator[None]:
    """Have the terminal show what is typed, or not: a password may be typed before it is asked for."""
    if not console.interactive:
        yield
        return
    with keyboard.echo(console.fileno(), on=on):
        yield


class Lines(Console):
    """Standard input, whose lines are waited for at first and listened for later."""

    def line(self) -> str | None:
        while b"\n" not in self._buffer and not self.ended:
            octets = self._input.read(65536)
            self._buffer += octets
            self.ended = not octets
        line, end, self._buffer = self._buffer.partition(b"\n")
        return decode(line.removesuffix(b"\r"))[0] if line or end else None

    def waiting(self) -> list[str]:
        """The lines that have come already."""
        *lines, self._buffer = self._buffer.split(b"\n")
        return [decode(line.removesuffix(b"\r"))[0] for line in lines]


class Visit:
    """The session after the login: what is typed is sent, what comes is shown, to the server's end."""

    def __init__(self, connection: socket.socket, tongue: Tongue, console: Lines, *, line_open: bool) -> None:
        self._connection, self._tongue, self._console = connection, tongue, console
        self._decoder = codecs.getincrementaldecoder("gb18030" if tongue.codec == "gbk" else "utf-8")(
            "replace"
        )
        self._unfinished = b""  # of a telnet's command
        self._begun = ""  # of a colour
        self._line_open, self._over = line_open, False
        self._hidden = ExitStack()

    def run(self) -> None:
        """Whatever happens now, the login has succeeded."""
        with suppress(OSError), self._hidden, keyboard.selector() as selector:
            selector.register(self._connection, selectors.EVENT_READ)
            self._send(self._console.waiting())
            if self._console.ended:
                self._finish()
            else:
                selector.register(self._console, selectors.EVENT_READ)
            while not self._over:
                ready = selector.select(_QUIET if self._console.ended else None)
                for key, _ in ready:
                    if key.fileobj is self._connection:
                        self._heard()
                    else:
                        self._typed(selector)
                self._over = self._over or not ready
        if self._line_open:
            common.write("")

    def _typed(self, selector: selectors.BaseSelector) -> None:
        self._send(self._console.read())
        if self._console.ended:
            selector.unregister(self._console)
            self._finish()

    def _send(self, lines: list[str]) -> None:
        """CR LF from a person, by which a server knows one who can hide what is typed."""
        end = "\r\n" if self._console.interactive else "\n"
        for line in lines:
            self._connection.sendall(self._tongue.write(line + end))
            self._line_open = self._line_open and not self._console.interactive

    def _finish(self) -> None:
        if self._console.interactive:
            self._over = True
        else:
            self._connection.shutdown(socket.SHUT_WR)

    def _heard(self) -> None:
        octets = self._connection.recv(65536)
        self._over = not octets
        octets = self._unfinished + octets
        found = _UNFINISHED.search(octets)
        self._unfinished = octets[found.start() :] if found is not None else b""
        octets = octets[: found.start()] if found is not None else octets
        position = 0
        for command in _TELNET.finditer(octets):
            self._show(octets[position : command.start()])
            position = command.end()
            self._hidden.close()
            if command[0] == _HIDE:
                self._hidden.enter_context(_echo(self._console, on=False))
        self._show(octets[position:])

    def _show(self, octets: bytes) -> None:
        text = self._begun + self._decoder.decode(octets, final=self._over)
        begun = None if self._over else _COLOUR_BEGUN.search(text)
        self._begun, text = (begun[0], text[: begun.start()]) if begun is not None else ("", text)
        text = text.replace("\r\n", "\n").replace("\r", "")
        for number, part in enumerate(_COLOUR.split(text)):
            if number % 2:
                with common.output():
                    click.echo(part, nl=False)
            elif part:
                common.write(part, keep="\n\t", newline=False)
                self._line_open = not part.endswith("\n")
