"""Whether an answer proves what it denies: a small validator on dnspython's names and hashes.

It knows the zone by what the answer says alone, as a resolver does.  Signatures are left to delv.

Source: RFC 4035 section 5.4, RFC 5155 section 8.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dns.dnssec
import dns.name
import dns.rdatatype

from netapp.names.model import CNAME, DNAME, DS, NS, NSEC, NSEC3, NXDOMAIN, RRSIG, SOA
from tests.dns.differential.comparing import Plain, Said, read
from tests.dns.differential.questions import Question

Name = dns.name.Name


def proves(question: Question, said: Said) -> bool:
    """Whether every denial in an answer is proved by its authority section."""
    proof = next((each for each in (_Proofs(said, NSEC), _Proofs(said, NSEC3)) if each.records), None)
    dnames = [_name(each[0]) for each in said.answer if each[1] == DNAME]
    for owner, rdtype in {each[:2] for each in said.answer if each[1] != RRSIG}:
        made = rdtype == CNAME and any(_below(_name(owner), each) for each in dnames)
        if not made and not _expansion_proved(said, proof, owner, rdtype):
            return False
    return _end_proved(said, proof, _end(question, said), question.rdtype)


def _end(question: Question, said: Said) -> Name:
    """The name that a chain of CNAMEs leads to."""
    aliases = {_name(each[0]): each[3] for each in said.answer if each[1] == CNAME}
    name = question.name.canonicalize()
    while name in aliases:
        name = _name(read(CNAME, aliases.pop(name)).target.to_wire())
    return name


def _below(name: Name, above: Name) -> bool:
    return name != above and name.is_subdomain(above)


def _end_proved(said: Said, proof: "_Proofs | None", name: Name, rdtype: int) -> bool:
    """What is said of the name at the end of a chain."""
    owners = {each[1]: _name(each[0]) for each in said.authority if each[1] in (SOA, NS, DS)}
    if SOA not in owners:
        if NS not in owners or DS in owners:
            return True  # an answer, a chain that leaves, or a signed delegation
        return proof is not None and proof.no_data(owners[NS], DS)
    if proof is None:
        return False
    return proof.no_name(name) if said.rcode == NXDOMAIN else proof.no_data(name, rdtype)


def _expansion_proved(said: Said, proof: "_Proofs | None", owner: bytes, rdtype: int) -> bool:
    """A set that a wildcard gave has fewer labels in its signature than its owner."""
    name = _name(owner)
    signed = [read(RRSIG, each[3]) for each in said.answer if each[1] == RRSIG and each[0] == owner]
    labels = {each.labels for each in signed if each.type_covered == rdtype}
    own = len(name) - 1 - name.is_wild()
    if not labels or labels == {own}:
        return bool(labels)
    return proof is not None and proof.closer_denied(name, Name(name.labels[-1 - labels.pop() :]))


@dataclass(frozen=True)
class _Record:
    owner: Any  # a name, or a hash in base32hex
    next: Any
    zone: Name
    optout: bool
    has: Callable[[int], bool]


class _Proofs:
    """The NSEC or the NSEC3 records of an answer."""

    def __init__(self, said: Said, kind: int) -> None:
        self._hashed = kind == NSEC3
        self.records = [self._record(each) for each in said.authority if each[1] == kind]
        rdatas = [read(kind, each[3]) for each in said.authority if each[1] == kind]
        self._params = [(each.salt, each.iterations) for each in rdatas][:1] if self._hashed else []

    def _record(self, each: Plain) -> _Record:
        rdata: Any = read(each[1], each[3])
        owner, bitmap = _name(each[0]), rdata.windows
        if not self._hashed:
            apex = _name(rdata.next.to_wire())
            return _Record(owner, apex, owner, False, lambda rdtype: _has(bitmap, rdtype))
        return _Record(
            owner.labels[0].decode().lower(),
            rdata.next_name().labels[0].decode().lower(),
            owner.parent(),
            bool(rdata.flags & 1),
            lambda rdtype: _has(bitmap, rdtype),
        )

    def _key(self, name: Name) -> Any:
        if not self._hashed:
            return name
        salt, iterations = self._params[0]
        return dns.dnssec.nsec3_hash(name, salt, iterations, 1).lower()

    def _at(self, name: Name) -> _Record | None:
        in_zone = [each for each in self.records if name.is_subdomain(each.zone) or not self._hashed]
        return next((each for each in in_zone if each.owner == self._key(name)), None)

    def _over(self, name: Name) -> _Record | None:
        """The record whose span a name, or its hash, falls in."""
        key = self._key(name)
        for each in self.records:
            if self._hashed:
                wraps = each.owner >= each.next
                inside = each.owner < key or key < each.next if wraps else each.owner < key < each.next
                if inside and name.is_subdomain(each.zone):
                    return each
            elif each.owner < key and (
                key < each.next or (name.is_subdomain(each.next) and each.next < each.owner)
            ):
                beyond = each.has(DNAME) or (each.has(NS) and not each.has(SOA))
                if not (beyond and _below(name, each.owner)):
                    return each
        return None

    def _encloser(self, name: Name) -> Name | None:
        """The closest encloser as the records tell it."""
        if self._hashed:
            above = name.parent()
            while len(above) > 1 and self._at(above) is None:
                above = above.parent()
            return above if len(above) > 1 else None
        over = self._over(name)
        if over is None:
            return None
        shared = [name.fullcompare(each)[2] for each in (over.owner, over.next)]
        return Name(name.labels[-max(shared) :])

    def closer_denied(self, name: Name, encloser: Name) -> bool:
        """That nothing is between a name and its encloser."""
        return self._over(Name(name.labels[-1 - len(encloser) :]) if self._hashed else name) is not None

    def no_name(self, name: Name) -> bool:
        """RFC 4035 section 5.4; RFC 5155 section 8.4.

        Below an empty non-terminal that opt-out has left out, the wildcard at the encloser that can
        be proved may exist: then nothing more can be had (RFC 5155 section 7.1).
        """
        encloser = self._encloser(name)
        if encloser is None or self._at(name) is not None or not self.closer_denied(name, encloser):
            return False
        wildcard = Name((b"*", *encloser.labels))
        left_out = self._opted_out(name, encloser) and self._at(wildcard) is not None
        return self._over(wildcard) is not None or left_out

    def _opted_out(self, name: Name, encloser: Name) -> bool:
        closer = self._over(Name(name.labels[-1 - len(encloser) :])) if self._hashed else None
        return closer is not None and closer.optout

    def no_data(self, name: Name, rdtype: int) -> bool:
        """RFC 4035 section 5.4; RFC 5155 sections 8.5 to 8.7 and 8.9."""
        at = self._at(name)
        if at is not None:
            return not at.has(rdtype) and not at.has(CNAME)
        over = self._over(name)
        if not self._hashed and over is not None and over.next.is_subdomain(name):
            return True  # an empty non-terminal
        encloser = self._encloser(name)
        if encloser is None or not self.closer_denied(name, encloser):
            return False
        if rdtype == DS and self._opted_out(name, encloser):
            return True
        wildcard = Name((b"*", *encloser.labels))
        at = self._at(wildcard)
        if at is not None:
            return not at.has(rdtype) and not at.has(CNAME)
        over = self._over(wildcard)
        if not self._hashed:
            return over is not None and over.next.is_subdomain(wildcard)
        return self._opted_out(name, encloser)


def _has(windows: Any, rdtype: int) -> bool:
    return any(
        window == rdtype >> 8 and len(bits) > (rdtype & 0xFF) >> 3
        and bool(bits[(rdtype & 0xFF) >> 3] & 0x80 >> (rdtype & 7))
        for window, bits in windows
    )  # fmt: skip


def _name(wire: bytes) -> Name:
    return dns.name.from_wire(wire, 0)[0].canonicalize()
