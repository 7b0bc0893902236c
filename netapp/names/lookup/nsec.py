"""What an NSEC chain proves: RFC 4035 section 3.1.3.

The chain is the names that own NSEC records in canonical order (RFC 4034 section 6.1); each says
that there is no name between it and the next.
"""

from functools import lru_cache

from netapp.core import limits
from netapp.names.lookup.chain import Chain
from netapp.names.model import NSEC, WILDCARD, RecordSet, find, once
from netapp.names.naming import canonical_key
from netapp.names.zone import Zone


class NsecProofs:
    """The proofs of a zone with NSEC records."""

    def __init__(self, zone: Zone, chain: Chain[bytes]) -> None:
        """:param chain: the NSEC records' owners; not empty."""
        self.zone, self.chain = zone, chain

    def no_data(self, name: bytes) -> tuple[RecordSet, ...]:
        """A name without records has no NSEC: the one before it tells of names below."""
        return (self._at(name) or self._before(name),)

    def no_name(self, name: bytes, encloser: bytes) -> tuple[RecordSet, ...]:
        return once(self._before(name), self._before_key(_wildcard_key(encloser)))

    def by_wildcard(self, name: bytes, encloser: bytes) -> tuple[RecordSet, ...]:
        return (self._before(name),)

    def no_data_by_wildcard(self, name: bytes, encloser: bytes) -> tuple[RecordSet, ...]:
        return once(self._before(name), *self.no_data(WILDCARD + encloser))

    def _at(self, name: bytes) -> RecordSet | None:
        return find(self.zone.nodes.get(name, ()), NSEC)

    def _before(self, name: bytes) -> RecordSet:
        """The NSEC whose span a name falls in."""
        return self._before_key(canonical_key(name))

    def _before_key(self, key: bytes) -> RecordSet:
        found = self._at(self.chain.before(key))
        assert found is not None
        return found


@lru_cache(limits.NSEC_WILDCARDS)
def _wildcard_key(encloser: bytes) -> bytes:
    """The key of a closest encloser's wildcard; few enclosers are asked for again and again."""
    return canonical_key(WILDCARD + encloser)


def nsec_chain(zone: Zone) -> Chain[bytes]:
    """The NSEC records of a zone, in order."""
    owners = (owner for owner in zone.nodes if is_linked(zone, owner))
    return Chain((canonical_key(owner), owner) for owner in owners)


def is_linked(zone: Zone, owner: bytes) -> bool:
    """Whether a name is in the chain."""
    return find(zone.nodes.get(owner, ()), NSEC) is not None
