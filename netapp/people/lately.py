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
    accounts: frozenset[str]  # ids of those that may be meant


class LatelyRight:
    """Of each account, by its id, what is left of its last right password.

    :param key: of this process; nothing of it is stored.
    """

    def __init__(self, key: bytes, size: int = limits.LATELY_RIGHT) -> None:
        self._key, self._size = key, size
        self._of: OrderedDict[str, tuple[bytes, int]] = OrderedDict()  # the tag, guesses that got away

    def note(self, account: Account, password: bytes) -> None:
        """A prepared password was right."""
        self._of[account.id] = self._tag(account, password), 0
        self._of.move_to_end(account.id)
        while len(self._of) > self._size:
            self._of.popitem(last=False)

    def likeness(self, meant: Iterable[tuple[Account, bytes]]) -> Likeness:
        """:param meant: accounts, each with the prepared password that was typed for it."""
        likely, ids = False, set()
        for account, password in meant:
            tag = self._tag(account, password)
            ids.add(account.id)
            likely |= hmac.compare_digest(self._of.get(account.id, (b"", 0))[0], tag)
        return Likeness(likely, frozenset(ids))

    def wrong(self, guess: Likeness) -> None:
        """It was looked at, and was not what it was like."""
        if guess.likely:
            for account_id in guess.accounts:
                self._of.pop(account_id, None)

    def got_away(self, guess: Likeness) -> None:
        """It was not looked at: who tried knows by now that it was not like the right one."""
        for account_id in guess.accounts if not guess.likely else ():
            if account_id in self._of:
                tag, guesses = self._of[account_id]
                self._of[account_id] = tag, guesses + 1
                if guesses + 1 >= limits.LATELY_GUESSES:
                    del self._of[account_id]

    def _tag(self, account: Account, password: bytes) -> bytes:
        about = f"{account.id}|{account.generation}|".encode()
        return hmac.digest(self._key, about + password, hashlib.sha256)[:_OCTETS]
