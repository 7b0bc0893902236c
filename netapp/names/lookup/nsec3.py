"""What an NSEC3 chain proves: RFC 5155 section 7.2.

The chain is the hashes of names, in order; each record says that no name's hash lies between its
own and the next.  A name that is not there is denied by its closest encloser, which is, and the next
closer name, which is not.  Where delegations were left out (opt-out), the closest encloser that has a
record may be further up.
"""

import hashlib
from contextlib import suppress
from functools import lru_cache
from typing import Final, NamedTuple

from netapp.core import limits
from netapp.names.lookup.chain import Chain
from netapp.names.model import NSEC3, NSEC3PARAM, WILDCARD, RecordSet, find, once
from netapp.names.zone import Zone

#: RFC 5155 section 11: the one hash there is, and the octets of a label that has one in base32hex.
_SHA1, _LABEL = b"\1", 32
#: Octets of an NSEC3PARAM's rdata before the salt, and so an NSEC3's: RFC 5155 sections 3.2 and 4.2.
_FIXED: Final = 5


class Parameters(NamedTuple):
    """How names are hashed: RFC 5155 section 4.1."""

    iterations: int
    salt: bytes

    @classmethod
    def of(cls, rdata: bytes) -> "Parameters | None":
        """Those of an NSEC3PARAM's rdata; None if it tells of no chain: RFC 5155 sections 4.1.2 and 11."""
        salt = _salt(rdata)
        if salt is None or rdata[:2] != _SHA1 + b"\0":
            return None
        return cls(_iterations(rdata), salt)

    def are_of(self, rdata: bytes) -> bool:
        """Whether an NSEC3's or NSEC3PARAM's rdata has these; the flags are others' business."""
        return rdata[:1] == _SHA1 and _iterations(rdata) == self.iterations and _salt(rdata) == self.salt


def parameters_of(zone: Zone) -> Parameters | None:
    """The parameters of a zone's chain; None if none can be used.

    With more than :data:`netapp.core.limits.NSEC3_ITERATIONS` a proof costs too much, and validators
    take the zone as insecure (RFC 9276 section 3.2): it is served without proofs.
    """
    for parameters in map(Parameters.of, _declared(zone)):
        if parameters is not None and parameters.iterations <= limits.NSEC3_ITERATIONS:
            return parameters
    return None


def iterations_of(zone: Zone) -> int:
    """The fewest of a zone's NSEC3PARAM records; 0 if it has none: RFC 5155 section 4.1.3."""
    return min(map(_iterations, _declared(zone)), default=0)


def _declared(zone: Zone) -> tuple[bytes, ...]:
    found = find(zone.nodes[zone.origin], NSEC3PARAM)
    return found.rdatas if found is not None else ()


def _iterations(rdata: bytes) -> int:
    """Of an NSEC3's or NSEC3PARAM's rdata."""
    return int.from_bytes(rdata[2:4], "big")


def _salt(rdata: bytes) -> bytes | None:
    """An NSEC3's or NSEC3PARAM's salt; None where it is not whole."""
    if len(rdata) < _FIXED or len(rdata) < _FIXED + rdata[4]:
        return None
    return rdata[_FIXED : _FIXED + rdata[4]]


@lru_cache(limits.NSEC3_HASHES)
def hashed(name: bytes, parameters: Parameters) -> int:
    """A folded name's hash: RFC 5155 section 5."""
    salt = parameters.salt
    digest = hashlib.sha1(name + salt, usedforsecurity=False).digest()
    for _ in range(parameters.iterations):
        digest = hashlib.sha1(digest + salt, usedforsecurity=False).digest()
    return int.from_bytes(digest, "big")


class Nsec3Proofs:
    """The proofs of a zone with NSEC3 records."""

    def __init__(self, zone: Zone, parameters: Parameters, chain: Chain[int]) -> None:
        """:param chain: its NSEC3 records' owners, by their hashes; not empty."""
        self.zone, self.parameters, self.chain = zone, parameters, chain

    def no_data(self, name: bytes) -> tuple[RecordSet, ...]:
        """RFC 5155 sections 7.2.3, 7.2.4 and 7.2.7.

        A name left out of the chain is denied by the closest one above it that is not.
        """
        found = self._at(name)
        return (found,) if found is not None else self._no_name(name, name[1 + name[0] :])[1]

    def no_name(self, name: bytes, encloser: bytes) -> tuple[RecordSet, ...]:
        """RFC 5155 section 7.2.2; a client looks for the wildcard at the encloser it was told of."""
        told, proof = self._no_name(name, encloser)
        return once(*proof, self._before(WILDCARD + told))

    def by_wildcard(self, name: bytes, encloser: bytes) -> tuple[RecordSet, ...]:
        """RFC 5155 section 7.2.6: the signature's labels tell the closest encloser."""
        return (self._before(next_closer(name, encloser)),)

    def no_data_by_wildcard(self, name: bytes, encloser: bytes) -> tuple[RecordSet, ...]:
        """RFC 5155 section 7.2.5."""
        return once(*self._no_name(name, encloser)[1], *self.no_data(WILDCARD + encloser))

    def _no_name(self, name: bytes, encloser: bytes) -> tuple[bytes, tuple[RecordSet, ...]]:
        """The closest encloser that can be proved, and its proof: RFC 5155 section 7.2.1.

        The apex is the last that is tried; a chain that has not even that proves nothing of itself.
        """
        while (found := self._at(encloser)) is None and len(encloser) > len(self.zone.origin):
            encloser = encloser[1 + encloser[0] :]
        covering = self._before(next_closer(name, encloser))
        return encloser, once(found, covering) if found is not None else (covering,)

    def _at(self, name: bytes) -> RecordSet | None:
        owner = self.chain.at(hashed(name, self.parameters))
        return self._set(owner) if owner is not None else None

    def _before(self, name: bytes) -> RecordSet:
        """The NSEC3 whose span a name's hash falls in."""
        return self._set(self.chain.before(hashed(name, self.parameters)))

    def _set(self, owner: bytes) -> RecordSet:
        found = find(self.zone.nodes[owner], NSEC3)
        assert found is not None
        return found


def nsec3_chain(zone: Zone, parameters: Parameters) -> Chain[int]:
    """The NSEC3 records of a zone with these parameters, in order."""
    keys = ((key_of(zone, owner, parameters), owner) for owner in zone.nodes)
    return Chain((key, owner) for key, owner in keys if key is not None)


def next_hash(rdata: bytes) -> int:
    """The hash that an NSEC3's rdata leads to: RFC 5155 section 3.2."""
    at = _FIXED + rdata[4]
    return int.from_bytes(rdata[at + 1 : at + 1 + rdata[at]], "big")


def key_of(zone: Zone, owner: bytes, parameters: Parameters) -> int | None:
    """The hash that an NSEC3 record's owner says; None if it is none of the chain."""
    for each in zone.nodes.get(owner, ()):
        if each.rdtype == NSEC3 and owner[0] == _LABEL and any(map(parameters.are_of, each.rdatas)):
            with suppress(ValueError):
                return int(owner[1 : 1 + _LABEL], 32)  # base32hex is the digits of that base
    return None


def next_closer(name: bytes, encloser: bytes) -> bytes:
    """The ancestor of a name, or itself, that is one label longer than an encloser: RFC 5155 section 1.3."""
    at = 0
    while (after := at + 1 + name[at]) < len(name) - len(encloser):
        at = after
    return name[at:]
