"""Passwords that were right lately: who types one again need not stand in line with who guesses.

Behind one address, as a server's that sends everybody's passwords by LDAP, nothing but the password
tells the owner from who guesses at the account.  So 16 bits of a keyed hash are kept of the last right
one: a guess is like it once in 65,536 times, is looked at as any, and then nothing is kept any more.

To be let by tells that a password may be right, and to be held back that it is not; so whoever
leaves without having been looked at has guessed.  After a few such guesses nothing is kept either.
Those who wait for their turn learn nothing by it that they are not told then.
"""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from netapp.core import limits
from netapp.people.model import Account

_OCTETS: Final = 2


@dataclass(frozen=True, slots=True)
class Likeness:
    """What is thought of a try before it is looked at."""

    likely: bool  # it is like a password that was right lately
    names: frozenset[str]  # of the accounts that may be meant


class LatelyRight:
    """Of each account, by its name, what is left of its last right password.

    No rows are read: what is tried after a change is wrong then, and nothing is kept any more.

    :param key: of this process; nothing of it is stored.
    """

    def __init__(self, key: bytes, size: int = limits.LATELY_RIGHT) -> None:
        self._key, self._size = key, size
        self._of: OrderedDict[str, tuple[bytes, bytes, int]] = OrderedDict()  # whose, tag, guesses gone

    def __contains__(self, name: str) -> bool:
        return name in self._of

    def note(self, account: Account, password: bytes) -> None:
        """A prepared password was right."""
        whose = f"{account.id}|{account.generation}|".encode()
        self._of[account.name] = whose, self._tag(whose, password), 0
        self._of.move_to_end(account.name)
        while len(self._of) > self._size:
            self._of.popitem(last=False)

    def likeness(self, meant: Iterable[tuple[str | None, bytes]]) -> Likeness:
        """:param meant: names, each with the prepared password that was typed for it."""
        likely, names = False, set()
        for name, password in meant:
            if name is not None and name in self._of:
                whose, tag, _ = self._of[name]
                names.add(name)
                likely |= hmac.compare_digest(tag, self._tag(whose, password))
        return Likeness(likely, frozenset(names))

    def wrong(self, guess: Likeness) -> None:
        """It was looked at, and was not what it was like."""
        if guess.likely:
            for name in guess.names:
                self._of.pop(name, None)

    def got_away(self, guess: Likeness) -> None:
        """It was not looked at: who tried knows by now that it was not like the right one."""
        for name in guess.names if not guess.likely else ():
            if name in self._of:
                whose, tag, guesses = self._of[name]
                self._of[name] = whose, tag, guesses + 1
                if guesses + 1 >= limits.LATELY_GUESSES:
                    del self._of[name]

    def _tag(self, whose: bytes, password: bytes) -> bytes:
        return hmac.digest(self._key, whose + password, hashlib.sha256)[:_OCTETS]
