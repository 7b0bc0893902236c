"""Entries, and the directory as it stands at one moment, where they are found by their values.

A snapshot is never changed; a search that has begun goes on in the one it began with.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from netapp.login.ldap import schema
from netapp.login.ldap.matching import normal
from netapp.login.ldap.names import Key, Name

SUBSCHEMA: Final = Name(((("cn", "Subschema"),),))
ROOT: Final = Name(())


@dataclass(eq=False, slots=True)
class Values:
    """An attribute with its values, as written and as compared; entries may share it."""

    attribute: schema.Attribute
    octets: tuple[bytes, ...]
    compared: Collection[object]
    #: As it stands in an answer, once somebody has asked for it.
    encoded: bytes | None = None

    @property
    def key(self) -> str:
        return self.attribute.name.lower()


@dataclass(eq=False, slots=True)
class Entry:
    """An entry; it is the same as itself only."""

    name: Name
    attributes: Mapping[str, Values]

    def values(self, key: str) -> Collection[object]:
        """The values of an attribute as they are compared; () where it has none."""
        found = self.attributes.get(key)
        return () if found is None else found.compared


def values(name: str, *texts: str) -> Values:
    """An attribute that :mod:`.schema` knows."""
    known = schema.attribute(name)
    assert known is not None, name
    octets = tuple(text.encode() for text in texts)
    compared = [normal(known.kind, each) for each in octets]
    few = len(compared) < 8
    return Values(known, octets, tuple(compared) if few else frozenset(compared))


def entry(name: Name, *attributes: Values) -> Entry:
    """An entry with what every one has beside its own."""
    own = (values("entryDN", str(name)),) if name.rdns else ()
    return Entry(name, {each.key: each for each in (*attributes, *own, _SCHEMA) if each.octets})


_SCHEMA: Final = values("subschemaSubentry", str(SUBSCHEMA))


class Snapshot:
    """All entries: by name, by what is above them, by their values."""

    def __init__(self, entries: Sequence[Entry], roots: Sequence[Entry]) -> None:
        """:param roots: entries that only a search for themselves finds."""
        self.entries, self._roots = entries, frozenset(roots)
        self.named: dict[Key, Entry] = {each.name.key: each for each in (*roots, *entries)}
        self.children: dict[Key, list[Entry]] = {}
        self.index: dict[tuple[str, object], list[Entry]] = {}
        for each in entries:
            self.children.setdefault(each.name.key[1:], []).append(each)

    def make_index(self, at_once: int) -> Iterator[None]:
        """The last part of making it.  :param at_once: values of one step."""
        done = 0
        for entry in self.entries:
            for key, found in entry.attributes.items():
                for value in found.compared:
                    self.index.setdefault((key, value), []).append(entry)
                    done += 1
                    if done % at_once == 0:
                        yield

    def holds(self, top: Entry) -> bool:
        """Whether it is one of the entries, and no root."""
        return top not in self._roots

    def find(self, name: Name) -> Entry | None:
        return self.named.get(name.key)

    def nearest(self, name: Name) -> Name:
        """The name above this one that is nearest to it, of those that are there."""
        above = name
        while above.rdns:
            above = above.parent
            if above.rdns and above.key in self.named:
                return above
        return ROOT

    def beneath(self, top: Entry, levels: int) -> Iterator[Entry]:
        """Entries of a search: the top alone, those right under it, or all of them with the top.

        :param levels: 0, 1 or 2: baseObject, singleLevel and wholeSubtree of RFC 4511 section 4.5.1.2.
        """
        if levels != 1:
            yield top
        if levels:
            for each in self.children.get(top.name.key, ()):
                yield from (each,) if levels == 1 else self.beneath(each, levels)
