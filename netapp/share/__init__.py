"""The noun ``share``: one tree of files that everybody on the network may read.

A tree is opened beneath a directory handle, so that no name can leave it; only regular files are
shared, and nothing whose name begins with a dot.  A door opens the noun once in a process::

    share = shared.noun("share", lambda: open_share(root, state, reactor))

    reader = share.open("文件.txt".encode("gbk"))    # Missing
    reader.entry.size, reader.entry.etag
    reader.pread(1024, 0), reader.fileno()          # or a Slice of it in a Body
    reader.close()
    share.list(b"folder").entries                   # Missing

Left out so far: writing.  This module and what it imports know no Twisted.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from netapp.core.state import open_state
from netapp.errors import ConfigError

if TYPE_CHECKING:
    from netapp.share.share import Share

__all__ = ["open_share"]

WELCOME: Final = """欢迎!这是 netapp 的共享文件夹。
放进这个文件夹的文件,局域网里的每个人都能下载:浏览器、curl、nc,或者你自己写的小客户端。

Welcome! This is netapp's shared folder.
Everybody on the local network can fetch what is put here: with a browser, curl, nc, or a little
client of their own.
"""


def open_share(root: Path | None, state: Path, reactor: Any) -> "Share":
    """The share at ``root``, or the default one in the state directory, made at the first start.

    :raises ConfigError: it cannot be read, or not be made.
    """
    from netapp.share.share import Share
    from netapp.share.store import DiskStore
    from netapp.share.tree import open_tree

    if root is None:
        root = state / "share"
        if not root.exists():
            _make_default(root)
    return Share(DiskStore(open_tree(root)), reactor)


def _make_default(root: Path) -> None:
    open_state(root.parent)
    try:
        root.mkdir(mode=0o755)
        (root / "welcome.txt").write_text(WELCOME, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"the shared folder {root} cannot be made ({error.strerror}): "
            "choose another with --root or --state"
        ) from None
