"""Secrets in files: whole or not at all, readable by their owner alone."""

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from netapp.cli import common
from netapp.core.languages import Phrases
from netapp.core.platform import sync_folder

PHRASES: Final = Phrases(
    {
        "there": (
            "{path} 已经存在:换一个名字,或者加 --force 覆盖",
            "{path} is there already: choose another name, or --force to replace it",
        ),
        "full": ("{path} 所在的磁盘满了:请先腾出空间", "the disk of {path} is full: make room first"),
    }
)
say: Final = common.words(PHRASES)


def see_free(path: Path, *, force: bool) -> None:
    """It fails, in one line, where a file would be replaced that should not be."""
    if not force and (path.exists() or path.is_symlink()):
        common.fail(say("there", path=path))


@contextmanager
def placed(path: Path, octets: bytes, *, force: bool) -> Iterator[None]:
    """A file of mode 0600, on the disk while the block runs; what goes wrong there takes it away.

    It fails, in one line, where it cannot be written, or is there and ``force`` is not given.
    """
    see_free(path, force=force)
    draft = path.with_name(f".{path.name[:200]}-{secrets.token_hex(8)}")
    try:
        _write(draft, octets)
        _name(draft, path, force)
        sync_folder(path.parent)
    except FileExistsError:
        common.fail(say("there", path=path))
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        common.fail(say("full", path=path) if full else common.trouble(error, path))
    finally:
        with suppress(OSError):
            draft.unlink()
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def narrowed(stream: IO[str]) -> bool:
    """Make a file that a shell has opened for output its owner's alone, as ours are.

    :returns: False where others may read it all the same.
    """
    try:
        mode = os.fstat(stream.fileno()).st_mode
    except (OSError, ValueError):  # it is none of the system's
        return True
    try:
        if stat.S_ISREG(mode) and stat.S_IMODE(mode) & 0o077:
            os.fchmod(stream.fileno(), 0o600)
    except OSError:  # it is somebody else's
        return False
    return True


def _write(path: Path, octets: bytes) -> None:
    with open(path, "xb", opener=lambda p, flags: os.open(p, flags | os.O_CLOEXEC, 0o600)) as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())


def _name(draft: Path, path: Path, force: bool) -> None:
    """Give the draft its name.  :raises FileExistsError: it is taken, and not to be replaced."""
    if not force:
        try:
            os.link(draft, path)  # fails if somebody was faster
            return
        except FileExistsError:
            raise
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS):
                raise
        if path.exists():  # a memory stick's file system has no links
            raise FileExistsError(path)
    os.replace(draft, path)
