"""People for tests whose work happens at once, on a clock moved by hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet import defer

from netapp.core.clock import Steady
from netapp.core.database import open_engine
from netapp.people.directory import People
from netapp.people.model import Account
from netapp.people.passwords import CHEAP, Hasher
from netapp.people.rows import Rows
from netapp.people.store import MemoryStore, open_database
from netapp.testing import FakeReactor

HOST, ELSEWHERE = "192.0.2.1", "192.0.2.2"
BEGIN = 1_800_000_000.0  # seconds since 1970


class Watched(Hasher):
    """Keeps how often it had work, and does something once a hash was verified."""

    def __init__(self) -> None:
        super().__init__(CHEAP)
        self.verified = 0
        self.hashed = 0
        self.then: Callable[[], object] = lambda: None

    def verify(self, phc: str, password: bytes, kid: str | None = None) -> bool:
        self.verified += 1
        right = super().verify(phc, password, kid)
        self.then()
        return right

    def hash(self, password: bytes) -> str:
        self.hashed += 1
        return super().hash(password)


class Threads:
    """What is to be run has run, or waits in ``waits`` while ``held``."""

    def __init__(self) -> None:
        self.held = False
        self.fails: Exception | None = None
        self.waits: list[tuple[defer.Deferred[Any], Callable[[], Any]]] = []

    @property
    def waiting(self) -> int:
        return len(self.waits)

    def start(self) -> None:
        """Nothing to begin."""

    def stop(self) -> "defer.Deferred[None]":
        return defer.succeed(None)

    def run(self, work: Callable[..., Any], *args: Any) -> "defer.Deferred[Any]":
        if self.fails is not None:
            raise self.fails
        if not self.held:
            return defer.maybeDeferred(work, *args)
        done: defer.Deferred[Any] = defer.Deferred(lambda gone: self.waits.remove(entry))
        entry = done, lambda: work(*args)
        self.waits.append(entry)
        return done

    def finish(self) -> None:
        waits, self.waits = self.waits, []
        for done, work in waits:
            done.callback(work())


class Memory(MemoryStore):
    """Counts transactions; keeps the answers of writes back while ``held``; ``fails`` when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = self.writes = 0
        self.held = False
        self.fails: Exception | None = None
        self.kept: list[defer.Deferred[Any]] = []
        self.watchers: list[Callable[[], object]] = []

    def read(self, work: Any) -> "defer.Deferred[Any]":
        self.reads += 1
        return self._done(work)

    def write(self, work: Any) -> "defer.Deferred[Any]":
        self.writes += 1
        done = self._done(work)
        if not self.held:
            return done
        kept: defer.Deferred[Any] = defer.Deferred()
        self.kept.append(kept)
        return kept

    def watch(self, changed: Callable[[], object]) -> None:
        self.watchers.append(changed)

    def elsewhere(self, work: Callable[[Rows], Any]) -> Any:
        """Another process has done this, and this one is told."""
        outcome = self._run(work)
        for changed in self.watchers:
            changed()
        return outcome

    def _done(self, work: Any) -> "defer.Deferred[Any]":
        if self.fails is not None:
            return defer.fail(self.fails)
        return defer.maybeDeferred(self._run, work)


class Disk(Memory):
    """The same on a file, which outlives it."""

    def __init__(self, state: Path) -> None:
        super().__init__()
        self._connection.close()
        self._engine = open_engine(open_database(state), begin="BEGIN IMMEDIATE")

    def _run(self, work: Any) -> Any:
        with self._engine.begin() as connection:
            return work(Rows(connection))

    def close(self) -> None:
        self._engine.dispose()


class Place:
    """One process's people."""

    def __init__(self, store: Memory | None = None, clock: FakeReactor | None = None, **more: Any) -> None:
        self.clock = clock or FakeReactor()
        if not self.clock.seconds():
            self.clock.advance(BEGIN)
        self.store, self.hasher, self.threads = store or Memory(), Watched(), Threads()
        self.people = People(self.store, self.hasher, self.clock, **more)
        self.people._ground.pool = self.threads  # type: ignore[assignment]
        now(self.people.start())

    def account(self, name: str = "zhao", password: str | None = "123", **more: Any) -> Account:
        from netapp.people import admin
        from netapp.people.model import Password

        kept = Password(Hasher(CHEAP).hash(password.encode())) if password is not None else None
        work = lambda rows: admin.add(rows, name, kept, self.clock.seconds(), **more)  # noqa: E731
        added: Account = now(self.people._ground.change(work))
        return added

    def rows(self, work: Callable[[Rows], Any]) -> Any:
        return now(self.store.read(work))

    def tried(self, name: str | bytes, password: str | bytes, source: str = HOST, **more: Any) -> Any:
        """What comes of a try, however long it is held back."""
        return self.soon(self.people.authenticate(name, password, source, **more))

    def soon(self, work: Any) -> Any:
        waiting = work if isinstance(work, defer.Deferred) else defer.ensureDeferred(work)
        for _ in range(100):
            if waiting.called:
                break
            self.clock.advance(1.0)
        return now(waiting)


def steady(clock: FakeReactor) -> tuple[Steady, list[float]]:
    """A time whose system clock is as much ahead of the other as the list says."""
    ahead = [0.0]
    return Steady(lambda: clock.seconds() + ahead[0], clock.seconds, lambda step: None), ahead


def now(work: Any) -> Any:
    """What a coroutine or a Deferred gives, which must be there already; or what it raises."""
    outcome: list[Any] = []
    waiting = work if isinstance(work, defer.Deferred) else defer.ensureDeferred(work)
    waiting.addCallbacks(outcome.append, lambda failure: outcome.append(failure.value))
    assert outcome, "it waits"
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    return outcome[0]


def cancelled(waits: "defer.Deferred[Any]") -> None:
    """Nobody waits for it any more."""
    waits.cancel()
    outcome: list[Any] = []
    waits.addBoth(outcome.append)
    assert outcome[0].check(defer.CancelledError)
