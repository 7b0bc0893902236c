"""A try from its turn to its place in the books: counted before it is told, and written down."""

from collections.abc import Awaitable, Callable
from typing import Final

from twisted.internet import defer

from netapp.people import rules
from netapp.people.authentication import Attempt, Verdict
from netapp.people.ground import Ground
from netapp.people.refusals import Reason, tell_refused
from netapp.people.turns import Throttled, Turns

#: Finds out whether somebody is who they say.
Judge = Callable[[Attempt], Awaitable[Verdict]]
#: Of a try that earlier ones hold back for longer than it may wait.
UNSEEN: Final = Verdict(None, Reason.THROTTLED)


class Tries:
    def __init__(self, ground: Ground, turns: Turns) -> None:
        self._ground, self._turns = ground, turns
        self.refused = self.admitted = 0

    async def login(self, attempt: Attempt, judge: Judge) -> Verdict:
        """Who is let in, and by what."""
        verdict = await self.judged(attempt, judge)
        if verdict.account is not None:
            self.admitted += 1
            self._record("login", attempt, verdict)
        return verdict

    async def judged(self, attempt: Attempt, judge: Judge) -> Verdict:
        """Have a try judged when its turn comes, count what comes out, and write a refusal down.

        :raises Busy: too many wait.
        """
        tried = rules.tried_names(attempt.name)
        try:
            async with self._turns.turn(attempt.source, tried):
                verdict = await self._verdict(attempt, tried, judge)
                await self._count(attempt, tried, verdict)
        except Throttled:  # an ordinary refusal, to who tries; not looked at, it counts as none
            verdict = UNSEEN
        if verdict.account is None:
            self.refuse(attempt, verdict)
        return verdict

    def refuse(self, attempt: Attempt, verdict: Verdict) -> None:
        """Tell of a refusal."""
        self.refused += 1
        tell_refused(attempt.source, attempt.door, Reason(verdict.reason))
        self._record("refused", attempt, verdict)

    async def _verdict(self, attempt: Attempt, tried: frozenset[str], judge: Judge) -> Verdict:
        """Who hangs up while the threads are at work has had them work: that is a failure as any."""
        try:
            return await judge(attempt)
        except defer.CancelledError:
            now = self._ground.now()
            self._ground.throttle.failed(attempt.source, tried, now, password=attempt.password)
            raise

    async def _count(self, attempt: Attempt, tried: frozenset[str], verdict: Verdict) -> None:
        """Count an outcome, on the disk too, before anybody is told of it."""
        throttle, now = self._ground.throttle, self._ground.now()
        if verdict.account is None:
            throttle.failed(attempt.source, tried, now, password=attempt.password)
        else:
            throttle.succeeded(attempt.source, verdict.account.name, now)
        await self._ground.store_throttle()

    def _record(self, event: str, attempt: Attempt, verdict: Verdict) -> None:
        self._ground.audit.record(
            event,
            account=verdict.account or verdict.named,
            name=attempt.name,
            source=attempt.source,
            door=attempt.door,
            reason=verdict.reason,
        )
