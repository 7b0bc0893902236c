"""Sessions: who is logged in, and the tokens that they have put elsewhere."""

from collections.abc import Iterable, Sequence
from secrets import token_hex

from twisted.python.failure import Failure

from netapp.core import limits
from netapp.people import admin, codes, words
from netapp.people.ground import Ground
from netapp.people.model import Account, Refused, Session
from netapp.people.processes import lives, this_process
from netapp.people.rows import Rows
from netapp.people.standing import see_opener, see_standing


class Sessions:
    """The sessions of all accounts.  A token is kept as its hash, and shown once."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._ended: set[str] = set()  # live ones whose rows are still there

    def start(self, rows: Rows) -> None:
        """The connections of processes that have ended are over."""
        for process in rows.sessions.processes():
            if not lives(process):
                rows.sessions.forget(process)
        rows.sessions.drop_dead(self._ground.now())

    async def open(self, account: Account, *, door: str, source: str, opener: str | None = None) -> Session:
        """A connection is logged in.

        :param account: as it was judged.
        :param opener: the id of the token that it was let in by.
        :raises Refused: it has too many, or is no longer what it was then, or the token is gone.
        :raises Unavailable: it cannot be written down.
        """
        now = self._ground.now()
        new = Session(
            token_hex(8), account.id, "live", door, source, "", now, now, now + limits.TOKEN_TOTAL, opener
        )

        ended = frozenset(self._ended)

        def work(rows: Rows) -> None:
            see_opener(rows, account, opener, now)  # it may have been revoked meanwhile
            _remove(rows, ended)
            rows.sessions.drop_dead(now, account.id)
            _make_room(rows, new, now)
            rows.sessions.add(new, generation=account.generation, process=this_process())

        await self._ground.for_strangers("a session cannot be written down", self._ground.change(work))
        self._ended -= ended
        return new

    async def close(self, session_id: str) -> None:
        """A connection has ended.  What cannot be deleted now is with the next."""
        self._ended.add(session_id)
        ended = frozenset(self._ended)
        try:
            await self._ground.store.write(lambda rows: _remove(rows, ended))
        except Exception:
            self._ground.faults.tell("the end of a session cannot be written down", Failure())
        else:
            self._ended -= ended

    async def of(self, account_id: str) -> Sequence[Session]:
        """Live ones and tokens, the oldest first."""
        now = self._ground.now()
        return await self._ground.store.read(lambda rows: rows.sessions.of(account_id, now))

    async def token(
        self, account: Account, *, door: str, source: str, label: str = "", by: str | None = None
    ) -> str:
        """A fresh token, which is as good as the password and the second factor until it is over.

        :param by: the id of the session that asks: see :mod:`netapp.people.standing`.
        :raises Refused: the account has too many, or is gone, or the label cannot be shown.
        """
        now, text, told = self._ground.now(), codes.new_token(), words.label(label)
        new = Session(
            token_hex(8), account.id, "token", door, source, told, now, now, now + limits.TOKEN_IDLE
        )

        def work(rows: Rows) -> None:
            see_standing(rows, account.id, by, now, by_password=True)
            current = _current(rows, account)
            rows.sessions.drop_dead(now, account.id)
            admin.see_room(sum(each.kind == "token" for each in rows.sessions.of(account.id, now)))
            rows.sessions.add(new, generation=current.generation, digest=codes.token_digest(text))

        await self._ground.store.write(work)
        self._ground.audit.record("token", account=account, source=source, door=door, session=new.id)
        return text

    async def revoke(self, account_id: str, which: str | None = None, keep: str | None = None) -> int:
        """End one session, or whatever was given out for an account.

        :param which: a session's id; None for everything.
        :param keep: the session that asks, and goes on when everything else ends.
        :returns: how many sessions have ended.
        :raises Refused: there is no such session, or no such account.
        """
        now = self._ground.now()

        def work(rows: Rows) -> tuple[Account, int]:
            account = rows.accounts.get(account_id)
            if account is None:
                raise Refused("gone")
            see_standing(rows, account_id, keep, now)
            there = rows.sessions.of(account_id, now)
            if which is None:
                admin.revoke(rows, account, keep=keep)
                return account, len([each for each in there if each.id != keep])
            session = next((each for each in there if each.id == which), None)
            if session is None:
                raise Refused("no session")
            return account, admin.end_session(rows, account, session)

        account, ended = await self._ground.change(work)
        self._ground.audit.record("revoked", account=account, session=which or "all")
        return ended


def owner(rows: Rows, text: str, now: float) -> tuple[Account, Session] | None:
    """Whose a token is, and the token, if it is good; its use is noted."""
    digest = codes.token_digest(text)
    session = rows.sessions.token(digest, now) if digest is not None else None
    account = rows.accounts.get(session.account) if session is not None else None
    if session is None or account is None or not account.active:
        return None
    if now - session.seen >= limits.TOKEN_NOTED:
        expires = min(session.created + limits.TOKEN_TOTAL, now + limits.TOKEN_IDLE)
        rows.sessions.saw(session.id, now, expires)
    return account, session


def _remove(rows: Rows, session_ids: Iterable[str]) -> None:
    for session_id in session_ids:
        rows.sessions.remove(session_id)


def _make_room(rows: Rows, new: Session, now: float) -> None:
    """Whoever has stolen a token keeps nobody out who comes in by the password.

    :raises Refused: the account has too many.
    """
    there = [each for each in rows.sessions.of(new.account, now) if each.kind == "live"]
    by_token = [each for each in there if each.opener is not None]
    account = rows.accounts.get(new.account)
    if len(there) >= limits.CREDENTIALS_EACH and new.opener is None and by_token and account is not None:
        admin.end_session(rows, account, by_token[0])
        there.remove(by_token[0])
    admin.see_room(len(there), "too many sessions")


def _current(rows: Rows, account: Account) -> Account:
    """The account as it is now.  :raises Refused: it is not what it was."""
    current = rows.accounts.get(account.id)
    if current is None or not current.active:
        raise Refused("gone")
    return current
