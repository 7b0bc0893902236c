"""How a zone says that something is not there: its SOA, and the proofs of a signed one.

Worked out once a zone, on the first question that needs it, or before by :func:`prepare`.
"""

from collections.abc import Collection
from typing import NamedTuple, Protocol

from netapp.names.lookup.nsec import NsecProofs, is_linked, nsec_chain
from netapp.names.lookup.nsec3 import Nsec3Proofs, key_of, nsec3_chain, parameters_of
from netapp.names.model import NOERROR, NXDOMAIN, SOA, Lookup, RecordSet
from netapp.names.naming import canonical_key
from netapp.names.zone import Zone


class Proofs(Protocol):
    """The sets that prove a denial, none twice.

    Names are folded; an encloser is the closest one that exists (RFC 4592 section 3.3.1).
    """

    def no_data(self, name: bytes) -> tuple[RecordSet, ...]:
        """The name is there and the type is not; DS at a cut too."""

    def no_name(self, name: bytes, encloser: bytes) -> tuple[RecordSet, ...]:
        """Neither the name is there nor a wildcard for it."""

    def by_wildcard(self, name: bytes, encloser: bytes) -> tuple[RecordSet, ...]:
        """The name is not there, so that the encloser's wildcard may answer."""

    def no_data_by_wildcard(self, name: bytes, encloser: bytes) -> tuple[RecordSet, ...]:
        """The name is not there, and the encloser's wildcard has not the type."""


class Denial(NamedTuple):
    """What one zone denies with; the lookups are those without proofs, ready made."""

    soa: RecordSet  # with the TTL of negative answers: RFC 2308 section 3
    no_name: Lookup
    no_data: Lookup
    proofs: Proofs | None  # none where the zone is not signed, or cannot prove at moderate cost

    def changed(self, zone: Zone, owners: Collection[bytes]) -> "Denial":
        """The same of a changed zone.  :param owners: the names that were touched."""
        return _denial(zone, _changed(self.proofs, zone, owners))


def denial_of(zone: Zone) -> Denial:
    """What a zone denies with."""
    known: Denial | None = zone.memo.get("denial")
    if known is None:
        known = zone.memo["denial"] = _denial(zone, _proofs(zone))
    return known


def prepare(zone: Zone) -> Zone:
    """The same zone, its proofs ready if it is signed: 2 s for a million names, better spent in a thread."""
    if zone.signed:
        denial_of(zone)
    return zone


def _denial(zone: Zone, proofs: Proofs | None) -> Denial:
    soa = zone.soa
    lower = RecordSet(soa.owner, SOA, zone.minimum_ttl, soa.rdatas, soa.signatures)
    no_name, no_data = (
        Lookup(rcode, True, (), (lower,), (), zone, exact=False) for rcode in (NXDOMAIN, NOERROR)
    )
    return Denial(lower, no_name, no_data, proofs)


def _proofs(zone: Zone) -> Proofs | None:
    kind = zone.signed
    if kind == "nsec":
        return NsecProofs(zone, nsec_chain(zone))
    parameters = parameters_of(zone) if kind == "nsec3" else None
    if parameters is None:
        return None
    chain = nsec3_chain(zone, parameters)
    return Nsec3Proofs(zone, parameters, chain) if len(chain) else None


def _changed(proofs: Proofs | None, zone: Zone, owners: Collection[bytes]) -> Proofs | None:
    """The chain of before with the changed names moved, where the zone is signed as before."""
    if isinstance(proofs, NsecProofs) and zone.signed == "nsec":
        keys = [(canonical_key(owner), owner) for owner in owners]
        linked = [pair for pair in keys if is_linked(zone, pair[1])]
        return NsecProofs(zone, proofs.chain.changed([key for key, _ in keys], linked))
    if isinstance(proofs, Nsec3Proofs) and zone.signed == "nsec3":
        return _rehashed(proofs, zone, owners)
    return _proofs(zone)


def _rehashed(old: Nsec3Proofs, zone: Zone, owners: Collection[bytes]) -> Proofs | None:
    parameters = parameters_of(zone)
    if parameters != old.parameters or parameters is None:
        return _proofs(zone)
    before = [key_of(old.zone, owner, parameters) for owner in owners]
    now = [(key_of(zone, owner, parameters), owner) for owner in owners]
    chain = old.chain.changed(
        [key for key in before if key is not None], [(key, owner) for key, owner in now if key is not None]
    )
    return Nsec3Proofs(zone, parameters, chain) if len(chain) else None
