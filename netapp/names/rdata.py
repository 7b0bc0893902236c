"""Where names stand within rdata: such may be compressed in messages, and two records that differ
in their letters' case are one.

Source: RFC 3597 section 4, RFC 2136 section 1.1.1, RFC 4034 section 6.2.
"""

from typing import Final

from netapp.names.model import CNAME, DNAME, MX, NS, PTR, SOA, SRV
from netapp.names.naming import name_end

#: Type to (octets before the names, how many names).
NAMES: Final[dict[int, tuple[int, int]]] = {
    **dict.fromkeys((NS, 3, 4, CNAME, 7, 8, 9, PTR, DNAME), (0, 1)),  # MD, MF, MB, MG, MR
    **dict.fromkeys((SOA, 14, 17), (0, 2)),  # MINFO, RP
    **dict.fromkeys((MX, 18, 21, 36), (2, 1)),  # AFSDB, RT, KX
    26: (2, 2),  # PX
    SRV: (6, 1),
}


def folded(rdtype: int, rdata: bytes) -> bytes:
    """Rdata with its names in lower case; what is not of its type's form comes back as it is."""
    form = NAMES.get(rdtype)
    if form is None:
        return rdata
    at = start = form[0]
    try:
        for _ in range(form[1]):
            at = name_end(rdata, at)
    except IndexError:
        return rdata
    return rdata[:start] + rdata[start:at].lower() + rdata[at:]
