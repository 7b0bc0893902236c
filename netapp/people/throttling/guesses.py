"""What tells a guess from a mistake: values only, and nothing of it is stored."""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Iterable

from netapp.core import limits


class Sprays:
    """At which accounts a source has failed within the last minutes.

    Who tries one password on all accounts fails at many of them.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._of: OrderedDict[str, dict[str, float]] = OrderedDict()

    def add(self, source: str, account: str, at: float) -> int:
        """:returns: at how many accounts, counted back from ``at``."""
        times = self._of.get(source, {}) | {account: at}
        self._of[source] = {each: time for each, time in times.items() if at - time < limits.SPRAY_SPAN}
        self._of.move_to_end(source)
        while len(self._of) > self._size:
            self._of.popitem(last=False)
        return len(self._of[source])

    def discard(self, source: str, account: str) -> None:
        """The account's owner was there: it was a mistake."""
        self._of.get(source, {}).pop(account, None)

    def settle(self, source: str, until: float) -> None:
        """What was up to then has had its cost."""
        left = {each: time for each, time in self._of.get(source, {}).items() if time > until}
        if left:
            self._of[source] = left
        else:
            self._of.pop(source, None)


class WrongPasswords:
    """The last wrong passwords under a key, as keyed hashes: a device that repeats one does not guess."""

    def __init__(self, secret: bytes, size: int = limits.SAME_PASSWORDS_OF) -> None:
        self._secret, self._size = secret, size
        self._of: OrderedDict[str, OrderedDict[bytes, None]] = OrderedDict()

    def repeat(self, keys: Iterable[str], password: bytes) -> bool:
        """Whether this one is among those of every key; now it is."""
        known = [self._knows(key, password) for key in keys]  # each must learn of it
        return all(known)

    def _knows(self, key: str, password: bytes) -> bool:
        octets = password[: 2 * limits.PASSWORD]  # one that is longer is refused unseen
        digest = hmac.digest(self._secret, f"wrong {key}\0".encode() + octets, hashlib.sha256)[:16]
        digests = self._of.setdefault(key, OrderedDict())
        known = digest in digests
        digests[digest] = None
        digests.move_to_end(digest)
        self._of.move_to_end(key)
        if len(digests) > limits.SAME_PASSWORDS:
            digests.popitem(last=False)
        if len(self._of) > self._size:
            self._of.popitem(last=False)
        return known
