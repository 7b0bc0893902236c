"""Takes from this interpreter what other systems do not have, before netapp is imported.

Imported by ``sitecustomize`` from its own folder, so it knows nothing of the tests.
"""

import ctypes
import os
import shutil
import sys
from typing import Any

#: The variable that names what is hidden, with commas between.
VARIABLE = "HIDE_FROM_NETAPP"
#: What ``--plain-platform`` hides.
PLAIN = ("openat2", "sendfile", "recvmmsg", "inotify")
#: Functions of libc that stand for them.
_CALLS = {"openat2": {"syscall", "openat2"}, "recvmmsg": {"recvmmsg", "sendmmsg"}}


def hide(*names: str) -> None:
    """Hide some of ``PLAIN``.  :raises KeyError: there is nothing of that name to hide."""
    for name in names:
        {"openat2": _call, "recvmmsg": _call, "sendfile": _sendfile, "inotify": _inotify}[name](name)


def _sendfile(_: str) -> None:
    if hasattr(os, "sendfile"):
        shutil._USE_CP_SENDFILE = False  # it has looked already
        del os.sendfile


def _inotify(_: str) -> None:
    for module in ("twisted.internet.inotify", "twisted.python._inotify"):
        sys.modules[module] = None  # type: ignore[assignment]


def _call(name: str) -> None:
    hidden, before = _CALLS[name], ctypes.CDLL

    class Without(before):  # type: ignore[misc, valid-type]
        def __getattr__(self, attribute: str) -> Any:
            if attribute in hidden:
                raise AttributeError(attribute)
            return super().__getattr__(attribute)

    ctypes.CDLL = Without  # type: ignore[misc]
