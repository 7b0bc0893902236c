"""The first administrator's code: an invitation that is good only while nobody has an account.

There is one for a state directory at a time.  It is not kept as text: whoever may read the state
directory can make it again from its row and the key, and so be shown it again.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from netapp.core import limits
from netapp.people import admin, codes
from netapp.people.model import Invitation

if TYPE_CHECKING:
    from netapp.people.rows import Rows  # SQLAlchemy takes its time

_KEY: Final = "first code"


@dataclass(frozen=True, slots=True)
class FirstCode:
    """:param text: to be typed where a login asks for the name.  :param new: it was made just now."""

    text: str = field(repr=False)
    expires: float
    new: bool = False


def standing(rows: "Rows", key: bytes, now: float) -> FirstCode | None:
    """The code that is good now.  :param key: what signs the invitations."""
    found = _standing(rows, now)
    return None if found is None else FirstCode(codes.invitation(found.id, key), found.expires)


def given_out(rows: "Rows", key: bytes, now: float) -> FirstCode | None:
    """The code that is good now, a new one where there is none; None when somebody has an account."""
    if rows.accounts.any():
        return None
    if (found := standing(rows, key, now)) is not None:
        return found
    expires = now + limits.FIRST_CODE
    new = Invitation(codes.new_invitation_id(), None, "admin", frozenset(), now, expires)
    admin.invite(rows, new, now)
    rows.settings.put(_KEY, new.id)
    return FirstCode(codes.invitation(new.id, key), expires, new=True)


def is_late(rows: "Rows", invitation: Invitation) -> bool:
    """Whether an invitation was the first administrator's, and somebody has an account by now."""
    return rows.settings.get(_KEY) == invitation.id and rows.accounts.any()


def _standing(rows: "Rows", now: float) -> Invitation | None:
    wanted = rows.settings.get(_KEY)
    if wanted is None or rows.accounts.any():
        return None
    return rows.invitations.get(wanted, now)
