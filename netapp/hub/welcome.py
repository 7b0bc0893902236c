"""What the hub says when it starts: everything on a sheet the first time, one line a service afterwards.

The first administrator's code is a secret.  It goes to the terminal of who has started us, and never to
the log, a file or a pipe, which may lead to a file that others read; there the sheet says how to see it:
``netapp status``, in a terminal.
"""

import os
import shlex
import stat
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, Literal

from twisted.application.service import IService
from twisted.internet import defer
from twisted.logger import Logger

from netapp.core import settingsfile
from netapp.core.cells import COLUMNS
from netapp.core.config import SharedOptions
from netapp.core.languages import Lang
from netapp.core.listen import Listener
from netapp.core.platform import O_CLOEXEC
from netapp.core.running import Shared
from netapp.core.services import House, Notice, Part, parts
from netapp.core.state import acting_as, default_state, open_state
from netapp.core.status.readings import standing
from netapp.core.status.sheet import Sheet
from netapp.errors import ConfigError
from netapp.hub.config import PLUGIN
from netapp.hub.settings import PHRASES

if TYPE_CHECKING:
    from netapp.people.directory import People
    from netapp.people.first import FirstCode

_log = Logger()
#: Left in the state directory once the sheet was shown.
MARK: Final = ".welcomed"

Reader = Literal["terminal", "pipe", "file", "nobody"]


class Welcome:
    """:param people: who has an account; None where nobody can log in."""

    def __init__(self, options: SharedOptions, shared: Shared, people: "People | None") -> None:
        self._options, self._shared, self._people = options, shared, people
        self._state = options.state_path
        self._first = not (self._state / MARK).exists()
        #: At a terminal the sheet follows: the log need not say the same at length.
        self._brief = not self._first or reader_of(1) == "terminal"
        self._running = False

    def greet(self, house: House) -> House:
        """A house in which this one starts, and what it has to say is said."""
        around = House()
        Part(lambda: self._hush(house), lambda: None).setServiceParent(around)
        house.setServiceParent(around)
        Part(lambda: self._begin(house), self._end).setServiceParent(around)
        if self._first and self._options.settings_path is None:
            self._write_settings()
        return around

    def _hush(self, house: IService) -> None:
        if self._brief:
            for each in parts(house):
                if isinstance(each, Listener | Notice):
                    each.speaks = False

    def _begin(self, house: IService) -> None:
        self._running = True
        if self._brief:
            _tell(house)
        code: defer.Deferred[Any] = defer.succeed(None)
        if self._people is not None:
            code = defer.ensureDeferred(self._people.invitations.first())
            code.addErrback(lambda failure: _log.failure("there is no code for an administrator", failure))
        then = self._show if self._first else self._remind
        code.addCallback(
            lambda found: self._shared.reactor.callLater(0, self._if_running, then, house, found)
        )

    def _end(self) -> None:
        self._running = False

    def _if_running(self, then: Callable[..., object], *what: object) -> None:
        """There is nothing to show of a start that was ended at once."""
        if self._running:
            then(*what)

    def _remind(self, house: IService, code: "FirstCode | None") -> None:
        if code is not None and code.new:
            _log.info(
                "{plugin}: the code for the first administrator was over, and there is a new one: {command}",
                plugin=PLUGIN,
                command=self._command("status"),
            )

    def _show(self, house: IService, code: "FirstCode | None") -> None:
        told = self._shared.status.snapshot(PLUGIN, house)
        reader = reader_of(1)
        if reader != "nobody":
            write_out(self._sheet(told, code, reader))
        if reader in ("nobody", "file"):
            text = "{plugin}: {command}  shows where the services are, and how the first account is made"
            _log.info(text, plugin=PLUGIN, command=self._command("status"))
        try:
            os.close(os.open(self._state / MARK, os.O_WRONLY | os.O_CREAT | O_CLOEXEC, 0o600))
        except OSError as error:
            _log.warn("{plugin}: {reason}", plugin=PLUGIN, reason=str(error))

    def _sheet(self, told: dict[str, Any], code: "FirstCode | None", reader: Reader) -> Iterable[str]:
        sheet = Sheet([told], _readable(self._options["lang"]))
        yield from ["", *sheet.head(), "", *sheet.services()]
        if sheet.begin is not None:
            yield from sheet.qr(drawn(sheet.begin, reader))
        if code is not None and reader != "terminal":
            yield from ["", *sheet.hidden()]
        elif code is not None:
            yield from sheet.first_admin(code.text, code.expires)
            yield from sheet.add_admin(self._command("user", "add", "NAME", "--admin"), alone=False)
        settings = self._options.settings_path
        yield from sheet.settings(os.path.abspath(settings) if settings else None, str(self._state))
        yield from [*sheet.again(self._command("status")), ""]

    def _command(self, *words: str) -> str:
        """A command line of ``netapp``, for this state directory."""
        command = " ".join(("netapp", *words))
        if self._state != default_state(os.environ):
            command += f" --state {shlex.quote(str(self._state.absolute()))}"
        return command

    def _write_settings(self) -> None:
        """By who starts us, so that nobody else's words are obeyed with our rights at the next start."""
        try:
            with acting_as(None if self._state.exists() else self._shared.user):
                open_state(self._state)
            text, mode = PHRASES.say(self._options["lang"], "file"), 0o600
            if self._shared.user is not None:
                mode = 0o644  # read again once we are that user, who alone may enter the directory
            path = settingsfile.write_new(self._state, text, mode)
        except (OSError, ConfigError) as error:
            _log.warn("{plugin}: no file of settings is written: {reason}", plugin=PLUGIN, reason=str(error))
        else:
            self._options.settings_path = str(path)


def _tell(house: IService) -> None:
    """One line for each service."""
    owners: dict[str, list[Listener]] = {}
    for each in standing(house):
        owners.setdefault(each.owner, []).append(each)
    shorts = [each for each in parts(house) if isinstance(each, Notice) and each.short]
    for owner, listeners in owners.items():
        told = ["listening on " + ", ".join(each.where() for each in listeners)]
        told += [each.short for each in shorts if each.owner == owner]
        if hint := next(filter(None, (each.hint() for each in listeners)), ""):
            told.append(f"try  {hint}")
        _log.info("{owner}: {told}", owner=owner, told="; ".join(told))


def reader_of(descriptor: int) -> Reader:
    """Who reads what is written to a descriptor; only at a terminal it is surely who has started us."""
    try:
        about = os.fstat(descriptor)
    except OSError:
        return "nobody"
    if stat.S_ISCHR(about.st_mode):
        return "terminal" if os.isatty(descriptor) else "nobody"
    return "pipe" if stat.S_ISFIFO(about.st_mode) else "file"


def drawn(url: str, reader: Reader) -> str:
    """A QR code for who looks at it now; nothing where its characters cannot be shown."""
    if reader not in ("terminal", "pipe"):
        return ""
    from netapp.people import qr

    encoding = (getattr(sys.__stdout__, "encoding", "") or "").lower().replace("-", "")
    if encoding == "utf8":
        return qr.terminal(url, colours=reader == "terminal")
    return qr.spaces(url, columns=COLUMNS) if reader == "terminal" else ""


def _readable(lang: Lang) -> Lang:
    """English where the output has no Chinese characters."""
    try:
        "中文".encode(sys.__stdout__.encoding if sys.__stdout__ is not None else "utf-8")
    except UnicodeError:
        return "en"
    return lang


def write_out(lines: Iterable[str]) -> None:
    """Past twistd's log, which has taken ``sys.stdout``."""
    out = sys.__stdout__
    if out is None:
        return
    octets = "".join(f"{line}\n" for line in lines).encode(out.encoding, "replace")
    try:
        out.buffer.write(octets)
        out.flush()
    except OSError:
        pass  # nobody looks; netapp status shows it again
