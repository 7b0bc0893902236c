"""inotify, where there is one."""

from typing import Any, Final

from twisted.logger import Logger

_log = Logger()
# Of inotify(7): what may happen to files of a folder.
MODIFIED: Final = 0x2
WRITTEN: Final = 0x8  # and closed
MOVED: Final = 0x40 | 0x80
CREATED, DELETED, GONE = 0x100, 0x200, 0x400
ATTRIBUTES: Final = 0x4  # of a file, or of the folder: who may read it, say
#: The folder itself is elsewhere now.
MOVED_AWAY: Final = 0x800


def notifier(reactor: Any) -> Any:
    """Twisted's INotify, reading; None where there is none, or none is left."""
    try:
        from twisted.internet import inotify

        made = inotify.INotify(reactor)
        made.startReading()
    except Exception as problem:  # not Linux, or no descriptor is left: inotify's own errors differ
        _log.debug("no inotify: {problem}", problem=problem)
        return None
    return made


def watch(notifier: Any, folder: str, mask: int, heard: Any) -> bool:
    """Have ``heard(_, path, mask)`` called for what happens in a folder.  :returns: whether it can be."""
    from twisted.python.filepath import FilePath

    try:
        notifier.watch(FilePath(folder), mask, callbacks=[heard])
    except Exception as problem:  # the folder is not there, or no watch is left
        _log.debug("no inotify for {folder}: {problem}", folder=folder, problem=problem)
        return False
    return True
