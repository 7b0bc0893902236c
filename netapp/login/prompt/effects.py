"""What :class:`LoginSession` has its protocol find out, and what that may come to."""

from dataclasses import dataclass, field
from enum import Enum

from netapp.core.lines import LineReader
from netapp.people.rules import Policy


class Outcome(Enum):
    """A try's end; the value is the phrase that says it."""

    ADMITTED = "admitted"
    WRONG = "wrong"
    BUSY = "busy"
    UNAVAILABLE = "unavailable"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Verify:
    """Find out whose these are, as typed, and call :meth:`LoginSession.judged`.

    Or call :meth:`LoginSession.code_wanted`, for an account that has a second factor, when there is
    no code yet: whether the password is right or not, so that the prompt does not tell.
    """

    name: bytes = field(repr=False)  # people type passwords here too
    password: bytes = field(repr=False)
    code: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ReadInvitation:
    """Find out what a code is good for, and call :meth:`LoginSession.invited`."""

    code: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Welcome:
    """What a code is good for, and the rules for the password that it sets.

    :param name: of the account that it is for; None when it makes one.
    """

    name: str | None
    policy: Policy
    second_factor: bool = False


@dataclass(frozen=True, slots=True)
class SeeName:
    """Find out whether a newcomer may have a name: :meth:`LoginSession.name_free` or ``refused``."""

    code: bytes = field(repr=False)
    name: str


@dataclass(frozen=True, slots=True)
class Enter:
    """The visitor goes on to the shell, with :attr:`LoginSession.left`."""


@dataclass(frozen=True, slots=True)
class Left:
    """What a shell takes over from the prompt."""

    reader: LineReader
    lines: tuple[bytes | None, ...]  # None: one that was too long
    finished: bool  # the peer sends no more
    flooded: bool = False  # more lines have come than could wait
