"""What the shell asks to have done: values, which :mod:`netapp.login.shell.desk` performs on People."""

from dataclasses import dataclass, field


class Operation:
    """What each of them is; its docstring names what it gives back."""


@dataclass(frozen=True, slots=True)
class WhoAmI(Operation):
    """:class:`Me`."""


@dataclass(frozen=True, slots=True)
class Me:
    """Who is here, as the account stands now."""

    name: str
    shown: str
    role: str
    groups: tuple[str, ...]
    second_factor: bool
    recovery_left: int
    door: str
    source: str
    since: float  # seconds since 1970


@dataclass(frozen=True, slots=True)
class ChangePassword(Operation):
    """Nothing."""

    old: str = field(repr=False)
    new: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FactorIsOn(Operation):
    """Whether a code is asked for beside the password."""


@dataclass(frozen=True, slots=True)
class BeginFactor(Operation):
    """:class:`Enrolment`."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator must be told."""

    secret: str = field(repr=False)  # base 32
    uri: str = field(repr=False)  # otpauth:
    picture: str = field(repr=False)  # the same as a QR, for a terminal
    spaces: str = field(default="", repr=False)  # the same without a character that GBK lacks


@dataclass(frozen=True, slots=True)
class ConfirmFactor(Operation):
    """The recovery codes, shown this once."""

    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EndFactor(Operation):
    """Nothing."""

    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ListSessions(Operation):
    """A list of :class:`Sitting`, the oldest first."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """One session or token of this account."""

    id: str
    kind: str  # "live", "token"
    door: str
    source: str
    since: float  # seconds since 1970
    mine: bool
    opener: str | None = None  # the id of the token that it came in by


@dataclass(frozen=True, slots=True)
class Revoke(Operation):
    """How many were ended."""

    session: str | None  # None: all but this one


@dataclass(frozen=True, slots=True)
class MintToken(Operation):
    """The token, shown this once."""


@dataclass(frozen=True, slots=True)
class ListKeys(Operation):
    """A list of the account's SSH keys, as People gives them."""


@dataclass(frozen=True, slots=True)
class AddKey(Operation):
    """The key that was added."""

    line: str  # as in authorized_keys


@dataclass(frozen=True, slots=True)
class RemoveKey(Operation):
    """Nothing."""

    key: str  # its id


@dataclass(frozen=True, slots=True)
class ListApplications(Operation):
    """A list of the account's application passwords, as People gives them."""


@dataclass(frozen=True, slots=True)
class AddApplication(Operation):
    """The password, shown this once."""

    label: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemoveApplication(Operation):
    """Nothing."""

    application: str  # its id
