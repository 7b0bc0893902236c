"""SHA-256 of shared files: known once a file was read whole, forgotten when it changes.

A digest is kept by the file's etag, so that a changed file has none until it is read again.  Small
files are hashed when they are sent; large ones in a thread, when somebody has asked for theirs.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

from twisted.internet import defer
from twisted.logger import Logger

from netapp.core import limits
from netapp.core.threads import Pool
from netapp.errors import Busy, StateError
from netapp.share.model import Missing
from netapp.share.store import Reader

_CHUNK: Final = 1024 * 1024


class Digests:
    """What is known, by etag; the one that was asked for longest ago is forgotten."""

    _log = Logger()

    def __init__(self, reactor: Any) -> None:
        self._known: OrderedDict[str, bytes] = OrderedDict()
        self._wanted: set[str] = set()
        self._pool = Pool("digests", reactor, threads=1, waiting=limits.DIGEST_QUEUE, nice=10)
        self._stopping = False

    def start(self) -> None:
        self._stopping = False
        self._pool.start()

    def stop(self) -> "defer.Deferred[None]":
        self._stopping = True
        return self._pool.stop()

    def known(self, reader: Reader) -> bytes | None:
        """The SHA-256 of a file, 32 octets, if it is known or the file is small."""
        etag = reader.entry.etag
        if (digest := self._known.get(etag)) is not None:
            self._known.move_to_end(etag)
            return digest
        if reader.entry.size > limits.ONE_WRITE:
            return None
        octets = reader.pread(reader.entry.size, 0)
        return self._keep(etag, hashlib.sha256(octets).digest()) if len(octets) == reader.entry.size else None

    def want(self, etag: str, open_again: Callable[[], Reader]) -> "defer.Deferred[None]":
        """Have a file's SHA-256 computed; when too many wait, it is not.  Fires when that is over."""
        if etag in self._wanted:
            return defer.succeed(None)
        try:
            computing = self._pool.run(self._compute, etag, open_again)
        except (Busy, StateError):
            return defer.succeed(None)
        self._wanted.add(etag)
        computing.addErrback(lambda failure: self._log.failure("a file could not be hashed", failure))
        return computing.addCallback(self._computed, etag)

    def _computed(self, digest: bytes | None, etag: str) -> None:
        self._wanted.discard(etag)
        if digest is not None:
            self._keep(etag, digest)

    def _compute(self, etag: str, open_again: Callable[[], Reader]) -> bytes | None:
        """In the thread: read a file whole.  None if it is no longer the one that was meant."""
        try:
            reader = open_again()
        except (Missing, OSError):
            return None
        try:
            digest, offset = hashlib.sha256(), 0
            while not self._stopping and (octets := reader.pread(_CHUNK, offset)):
                digest.update(octets)
                offset += len(octets)
        finally:
            reader.close()
        same = reader.entry.etag == etag and offset == reader.entry.size
        return digest.digest() if same and self._unchanged(etag, open_again) else None

    def _unchanged(self, etag: str, open_again: Callable[[], Reader]) -> bool:
        try:
            reader = open_again()
        except (Missing, OSError):
            return False
        reader.close()
        return reader.entry.etag == etag

    def _keep(self, etag: str, digest: bytes) -> bytes:
        self._known[etag] = digest
        while len(self._known) > limits.DIGESTS:
            self._known.popitem(last=False)
        return digest
