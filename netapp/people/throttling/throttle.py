"""How failed tries slow the next ones down: values and time only.

A try waits for all of its counts, each of which a failure raises:

source
    The address, the IPv6 network of 64 bits, and that of 48 bits, which may be a whole site and has
    some failures free.  A success forgives none of them, so that who has one account cannot guess
    others at full speed.  Who fails at several accounts within minutes, as who tries one password on
    all of them does, waits longer.
account at a source
    A success from there forgives it.
account
    As tried from anywhere.  After so many failures in a row all sources that are new to the account
    wait for one another: a thousand sources guess no faster than one.

A *known place* is an address from which an account was let in within the last 30 days.  There only
the failures at that account from that address count, and, once there are any or the address tries
many accounts, those of the address; so strangers, even of the same network or behind the same
router, do not lock the owner out.

Names are counted as they were tried, whether there is such an account or not.  The same wrong
password again, from the same source, is no guess and costs nothing.

Loopback is many people at once, by tunnels and proxies: there only accounts are counted, so that
one does not hold up the others.

Rows can be stored and taken back: names stand in their keys as keyed hashes, since people type
passwords as names.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Final

from netapp.core import limits
from netapp.people.throttling.counts import Changes
from netapp.people.throttling.guesses import WrongPasswords
from netapp.people.throttling.ledger import ORDER, Key, Ledger
from netapp.people.throttling.origins import Origin, origin

#: Seconds that the prompt waits after the first, second, ... failure; the last for all further ones.
STEPS: Final = (0.0, 0.0, 1.0, 2.0, 4.0, 8.0, 15.0)


def delay(failures: int) -> float:
    """What ``failures`` in a row cost, in seconds."""
    return STEPS[min(failures, len(STEPS)) - 1] if failures > 0 else 0.0


def cost(key: Key, failures: int) -> float:
    """What they cost under a key."""
    match key[:1]:
        case "a":
            return delay(failures) if failures >= limits.THROTTLE_GUARDS else 0.0
        case "s":
            return delay(failures - limits.THROTTLE_SITE)
        case "d":
            doubled = limits.SPRAY_WAIT * 2.0 ** min(failures - 1, 16)
            return min(doubled, limits.SPRAY_WAIT_MOST) if failures > 0 else 0.0
    return delay(failures)


class Throttle:
    """Failures so far.  ``now`` is seconds on one clock, that of the stored rows.

    ``names`` are mapped names: what was typed may be read as more than one; "" is no name.

    :param key: for the keyed hashes: rows are found again by who has the same.
    """

    def __init__(self, key: bytes | None = None, size: int = limits.THROTTLES) -> None:
        self._secret = key or secrets.token_bytes(32)
        self._ledger, self._places = (ledger := Ledger(size)), ledger.places
        self._wrong = WrongPasswords(secrets.token_bytes(32))

    # What happens ----------------------------------------------------------------------------

    def failed(self, host: str, names: Iterable[str], now: float, *, password: bytes | None = None) -> bool:
        """Count a failed try.

        :param password: what was typed: the same again from there is not counted.
        :returns: whether it was counted.
        """
        at, names = origin(host), frozenset(names)
        accounts = {self.account_key(name): name for name in names}
        pairs = [f"p:{at.network} {account}" for account in accounts]
        if password is not None and self._wrong.repeat(pairs, password):
            return False
        for account, name in accounts.items():
            for source in {at.host, at.network}:
                self._ledger.fail(f"p:{source} {account}", now)
            if name:
                self._ledger.fail(f"a:{account}", now)
        if not at.local:
            for key in self._sources(at):
                self._ledger.fail(key, now)
            self._ledger.fail_at(at.network, accounts, now)
        return True

    def succeeded(self, host: str, name: str, now: float) -> None:
        """An account was let in: its failures are forgiven, those of the source are not."""
        at, account = origin(host), self.account_key(name)
        self._ledger.forgive(
            [f"a:{account}", *(f"p:{source} {account}" for source in {at.host, at.network})], now
        )
        self.came(host, name, now)

    def came(self, host: str, name: str, now: float) -> None:
        """An account was let in by a random secret: it is known there, and its failures stay, so that
        who has such a secret cannot guess the password faster.
        """
        at = origin(host)
        for source in {at.host, at.network}:
            self._places.add(source, self.account_key(name), now)

    def forgive(self, name: str, now: float) -> None:
        """Forget the failures at an account, from everywhere: an administrator's word."""
        self._ledger.forgive(list(self._ledger.of_account(self.account_key(name))), now)

    def forget(self, name: str, now: float) -> None:
        """The account is no more: its failures, and where it came from."""
        self.forgive(name, now)
        self._places.forget(self.account_key(name))

    # What it costs ---------------------------------------------------------------------------

    def own_keys(self, host: str, names: Iterable[str], now: float) -> list[Key]:
        """What a try from this source is always counted under."""
        at = origin(host)
        accounts = [self.account_key(name) for name in names]
        at_home = [self._places.knows(at.host, account, now) for account in accounts]
        keys = [
            f"p:{at.host if home else at.network} {account}"
            for account, home in zip(accounts, at_home, strict=True)
        ]
        if not at.local and not (all(at_home) and self._is_quiet([*keys, f"d:{at.network}"], now)):
            keys += [f"h:{at.host}"] if at.network == at.host or all(at_home) else self._sources(at)[:2]
        return _in_order(keys)

    def guarded_keys(self, host: str, names: Iterable[str], now: float) -> list[Key]:
        """What others' failures have brought it under; empty at a place that is known."""
        at, names = origin(host), frozenset(names)
        accounts = {self.account_key(name): name for name in names}
        new = [each for each in accounts if not self._knows(at, each, now)]
        keys = [f"a:{account}" for account in new if accounts[account] and not at.local]
        if not at.local and at.site and new:
            keys.append(f"s:{at.site}")
        if not at.local and not all(self._places.knows(at.host, each, now) for each in accounts):
            keys.append(f"d:{at.network}")
        return _in_order(key for key in keys if cost(key, self._ledger.row(key, now)[0]))

    def keys(self, host: str, names: Iterable[str], now: float) -> list[Key]:
        """All that a try is counted under, in one order for everybody."""
        names = frozenset(names)
        return _in_order(self.own_keys(host, names, now) + self.guarded_keys(host, names, now))

    def wait(self, key: Key, now: float) -> float:
        """Seconds until the next try under a key."""
        failures, last = self._ledger.row(key, now)
        if now < last:
            return 0.0  # the system's clock was set back: nobody waits until it was then
        return max(0.0, last + cost(key, failures) - now)

    def source_wait(self, host: str, now: float) -> float:
        """Seconds until this address is prompted again; 0 for loopback, and where somebody is known:
        who tries what is then known with the name only.
        """
        at = origin(host)
        return 0.0 if at.local or self._places.is_anybodys(at.host) else self.wait(f"h:{at.host}", now)

    def account_wait(self, host: str, names: Iterable[str], now: float) -> float:
        """Seconds until this source may try these names again, beside its :meth:`source_wait`."""
        waits = [self.wait(key, now) for key in self.keys(host, names, now) if key[:1] != "h"]
        if self._places.is_anybodys(origin(host).host):
            waits += [self.wait(key, now) for key in self.own_keys(host, names, now)]
        return max(waits, default=0.0)

    def knows(self, host: str, names: Iterable[str], now: float) -> bool:
        """Whether one of the names was let in from there of late."""
        at = origin(host)
        return any(self._knows(at, self.account_key(name), now) for name in names)

    def share(self, host: str, names: Iterable[str], now: float) -> str:
        """Whose tries it is one of where they are bounded: an address's at a known place, else the
        network's; "" for loopback, which has no bound of its own.
        """
        at = origin(host)
        if at.local:
            return ""
        home = any(self._places.knows(at.host, self.account_key(name), now) for name in names)
        return f"home {at.host}" if home else at.network

    def at(self, host: str) -> "SourceThrottle":
        return SourceThrottle(self, host)

    def account_key(self, name: str) -> str:
        """A name in a key: 24 hexadecimal digits."""
        octets = b"throttle\0" + name.encode("utf-8", "surrogatepass")
        return hmac.new(self._secret, octets, hashlib.sha256).hexdigest()[:24]

    # What is stored --------------------------------------------------------------------------

    def restore(
        self, rows: Iterable[tuple[str, int, float]], places: Iterable[tuple[str, str, float]], now: float
    ) -> None:
        """Take stored rows: all at the start, later those that another process has written.

        The later time is true; of two at one time the one with more failures.  A time in the future
        is now.  What is too old or cannot be read is given back as gone.
        """
        self._ledger.merge(rows, now)
        self._places.merge(places, now)

    def changed(self, now: float) -> Changes:
        """What has changed since the last call."""
        return self._ledger.take(now)

    def put_back(self, changes: Changes) -> None:
        """What :meth:`changed` gave could not be stored: the next call gives it again."""
        self._ledger.put_back(changes)

    # Within ----------------------------------------------------------------------------------

    def _sources(self, at: Origin) -> list[Key]:
        return [f"h:{at.host}", f"n:{at.network}", f"s:{at.site}"] if at.site else [f"h:{at.host}"]

    def _is_quiet(self, keys: Iterable[Key], now: float) -> bool:
        return not any(self._ledger.row(key, now)[0] for key in keys)

    def _knows(self, at: Origin, account: str, now: float) -> bool:
        return any(self._places.knows(source, account, now) for source in {at.host, at.network})


class SourceThrottle:
    """A throttle as one source meets it."""

    def __init__(self, throttle: Throttle, host: str) -> None:
        self._throttle, self._host = throttle, host

    def wait(self, now: float) -> float:
        """Seconds until this source is prompted again."""
        return self._throttle.source_wait(self._host, now)

    def account_wait(self, names: Iterable[str], now: float) -> float:
        """Seconds until it may try these mapped names again, or until it is told that it may not:
        nobody is kept waiting for longer than ``limits.THROTTLE_PATIENCE``.
        """
        return min(self._throttle.account_wait(self._host, names, now), limits.THROTTLE_PATIENCE)


def _in_order(keys: Iterable[Key]) -> list[Key]:
    return sorted(set(keys), key=lambda key: (ORDER.index(key[:1]), key))
