"""What all of ``netapp user`` stands on: the accounts in one transaction, and how it fails."""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from netapp.cli import common
from netapp.core import platform
from netapp.core.languages import Phrases
from netapp.core.platform import pwd

if TYPE_CHECKING:
    from netapp.people.model import Account
    from netapp.people.rows import Rows

T = TypeVar("T")
#: What has happened, to whom, and what else is told of it.
Event = tuple[str, "Account | None", dict[str, object]]
Function = TypeVar("Function", bound=Callable[..., Any])

PHRASES: Final = Phrases(
    {
        "owner": (
            "状态目录 {state} 属于 {owner}:请用 sudo -u {owner} netapp user ...",
            "the state directory {state} is {owner}'s: run  sudo -u {owner} netapp user ...",
        ),
        "no state": (
            "状态目录 {state} 无法写入:请用 --state 换一个",
            "the state directory {state} cannot be written: choose another with --state",
        ),
        "open state": (
            "状态目录 {state} 其他用户也能写:请运行 chmod 700 {state}",
            "the state directory {state} can be written by others: chmod 700 {state}",
        ),
        "no accounts": ("账号数据无法使用:{reason}", "the accounts cannot be used: {reason}"),
        "busy": (
            "另一个程序一直占用着数据库 {path}:稍后再试(fuser {path} 可以看到是谁)",
            "another program holds the database {path}: try again later (fuser {path} names it)",
        ),
        "full": (
            "数据库 {path} 所在的磁盘满了:请先腾出空间,什么都没有改动",
            "the disk of the database {path} is full: make room; nothing was changed",
        ),
        "read-only": (
            "数据库 {path} 不能写:请检查它的权限和所在的磁盘",
            "the database {path} cannot be written: look at its rights and its disk",
        ),
        "corrupt": (
            "数据库 {path} 已损坏:请停下服务,换上备份",
            "the database {path} is damaged: stop the services and put a copy of it back",
        ),
        "disk": (
            "数据库 {path} 所在的磁盘出错({reason}):什么都没有改动",
            "the disk of the database {path} fails ({reason}): nothing was changed",
        ),
        "no audit": (
            "审计记录 {path} 写不了:请检查它的权限和所在的磁盘,什么都没有改动",
            "the audit trail {path} cannot be written: look at its rights and its disk; nothing was changed",
        ),
    }
)
say: Final = common.words(PHRASES)
#: SQLite's names of what went wrong, by how they begin, to what is said of it.
_DATABASE: Final = {
    "SQLITE_BUSY": "busy",
    "SQLITE_LOCKED": "busy",
    "SQLITE_FULL": "full",
    "SQLITE_READONLY": "read-only",
    "SQLITE_CANTOPEN": "read-only",
    "SQLITE_PERM": "read-only",
    "SQLITE_CORRUPT": "corrupt",
    "SQLITE_NOTADB": "corrupt",
    "SQLITE_IOERR": "disk",
}


def json_option(function: Function) -> Function:
    return click.option(
        "--json", "as_json", is_flag=True, help="One JSON array, times in seconds since 1970."
    )(function)


class Transaction:
    """What a command does, all of it or nothing: rows, and what is written of it for later.

    :param now: seconds since 1970.
    """

    def __init__(self, state: Path, rows: "Rows", now: float) -> None:
        self.state, self.rows, self.now = state, rows, now
        self._events: list[Event] = []
        self._written = 0

    def note(self, event: str, account: "Account | None" = None, **fields: object) -> None:
        """Have the audit trail say that this was done, and by whom."""
        self._events.append((event, account, fields))

    def key_for(self, purpose: str) -> bytes:
        """The state directory's key for a purpose: the one that its services have.

        :raises ConfigError: it cannot be read, or is gone where it is needed.
        """
        from netapp.people import KEY_FILE, codes, secret_of

        needed = self.rows.factors.sealed()
        return codes.derived(secret_of(self.state / KEY_FILE, needed=needed), purpose)

    def seconds(self) -> float:
        """The time, for whoever wants a clock."""
        return self.now

    def write_audit(self) -> None:
        """Before the rows are stored: what is not in the trail has not been done."""
        lost = self._write(self._events) if self._events else 0
        self._written = len(self._events) - lost
        if lost:
            common.fail(say("no audit", path=trail(self.state)))

    def undo_audit(self) -> None:
        """What stands in the trail already has not been done after all."""
        if self._written:
            self._write([("undone", None, {"count": self._written})])

    def _write(self, events: "Sequence[Event]") -> int:
        """:returns: how many could not be written."""
        from netapp.people.trail.audit import Audit

        audit = Audit(trail(self.state), b"", self)  # no name that is unknown is told of here
        for event, account, fields in events:
            told: dict[str, Any] = {**operator(), **fields}
            audit.record(event, account=account, door="command", **told)
        audit.close()
        return audit.lost


def directory(state: Path | None) -> Path:
    """The state directory that is meant."""
    from netapp.core.state import default_state

    return state or default_state(os.environ)


def trail(state: Path) -> Path:
    """Where the audit trail is."""
    from netapp.people import AUDIT_FILE

    return state / AUDIT_FILE


def at(state: Path | None, work: Callable[[Transaction], T]) -> T:
    """Run work on the accounts in one transaction; it is on the disk when this returns.

    It fails, in one line, where the rules refuse, and where the state directory or its database
    cannot be used; then nothing has been changed.
    """
    from netapp.core.backup import Unfit
    from netapp.core.state import open_state
    from netapp.errors import ConfigError
    from netapp.people.store import rows as opened  # SQLAlchemy takes its time: not for --help

    state = directory(state)
    see_whose(state)
    try:
        open_state(state)
    except Unfit as error:
        common.fail(error.say(say.lang))
    except ConfigError:
        common.fail(say("open state" if _open_to_others(state) else "no state", state=state))
    with ExitStack() as unless_stored:
        with failures(state / "people.db"), opened(state) as rows:
            transaction = Transaction(state, rows, datetime.now().timestamp())
            unless_stored.callback(transaction.undo_audit)
            outcome = work(transaction)
            transaction.write_audit()
        unless_stored.pop_all()
    return outcome


def change(
    state: Path | None, name: str, work: "Callable[[Transaction, Account], Account | None]"
) -> "Account":
    """Run work on one account.  :returns: as it is then, if work says so, else as it was."""
    account, changed = of_account(state, name, work)
    return changed or account


def of_account(
    state: Path | None, name: str, read: "Callable[[Transaction, Account], T]"
) -> "tuple[Account, T]":
    """An account, and what ``read`` finds of it."""
    from netapp.people import admin

    def found(transaction: Transaction) -> "tuple[Account, T]":
        account = admin.find(transaction.rows, name)
        return account, read(transaction, account)

    return at(state, found)


@contextmanager
def failures(path: Path = Path()) -> Iterator[None]:
    """What goes wrong ends the command in one line.  :param path: of the database."""
    from sqlalchemy.exc import DBAPIError

    from netapp.core.backup import Unfit
    from netapp.errors import ConfigError
    from netapp.people.model import Refused

    try:
        yield
    except (Refused, Unfit) as error:
        common.fail(error.say(say.lang))
    except DBAPIError as error:
        common.fail(database_trouble(error, path))
    except ConfigError as error:
        cause = error.__context__
        known = database_trouble(cause, path) if isinstance(cause, DBAPIError) else ""
        common.fail(known or say("no accounts", reason=error))


def database_trouble(error: Any, path: Path) -> str:
    """What SQLite says, in the user's words.  :param error: SQLAlchemy's."""
    name = getattr(error.orig, "sqlite_errorname", "")
    key = next((key for begin, key in _DATABASE.items() if name.startswith(begin)), None)
    if key is None:
        return say("no accounts", reason=error.orig)
    return say(key, path=path, reason=error.orig)


def see_whose(state: Path) -> None:
    """Root's own files in another user's state directory would lock that user's services out."""
    if platform.user() == 0 and state.is_dir() and (owner := state.stat().st_uid) != 0:
        common.fail(say("owner", state=state, owner=_user_name(owner)))


def _open_to_others(state: Path) -> bool:
    try:
        return state.is_dir() and bool(stat.S_IMODE(state.stat().st_mode) & 0o002)
    except OSError:  # in a folder that we may not enter
        return False


def _user_name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"#{number}"


def operator() -> dict[str, object]:
    """Who runs the command, for the audit trail."""
    who: dict[str, object] = {"by": _user_name(platform.user()), "uid": platform.user()}
    if before := os.environ.get("SUDO_USER"):
        who["sudo"] = before
    return who
