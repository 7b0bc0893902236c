"""What who has an invitation is asked: a name, unless the code is an account's, and a password twice."""

from dataclasses import dataclass, field

from netapp.login.prompt.effects import SeeName, Welcome
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
    """

    def __init__(self, code: bytes, welcome: Welcome) -> None:
        self._code, self._welcome = code, welcome
        self._name: str | None = None  # of the new account
        self._password = ""
        self.wants = "new password" if welcome.name is not None else "new name"

    @property
    def hidden(self) -> bool:
        """What is asked for now should not be shown while it is typed."""
        return self.wants != "new name"

    def take(self, answer: str) -> Redeem | SeeName | None:
        """An answer; None when another is wanted.

        :raises Refused: it cannot be, and is asked for again.
        :raises Differ: the second password is another, and the first is asked for again.
        """
        if self.wants == "new name":
            names.new_name(answer)
            self._name = answer
            return SeeName(self._code, answer)
        if self.wants == "new password":
            self._judge(answer)
            self._password, self.wants = answer, "again"
        else:
            self.wants = "new password"
            if answer != self._password:
                raise Differ
            return Redeem(self._code, self._name, self._password)
        return None

    def name_free(self) -> None:
        """Nobody has the name."""
        self.wants = "new password"

    def _judge(self, password: str) -> None:
        """Who would be refused in the end hears so before the second typing.  :raises Refused: it is weak."""
        welcome, name = self._welcome, self._name or self._welcome.name or ""
        factor = welcome.second_factor
        rules.new_password(password, policy=welcome.policy, second_factor=factor, name=name)

    def refused(self, refused: Refused) -> bool:
        """The whole was refused: what was at fault is asked for again.  False: the code is no more."""
        if refused.key.startswith("name") or refused.key in ("taken", "lookalike"):
            self.wants = "new name"
        return refused.key not in ("code used", "password set", "gone")


class Differ(Exception):
    """The password was not typed the same twice."""
