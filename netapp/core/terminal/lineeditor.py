"""The terminal: a line that is edited below, and all that is shown above it.

The editor has a thread of its own, since prompt_toolkit wants an event loop and the process has
another.  What the process writes to the terminal meanwhile, log lines too, goes through a pipe and
is shown above the line; so neither disturbs the other, and what is written keeps its order.
"""

import asyncio
import atexit
import os
import signal
import sys
import termios
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.data_structures import Size
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import History as PromptHistory
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.styles import Style

from netapp.core import limits
from netapp.core.terminal.aside import Aside
from netapp.core.terminal.here import encodes
from netapp.core.terminal.history import History

#: What the end of a line may become: (text, characters that it replaces, what it is).
Complete = Callable[[str], Sequence[tuple[str, int, str]]]
_STYLE = Style.from_dict({"rprompt": "ansibrightblack"})
_MONO = Style.from_dict({})


class LineEditor:
    """The terminal of this process.

    The four functions are called in the editor's thread: they hand over, and do nothing else.

    :param typed: gets each line.
    :param left: the person has pressed Ctrl-D.
    :param interrupted: the person has pressed Ctrl-C.
    :param hung_up: the terminal has gone.
    """

    def __init__(
        self,
        *,
        typed: Callable[[str], object],
        left: Callable[[], object],
        interrupted: Callable[[], object],
        hung_up: Callable[[], object],
        complete: Complete,
        history: History,
        environ: Mapping[str, str],
    ) -> None:
        self._typed, self._left, self._interrupted = typed, left, interrupted
        self._hung_up = hung_up
        self._complete, self._history = complete, _Kept(history)
        self._environ = environ
        self._status = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._session: PromptSession[str] | None = None
        self._thread = threading.Thread(target=self._run, name="line editor", daemon=True)
        encoding = getattr(sys.__stdout__, "encoding", None) or "utf-8"
        self._encoding = encoding
        self.plain = not encodes("→", encoding)
        self.colour = not environ.get("NO_COLOR")
        self.secret = False

    def start(self) -> None:
        """Take the terminal."""
        self._before = termios.tcgetattr(0)
        self._aside = Aside()
        atexit.register(self.stop)  # for a start that fails after ours
        self._thread.start()

    def stop(self) -> None:
        """Give the terminal back as it was; a second call does nothing."""
        atexit.unregister(self.stop)
        if self._loop is not None:
            with suppress(RuntimeError):  # the editor has ended by itself
                self._loop.call_soon_threadsafe(self._exit)
        self._thread.join(limits.TERMINAL_END)
        self._aside.give_back()
        with suppress(termios.error):  # there is no terminal any more
            termios.tcsetattr(0, termios.TCSANOW, self._before)

    # What others see of the terminal ---------------------------------------------------------

    @property
    def width(self) -> int:
        return self._size().columns

    def show(self, text: str) -> None:
        """Show lines above the one that is being typed."""
        self._aside.write(text.encode(self._encoding, "replace"))

    def say(self, status: str) -> None:
        """Say how things stand, at the right of the line."""
        if status != self._status:
            self._status = status
            if self._session is not None:
                self._session.app.invalidate()

    def clear(self) -> None:
        if self._loop is not None and self._session is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._session.app.renderer.clear)

    # The editor's thread ---------------------------------------------------------------------

    def _run(self) -> None:
        ended = self._left
        try:
            ended = asyncio.run(self._edit())
        except OSError:
            if _has_terminal():
                raise
            ended = self._hung_up
        finally:
            self._aside.give_back()
            ended()

    async def _edit(self) -> Callable[[], object]:
        """:returns: what is to be told of how it has ended."""
        self._loop = asyncio.get_running_loop()
        self._session = session = self._new_session()
        session.default_buffer.accept_handler = self._accept
        self._loop.add_reader(self._aside.fileno(), self._pass_on)
        try:
            await session.prompt_async("> ", rprompt=lambda: self._status, handle_sigint=False)
        except KeyboardInterrupt:
            return self._interrupted
        except EOFError:
            return self._left if _has_terminal() else self._hung_up
        finally:
            self._loop.remove_reader(self._aside.fileno())
        return lambda: None

    def _new_session(self) -> "PromptSession[str]":
        stdout = os.fdopen(os.dup(self._aside.terminal), "w", encoding=self._encoding, errors="replace")
        term = self._environ.get("TERM")
        assert sys.__stdin__ is not None
        return PromptSession(
            input=Vt100Input(sys.__stdin__),
            output=Vt100_Output(stdout, self._size, term=term, enable_cpr=False),
            color_depth=None if self.colour else ColorDepth.DEPTH_1_BIT,
            style=_STYLE if self.colour else _MONO,
            history=self._history,
            completer=_Completing(self._complete),
            key_bindings=self._keys(),
            complete_while_typing=Condition(self._is_command),
            enable_history_search=Condition(lambda: not self._is_command()),  # else no menu
            erase_when_done=True,
            reserve_space_for_menu=6,
        )

    def _keys(self) -> KeyBindings:
        """Tab completes at once what can be only one thing, and else opens the menu."""
        keys = KeyBindings()

        @keys.add("tab")
        def complete(event: KeyPressEvent) -> None:
            buffer = event.current_buffer
            found = self._complete(buffer.document.text_before_cursor)
            common = os.path.commonprefix([text for text, _, _ in found])  # noqa: RUF071  (characters are meant)
            if found and len(common) > found[0][1]:
                buffer.insert_text(common[found[0][1] :])
            elif buffer.complete_state is not None:
                buffer.complete_next()
            else:
                buffer.start_completion(select_first=False)

        @keys.add("c-z")
        def suspend(event: KeyPressEvent) -> None:
            """To this thread: another would stop us a moment later, when we have the terminal again."""
            run_in_terminal(lambda: signal.pthread_kill(threading.get_ident(), signal.SIGTSTP))

        @keys.add("c-@", filter=Condition(lambda: not self._text()))
        def leave(event: KeyPressEvent) -> None:
            """A Ctrl-D that was typed before the terminal was ours comes as NUL."""
            event.app.exit(exception=EOFError)

        return keys

    def _size(self) -> Size:
        try:
            columns, rows = os.get_terminal_size(self._aside.terminal)
        except OSError:
            columns, rows = 0, 0
        return Size(rows or 24, columns or 80)

    def _is_command(self) -> bool:
        return self._text().startswith("/")

    def _text(self) -> str:
        return self._session.default_buffer.text if self._session is not None else ""

    def _accept(self, buffer: Buffer) -> bool:
        self._history.closed = self.secret
        for line in buffer.text.split("\n"):  # what was pasted
            self._typed(line.rstrip("\r"))
        return False

    def _pass_on(self) -> None:
        """Something was written: show it above the line.

        The terminal stays raw meanwhile, unlike in ``run_in_terminal``: else it would echo what is
        typed just then, and take a Ctrl-D for itself.
        """
        octets = self._aside.read()
        if not octets:
            return
        app = self._session.app if self._session is not None else None
        if app is not None and app.is_running:
            app.renderer.erase()
            self._aside.put(octets)
            app.invalidate()
        else:
            self._aside.put(octets)

    def _exit(self) -> None:
        if self._session is not None and self._session.app.is_running and not self._session.app.is_done:
            self._session.app.exit(result="")


class _Kept(PromptHistory):
    """The editor's view of the history; ``closed`` keeps a line out of it."""

    def __init__(self, history: History) -> None:
        super().__init__()
        self._history = history
        self.closed = False

    def load_history_strings(self) -> Iterable[str]:
        return reversed(self._history.lines())

    def append_string(self, string: str) -> None:
        if not self.closed:
            super().append_string(string)

    def store_string(self, string: str) -> None:
        self._history.add(string)


class _Completing(Completer):
    def __init__(self, complete: Complete) -> None:
        self._complete = complete

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        for text, count, about in self._complete(document.text_before_cursor):
            yield Completion(text, start_position=-count, display_meta=about)


def _has_terminal() -> bool:
    try:
        termios.tcgetattr(0)
    except termios.error:
        return False
    return True
