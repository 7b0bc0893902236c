"""Where netapp answers otherwise than NSD 4.6 and Knot 3.2, and who is right.

A row foretells what the other says from what we say, or leaves it as it is where the row does not
apply; whatever is left over is a fault, of ours until shown otherwise.

both  ANY, RRSIG: all sets of a name, or another one of them than ours.  RFC 8482 sections 4.1 and 7:
      any is right.
Knot  A chain is followed within one zone; NSD goes on in all that it serves, as we do.  RFC 1034
      section 4.3.2 step 3a: "go back to step 1", and step 2 searches the available zones.
Knot  NSEC or RRSIG asked of an alias that has none: NODATA, where we follow.  RFC 1034 section 4.3.2
      step 3a: follow "if QTYPE doesn't match CNAME".
Knot  YXDOMAIN with records of the DNAME's target.  RFC 6672 section 3.2 step 3C: "and exit".
NSD   MX, SRV and NS without addresses: it runs with ``minimal-responses``, since it puts NS beside every
      answer else.  RFC 1034 section 4.3.2 step 6: "any useful ones", and that is for each to judge.
both  DS asked of an apex whose parent is not served, but that one's parent is: a referral, where we say
      that there is none.  RFC 4035 section 3.1.4.1: who has the child and not the parent must.
Knot  What a wildcard with NS gives is a referral with the wildcard's name; for NSD and us it is data.
      RFC 4592 section 4.2: "poorly defined".
Knot  The address of an SVCB's target is named after the wildcard it came from; with DO there is an NSEC
      beside it, of what else the target lacks.  RFC 9460 section 4.1 asks for neither.
Knot  A DNAME that a wildcard owns has the question's name.  RFC 6672 section 3.3: discouraged.
Knot  No NSEC for a wildcard that is an empty non-terminal, or when the name asked begins with ``*``
      itself.  RFC 4035 sections 3.1.3.3 and 3.1.3.4.
Knot  Opt-out, below a name that has no NSEC3: NXDOMAIN with nothing in it.  RFC 5155 section 7.2.1.
NSD   NSEC3: no closest encloser where a wildcard lacks the type.  RFC 5155 section 7.2.5.
NSD   The NSEC that should deny a wildcard is the encloser's own, where names before ``*`` stand below
      it.  RFC 4035 section 3.1.3.2.
NSD   Opt-out: the wildcard denied is not that of the encloser proved.  RFC 5155 sections 7.2.2, 8.4.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from netapp.names.lookup.walk import look_up
from netapp.names.model import (
    ANY,
    CNAME,
    DNAME,
    DS,
    MX,
    NS,
    NSEC,
    NSEC3,
    NXDOMAIN,
    RRSIG,
    SRV,
    SVCB,
    WILDCARD,
    YXDOMAIN,
    parent,
)
from netapp.names.snapshot import Snapshot
from tests.dns.differential.comparing import Said, of_lookup
from tests.dns.differential.proving import proves
from tests.dns.differential.questions import Question
from tests.names.texts import wire


@dataclass(frozen=True)
class Case:
    """One question and what was said."""

    question: Question
    snapshot: Snapshot  # what netapp answers from
    theirs: Said


Row = Callable[[Case, Said], Said]


def one_of_any(case: Case, ours: Said) -> Said:
    """ANY and RRSIG: one set is enough, if it is one of theirs."""
    theirs = case.theirs
    if case.question.rdtype not in (ANY, RRSIG) or not (ours.answer and theirs.answer):
        return ours
    if ours.answer <= theirs.answer or theirs.answer <= _all_sets(case):
        return replace(ours, answer=theirs.answer, additional=theirs.additional)
    return ours


def within_one_zone(case: Case, ours: Said) -> Said:
    """A chain that is followed in the zone of its first name alone."""
    question = case.question
    zone = look_up(case.snapshot, wire(question.name), question.rdtype).zone
    assert zone is not None
    alone = Snapshot({}, 1, {zone.origin: zone})
    return of_lookup(look_up(alone, wire(question.name), question.rdtype, question.dnssec), question.dnssec)


def alias_not_followed(case: Case, ours: Said) -> Said:
    """NSEC or RRSIG asked of an alias: nothing."""
    aliased = any(each[1] == CNAME for each in ours.answer) and not case.theirs.answer
    return case.theirs if case.question.rdtype in (NSEC, RRSIG) and aliased else ours


def without_addresses(case: Case, ours: Said) -> Said:
    """Nothing beside what was asked for."""
    if {each[1] for each in ours.answer} & {MX, SRV, NS, SVCB} and case.theirs.additional <= ours.additional:
        return replace(ours, additional=case.theirs.additional)
    return ours


def ds_of_a_strangers_child(case: Case, ours: Said) -> Said:
    """DS of a zone of ours, whose parent is below a cut of another of ours."""
    name, snapshot = wire(case.question.name), case.snapshot
    if case.question.rdtype == DS and name in snapshot.zones and not case.theirs.aa:
        above = snapshot.zone_of(parent(name))
        if above is not None and above.topmost_cut(name) not in (None, name):
            return case.theirs
    return ours


def delegated_by_a_wildcard(case: Case, ours: Said) -> Said:
    """A referral that names a wildcard."""
    wildcards = [each for each in case.theirs.authority if each[1] == NS and each[0].startswith(WILDCARD)]
    return case.theirs if wildcards and not case.theirs.aa and ours.aa else ours


def more_beside_svcb(case: Case, ours: Said) -> Said:
    """With the address of an SVCB's target that there is no other; that of a wildcard in its own name."""
    theirs = case.theirs
    more = {each[1] for each in theirs.additional - ours.additional} & {NSEC, NSEC3}
    wild = any(each[0].startswith(WILDCARD) for each in theirs.additional)
    if {each[1] for each in theirs.answer} & {SVCB} and (more or wild):
        return replace(ours, additional=theirs.additional)
    return ours


def dname_of_the_question(case: Case, ours: Said) -> Said:
    """A wildcard's DNAME, in the name of the question."""
    odd = [each for each in case.theirs.answer - ours.answer if each[1] == DNAME]
    return replace(ours, answer=case.theirs.answer) if odd and odd[0][0] == wire(case.question.name) else ours


def too_long_and_on(case: Case, ours: Said) -> Said:
    """YXDOMAIN, and then on with what the DNAME's target has."""
    if ours.rcode == case.theirs.rcode == YXDOMAIN and ours.answer <= case.theirs.answer:
        return case.theirs
    return ours


def empty_handed(case: Case, ours: Said) -> Said:
    """Opt-out: a proof that it does not find makes an answer without anything."""
    theirs, question = case.theirs, case.question
    nothing = not (theirs.aa or theirs.answer or theirs.authority)
    if question.dnssec and ours.rcode == theirs.rcode == NXDOMAIN and nothing and _below_empty(case):
        return theirs
    return ours


def proof_that_is_none(case: Case, ours: Said) -> Said:
    """Of two that differ in their proofs alone, ours holds and theirs does not."""
    theirs = case.theirs
    differing = {each[1] for each in ours.authority ^ theirs.authority}
    if not case.question.dnssec or not {NSEC, NSEC3} & differing or not differing <= {NSEC, NSEC3, RRSIG}:
        return ours
    if ours.authority < theirs.authority:  # one more, which proves nothing: the same
        return replace(ours, authority=theirs.authority)
    return replace(ours, authority=theirs.authority) if not proves(case.question, theirs) else ours


ROWS: Final[dict[str, tuple[Row, ...]]] = {
    "nsd": (one_of_any, ds_of_a_strangers_child, without_addresses, proof_that_is_none),
    "knot": (
        *(within_one_zone, one_of_any, alias_not_followed, ds_of_a_strangers_child),
        *(
            more_beside_svcb,
            dname_of_the_question,
            delegated_by_a_wildcard,
            too_long_and_on,
            empty_handed,
            proof_that_is_none,
        ),
    ),
}


def foretold(who: str, case: Case, ours: Said) -> Said:
    """What another will say, by the rows of the table."""
    for row in ROWS[who]:
        if ours == case.theirs:
            break
        ours = row(case, ours)
    return ours


def _all_sets(case: Case) -> frozenset[object]:
    """Every record that some type gets from the question's name."""
    found: set[object] = set()
    zone = case.snapshot.zone_of(wire(case.question.name))
    assert zone is not None
    for rdtype in {each.rdtype for node in zone.nodes.values() for each in node} - {DS}:
        found |= of_lookup(look_up(case.snapshot, wire(case.question.name), rdtype), True).answer
    return frozenset(found)


def _below_empty(case: Case) -> bool:
    """Whether the name stands below an empty non-terminal."""
    name = wire(case.question.name)
    zone = case.snapshot.zone_of(name)
    assert zone is not None
    while len(name) > len(zone.origin):
        if zone.nodes.get(name) == ():
            return True
        name = name[1 + name[0] :]
    return False
