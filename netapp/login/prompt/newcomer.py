"""What who has an invitation is asked: a name, unless the code is an account's, and a password twice."""

from dataclasses import dataclass, field

from netapp.people import names, rules
from netapp.people.model import Refused


@dataclass(frozen=True, slots=True)
class Redeem:
    """Use an invitation up, and call ``LoginSession.redeemed``."""

    code: bytes = field(repr=False)
    name: str | None  # None: the code is for an account
    password: str = field(repr=False)


class Newcomer:
    """Asks, and asks again for what cannot be.  ``wants`` is the key of the prompt that stands.

    :param code: as typed.
    :param bound: the code is for an account that is there.
    """

    def __init__(self, code: bytes, *, bound: bool) -> None:
        self._code, self._bound = code, bound
        self._name: str | None = None
        self._password = ""
        self.wants = "new password" if bound else "new name"

    @property
    def hidden(self) -> bool:
        """What is asked for now should not be shown while it is typed."""
        return self.wants != "new name"

    def take(self, answer: str) -> Redeem | None:
        """An answer; None when another is wanted.

        :raises Refused: it cannot be, and is asked for again.
        :raises Differ: the second password is another, and the first is asked for again.
        """
        if self.wants == "new name":
            names.new_name(answer)
            self._name, self.wants = answer, "new password"
        elif self.wants == "new password":
            rules.new_password(answer, name=self._name or "")
            self._password, self.wants = answer, "again"
        else:
            self.wants = "new password"
            if answer != self._password:
                raise Differ
            return Redeem(self._code, self._name, self._password)
        return None

    def refused(self, refused: Refused) -> bool:
        """The whole was refused: what was at fault is asked for again.  False: the code is no more."""
        if refused.key.startswith("name") or refused.key in ("taken", "lookalike"):
            self.wants = "new name"
        return refused.key not in ("code used", "password set", "gone")


class Differ(Exception):
    """The password was not typed the same twice."""
