"""The audit trail: what has happened to accounts, one JSON object a line.

A line stands alone and is ASCII: whatever came from the network is made visible first, then escaped,
so that neither a terminal nor a program that reads the file obeys it.  Names that are no account's
are people's passwords often enough: only a keyed hash of them is kept.

Several processes may append to one file, each line by one write.  The file is set aside when it has
grown, and opened anew when somebody else has moved it (logrotate).  What cannot be written is
counted and told of in the log; it is no reason to refuse anybody.
"""

import hashlib
import hmac
import json
import math
import os
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

from twisted.logger import Logger

from netapp.core import limits
from netapp.core.platform import O_CLOEXEC, O_NOFOLLOW, O_NONBLOCK, fcntl
from netapp.core.text import decode, visible

#: A name that does not exist is followed by no link, and a pipe that nobody reads is not waited for.
_FLAGS: Final = os.O_WRONLY | os.O_APPEND | os.O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK


class Named(Protocol):
    """What is noted of an account."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...


class Audit:
    """Writes the trail.

    :param path: the file; it is opened with the first event, mode 0600.
    :param key: for the hashes of unknown names: the same key, the same hash.
    :param clock: its ``seconds`` are since 1970, as the system's clock has them.
    :param size: octets before the file is set aside.
    """

    _log = Logger()

    def __init__(self, path: Path, key: bytes, clock: Any, *, size: int = limits.AUDIT_FILE) -> None:
        self.path, self._key, self._clock, self._size = path, key, clock, size
        self._file: int | None = None
        self._torn = False  # a line of ours was cut
        self._failing = False
        self.written = 0
        self.lost = 0  # events that could not be written

    def record(
        self,
        event: str,
        /,
        *,
        account: Named | None = None,
        name: str | bytes | None = None,
        source: str = "",
        door: str = "",
        reason: str = "",
        **fields: object,
    ) -> None:
        """Append one event; never raises.

        :param account: whom it is about.
        :param name: what was typed instead, where that is no account's.
        :param source: an address.
        :param reason: one of our own words.
        :param fields: text, numbers, or lists of them; a long one is cut.
        """
        try:
            who = self._who(account, name)
            place = {"source": source, "door": door, "reason": reason}
            line = _line(self._clock.seconds(), event, who | {k: v for k, v in place.items() if v} | fields)
            self._append(line)
        except Exception as error:
            self._failed(error)
        else:
            self._worked()

    def unknown(self, name: str | bytes) -> str:
        """How a name is noted that is no account's."""
        octets = name if isinstance(name, bytes) else name.encode("utf-8", "surrogatepass")
        return hmac.new(self._key, b"audit\0" + octets, hashlib.sha256).hexdigest()[:24]

    def close(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            os.close(file)

    def _who(self, account: Named | None, name: str | bytes | None) -> dict[str, object]:
        if account is not None:
            return {"account": account.id, "name": account.name}
        return {} if name is None else {"unknown": self.unknown(name)}

    # The file --------------------------------------------------------------------------------

    def _append(self, line: bytes) -> None:
        file = self._opened()
        if os.fstat(file).st_size >= self._size:
            self._set_aside(file)
            file = self._opened()
        octets = b"\n" + line if self._torn else line
        self._torn = True
        written = os.write(file, octets)
        if written < len(octets):  # the disk is full: the rest may fit, and then it is well
            written += os.write(file, octets[written:])
        self._torn = written < len(octets)
        if self._torn:
            raise OSError("the disk took only a part of the line")

    def _opened(self) -> int:
        """The file that has the name now."""
        if self._file is not None and not _is_at(self._file, self.path):
            self.close()
        if self._file is None:
            self._file = file = os.open(self.path, _FLAGS, 0o600)
            self._torn = False
            status = os.fstat(file)
            if not stat.S_ISREG(status.st_mode):
                self.close()
                raise OSError(f"{self.path} is no file")
            if stat.S_IMODE(status.st_mode) != 0o600:
                with suppress(PermissionError, AttributeError):  # it is somebody else's, who let us write
                    os.fchmod(file, 0o600)
        return self._file

    def _set_aside(self, file: int) -> None:
        """Move the file out of the way, unless another process is just doing it."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        try:
            if _is_at(file, self.path):
                for older, old in reversed(list(_pairs(self.path))):
                    with suppress(FileNotFoundError):
                        os.replace(old, older)
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)

    def _failed(self, error: Exception) -> None:
        self.lost += 1
        if not self._failing:
            self._failing = True
            self._log.error(
                "the audit trail {path} cannot be written ({reason}): events are lost until it can",
                path=self.path,
                reason=getattr(error, "strerror", None) or visible(str(error)),
            )

    def _worked(self) -> None:
        self.written += 1
        if self._failing:
            self._failing = False
            self._log.warn(
                "the audit trail {path} is written again; {lost} events are lost since the start",
                path=self.path,
                lost=self.lost,
            )


def old_files(path: Path) -> list[Path]:
    """The names of files that are set aside, the newest first; they need not exist."""
    return [path.with_name(f"{path.name}.{number}") for number in range(1, limits.AUDIT_OLD + 1)]


def _pairs(path: Path) -> Iterable[tuple[Path, Path]]:
    """Where each file goes, and which: the newest first."""
    names = [path, *old_files(path)]
    return zip(names[1:], names, strict=False)


def _is_at(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), os.stat(path, follow_symlinks=False))
    except FileNotFoundError:
        return False


# One line ------------------------------------------------------------------------------------


def _line(seconds: float, event: str, fields: Mapping[str, object]) -> bytes:
    named = {name: _plain(value) for name, value in fields.items()}
    entry = {"time": rfc3339(seconds), "event": _plain(event)} | {
        name: value for name, value in named.items() if name not in ("time", "event")
    }
    return json.dumps(entry, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"


def rfc3339(seconds: float) -> str:
    """Seconds since 1970 as ``2026-11-21T13:30:05.250Z``."""
    moment = datetime.fromtimestamp(math.floor(seconds * 1000) / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(value: object) -> Any:
    """A value that JSON has, short, and with nothing in it that a terminal obeys."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else _plain(hex(value))
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes):
        value = decode(value[: limits.AUDIT_VALUE * 4])[0]
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [_plain(str(each)) for each in items[: limits.AUDIT_VALUES]]
    text = value if isinstance(value, str) else str(value)
    cut = text if len(text) <= limits.AUDIT_VALUE else text[: limits.AUDIT_VALUE] + "…"
    return visible(cut)
