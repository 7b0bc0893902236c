"""Which messages may come when: an exchange of keys first, and nothing else in the midst of one.

::

    NONE --KEXINIT--> BEGUN --the peer's share--> REPLIED --NEWKEYS--> NONE, encrypted

Source: RFC 4253 sections 7.1 and 12; strict key exchange: OpenSSH's PROTOCOL section 1.10.
"""

from enum import Enum
from typing import Final

KEXINIT: Final = 20
NEWKEYS: Final = 21
KEX_ECDH_INIT: Final = 30
_DISCONNECT: Final = 1
_IDLE_TALK: Final = frozenset({2, 3, 4})  # IGNORE, UNIMPLEMENTED, DEBUG
_HELD_BACK: Final = frozenset({5, 6, 7})  # of ours, until an exchange is over, as all from 50 on


class Stage(Enum):
    """How far an exchange has come, by what the peer has sent."""

    NONE = "none"
    BEGUN = "begun"
    REPLIED = "replied"


class Order:
    """One connection's order of messages."""

    def __init__(self) -> None:
        self.stage = Stage.NONE
        self.strict = False  # both sides know the strict way
        self.encrypted = False

    def may_come(self, number: int, *, served: bool) -> bool:
        """Whether the peer may send this message now.  :param served: there is a service to take it."""
        if number == _DISCONNECT or (number in _IDLE_TALK and (self.encrypted or not self.strict)):
            return True
        if self.stage is Stage.BEGUN:
            return number == KEX_ECDH_INIT
        if self.stage is Stage.REPLIED:
            return number == NEWKEYS
        if not self.encrypted:
            return number == KEXINIT
        return number == KEXINIT or number < KEXINIT or (number >= 50 and served)

    @staticmethod
    def waits(number: int) -> bool:
        """Whether one of our own messages waits for the end of an exchange."""
        return number in _HELD_BACK or number >= 50
