"""Threads with a bound: so many of them, so many jobs that wait, and a word when it is too much."""

import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from twisted.internet import defer
from twisted.python.failure import Failure

from netapp.errors import Busy, StateError

T = TypeVar("T")


class _Job(Generic[T]):
    __slots__ = ("answer", "gone", "work")

    def __init__(self, work: Callable[[], T]) -> None:
        self.work = work
        self.gone = False
        self.answer: defer.Deferred[T] = defer.Deferred(lambda _: setattr(self, "gone", True))


class Pool:
    """Runs work off the reactor's thread.

    Made at any time, its threads begin with :meth:`start`, since a daemon forks before that.
    They are of the daemon kind: a process that must go does not wait for them.

    :param waiting: jobs that may wait; one more is refused.
    :param nice: added to the threads' niceness, so that long work leaves the reactor its share.
    """

    def __init__(self, name: str, reactor: Any, *, threads: int, waiting: int, nice: int = 0) -> None:
        self._name, self._reactor, self._count = name, reactor, threads
        self._most, self._nice = waiting, nice
        self._jobs: deque[_Job[Any]] = deque()
        self._ready = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._stopping = False

    @property
    def waiting(self) -> int:
        """Jobs that no thread has begun."""
        return len(self._jobs)

    def start(self) -> None:
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._run, name=f"{self._name}-{number}", daemon=True)
            for number in range(self._count)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> defer.Deferred[None]:
        """Finish what waits, then end the threads."""
        with self._ready:
            self._stopping = True
            self._ready.notify_all()
        threads, self._threads = self._threads, []
        ended: defer.Deferred[None] = defer.Deferred()
        if not any(thread.is_alive() for thread in threads):
            return defer.succeed(None)

        def join() -> None:
            for thread in threads:
                thread.join()
            self._reactor.callFromThread(ended.callback, None)

        threading.Thread(target=join, name=f"{self._name}-end", daemon=True).start()
        return ended

    def run(self, work: Callable[..., T], *args: Any) -> defer.Deferred[T]:
        """Run ``work(*args)`` in a thread; cancelling takes it out of the queue if it still waits.

        :raises Busy: too many wait already.
        """
        job = _Job(lambda: work(*args))
        with self._ready:
            if self._stopping or not self._threads:
                raise StateError(f"the pool {self._name} does not run")
            if len(self._jobs) >= self._most:
                self._jobs = deque(each for each in self._jobs if not each.gone)
                if len(self._jobs) >= self._most:
                    raise Busy(f"too much waits for {self._name}")
            self._jobs.append(job)
            self._ready.notify()
        return job.answer

    def _run(self) -> None:
        if self._nice and hasattr(os, "setpriority"):
            thread = threading.get_native_id()  # on Linux a thread has its own
            niceness = os.getpriority(os.PRIO_PROCESS, thread) + self._nice
            os.setpriority(os.PRIO_PROCESS, thread, niceness)  # what is above 19 is 19
        while (job := self._next()) is not None:
            if job.gone:
                continue
            try:
                outcome: Any = job.work()
            except Exception:
                outcome = Failure()
            self._reactor.callFromThread(_tell, job, outcome)

    def _next(self) -> _Job[Any] | None:
        with self._ready:
            while not self._jobs:
                if self._stopping:
                    return None
                self._ready.wait()
            return self._jobs.popleft()


def _tell(job: _Job[Any], outcome: Any) -> None:
    if not job.gone:
        job.answer.callback(outcome)  # a Failure goes down the errback chain
