"""Is the state whole: databases opened for reading alone, their revision, and the key they need."""

import json
import re
import shlex
import sqlite3
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import netapp
from netapp.cli import common
from netapp.cli.doctor.finding import Finding
from netapp.core import limits
from netapp.core.languages import Phrases

PHRASES: Final = Phrases(
    {
        "whole": ("数据库 {path} 完好", "the database {path} is whole"),
        "large": (
            "数据库 {path} 很大,没有全部检查",
            "the database {path} is large: not all of it was looked at",
        ),
        "broken": ("数据库 {path} 坏了:{reason}", "the database {path} is broken: {reason}"),
        "no database": ("{path} 不是 netapp 的数据库", "{path} is no database of netapp's"),
        "unreadable": ("数据库 {path} 读不了:{reason}", "the database {path} cannot be read: {reason}"),
        "older": (
            "数据库 {path} 是旧版本({revision}),下次启动时升级",
            "the database {path} is older ({revision}): the next start upgrades it",
        ),
        "newer": (
            "数据库 {path} 来自更新的 netapp({revision}):服务不肯启动",
            "the database {path} is of a newer netapp ({revision}): no service starts",
        ),
        "no key": (
            "密钥文件 {path} 不见了,而有账号的两步验证要用它:服务不肯启动",
            "the key file {path} is gone, and second factors were sealed with it: no service starts",
        ),
        "key back": ("用备份放回去:{command}", "put its copy back: {command}"),
    }
)
say: Final = common.words(PHRASES)
#: A database to the noun whose it is, and what its folder of revisions says.
NOUNS: Final = ("people", "talk")
_REVISION: Final = re.compile(r"^([a-z]?[0-9]+)_")


@dataclass(frozen=True)
class Facts:
    """:param revision: what it is at; empty for none.

    :param known: revisions that this netapp knows, oldest first.
    :param trouble: what SQLite says of it; empty for nothing.
    :param readable: SQLite could open it at all.
    :param looked: whether all of it was looked at.
    :param needs_key: something in it was sealed with the key file.
    """

    path: Path
    revision: str = ""
    known: tuple[str, ...] = ()
    trouble: str = ""
    readable: bool = True
    looked: bool = True
    needs_key: bool = False
    has_key: bool = True
    hash_memory: int = 64 * 2**20  # octets that one hash takes


def judge(facts: Facts) -> list[Finding]:
    path, revision = facts.path, facts.revision
    quoted, state = shlex.quote(str(path)), shlex.quote(str(path.parent))
    fields: dict[str, object] = {"path": path, "revision": revision, "reason": facts.trouble}
    restore = f"netapp restore FILE --force --state {state}"
    found = []
    if not facts.readable:
        return [_one("bad", "unreadable", fields, f"ls -l {quoted}*")]
    if facts.trouble:
        return [_one("bad", "broken", fields, restore)]
    if not revision:
        found.append(_one("bad", "no database", fields, f"mv {quoted} {quoted}.old"))
    elif revision not in facts.known:
        found.append(_one("bad", "newer", fields, f"{sys.executable} -m pip install --upgrade netapp"))
    elif revision != facts.known[-1]:
        found.append(_one("note", "older", fields))
    if facts.needs_key and not facts.has_key:
        key = path.parent / "people.key"
        command = f"install -m 600 COPY {shlex.quote(str(key))}"
        found.append(_one("bad", "no key", {"path": key}, say("key back", command=command)))
    if found:
        return found
    if not facts.looked:
        return [_one("note", "large", fields, f"sqlite3 {quoted} 'PRAGMA quick_check'")]
    return [_one("ok", "whole", fields)]


def _one(verdict: str, key: str, fields: dict[str, object], cure: str = "") -> Finding:
    about = {"is": key, "path": str(fields["path"])}
    return Finding("database", verdict, say(key, **fields), cure, about)  # type: ignore[arg-type]


# Reading -------------------------------------------------------------------------------------


def read(state: Path) -> Sequence[Facts]:
    return [_read(state / f"{noun}.db", noun) for noun in NOUNS if (state / f"{noun}.db").is_file()]


def known_revisions(noun: str) -> tuple[str, ...]:
    """By the names of the noun's files of revisions."""
    folder = Path(netapp.__file__).parent / noun / "migrations" / "versions"
    found = (_REVISION.match(path.name) for path in folder.glob("*.py"))
    return tuple(sorted(match[1] for match in found if match))


def _read(path: Path, noun: str) -> Facts:
    known = known_revisions(noun)
    try:
        if path.stat().st_size == 0:  # a start made it and went no further; the next one fills it
            return Facts(path, known[-1], known)
        with closing(_opened(path)) as rows:
            return _looked_at(path, noun, known, rows)
    except sqlite3.DatabaseError as error:
        can_open = getattr(error, "sqlite_errorname", "") not in ("SQLITE_CANTOPEN", "SQLITE_AUTH")
        return Facts(path, known=known, trouble=str(error), readable=can_open)
    except OSError as error:
        return Facts(path, known=known, trouble=error.strerror or str(error), readable=False)


def _opened(path: Path) -> sqlite3.Connection:
    """For reading.  Without a log beside it nothing but the file is touched, not even for a lock."""
    log = path.with_name(path.name + "-wal")
    alone = not log.exists() or log.stat().st_size == 0
    where = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if alone else ''}"
    return sqlite3.connect(where, uri=True, timeout=limits.DOCTOR_ANSWER, check_same_thread=False)


def _looked_at(path: Path, noun: str, known: tuple[str, ...], rows: sqlite3.Connection) -> Facts:
    tables = {name for (name,) in rows.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    revision = ""
    if "alembic_version" in tables:
        row = rows.execute("SELECT version_num FROM alembic_version").fetchone()
        revision = str(row[0]) if row else ""
    sealed = "totp" in tables and rows.execute("SELECT 1 FROM totp LIMIT 1").fetchone() is not None
    ends = time.monotonic() + limits.DOCTOR_ANSWER
    rows.set_progress_handler(lambda: int(time.monotonic() > ends), 10_000)
    looked, trouble = True, ""
    try:
        said = rows.execute("PRAGMA quick_check(1)").fetchone()
        trouble = "" if said and said[0] == "ok" else str(said[0] if said else "?")
    except sqlite3.OperationalError as error:
        if "interrupted" not in str(error):
            raise
        looked = False
    key = (path.parent / "people.key").exists()
    cost = _hash_memory(rows) if "setting" in tables else Facts.hash_memory
    return Facts(path, revision, known, trouble.replace("\n", " "), True, looked, sealed, key, cost)


def _hash_memory(rows: sqlite3.Connection) -> int:
    """What ``netapp user tune`` has stored, in octets; the default where it has not."""
    try:
        row = rows.execute("SELECT value FROM setting WHERE key = 'hash cost'").fetchone()
        return int(json.loads(row[0])["memory"]) * 1024 if row else Facts.hash_memory
    except (sqlite3.Error, ValueError, KeyError, TypeError):
        return Facts.hash_memory
