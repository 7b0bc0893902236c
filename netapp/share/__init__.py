"""The noun ``share``: one tree of files that everybody on the network may read.

A tree is opened beneath a directory handle, so that no name can leave it; only regular files are
shared, and nothing whose name begins with a dot.  Left out so far: writing.
"""

from netapp.share.opening import open_share
from netapp.share.share import Share

__all__ = ["Share", "open_share"]
