"""A state directory to back up, and archives that nobody should believe."""

import gzip
import hashlib
import io
import json
import sqlite3
import tarfile
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from netapp.core.backup import writing

KNOWN = {"words.db": {"one"}, "people.db": {"one"}}
#: A name, its octets (None: a folder), and what else the member is.
Entry = tuple[str, bytes | None, dict[str, Any]]
TOP: Entry = ("netapp", None, {})


def database(path: Path, *words: str, revision: str = "one") -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as made:
        made.execute("PRAGMA journal_mode=WAL")
        made.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num TEXT)")
        made.execute("DELETE FROM alembic_version")
        made.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
        made.execute("CREATE TABLE IF NOT EXISTS word (text TEXT)")
        made.executemany("INSERT INTO word VALUES (?)", [(word,) for word in words])


def words(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as opened:
        return [text for (text,) in opened.execute("SELECT text FROM word ORDER BY rowid")]


def a_state(path: Path, *said: str) -> Path:
    """Two databases, a key, a trail, a share with names in Chinese, in GBK, and an empty folder."""
    path.mkdir(mode=0o700)
    database(path / "words.db", *said)
    database(path / "people.db", "zhao")
    (path / "people.key").write_bytes(bytes(range(32)))
    (path / "people.key").chmod(0o600)
    (path / "audit.jsonl").write_text('{"event":"login"}\n')
    (path / "share" / "空").mkdir(parents=True)
    (path / "share" / "1.txt").write_text("0123456789")
    (path / "share" / "中文.txt").write_text("你好")
    (path / "share" / "程序" / "深").mkdir(parents=True)
    (path / "share" / "程序" / "深" / "a.py").write_text("print(1)\n")
    with open(bytes(path / "share") + b"/\xb0\xa1.txt", "wb") as gbk:
        gbk.write(b"\0" * 700)
    return path


def saved(state: Path, folder: Path, *, files: bool = True) -> Path:
    """Its backup."""
    spool = folder / "spool"
    spool.mkdir()
    path = folder / "backup.tar.gz"
    with path.open("wb") as out:
        writing.write(state, out, spool, netapp="0.1.0", created="2026-11-21T12:00:00Z", files=files)
    assert list(spool.iterdir()) == []
    spool.rmdir()
    return path


def tree(folder: Path) -> dict[bytes, bytes | None]:
    """Names to octets, folders to None."""
    return {
        bytes(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


# Archives by hand ---------------------------------------------------------------------------------

HEAD = {"program": "netapp", "format": 1, "netapp": "0.1.0", "created": "now", "files": True}


def archive(
    path: Path,
    entries: Iterable[Entry],
    *,
    head: object = HEAD,
    listed: object = None,
    after: Iterable[Entry] = (),
) -> Path:
    """An archive whose manifest fits, unless ``listed`` says otherwise.

    :param after: what stands behind the manifest.
    """
    promised: list[dict[str, object]] = []
    with gzip.open(path, "wb") as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        _add(tar, "netapp-backup.json", json.dumps(head).encode(), {})
        for name, octets, more in entries:
            _add(tar, name, octets, more)
            if octets is None:
                promised.append({"name": name, "folder": True})
            else:
                digest = hashlib.sha256(octets).hexdigest()
                promised.append({"name": name, "size": len(octets), "sha256": digest})
        manifest = {"databases": {}, "members": promised} if listed is None else listed
        _add(tar, "MANIFEST.json", json.dumps(manifest).encode(), {})
        for name, octets, more in after:
            _add(tar, name, octets, more)
    return path


def _add(tar: tarfile.TarFile, name: str, octets: bytes | None, more: dict[str, Any]) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.mode = (
        (tarfile.DIRTYPE, 0, 0o700) if octets is None else (b"0", len(octets), 0o600)
    )
    for key, value in more.items():
        setattr(info, key, value)
    tar.addfile(info, io.BytesIO(octets or b""))
