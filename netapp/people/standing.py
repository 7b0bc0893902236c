"""Whether a session may still ask for what it asks for.

It is looked at within the transaction that does it: a session that is over leaves nothing behind.
"""

from netapp.people.model import Account, Refused
from netapp.people.rows import Rows


def see_standing(
    rows: Rows, account_id: str, session_id: str | None, now: float, *, by_password: bool = False
) -> None:
    """:param session_id: who asks; None for the house itself.
    :param by_password: what is asked for outlives a token, so that no session may that one has opened.
    :raises Refused: the session is over, or its account is not to be used, or a token has opened it.
    """
    if session_id is None:
        return
    session, account = rows.sessions.get(session_id, now), rows.accounts.get(account_id)
    if session is None or session.account != account_id or account is None or not account.active:
        raise Refused("session over")
    if by_password and session.opener is not None:
        raise Refused("by token")


def see_opener(rows: Rows, account: Account, opener: str | None, now: float) -> None:
    """:param opener: the token or application password that has let in; None for what has no row.
    :raises Refused: the account is not what it was then, or the opener is gone.
    """
    current = rows.accounts.get(account.id)
    if current is None or not current.active or current.generation != account.generation:
        raise Refused("gone")
    if opener is None or rows.sessions.get(opener, now) is not None:
        return
    if opener not in {each.id for each in rows.applications.of(account.id)}:
        raise Refused("gone")
