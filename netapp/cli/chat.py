"""``netapp chat``: the line chat at a terminal; what others say appears while one types."""

import selectors
import time
from typing import Any, Final

import click

from netapp.cli import common, keyboard
from netapp.cli.assistant import streams
from netapp.cli.console import Console, Form
from netapp.core import limits, mixed
from netapp.core.languages import Phrases

PHRASES: Final = Phrases(
    {
        "closed": ("服务器已断开连接", "the server has closed the connection"),
        "silent": ("服务器没有回应", "the server does not answer"),
    }
)
say: Final = common.words(PHRASES)
#: The line chat's port.
PORT: Final = 7777

EPILOG = """\b
Examples:
  netapp chat 127.0.0.1:7777
  netapp chat 127.0.0.1:7777 --nick 小明
  printf '小明\\n大家好\\n' | netapp chat 127.0.0.1:7777"""


@click.command(epilog=EPILOG)
@click.argument("server", type=common.Place(PORT), metavar="HOST:PORT")
@click.option("--nick", metavar="NAME", help="Answer the question for a nickname with NAME.")
@click.option(
    "--wait",
    type=click.FloatRange(0),
    default=limits.COMMAND_ANSWER,
    metavar="SECONDS",
    help="In a pipe: the quiet after which it ends (2).",
)
@common.encoding_option
def chat(server: common.HostPort, nick: str | None, wait: float, encoding: Any) -> None:
    """Join the line chat: what is typed is sent, what others say is shown.

    /help lists the commands, Ctrl-D leaves.  In a pipe every line is sent, and it ends once the
    server has been quiet; the exit status is 1 if it has said nothing.
    """
    form = Form(encoding=encoding, newline=True)
    with common.connect(server, timeout=limits.COMMAND_CONNECT) as connection:
        stream = streams.Stream(connection, form)
        try:
            if nick is not None:
                stream.send(form.octets(nick, stream.tongue))
            Chat(stream, form, wait).run()
        except OSError as error:
            common.fail(common.trouble(error, common.shown(server)))


class Chat:
    """One connection and one terminal, both listened to."""

    def __init__(self, stream: streams.Stream, form: Form, wait: float) -> None:
        self._stream, self._form, self._wait = stream, form, wait
        self._console = Console()
        self._heard = False
        self._line_open = False  # what was shown last has not ended its line
        self._quiet_at: float | None = None

    def run(self) -> None:
        """Until either side ends it."""
        with keyboard.selector() as selector:
            selector.register(self._stream, selectors.EVENT_READ)
            selector.register(self._console, selectors.EVENT_READ)
            while not self._stream.closed and not self._over():
                for key, _ in selector.select(self._delay()):
                    if key.fileobj is self._console:
                        self._typed(selector)
                    else:
                        self._show()
        if self._line_open:
            common.write("")
        if not self._heard and self._wait:
            common.fail(say("silent"))
        if self._stream.closed and self._console.interactive:
            common.note(say("closed"))

    def _typed(self, selector: selectors.BaseSelector) -> None:
        for line in self._console.read():
            self._stream.send(self._form.octets(line, self._stream.tongue))
            self._line_open = False  # the terminal has shown the end of what was typed
        if self._console.ended:
            selector.unregister(self._console)
            self._quiet_at = time.monotonic() + self._wait

    def _show(self) -> None:
        for octets in self._stream.read():
            self._heard = True
            shown = mixed.read(octets, self._stream.tongue).replace("\r\n", "\n")
            common.write(shown, keep="\n\t", newline=False)
            self._line_open = not shown.endswith("\n")
        if self._quiet_at is not None:
            self._quiet_at = time.monotonic() + self._wait

    def _over(self) -> bool:
        if not self._console.ended:
            return False
        return self._console.interactive or (self._delay() or 0.0) <= 0

    def _delay(self) -> float | None:
        return None if self._quiet_at is None else max(0.0, self._quiet_at - time.monotonic())
