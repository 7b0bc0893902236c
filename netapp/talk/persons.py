"""Who is present, and whose name is whose."""

import secrets
from typing import TYPE_CHECKING, Any, Protocol

from twisted.internet import defer

from netapp.core import limits
from netapp.talk import names
from netapp.talk.errors import NameTaken, TooMuch
from netapp.talk.model import Author, Renamed

if TYPE_CHECKING:
    from netapp.talk.presence import Presence


class Account(Protocol):
    @property
    def id(self) -> str: ...


class Names(Protocol):
    """What talk wants of people: whose names nobody else may take."""

    def find(self, name: str) -> "defer.Deferred[Any]":
        """The :class:`Account` of a name, or None."""


class Person:
    """Who is present, by one connection or by many.

    :param key: names the person in direct talks: an account's for ever, a guest's for this visit.
    """

    __slots__ = ("author", "key", "presences")

    def __init__(self, author: Author) -> None:
        self.author = author
        self.key = f"a{author.account}" if author.account else f"g{secrets.token_hex(8)}"
        self.presences: list[Presence] = []


class Persons:
    """The persons of one talk.  A name is claimed once people have said whose it is, so that its owner is
    told so however many ask at once; of two whom it is free for, one gets it.

    :param people: knows the accounts' names; None when there are no accounts.
    """

    def __init__(self, people: Names | None) -> None:
        self._people = people
        self._names: dict[str, Person] = {}  # by folded name
        self._accounts: dict[str, Person] = {}  # by account id

    async def arrive(self, author: Author, *, unique: bool) -> tuple[Person, Renamed | None]:
        """The person that an author is, new or there already.

        :returns: and what a guest had to be renamed for, for :meth:`tell_name`.
        :raises NameTaken: the name is somebody's.
        """
        if author.account is not None:
            if author.account in self._accounts:
                return self._accounts[author.account], None
            return await self._arrive_owner(Person(author))
        person = Person(author)
        if unique:
            await self._take_free_name(person)
        else:
            await self.take_name(person, author.name)
        return person, None

    async def _arrive_owner(self, owner: Person) -> tuple[Person, Renamed | None]:
        """An account's owner has come and gets the name; a guest who had it gets a number."""
        assert owner.author.account is not None
        folded = names.fold(owner.author.name)
        self._accounts[owner.author.account] = owner
        holder = self._names.get(folded)
        try:
            return owner, await self._give_name(owner, holder)
        except BaseException:
            if not owner.presences:  # nobody came meanwhile: all is as before
                self.forget(owner)
                if holder is not None and holder.presences:
                    self._names.setdefault(folded, holder)
            raise

    async def _give_name(self, owner: Person, holder: Person | None) -> Renamed | None:
        """:param holder: who has the owner's name.  :returns: what a guest had to be renamed for."""
        if holder is not None and holder.author.account is not None:
            await self._take_free_name(owner)  # accounts' names may differ in what a nickname cannot show
            return None
        self._names[names.fold(owner.author.name)] = owner
        if holder is None or not holder.presences:
            return None
        old = holder.author
        await self._take_free_name(holder, number=2)
        if not holder.presences:  # has gone meanwhile
            self.release(holder, holder.author.name)
            return None
        return Renamed(old, holder.author)

    async def take_name(self, person: Person, name: str) -> None:
        """Claim a name for a person, and free the one before.  :raises NameTaken: it is not free."""
        folded = names.fold(name)
        if self._names.get(folded) is person:
            return
        if await self._is_anothers(name, person.author.account):
            raise NameTaken(name, by_account=True)
        holder = self._names.setdefault(folded, person)
        if holder is not person:
            raise NameTaken(name, by_account=holder.author.account is not None)
        if names.fold(person.author.name) != folded:
            self.release(person, person.author.name)

    async def _take_free_name(self, person: Person, number: int = 1) -> None:
        """Take the person's own name with the first number, from ``number`` on, that makes it free."""
        author = person.author
        for count in range(number, limits.PRESENCES + 2):
            suffix = f"_{count}" if count > 1 else ""
            wanted = author.name[: limits.NICKNAME - len(suffix)] + suffix
            if self._names.get(names.fold(wanted), person) is not person:
                continue
            try:
                await self.take_name(person, wanted)
            except NameTaken:
                continue
            person.author = Author(wanted, author.proof, author.account)
            return
        raise TooMuch(f"there are too many called {author.name!r}")

    async def _is_anothers(self, name: str, account: str | None) -> bool:
        if self._people is None:
            return False
        owner: Account | None = await self._people.find(name)
        return owner is not None and owner.id != account

    def release(self, person: Person, name: str) -> None:
        """A name is free again, if it is this person's."""
        folded = names.fold(name)
        if self._names.get(folded) is person:
            del self._names[folded]

    def forget(self, person: Person) -> None:
        """A person's last presence has gone."""
        self.release(person, person.author.name)
        if person.author.account is not None:
            self._accounts.pop(person.author.account, None)

    def find(self, name: str) -> Person | None:
        """Who is present under a name."""
        person = self._names.get(names.fold(name))
        return person if person is not None and person.presences else None

    def whereabouts(self) -> list[tuple[str, str]]:
        """(name, door) of each presence."""
        persons = self._names.values()
        return [(each.author.name, presence.door) for each in persons for presence in each.presences]

    def present(self) -> tuple[Author, ...]:
        return tuple(person.author for person in self._names.values() if person.presences)
