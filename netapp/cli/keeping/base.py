"""What ``netapp backup``, ``restore`` and ``db`` stand on: which databases there are, and how they fail."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from netapp.cli import common
from netapp.core.languages import Phrases

PHRASES: Final = Phrases(
    {
        "full": ("{path} 所在的磁盘满了:请先腾出空间", "the disk of {path} is full: make room first"),
        "large": (
            "{path} 所在的文件系统放不下这么大的文件(FAT32 最多 4 GB):请换一个",
            "the file system of {path} takes no file that large (FAT32: 4 GB): use another",
        ),
        "denied": (
            "没有权限使用 {path}:请用它的主人或 root 运行",
            "no right to use {path}: run it as its owner, or as root",
        ),
        "no state": (
            "没有状态目录 {path}:请用 --state 指出",
            "there is no state directory {path}: name it with --state",
        ),
        "trouble": ("{path}:{reason}", "{path}: {reason}"),
    }
)
say: Final = common.words(PHRASES)


@dataclass(frozen=True)
class Noun:
    """A noun that keeps rows.  :param head: the newest revision of its migrations."""

    database: str
    migrations: Path
    head: str
    tables: frozenset[str]

    def known(self) -> frozenset[str]:
        """All revisions that this netapp knows."""
        from alembic import script
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(self.migrations).replace("%", "%%"))
        return frozenset(
            each.revision for each in script.ScriptDirectory.from_config(config).walk_revisions()
        )


def nouns() -> tuple[Noun, ...]:
    """Those that keep rows; SQLAlchemy takes its time, so not for ``--help``."""
    from netapp.people import store as people
    from netapp.people.tables import METADATA
    from netapp.talk import rows as talk
    from netapp.talk.tables import metadata

    return (
        Noun("people.db", people.MIGRATIONS, people.HEAD, frozenset(METADATA.tables)),
        Noun("talk.db", talk.MIGRATIONS, talk.HEAD, frozenset(metadata.tables)),
    )


def directory(state: Path | None, *, there: bool = True) -> Path:
    """The state directory that is meant.  It fails, in one line, where there is none and must be."""
    from netapp.core.state import default_state, see_uncut

    path = state or default_state(os.environ)
    try:
        found = path.is_dir()
    except OSError as error:
        common.fail(common.trouble(error, path))
    if there and not found:
        with failures(path):
            see_uncut(path)
        common.fail(say("no state", path=path))
    return path


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def failures(path: object) -> Iterator[None]:
    """What goes wrong ends the command in one line.  :param path: named where the system names none."""
    import sqlite3

    from netapp.core.backup import Unfit
    from netapp.errors import ConfigError

    try:
        yield
    except Unfit as error:
        common.fail(error.say(say.lang))
    except ConfigError as error:
        common.fail(str(error))
    except sqlite3.DatabaseError as error:
        full = getattr(error, "sqlite_errorname", "") == "SQLITE_FULL"
        common.fail(say("full", path=path) if full else say("trouble", path=path, reason=error))
    except OSError as error:
        where = _place(error) or path
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            common.fail(say("full", path=path))
        if error.errno == errno.EFBIG:
            common.fail(say("large", path=path))
        if error.errno in (errno.EACCES, errno.EPERM):
            common.fail(say("denied", path=where))
        common.fail(common.trouble(error, where))


def _place(error: OSError) -> str:
    return os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
