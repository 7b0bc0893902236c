"""Password hashes: Argon2id (RFC 9106), as PHC strings.

Importing argon2 takes its time and is put off until the first hash.
"""

import base64
import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argon2 import PasswordHasher

_SALT, _DIGEST = 16, 32  # octets: RFC 9106 section 4


@dataclass(frozen=True, slots=True)
class Cost:
    """What one hash costs: RFC 9106 section 4's second choice, in one lane.

    More lanes than one gain nothing where several logins are checked at once.
    """

    memory: int = 64 * 1024  # KiB
    rounds: int = 3
    lanes: int = 1


#: For tests: a hash in microseconds, and no secret.
CHEAP: Final = Cost(memory=8, rounds=1)


class Hasher:
    """Makes and verifies hashes at one cost.  Its methods block: call them in a thread."""

    def __init__(self, cost: Cost = Cost()) -> None:
        self.cost = cost
        #: Verified for an account that there is not: as costly as a real one, and never right.
        self.dummy = (
            f"$argon2id$v=19$m={cost.memory},t={cost.rounds},p={cost.lanes}"
            f"${_b64(os.urandom(_SALT))}${_b64(os.urandom(_DIGEST))}"
        )

    def hash(self, password: bytes) -> str:
        return self._argon2.hash(password)

    def verify(self, phc: str, password: bytes) -> bool:
        """Whether the hash is this password's; whatever is no hash is nobody's."""
        from argon2.exceptions import InvalidHashError, VerificationError

        try:
            return self._argon2.verify(phc, password)
        except (VerificationError, InvalidHashError):
            return False

    def outdated(self, phc: str) -> bool:
        """Whether a hash was made at another cost than the present one."""
        return self._argon2.check_needs_rehash(phc)

    @cached_property
    def _argon2(self) -> "PasswordHasher":
        from argon2 import PasswordHasher

        return PasswordHasher(
            time_cost=self.cost.rounds,
            memory_cost=self.cost.memory,
            parallelism=self.cost.lanes,
            hash_len=_DIGEST,
            salt_len=_SALT,
        )


def _b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode().rstrip("=")
