"""Puts a backup in a state directory's place: the old state or the new one is there, never something between.

The new one is made beside the old one, in a workshop, and put on the disk.  Then the two change
places in one step (``renameat2`` of Linux), and the old one gets a name of its own.  Where two
directories cannot change places, they are renamed one after the other.

A workshop that is left behind by a process that was killed says in its file ``number`` which inode
the new state has.  If that is still the one in the workshop, it is taken away; else the old state is
in the workshop, and gets its name now.
"""

import ctypes
import errno
import os
import shutil
import tarfile
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Final

from netapp.core.backup import Unfit, reading, rows
from netapp.core.backup.members import is_database
from netapp.core.backup.place import master
from netapp.core.backup.reading import Advance, Archive, Contents, Octets
from netapp.core.backup.workshop import discard, sweep, workshop
from netapp.core.platform import O_CLOEXEC, O_NOFOLLOW, sync_folder, user
from netapp.core.state import User, acting_as, make, name_of, unused

#: A database's name to the revisions of it, or the tables in it, that this netapp knows.
Known = Mapping[str, Set[str]]
_NEW: Final = "new"
_OLD: Final = "old"
_NUMBER: Final = "number"
_EXCHANGE: Final = 2  # linux/fs.h: RENAME_EXCHANGE
_HERE: Final = -100  # AT_FDCWD


def restore(
    path: Path,
    state: Path,
    *,
    known: Known,
    moment: str,
    tables: Known = MappingProxyType({}),
    force: bool = False,
    advance: Advance = lambda done, total: None,
) -> tuple[Contents, Path | None]:
    """Verify the whole of a backup, then put it in a state directory's place.

    :param tables: of each database that netapp reads; none may be a view.
    :param moment: becomes a part of the old state's name, ``STATE.before-MOMENT``.
    :param force: whether a state that holds something may be replaced.
    :param advance: called with octets read, and all that are; the archive is read twice.
    :returns: what the backup holds, and where the old state is, if there was one.
    :raises Unfit: it cannot be; nothing has been touched.
    :raises OSError: something cannot be read or written; nothing has been touched.

    Root does it with the rights of whom the place belongs to: that user could lead a path elsewhere.
    """
    theirs = master(state)
    with reading.opened(path) as archive:
        with acting_as(theirs), _writable(state, theirs):
            state = state.resolve()
            prefix = f".{state.name}.restoring-"
            if state.parent.is_dir():
                sweep(state.parent, prefix, lambda folder: _tidy(folder, state))
            handle = _free(state, force)
        try:
            contents = _verified(path, archive, state, known, lambda done, total: advance(done // 2, total))
            with acting_as(theirs), _writable(state, theirs):
                make(state.parent)
                with workshop(state.parent, prefix) as folder:
                    _extract(
                        archive,
                        contents,
                        folder / _NEW,
                        _owner(state),
                        lambda done, total: advance((total + done) // 2, total),
                    )
                    _see_databases(path, contents, folder / _NEW, known, tables)
                    old = _put(folder, state, moment) if handle is not None else _put_first(folder, state)
        finally:
            if handle is not None:
                os.close(handle)
    return contents, old


@contextmanager
def _writable(state: Path, theirs: User) -> Iterator[None]:
    """Whose place it is may yet not write there."""
    try:
        yield
    except PermissionError as error:
        if theirs is None:
            raise
        where = os.fsdecode(error.filename) if error.filename else state.parent
        raise Unfit("not theirs", path=where, owner=name_of(theirs[0]), state=state) from None


def _verified(path: Path, archive: Archive, state: Path, known: Known, advance: Advance) -> Contents:
    there = next(folder for folder in (state, *state.parents) if folder.exists())
    contents = archive.verify(shutil.disk_usage(there).free, advance)
    for name, revision in contents.databases.items():
        if revision not in known.get(name, {revision}):
            raise Unfit("newer", path=path, version=contents.netapp)
    return contents


def _free(state: Path, force: bool) -> int | None:
    """See that a state directory may be replaced.

    :returns: a lock on it; None where there is none.
    """
    if not os.path.lexists(state):
        return None
    if not state.is_dir():
        raise Unfit("no folder", path=state)
    if state.is_mount():
        raise Unfit("mounted", path=state)
    if any(state.iterdir()) and not force:
        raise Unfit("not empty", path=state)
    handle = unused(state)
    if handle is None:
        raise Unfit("in use", path=state)
    return handle


def _owner(state: Path) -> User:
    """Whom the new state must belong to, where root puts it in another user's place."""
    if user() != 0 or not state.exists():
        return None
    status = state.stat()
    return status.st_uid, status.st_gid


def _extract(archive: Archive, contents: Contents, into: Path, owner: User, advance: Advance) -> None:
    """Make a state directory out of a verified backup, all of it on the disk when this returns."""
    folders: list[Path] = []

    def take(info: tarfile.TarInfo, name: str, octets: Octets) -> None:
        place = into / name if name else into
        if info.isdir():
            place.mkdir(mode=0o700)
            folders.append(place)
            _settle(place, info.mode & 0o755 if name else 0o700, owner)
        else:
            _write(place, info, octets, owner)

    archive.extract(contents, take, advance)
    for folder in reversed(folders):
        sync_folder(folder)


def _see_databases(path: Path, contents: Contents, new: Path, known: Known, tables: Known) -> None:
    """:raises Unfit: one is damaged, or of a newer netapp, whatever the manifest says of it."""
    for name in [each.name for each in new.iterdir() if is_database(each.name)]:
        revision = rows.revision(new / name)
        if rows.damage(new / name, tables.get(name, frozenset())):
            raise Unfit("damaged", path=path, name=name)
        if revision is not None and revision not in known.get(name, {revision}):
            raise Unfit("newer", path=path, version=contents.netapp)


def _write(place: Path, info: tarfile.TarInfo, octets: Octets, owner: User) -> None:
    with suppress(FileNotFoundError):
        place.unlink()  # an earlier copy, which changed while it was saved
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | O_NOFOLLOW | O_CLOEXEC
    with open(os.open(place, flags, 0o600), "wb") as file:
        for piece in octets:
            file.write(piece)
        file.flush()
        os.utime(file.fileno(), (info.mtime, info.mtime))
        _settle(file.fileno(), info.mode & 0o755, owner)
        os.fsync(file.fileno())


def _settle(place: Path | int, mode: int, owner: User) -> None:
    if owner is not None:
        os.chown(place, *owner)
    os.chmod(place, mode)


# Changing places -----------------------------------------------------------------------------


def _put_first(folder: Path, state: Path) -> Path | None:
    """Where there was no state.  :returns: None, as there is no old one."""
    os.rename(folder / _NEW, state)
    sync_folder(state.parent)
    return None


def _put(folder: Path, state: Path, moment: str) -> Path | None:
    """:returns: where the old state is now; None where it was empty."""
    new = folder / _NEW
    number = folder / _NUMBER
    number.write_text(str(new.stat().st_ino))
    rows.sync(number)
    sync_folder(folder)
    sync_folder(state.parent)  # the workshop's own name: the old state is to be in it
    empty = not any(state.iterdir())
    try:
        exchange(new, state)
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise Unfit("mounted", path=state) from None
        raise
    sync_folder(folder)
    sync_folder(state.parent)
    if empty:
        return None
    return _set_aside(new, state, moment)


def _set_aside(old: Path, state: Path, moment: str) -> Path:
    """Give an old state a name beside the new one, which nothing has yet."""
    aside, count = state.with_name(f"{state.name}.before-{moment}"), 1
    while os.path.lexists(aside):
        count += 1
        aside = state.with_name(f"{state.name}.before-{moment}-{count}")
    os.rename(old, aside)
    sync_folder(state.parent)
    return aside


def _tidy(folder: Path, state: Path) -> None:
    """What somebody has left behind who was killed."""
    old, new, number = folder / _OLD, folder / _NEW, folder / _NUMBER
    if old.is_dir():
        if state.exists():
            _set_aside(old, state, "cut")
        else:
            os.rename(old, state)
    with suppress(FileNotFoundError):
        if number.read_text() != str(new.stat().st_ino):
            _set_aside(new, state, "cut")
    discard(folder)


def exchange(one: Path, other: Path) -> None:
    """Let two directories change places, in one step where the system has it."""
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is not None:
        call.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
        if call(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0:
            return
        problem = ctypes.get_errno()
        if problem not in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
            raise OSError(problem, os.strerror(problem), str(other))
    between = one.with_name(_OLD)
    os.rename(other, between)
    os.rename(one, other)
    os.rename(between, one)
