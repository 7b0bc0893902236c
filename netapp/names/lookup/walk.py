"""What is said to one question, over all zones that are served: RFC 1034 section 4.3.2.

A name is looked up in the deepest zone that it is in.  The dictionary of names is asked first; only
where the zone has cuts is the name walked, once, for the topmost of them.  What is not in the
dictionary may come from a wildcard at the closest encloser (RFC 4592 section 3.3.1), and is else not
there.  Then nothing is below it (RFC 8020 section 2), so it is said to have no data if a little name is;
a signed zone, which proves what it has, says what it proves.  A CNAME, or a DNAME's, leads on to another
name (RFC 6672 section 3.2).
"""

from collections.abc import Sequence
from typing import Final

from netapp.core import limits
from netapp.names.lookup.addresses import WITH_ADDRESSES, addresses_of, glue_of
from netapp.names.lookup.denial import denial_of
from netapp.names.model import (
    ANY,
    CNAME,
    DNAME,
    DS,
    MAX_CHAIN,
    NOERROR,
    NOT_OURS,
    NS,
    NSEC,
    NSEC3,
    NXDOMAIN,
    RRSIG,
    SERVFAIL,
    SOA,
    WILDCARD,
    YXDOMAIN,
    A,
    Lookup,
    Node,
    RecordSet,
    find,
    little_soa,
    parent,
)
from netapp.names.naming import MAX_NAME
from netapp.names.snapshot import Snapshot
from netapp.names.zone import Zone

#: Types that say nothing to somebody who asks for any.
_DENYING: Final = frozenset({NSEC, NSEC3})


def look_up(snapshot: Snapshot, qname: bytes, qtype: int, dnssec: bool = False) -> Lookup:
    """The sets that answer a question, the CNAMEs on the way first.

    A chain ends with what was found when it leaves our names, comes to a zone that has expired,
    meets a name again or passes :data:`netapp.names.model.MAX_CHAIN`; its rcode is that of its last
    name (RFC 6604 section 3).  ANY, and RRSIG, give one set (RFC 8482 section 4.1).  In the additional
    section of a referral glue below the cut comes first: the client cannot do without
    (RFC 9471 section 3.1).

    :param qname: folded wire name.
    :param dnssec: with the proofs of a signed zone: RFC 4035 section 3.1, RFC 5155 section 7.2.
    """
    found = _at_one_name(snapshot, qname, qtype, dnssec)
    if found.answer and found.answer[-1].rdtype == CNAME and _leads_on(found.answer, qtype):
        return _followed(snapshot, found, qtype, dnssec)
    return found


def address_of(snapshot: Snapshot, name: bytes) -> str | None:
    """The first IPv4 address of a name, after its CNAMEs."""
    found = look_up(snapshot, name, A).answer
    if not found or found[-1].rdtype != A:
        return None
    return ".".join(map(str, found[-1].rdatas[0]))


def _leads_on(answer: Sequence[RecordSet], qtype: int) -> bool:
    """Whether a CNAME at an answer's end is not what was asked for; any is not one made of a DNAME."""
    if qtype == ANY:
        return len(answer) > 1 and answer[-2].rdtype == DNAME
    return qtype != CNAME


def _followed(snapshot: Snapshot, first: Lookup, qtype: int, dnssec: bool) -> Lookup:
    """What a chain leads to.  A set that is met twice on the way is given once."""
    answer, authority = list(first.answer), list(first.authority)
    seen: set[bytes] = set()
    last, exact = answer[-1], first.exact
    while True:
        seen.add(last.owner)
        name = last.rdatas[0].lower()
        if name in seen or len(seen) >= MAX_CHAIN:
            return Lookup(NOERROR, True, tuple(answer), tuple(authority), (), first.zone, exact)
        step = _at_one_name(snapshot, name, qtype, dnssec)
        if step is NOT_OURS or step.rcode == SERVFAIL:
            return Lookup(NOERROR, True, tuple(answer), tuple(authority), (), first.zone, exact)
        answer += [each for each in step.answer if each.rdtype != DNAME or each not in answer]
        authority += [each for each in step.authority if each not in authority]
        exact = exact and step.exact
        if not step.answer or step.answer[-1].rdtype != CNAME or not _leads_on(step.answer, qtype):
            return Lookup(
                step.rcode, True, tuple(answer), tuple(authority), step.additional, first.zone, exact
            )
        last = step.answer[-1]


def _at_one_name(snapshot: Snapshot, name: bytes, rdtype: int, dnssec: bool) -> Lookup:
    """What is said of one name, a CNAME not followed."""
    node = snapshot.nodes.get(name)
    if node is not None:
        return _of_little_name(node, name, rdtype)
    if rdtype == DS and len(name) > 1:
        found = _of_zone_above(snapshot, name, dnssec)
        if found is not None:
            return found
    zone = snapshot.zone_of(name)
    if snapshot.expired and snapshot.is_expired(name):
        return Lookup(SERVFAIL, zone=zone)
    if zone is None:
        return NOT_OURS
    found = _in_zone(zone, name, rdtype, dnssec)
    if found.rcode == NXDOMAIN and name in snapshot.hollow and not zone.signed:
        return denial_of(zone).no_data
    return found


def _of_little_name(node: Node, name: bytes, rdtype: int) -> Lookup:
    found = _pick(node, rdtype) or find(node, CNAME)
    if found is not None:
        return Lookup(NOERROR, True, (found,))
    soa = little_soa(name)
    if rdtype == SOA:
        return Lookup(NOERROR, True, (soa,))
    return Lookup(NOERROR, True, (), (soa,), exact=False)


def _of_zone_above(snapshot: Snapshot, name: bytes, dnssec: bool) -> Lookup | None:
    """The DS of a zone, from the one that delegates it: RFC 4035 section 3.1.4.1; None if none here does.

    Whether the zone below is served here too, or has expired, says nothing about that; and where the one
    above has expired, that the zone below has no DS is nothing to tell.
    """
    above = snapshot.zone_of(parent(name))
    if snapshot.expired and snapshot.is_expired(parent(name)):
        return Lookup(SERVFAIL, zone=above)
    if above is None or above.topmost_cut(name) != name:
        return None
    return _in_zone(above, name, DS, dnssec)


def _in_zone(zone: Zone, name: bytes, rdtype: int, dnssec: bool) -> Lookup:
    if zone.cuts and (cut := zone.topmost_cut(name)) is not None:
        if _is_delegation(zone, cut):
            if cut != name or rdtype != DS:
                return _referral(zone, cut, dnssec, exact=cut == name)
        elif cut != name:
            return _renamed(zone, cut, name)
    node = zone.nodes.get(name)
    if node is None or _only_hashed(zone, name, node):
        return _not_there(zone, name, rdtype, dnssec)
    found = _pick(node, rdtype) or find(node, CNAME)
    if found is None:
        denial = denial_of(zone)
        if dnssec and denial.proofs is not None:
            return _proved(zone, NOERROR, denial.soa, denial.proofs.no_data(name))
        return denial.no_data
    additional = addresses_of(zone, found) if found.rdtype in WITH_ADDRESSES else ()
    return Lookup(NOERROR, True, (found,), (), additional, zone)


def _is_delegation(zone: Zone, cut: bytes) -> bool:
    """Whether a cut is one by NS records; they beat a DNAME, but at the apex they are no cut."""
    return cut != zone.origin and find(zone.cuts[cut], NS) is not None


def _referral(zone: Zone, cut: bytes, dnssec: bool, exact: bool) -> Lookup:
    """Who to ask instead; all names below a cut are told the same."""
    ready: dict[tuple[bytes, bool, bool], Lookup] = zone.memo.get("referrals") or {}
    found = ready.get((cut, dnssec, exact))
    if found is None:
        if not ready or len(ready) >= limits.ZONE_REFERRALS:
            ready = zone.memo["referrals"] = {}
        found = ready[cut, dnssec, exact] = _new_referral(zone, cut, dnssec, exact)
    return found


def _new_referral(zone: Zone, cut: bytes, dnssec: bool, exact: bool) -> Lookup:
    """RFC 1034 section 4.3.2 step 3b, RFC 4035 section 3.1.4."""
    node = zone.cuts[cut]
    servers = find(node, NS)
    assert servers is not None
    authority: tuple[RecordSet, ...] = (servers,)
    if dnssec and (proofs := denial_of(zone).proofs) is not None:
        signer = find(node, DS)
        authority = (servers, signer) if signer is not None else (servers, *proofs.no_data(cut))
    return Lookup(NOERROR, False, (), authority, glue_of(zone, cut, servers), zone, exact)


def _renamed(zone: Zone, cut: bytes, name: bytes) -> Lookup:
    """A name below a DNAME, and the CNAME that follows from it: RFC 6672 section 3.1."""
    dname = find(zone.cuts[cut], DNAME)
    assert dname is not None
    target = name[: -len(cut)] + dname.rdatas[0]
    if len(target) > MAX_NAME:
        return Lookup(YXDOMAIN, True, (dname,), zone=zone, exact=False)
    alias = RecordSet(name, CNAME, dname.ttl, (target,))
    return Lookup(NOERROR, True, (dname, alias), zone=zone, exact=False)


def _not_there(zone: Zone, name: bytes, rdtype: int, dnssec: bool) -> Lookup:
    """A name that the zone has not: by a wildcard at its closest encloser, or not at all."""
    encloser = name[1 + name[0] :]
    while (node := zone.nodes.get(encloser)) is None or _only_hashed(zone, encloser, node):
        encloser = encloser[1 + encloser[0] :]
    source = zone.nodes.get(WILDCARD + encloser)
    denial = denial_of(zone)
    proofs = denial.proofs if dnssec else None
    if source is None:
        if proofs is None:
            return denial.no_name
        return _proved(zone, NXDOMAIN, denial.soa, proofs.no_name(name, encloser))
    found = _pick(source, rdtype) or find(source, CNAME)
    if found is None:
        if proofs is None:
            return denial.no_data
        return _proved(zone, NOERROR, denial.soa, proofs.no_data_by_wildcard(name, encloser))
    proved = proofs.by_wildcard(name, encloser) if proofs is not None else ()
    found = RecordSet(name, found.rdtype, found.ttl, found.rdatas, found.signatures)
    additional = addresses_of(zone, found) if found.rdtype in WITH_ADDRESSES else ()
    return Lookup(NOERROR, True, (found,), proved, additional, zone, False)


def _proved(zone: Zone, rcode: int, soa: RecordSet, proofs: tuple[RecordSet, ...]) -> Lookup:
    return Lookup(rcode, True, (), (soa, *proofs), (), zone, False)


def _only_hashed(zone: Zone, name: bytes, node: Node) -> bool:
    """Whether a name owns an NSEC3 record alone, and so is as if not there: RFC 5155 section 7.2.8."""
    return len(node) == 1 and node[0].rdtype == NSEC3 and name not in zone.below


def _pick(node: Node, rdtype: int) -> RecordSet | None:
    """The set that answers; for ANY, and for RRSIG, one of those there are."""
    if rdtype == ANY:
        return next((each for each in node if each.rdtype not in _DENYING), None)
    if rdtype == RRSIG:
        return next(
            (RecordSet(each.owner, RRSIG, each.ttl, each.signatures) for each in node if each.signatures),
            None,
        )
    return find(node, rdtype)
