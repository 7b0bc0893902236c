"""A try from its turn to its place in the books: counted before it is told, and written down."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

from twisted.internet import defer

from netapp.core import limits
from netapp.people import rules
from netapp.people.authentication import Attempt, Authentication, Verdict
from netapp.people.ground import Ground
from netapp.people.throttling.lately import Likeness
from netapp.people.throttling.turns import Throttled, Turns
from netapp.people.trail.refusals import Reason, tell_refused

#: Finds out whether somebody is who they say.
Judge = Callable[[Attempt], Awaitable[Verdict]]
#: Of a try that earlier ones hold back for longer than it may wait.
UNSEEN: Final = Verdict(None, Reason.THROTTLED)


class Tries:
    def __init__(self, ground: Ground, turns: Turns, authentication: Authentication) -> None:
        self._ground, self._turns, self._authentication = ground, turns, authentication
        self.refused = self.admitted = 0

    async def login(self, attempt: Attempt) -> Verdict:
        """Who is let in, and by what."""
        verdict = await self.judged(attempt, self._authentication.judge)
        if verdict.account is not None:
            self._admit(attempt, verdict)
        return verdict

    async def found(self, attempt: Attempt, verdict: Verdict) -> Verdict:
        """Of a random secret that was looked up: it has no turn, and is counted under nothing."""
        if verdict.account is None:
            self.refuse(attempt, verdict)
        else:
            self._ground.throttle.came(attempt.source, verdict.account.name, self._ground.now())
            await self._ground.store_throttle()
            self._admit(attempt, verdict)
        return verdict

    async def judged(self, attempt: Attempt, judge: Judge) -> Verdict:
        """Have a try judged when its turn comes, count what comes out, and write a refusal down.

        :raises Throttled: it would have to wait for longer than its door lets it.
        :raises Busy: too many wait.
        """
        tried = rules.tried_names(attempt.name)
        guess, looked_at = self._authentication.likeness(attempt, tried), False
        try:
            async with self._turn(attempt, tried, guess):
                looked_at = True
                verdict = await self._verdict(attempt, tried, judge, guess)
                await self._count(attempt, tried, verdict)
        except Throttled:  # not looked at, it counts as none
            verdict = UNSEEN
            if attempt.patience is not None:
                self.refuse(attempt, verdict)
                raise
        finally:
            if not looked_at:
                self._authentication.lately.got_away(guess)
        if verdict.account is None:
            self.refuse(attempt, verdict)
        return verdict

    def _turn(
        self, attempt: Attempt, tried: frozenset[str], guess: Likeness
    ) -> AbstractAsyncContextManager[None]:
        if guess.likely:
            return self._turns.pass_by(attempt.source, tried)
        patience = limits.THROTTLE_PATIENCE if attempt.patience is None else attempt.patience
        return self._turns.turn(attempt.source, tried, patience=patience)

    def refuse(self, attempt: Attempt, verdict: Verdict) -> None:
        """Tell of a refusal."""
        self.refused += 1
        tell_refused(attempt.source, attempt.door, Reason(verdict.reason))
        self._record("refused", attempt, verdict)

    def _admit(self, attempt: Attempt, verdict: Verdict) -> None:
        self.admitted += 1
        self._record("login", attempt, verdict)

    async def _verdict(
        self, attempt: Attempt, tried: frozenset[str], judge: Judge, guess: Likeness
    ) -> Verdict:
        """Who hangs up while the threads are at work has had them work: that is a failure as any."""
        try:
            verdict = await judge(attempt)
        except defer.CancelledError:
            now = self._ground.now()
            self._ground.throttle.failed(attempt.source, tried, now, password=attempt.typed)
            self._authentication.lately.wrong(guess)
            raise
        if verdict.account is None:
            self._authentication.lately.wrong(guess)
        return verdict

    async def _count(self, attempt: Attempt, tried: frozenset[str], verdict: Verdict) -> None:
        """Count an outcome, on the disk too, before anybody is told of it."""
        throttle, now = self._ground.throttle, self._ground.now()
        if verdict.account is None:
            throttle.failed(attempt.source, tried, now, password=attempt.typed)
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
