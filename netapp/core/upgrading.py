"""A database at its newest revision before anybody uses it; an older one is copied first.

Alembic takes its time: it is imported only when a database is not at the newest revision.
"""

import secrets
import sqlite3
from pathlib import Path

import sqlalchemy
from sqlalchemy import Connection, Engine
from twisted.logger import Logger

from netapp.core import limits
from netapp.core.database import open_engine
from netapp.core.platform import sync_folder
from netapp.core.state import locked
from netapp.errors import ConfigError

_log = Logger()


def upgrade(path: Path, migrations: Path, head: str) -> None:
    """Bring a database to revision ``head``, making it first if need be, under the state's lock.

    Before an older one is upgraded, a copy of it is put aside: :func:`copy_before`.

    :param migrations: the noun's folder of Alembic revisions.
    :raises ConfigError: no database, another program's, one of a newer netapp, or one that cannot
        be written.
    """
    try:
        with locked(path.parent):
            path.touch(mode=0o600)
            engine = open_engine(path, begin="BEGIN IMMEDIATE")
            try:
                _upgrade(engine, path, migrations, head)
            finally:
                engine.dispose()
    except OSError as error:
        raise ConfigError(f"the database {path} cannot be opened: {error.strerror}") from None
    except sqlalchemy.exc.DatabaseError as error:
        raise ConfigError(_trouble(path, error.orig)) from None
    except sqlite3.DatabaseError as error:  # of the copy that is put aside
        raise ConfigError(_trouble(path, error)) from None


def _trouble(path: Path, error: object) -> str:
    """What SQLite says of a database, and the cure."""
    cures = {
        "SQLITE_FULL": "make room on its disk",
        "SQLITE_NOTADB": "move it elsewhere, or put a backup back (netapp restore FILE --force)",
        "SQLITE_CORRUPT": "put a backup back (netapp restore FILE --force)",
    }
    cure = cures.get(getattr(error, "sqlite_errorname", ""))
    return f"the database {path} cannot be used: {error}" + (f": {cure}" if cure else "")


def _upgrade(engine: Engine, path: Path, migrations: Path, head: str) -> None:
    with engine.connect() as connection:
        now = _revision(connection, path)
        connection.rollback()
        if now == head:
            return
        from alembic import command, script
        from alembic.config import Config
        from alembic.util import CommandError

        config = Config()
        config.set_main_option("script_location", str(migrations).replace("%", "%%"))
        config.attributes["connection"] = connection
        try:
            if now is not None:
                script.ScriptDirectory.from_config(config).get_revision(now)
                _put_aside(path, head)
            command.upgrade(config, head)
        except CommandError:
            raise ConfigError(
                f"the database {path} is of a newer netapp ({now}): upgrade netapp, or use another --state"
            ) from None
    if now is not None:
        _log.info(
            "the database {path} was of an older netapp ({now}) and is at {head} now; "
            "what it was before is {copy}",
            path=path,
            now=now,
            head=head,
            copy=copy_before(path, head),
        )


def _revision(connection: Connection, path: Path) -> str | None:
    """The revision that a database is at; None for an empty one, which is to be made."""
    if not connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar():
        return None
    known = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version' AND type = 'table'"  # no view
    if not connection.exec_driver_sql(known).scalar():
        raise ConfigError(f"the database {path} is not netapp's: move it elsewhere, or use another --state")
    now = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if now is None else str(now)


def copy_before(path: Path, head: str) -> Path:
    """Where the copy is that was put aside before a database was upgraded to ``head``."""
    return path.with_name(f"{path.name}.before-{head}")


def _put_aside(path: Path, head: str) -> None:
    """Copy a database that is to be upgraded; the newest few of such copies stay.

    :raises OperationalError: the disk is full, or fails.
    """
    from netapp.core.backup import rows

    copy = copy_before(path, head)
    draft = copy.with_name(f".{copy.name}-{secrets.token_hex(8)}")
    try:
        rows.copy(path, draft)
        draft.replace(copy)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)
    copies = sorted(path.parent.glob(f"{path.name}.before-*"), key=lambda each: each.stat().st_mtime_ns)
    for old in copies[: -limits.DATABASE_COPIES]:
        old.unlink(missing_ok=True)
