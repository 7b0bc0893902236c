"""Whether somebody is who they say: the one way that every door goes.

A try waits for its turn, its name and password are looked at, and the outcome is stored before it
is told.  For unknown and disabled names the same work is done as for others, and whatever is wrong,
nothing but "no" is said of it.
"""

import secrets
from dataclasses import dataclass, field, replace

from netapp.core import limits
from netapp.errors import Busy
from netapp.people import applications, codes, rules, sessions
from netapp.people.external import External, vouches
from netapp.people.ground import Ground
from netapp.people.model import Account, Password
from netapp.people.rows import Rows
from netapp.people.second_factor import SecondFactor, is_on
from netapp.people.throttling.lately import LatelyRight, Likeness
from netapp.people.trail.refusals import Reason
from netapp.people.verified import Verified


def octets_of(word: str | bytes) -> bytes:
    """What was typed, as it is hashed."""
    return word if isinstance(word, bytes) else word.encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class Attempt:
    """A name and a password as typed, with what is known of who typed them."""

    name: bytes = field(repr=False)  # people type passwords here too
    password: bytes = field(repr=False)
    source: str  # an address; "" when there is none
    door: str  # "login", "ssh", "http", "ldap", "chat", "file:read", ...
    code: bytes | None = field(default=None, repr=False)  # of the second factor, where a door can ask
    remember: bool = False  # the same password comes with every request
    patience: float | None = None  # seconds to be held back, and then told of it; None: refused as any

    @property
    def typed(self) -> bytes:
        """What tells this guess from others: another code beside the same password is another."""
        return (self.code or b"")[: limits.LABEL] + b"\0" + self.password


@dataclass(frozen=True, slots=True)
class Verdict:
    """The account that is let in, or why nobody is; the reason is for the log alone."""

    account: Account | None
    reason: str  # a Reason, or what has let in
    named: Account | None = None  # whose name was typed
    opener: str | None = None  # the id of the token or application password that lets in


@dataclass(frozen=True, slots=True)
class _Candidate:
    """What one reading of the typed words comes to."""

    account: Account | None  # None where nobody comes in: then the hash is nobody's
    kept: Password
    password: bytes
    named: Account | None  # whose name it is
    has_password: bool  # of its own, here


class Authentication:
    """:param external: asked for accounts that have no password here; it never makes one."""

    def __init__(self, ground: Ground, factors: SecondFactor, external: External | None = None) -> None:
        self._ground, self._factors, self.external = ground, factors, external
        self._verified = Verified(secrets.token_bytes(32))
        self.lately = LatelyRight(secrets.token_bytes(32))

    async def remembered(self, attempt: Attempt) -> Account | None:
        """The account, when this very password was found right a moment ago."""
        prepared = rules.candidates(attempt.name, attempt.password)

        def work(rows: Rows) -> list[Account | None]:
            return [_without_factor(rows, name) for name, _ in prepared]

        now = self._ground.now()
        for account, (_, password) in zip(await self._ground.store.read(work), prepared, strict=True):
            if account is not None and self._verified.knows(account, password, attempt.source, now):
                return account
        return None

    def likeness(self, attempt: Attempt, tried: frozenset[str]) -> Likeness:
        """What is thought of a try before it is looked at.  :param tried: the names it may be by."""
        known = any(name in self.lately for name in tried)
        return self.lately.likeness(rules.candidates(attempt.name, attempt.password) if known else ())

    async def judge(self, attempt: Attempt) -> Verdict:
        """What :meth:`by_random_secret` leaves open.

        :raises Busy: too many wait for the threads that hash; that is no failed try.
        """
        prepared = rules.candidates(attempt.name, attempt.password)
        if not prepared:
            return Verdict(None, Reason.BAD)  # no such password can be: nothing is said of the name
        candidates = await self._found(prepared)
        right = await self._ground.pool.run(self._first_right, candidates)
        by = candidates[right] if right is not None else None
        if by is None or by.account is None:  # a dummy is right in no universe
            return await self._by_external(attempt, candidates) or await self._denied(attempt, candidates)
        verdict = await self._admitted(attempt, by.account, by)
        if verdict.account is not None:
            await self._renew(verdict.account, by)
        return verdict

    async def judge_own(self, attempt: Attempt, account: Account) -> Verdict:
        """Whether the password is an account's very own, which its owner is about to change."""
        candidates = await self._found(rules.candidates(attempt.name, attempt.password))
        right = await self._ground.pool.run(self._first_right, candidates)
        current = candidates[right].account if right is not None else None
        if current is None or current.id != account.id:
            return _refused(candidates)
        return Verdict(current, "password")

    # What was typed --------------------------------------------------------------------------

    async def by_random_secret(self, attempt: Attempt) -> Verdict | None:
        """Tokens and application passwords are random: their digests are found, not guessed, so they
        need no turn, and a wrong token is nobody's failure.  None: it may be somebody's password.
        """
        if len(attempt.password) > limits.PASSWORD * 4:
            return None  # in no encoding is it short enough
        text = attempt.password.decode("utf-8", "replace")
        is_token = codes.looks_like_token(text)
        if not is_token and codes.application_digest(text) is None:
            return None
        mapped = rules.tried_names(attempt.name)
        now = self._ground.now()

        def work(rows: Rows) -> tuple[Account, str] | None:
            if is_token:
                found = sessions.owner(rows, text, now)
                if found is None or (attempt.name and found[0].name not in mapped):
                    return None
                return found[0], found[1].id  # also without a name: RFC 6750 has none
            for name in sorted(mapped):
                account = rows.accounts.find(name)
                if account is None or not account.active:
                    continue
                application = applications.owner(rows, account, text, attempt.door, now)
                if application is not None:
                    return account, application.id
            return None

        right = await self._ground.store.write(work)
        if right is not None:
            account, opener = right
            return Verdict(account, "token" if is_token else "application", opener=opener)
        return Verdict(None, Reason.BAD) if is_token else None  # it may be somebody's password

    async def _found(self, prepared: list[tuple[str | None, bytes]]) -> list[_Candidate]:
        def work(rows: Rows) -> list[tuple[Account, Password | None] | None]:
            return [_row(rows, name) for name, _ in prepared]

        rows = await self._ground.store.read(work)
        return [self._candidate(row, octets) for row, (_, octets) in zip(rows, prepared, strict=True)]

    def _candidate(self, row: tuple[Account, Password | None] | None, password: bytes) -> _Candidate:
        named, kept = row if row is not None else (None, None)
        if named is None or kept is None or not named.active:
            return _Candidate(None, Password(self._ground.hasher.dummy), password, named, kept is not None)
        return _Candidate(named, kept, password, named, True)

    def _first_right(self, candidates: list[_Candidate]) -> int | None:
        """In a thread: which candidate's password is right."""
        for index, each in enumerate(candidates):
            if self._ground.hasher.verify(each.kept.phc, each.password, each.kept.pepper):
                return index
        return None

    async def _by_external(self, attempt: Attempt, candidates: list[_Candidate]) -> Verdict | None:
        """What another directory says of an account that has no password here."""
        for each in candidates:
            account = each.named
            if self.external is None or account is None or each.has_password or not account.active:
                continue
            if await vouches(self._ground, self.external, account.name, each.password):
                return await self._admitted(attempt, account, None)
        return None

    # Letting in ------------------------------------------------------------------------------

    async def _admitted(self, attempt: Attempt, account: Account, by: _Candidate | None) -> Verdict:
        """Note the visit, unless the account has changed while its password was hashed.

        :param by: what was right; None for another directory's word.
        """
        now = self._ground.now()

        def work(rows: Rows) -> Verdict:
            current = rows.accounts.get(account.id)
            if current is None or not current.active or current.generation != account.generation:
                return Verdict(None, Reason.BAD, account)
            if by is None and rows.accounts.password(account.id) is not None:
                return Verdict(None, Reason.BAD, account)  # it has one of its own since
            if is_on(rows, account.id) and not self._code_right(rows, account.id, attempt.code):
                return Verdict(None, Reason.CODE, account)
            rows.accounts.saw(account.id, now)
            if by is None:
                rows.accounts.vouched(account.id, now)
            return Verdict(replace(current, seen=now), "password" if by is not None else "external")

        verdict = await self._ground.store.write(work)
        if verdict.account is not None and by is not None:
            self.lately.note(verdict.account, by.password)
            if attempt.remember:
                self._verified.remember(verdict.account, by.password, attempt.source, now)
        return verdict

    async def _denied(self, attempt: Attempt, candidates: list[_Candidate]) -> Verdict:
        """Nobody comes in.  The rows are read and written as for a right password with a wrong code,
        so that the time it takes does not tell that the password was right.
        """
        verdict = _refused(candidates)
        account_id = verdict.named.id if verdict.named is not None else ""

        def work(rows: Rows) -> None:
            rows.accounts.get(account_id)
            if is_on(rows, account_id):
                self._code_right(rows, account_id, attempt.code, spend=False)

        await self._ground.store.write(work)
        return verdict

    async def _renew(self, account: Account, by: _Candidate) -> None:
        """Hash a password anew that was hashed at another cost, unless there is too much to do."""
        if not self._ground.hasher.outdated(by.kept.phc, by.kept.pepper):
            return
        try:
            new = await self._ground.hashed(by.password)
        except Busy:
            return
        await self._ground.store.write(lambda rows: rows.accounts.rehash(account.id, by.kept.phc, new))

    def _code_right(self, rows: Rows, account_id: str, code: bytes | None, *, spend: bool = True) -> bool:
        if code is None:
            return False
        text, now = code.decode("utf-8", "replace"), self._ground.wall()
        return self._factors.accepted(rows, account_id, text, now, spend=spend)


def _refused(candidates: list[_Candidate]) -> Verdict:
    named = next((each.named for each in candidates if each.named is not None), None)
    return Verdict(None, Reason.BAD if named is None or named.active else Reason.LOCKED, named)


def _row(rows: Rows, name: str | None) -> tuple[Account, Password | None] | None:
    """A name that is nobody's is looked up as often as another: what is not asked takes no time."""
    account = rows.accounts.find(name or "")
    kept = rows.accounts.password(_id(account))
    return (account, kept) if account is not None else None


def _without_factor(rows: Rows, name: str | None) -> Account | None:
    """An account that a password alone may open now: a second factor may have come since it did."""
    account = rows.accounts.find(name or "")
    has_factor = is_on(rows, _id(account))
    return None if account is None or not account.active or has_factor else account


def _id(account: Account | None) -> str:
    """An account's id; nobody's for none."""
    return account.id if account is not None else ""
