"""Files to records."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from netapp.core import limits
from netapp.core.files import NotRegular, open_regular
from netapp.names.files.origins import FileRead, identity, origin_of
from netapp.names.master import generate
from netapp.names.master.faults import Fault, Malformed
from netapp.names.master.fields import CLASS, TYPE, data, meaning, name, seconds, short
from netapp.names.master.lines import entries
from netapp.names.model import SOA, Record
from netapp.names.naming import is_within, shown

_APL: Final = 42  # a list that may be empty: RFC 3123 section 4
_PIECE: Final = 64 * 1024  # what is split at once holds up other threads: 0.1 ms


class Reader:
    """One zone's master file and what it includes, read once.

    :ivar origin: the zone's, folded.
    :ivar faults: what was wrong so far; the lines that have them give no records.
    :ivar files: what was read so far.
    :ivar count: records so far.
    :ivar place: file and line of the newest record.
    """

    def __init__(self, path: Path, origin: bytes | None = None, where: str | None = None) -> None:
        self.path, self.where = path, where or str(path)
        self.faults: list[Fault] = []
        self.files: list[FileRead] = []
        self.place = (self.where, 0)
        self.count = 0
        self._full = False
        self._octets = 0
        self._made = 0
        self._soa: bytes | None = None
        named = origin if origin is not None else origin_of(path.name)
        self._forget(named)
        self._start = named
        self._whole = origin is not None  # else any name may come until we know
        self.origin = origin if origin is not None else self._find_origin(named)

    def records(self) -> Iterator[Record]:
        """All records.  Read it to its end; then :attr:`faults` is complete."""
        self._forget(self._start)
        self._whole = True
        for count, record in enumerate(self._file(self.path, self.where, 0), 1):
            self.count = count
            if count > limits.ZONE_RECORDS:
                self._fault(*self.place, Malformed("records", limit=limits.ZONE_RECORDS))
                return
            yield record
        if self._soa is None and not self.faults:
            self._fault(self.where, 0, Malformed("no soa", origin=shown(self.origin)))

    def _forget(self, origin: bytes | None) -> None:
        self._origin = origin  # the current one
        self._word: bytes | None = None
        self._owner: bytes | None = None
        self._bad_name = Malformed("no owner")
        self._stated: int | None = None  # the TTL last given by a record
        self._default: int | None = None  # by $TTL
        self._minimum: int | None = None  # by the SOA
        self._known: dict[tuple[int, bytes], bytes] = {}

    def _find_origin(self, named: bytes | None) -> bytes:
        """The first SOA's owner, else what the file is named after."""
        found = next(
            (each.owner for each in self._file(self.path, self.where, 0) if each.rdtype == SOA), None
        )
        self.faults, self.files, self._full, self._octets, self._made, self._soa = [], [], False, 0, 0, None
        return found if found is not None else named if named is not None else b"\0"

    def _fault(self, where: str, line: int, error: Malformed) -> None:
        if len(self.faults) >= limits.ZONE_FAULTS:
            self._full = True
            error = Malformed("many", limit=limits.ZONE_FAULTS)
        self.faults.append(Fault(where, line, error.key, error.fields))

    # Files ---------------------------------------------------------------------------------------

    def _file(self, path: Path, where: str, depth: int, line: int = 0, above: str = "") -> Iterator[Record]:
        """One file's records.  :param above: the file, and line, that include it."""
        try:
            for number, indented, words in entries(self._pieces(path, where)):
                try:
                    if isinstance(words, Malformed):
                        raise words
                    if words[0][0] == 0x24 and not indented:
                        yield from self._directive(words, path, where, number, depth)
                    else:
                        self.place = (where, number)
                        yield self._record(indented, words)
                except Malformed as error:
                    self._fault(where, number, error)
                if self._full:
                    return
        except OSError as error:
            malformed = Malformed("include", path=where, reason=error.strerror or str(error))
            self._fault(above or where, line, malformed)
        except Malformed as error:  # of the file as a whole
            self._fault(above or where, line, error)

    def _pieces(self, path: Path, where: str) -> Iterator[bytes]:
        """A regular file's octets.  :raises OSError, Malformed: they cannot be had."""
        at = len(self.files)
        self.files.append(FileRead(path))
        try:
            opened = open_regular(path)
        except NotRegular:
            raise Malformed("not regular", path=where) from None
        with opened as file:
            digest = hashlib.sha256()
            self.files[at] = FileRead(path, identity(os.fstat(file.fileno())))
            while piece := file.read(_PIECE):
                digest.update(piece)
                self._octets += len(piece)
                if self._octets > limits.ZONE_FILE:
                    raise Malformed("too big", path=where, limit=limits.ZONE_FILE)
                yield piece
            self.files[at] = replace(self.files[at], digest=digest.digest())

    # Directives ----------------------------------------------------------------------------------

    def _directive(
        self, words: list[bytes], path: Path, where: str, line: int, depth: int
    ) -> Iterator[Record]:
        kind = words[0].upper()
        if kind == b"$ORIGIN":
            (word,) = _form(words, 1, 1, "$ORIGIN example.com.")
            self._go_to(name(word, self._origin).lower())
        elif kind == b"$TTL":
            (word,) = _form(words, 1, 1, "$TTL 3600")
            self._default = seconds(word)
        elif kind == b"$INCLUDE":
            file, *there = _form(words, 1, 2, "$INCLUDE FILE [ORIGIN]")
            yield from self._include(file, there, path, where, line, depth)
        elif kind == b"$GENERATE":
            yield from self._generate(words, where, line)
        else:
            raise Malformed("directive", word=short(words[0]))

    def _go_to(self, origin: bytes | None) -> None:
        if origin != self._origin:
            self._origin, self._word = origin, None
            self._known.clear()

    def _include(
        self, file: bytes, there: list[bytes], path: Path, where: str, line: int, depth: int
    ) -> Iterator[Record]:
        if depth >= limits.ZONE_INCLUDE_DEPTH:
            raise Malformed("deep", limit=limits.ZONE_INCLUDE_DEPTH)
        if len(self.files) > limits.ZONE_INCLUDES:
            raise Malformed("includes", limit=limits.ZONE_INCLUDES)
        named = os.fsdecode(file.strip(b'"'))
        before, owner = self._origin, self._owner
        if there:
            self._go_to(name(there[0], before).lower())
        shown_as = os.path.join(os.path.dirname(where), named)
        yield from self._file(path.parent / named, shown_as, depth + 1, line, where)
        self._go_to(before)
        self._owner, self._word = owner, None

    def _generate(self, words: list[bytes], where: str, line: int) -> Iterator[Record]:
        form = "$GENERATE 1-100 host$ [TTL] [IN] A 10.0.0.$"
        span, *template = _form(words, 4, len(words), form)
        numbers = generate.span(span, form)
        self._made += len(numbers)
        if self._made > limits.ZONE_GENERATE:
            raise Malformed("generate", count=self._made, limit=limits.ZONE_GENERATE)
        pieces = [generate.template(word) for word in template]
        for number in numbers:
            self.place = (where, line)
            yield self._record(False, [each if isinstance(each, bytes) else each(number) for each in pieces])

    # Records -------------------------------------------------------------------------------------

    def _record(self, indented: bool, words: list[bytes]) -> Record:
        at = 0
        if not indented:
            at = 1
            if words[0] != self._word:
                self._name(words[0])
        owner = self._owner
        if owner is None:
            raise self._bad_name
        ttl = None
        while True:
            if at == len(words):
                raise Malformed("no type")
            kind, number = meaning(words[at])
            at += 1
            if kind is TYPE:
                break
            if kind is not CLASS:
                if ttl is not None:
                    raise Malformed("twice", word=short(words[at - 1]))
                ttl = number
        return Record(owner, number, self._data(number, words[at:], words[at - 1]), self._ttl(ttl, number))

    def _name(self, word: bytes) -> None:
        self._word = self._owner = None
        try:
            owner = name(word, self._origin).lower()
            if self._whole and not is_within(owner, self.origin):
                raise Malformed("outside", name=shown(owner), origin=shown(self.origin))
        except Malformed as error:
            self._bad_name = error  # the lines below that have no name of their own have this one
            raise
        self._owner, self._word = owner, word

    def _data(self, rdtype: int, words: list[bytes], kind: bytes) -> bytes:
        key = (rdtype, words[0] if len(words) == 1 else b" ".join(words))
        if not words and rdtype != _APL:
            raise Malformed("no data", word=short(kind))
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= limits.ZONE_ALIKE:
                self._known.clear()
            known = self._known[key] = data(rdtype, words, self._origin)
        if rdtype == SOA:
            self._note_soa(known)
        return known

    def _note_soa(self, rdata: bytes) -> None:
        if self._whole and self._owner != self.origin:
            raise Malformed("other origin", name=shown(self._owner or b"\0"), origin=shown(self.origin))
        if self._soa is not None and self._soa != rdata:
            raise Malformed("two soas")
        self._soa = rdata
        if self._minimum is None:
            self._minimum = int.from_bytes(rdata[-4:], "big")

    def _ttl(self, given: int | None, rdtype: int) -> int:
        """RFC 2308 section 4; RFC 1035 section 5.1 where there is no $TTL."""
        if given is not None:
            self._stated = given
            return given
        for ttl in (self._default, self._stated, self._minimum):
            if ttl is not None:
                return ttl
        raise Malformed("no ttl")


def _form(words: list[bytes], least: int, most: int, form: str) -> list[bytes]:
    if not least <= len(words) - 1 <= most:
        raise Malformed("form", word=short(words[0]), form=form)
    return words[1:]
