"""Password hashes: Argon2id (RFC 9106), as PHC strings, with or without a pepper.

A pepper is a key that is kept outside the database: what is hashed then is HMAC-SHA-256 of the
password under it, so that a stolen database alone lets nobody guess.  Its id stands beside each hash,
and hashes of an earlier one are renewed by the logins of their owners.

Importing argon2 takes its time and is put off until the first hash.
"""

import base64
import hashlib
import hmac
import math
import os
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from netapp.core import limits
from netapp.core.platform import O_NONBLOCK
from netapp.errors import ConfigError, NetappError

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


class UnknownPepper(NetappError):
    """A hash was made with a pepper that is not at hand: the operator's to mend, no wrong password."""


class Hasher:
    """Makes and verifies hashes at one cost.  Its methods block: call them in a thread.

    :param peppers: keys by their ids, those of earlier hashes too.
    :param current: the id of the one that goes into new hashes; None for none.
    :raises ConfigError: it is not among them.
    """

    def __init__(
        self, cost: Cost = Cost(), *, peppers: Mapping[str, bytes] | None = None, current: str | None = None
    ) -> None:
        self.cost = cost
        self.peppers, self.current = dict(peppers or {}), current
        if current is not None and current not in self.peppers:
            raise ConfigError(f"the pepper {current} is not at hand: name the file that has it")
        #: Verified for an account that there is not: as costly as a real one, and never right.
        self.dummy = (
            f"$argon2id$v=19$m={cost.memory},t={cost.rounds},p={cost.lanes}"
            f"${_b64(os.urandom(_SALT))}${_b64(os.urandom(_DIGEST))}"
        )

    def hash(self, password: bytes) -> str:
        """A new hash, with the pepper :attr:`current`, whose id is to be kept beside it."""
        return self._argon2.hash(self._peppered(password, self.current))

    def verify(self, phc: str, password: bytes, kid: str | None = None) -> bool:
        """Whether the hash is this password's; whatever is no hash is nobody's.

        :param kid: the id of the pepper that the hash was made with.
        :raises UnknownPepper: that one is not at hand.
        """
        from argon2.exceptions import InvalidHashError, VerificationError

        peppered = self._peppered(password, kid)
        try:
            return self._argon2.verify(phc, peppered)
        except (VerificationError, InvalidHashError, ValueError):
            return False

    def outdated(self, phc: str, kid: str | None = None) -> bool:
        """Whether a hash was made at another cost, or with another pepper, than a new one would be."""
        return kid != self.current or self._argon2.check_needs_rehash(phc)

    def _peppered(self, password: bytes, kid: str | None) -> bytes:
        if kid is None:
            return password
        key = self.peppers.get(kid)
        if key is None:
            raise UnknownPepper(f"a hash was made with the pepper {kid}, which is not at hand")
        return hmac.digest(key, password, "sha256")

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


# Peppers -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pepper:
    kid: str  # 16 hexadecimal digits, from the key
    key: bytes = field(repr=False)


def read_pepper(path: Path) -> Pepper:
    """The pepper in a file: what it holds, without the line's end.

    :raises ConfigError: it cannot be read, others can read it, or it is too short for a key.
    """
    make = f"(umask 077; openssl rand -hex 32 > {path})"
    try:
        with open(path, "rb", opener=lambda p, flags: os.open(p, flags | O_NONBLOCK)) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ConfigError(f"the pepper {path} is no file: name one, or make it with {make}")
            key = file.read(limits.PEPPER + 1).rstrip(b"\r\n")
    except OSError as error:
        raise ConfigError(
            f"the pepper {path} cannot be read ({error.strerror}): name another file, or make it with {make}"
        ) from None
    if status.st_mode & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        raise ConfigError(f"the pepper {path} is open to others (mode {mode:04o}): chmod 600 {path}")
    if not limits.PEPPER_LEAST <= len(key) <= limits.PEPPER:
        raise ConfigError(
            f"the pepper {path} does not have {limits.PEPPER_LEAST} to {limits.PEPPER} octets: "
            f"make it with {make}"
        )
    return Pepper(hashlib.sha256(b"netapp pepper\0" + key).hexdigest()[:16], key)


# What a hash may cost here -------------------------------------------------------------------

#: KiB of one hash that :func:`tune` measures: from OWASP's least on.
MEMORIES: Final = tuple(1024 * each for each in (19, 32, 46, 64, 96, 128, 192, 256))
_MOST_ROUNDS: Final = 10


@dataclass(frozen=True, slots=True)
class Measured:
    cost: Cost
    seconds: float  # infinite where there is not so much memory

    @property
    def strength(self) -> int:
        """What guessing costs whoever builds a machine for it: the memory, for as long as it is held."""
        return self.cost.memory**2 * self.cost.rounds


@dataclass(frozen=True, slots=True)
class Tuning:
    proposed: Cost  # the strongest within the target, or the cheapest measured where none is
    measured: tuple[Measured, ...]  # by memory; for each the most rounds that are within the target


def tune(
    measure: Callable[[Cost], float], *, target: float = 0.25, memories: Iterable[int] = MEMORIES
) -> Tuning:
    """What a hash may cost where it is to take a given time; it takes some 40 times that.

    :param measure: seconds that one hash takes, such as a :func:`stopwatch` tells.
    :param target: seconds.
    :param memories: KiB, rising; as many threads as hash at once each take so much.

    Source: RFC 9106 section 4, which has memory before rounds.
    """
    measured: list[Measured] = []
    for memory in memories:
        measured.append(_most_rounds(measure, memory, target))
        if measured[-1].seconds > target:
            break  # more memory takes longer still
    within = [each for each in measured if each.seconds <= target]
    best = max(within, key=lambda each: each.strength) if within else measured[0]
    return Tuning(best.cost, tuple(measured))


def _most_rounds(measure: Callable[[Cost], float], memory: int, target: float) -> Measured:
    """The most rounds of so much memory within the target; the fewest there may be, if none are."""
    fewest = 2 if memory <= MEMORIES[0] else 1  # OWASP: 19 MiB twice
    found = Measured(cost := Cost(memory, fewest), measure(cost))
    if found.seconds > target:
        return found
    rounds = max(fewest + 1, _rounds_within(target, found.seconds / fewest))
    while rounds > found.cost.rounds:
        tried = Measured(cost := Cost(memory, rounds), measure(cost))
        if tried.seconds > target:
            rounds -= 1
            continue
        each = (tried.seconds - found.seconds) / (rounds - found.cost.rounds)  # without what the first adds
        found, rounds = tried, rounds + _rounds_within(target - tried.seconds, each)
        rounds = min(rounds, _MOST_ROUNDS)
    return found


def _rounds_within(seconds: float, each: float) -> int:
    return min(_MOST_ROUNDS, int(seconds / max(each, 1e-6)))


def stopwatch(timer: Callable[[], float], tries: int = 3) -> Callable[[Cost], float]:
    """Measures what a hash takes by a clock in seconds, such as ``time.perf_counter``."""

    def measure(cost: Cost) -> float:
        from argon2.exceptions import HashingError

        hasher, best = Hasher(cost), math.inf
        for _ in range(tries):
            begun = timer()
            try:
                hasher.hash(b"password")
            except HashingError:  # not so much memory
                return math.inf
            best = min(best, timer() - begun)
        return best

    return measure
