"""Passwords that were found right a moment ago, for protocols that send one with every request.

Knowing one again costs no hash, so it must help nobody to guess.  A password counts only for the
address that it was right from; and who asks there for one account and is wrong too often gets no
answer any more until a password has been right again, or is forgotten: to hang up before the
failure is counted would otherwise make a guess free.
"""

import hashlib
import hmac
from collections import OrderedDict

from netapp.core import limits
from netapp.core.access import source_of
from netapp.people.model import Account


class Verified:
    """Keeps keyed hashes: no password can be read from memory.

    ``now`` is seconds on one clock; ``host`` is the address that asks.

    :param key: of this process; it is stored nowhere.
    """

    def __init__(self, key: bytes, size: int = limits.VERIFIED_MOST) -> None:
        self._key, self._size = key, size
        self._until: OrderedDict[bytes, float] = OrderedDict()
        self._misses: OrderedDict[bytes, tuple[int, float]] = OrderedDict()  # how many, the first one's time

    def remember(self, account: Account, password: bytes, host: str, now: float) -> None:
        self._misses.pop(self._place(account, host), None)
        digest = self._digest(account, password, host)
        self._until[digest] = now + limits.VERIFIED
        self._until.move_to_end(digest)
        while len(self._until) > self._size:
            self._until.popitem(last=False)

    def knows(self, account: Account, password: bytes, host: str, now: float) -> bool:
        """Whether it was right; a change that raises the account's generation makes it unknown."""
        place = self._place(account, host)
        misses, since = self._misses.get(place, (0, now))
        if not 0.0 <= now - since < limits.VERIFIED:
            misses, since = 0, now
        if misses >= limits.VERIFIED_MISSES:
            return False
        until = self._until.get(self._digest(account, password, host), 0.0)
        if now < until <= now + limits.VERIFIED:  # not in a clock's future
            return True
        self._misses[place] = misses + 1, since
        self._misses.move_to_end(place)
        while len(self._misses) > self._size:
            self._misses.popitem(last=False)
        return False

    def _digest(self, account: Account, password: bytes, host: str) -> bytes:
        about = self._place(account, host) + f" {account.generation} ".encode()
        return hmac.digest(self._key, about + password, hashlib.sha256)

    def _place(self, account: Account, host: str) -> bytes:
        return f"{account.id} {source_of(host)}".encode()
