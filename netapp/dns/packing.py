"""Record sets to octets, by dnspython, once for each question."""

from collections.abc import Sequence

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.CNAME
import dns.rdtypes.ANY.SOA
import dns.rdtypes.IN.A
import dns.rdtypes.IN.AAAA
import dns.renderer
import dns.rrset

from netapp.names.model import RecordSet

# dnspython loads a type when it first meets one.  Those above are loaded at the start: later, as
# the user that ``twistd --uid`` names, the library may be out of reach.


def pack(
    qname: bytes, qtype: int, answer: Sequence[RecordSet], authority: Sequence[RecordSet]
) -> tuple[bytes, bytes]:
    """Sections of an answer, names compressed against the question and each other.

    :param qname: the question's name, folded.
    :returns: (the eight octets of counts, what follows the question); the additional section is
        empty.
    """
    renderer = dns.renderer.Renderer(id=0, flags=0, max_size=_NO_BOUND)
    renderer.add_question(_name(qname), dns.rdatatype.RdataType.make(qtype))
    for section, sets in ((dns.renderer.ANSWER, answer), (dns.renderer.AUTHORITY, authority)):
        for each in sets:
            renderer.add_rrset(section, _rrset(each), want_shuffle=False)
    renderer.write_header()
    octets = renderer.get_wire()
    return octets[4:12], octets[12 + len(qname) + 4 :]


#: Whoever asks for an answer sees to its size; compression works below 16 KiB only, by itself.
_NO_BOUND = 1 << 24


def _name(wire: bytes) -> dns.name.Name:
    return dns.name.from_wire(wire, 0)[0]


def _rrset(records: RecordSet) -> dns.rrset.RRset:
    rdtype = dns.rdatatype.RdataType.make(records.rdtype)
    return dns.rrset.from_rdata_list(
        _name(records.owner),
        records.ttl,
        [dns.rdata.from_wire(dns.rdataclass.IN, rdtype, rdata, 0, len(rdata)) for rdata in records.rdatas],
    )
