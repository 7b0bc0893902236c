"""What the assistant needs of those who carry octets, and of the terminal."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from netapp.core.terminal.record import Ends
from netapp.core.text import Tongue


class Party(Ends, Protocol):
    """Somebody who can be written to."""

    tongue: Tongue
    waits: bool

    def send(self, octets: bytes) -> None:
        """:raises OSError: it cannot be reached."""

    def head(self, size: int) -> bytes:
        """What stands before a message of so many octets."""

    def send_some(self, octets: bytes) -> int:
        """Send what can be sent without waiting.  :returns: how many octets went.  :raises OSError:"""


class House(Protocol):
    """Where the parties are."""

    def default(self) -> Iterable[Party]:
        """To whom a typed line may go, the first who can be reached."""

    def parties(self) -> Sequence[Party]:
        """Who is there, in the order in which they came."""

    def octets(self, typed: str, tongue: Tongue, party: Party | None) -> bytes | None:
        """What is typed, as it goes out to this party; None for what cannot be sent.

        :raises ValueError: its text says why.
        """

    def trouble(self, error: OSError, what: object) -> str:
        """A failure in the user's words."""

    def leave(self) -> None:
        """The person wants to go."""


class Display(Protocol):
    """The terminal."""

    #: The arrows that Unicode has cannot be shown.
    plain: bool
    colour: bool
    #: What is typed next is not kept.
    secret: bool

    @property
    def width(self) -> int:
        """Cells of a line."""

    def show(self, text: str) -> None:
        """Show lines above the one that is being typed."""

    def say(self, status: str) -> None:
        """Say how things stand, beside it."""

    def clear(self) -> None: ...


class Numbers:
    """Every party's number, which it keeps as long as it is there."""

    def __init__(self) -> None:
        #: The highest that was given.
        self.last = 0
        self._parties: dict[int, Party] = {}

    def update(self, there: Sequence[Party]) -> dict[int, Party]:
        """Who is there, by number."""
        self._parties = {number: each for number, each in self._parties.items() if each in there}
        known = {id(each) for each in self._parties.values()}
        for party in there:
            if id(party) not in known:
                self.last += 1
                self._parties[self.last] = party
        return self._parties
