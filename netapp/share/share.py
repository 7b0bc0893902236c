"""One share as the services see it: names as people and programs write them, files as they are."""

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet import defer

from netapp.share.integrity import Digests
from netapp.share.model import Listing, Missing, candidates
from netapp.share.store import Reader, Store

T = TypeVar("T")


class Share:
    """A tree that may be read, and what is known of its files.

    Names come from the network: octets in UTF-8 or GB18030, in either of Unicode's forms.
    """

    def __init__(self, store: Store, reactor: Any) -> None:
        self._store, self._digests = store, Digests(reactor)

    def start(self) -> None:
        self._digests.start()

    def stop(self) -> object:
        return self._digests.stop().addCallback(lambda _: self._store.close())

    def open(self, name: bytes) -> Reader:
        """The first regular file that can be read under one of a name's readings; close it.

        :raises Missing: there is none.
        """
        return _first(self._store.open, name)

    def list(self, name: bytes) -> Listing:
        """A folder's entries; ``b""`` is the root.  :raises Missing: no such folder."""
        return _first(self._store.list, name)

    def sha256(self, reader: Reader) -> bytes | None:
        """An open file's SHA-256, if it is known by now."""
        return self._digests.known(reader)

    def want_sha256(self, reader: Reader, name: bytes) -> "defer.Deferred[None]":
        """Somebody would like to know it: it is computed meanwhile.

        :param name: what it was opened by.
        :returns: fires when that is over; nobody needs to wait for it.
        """
        return self._digests.want(reader.entry.etag, lambda: self.open(name))


def _first(look: Callable[[bytes], T], name: bytes) -> T:
    for candidate in candidates(name):
        try:
            return look(candidate)
        except Missing:
            continue
    raise Missing("nothing of this name is shared")
