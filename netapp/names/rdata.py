"""Where names stand within rdata: such may be compressed in messages, and two records that differ
in their letters' case are one.

Source: RFC 3597 section 4, RFC 2136 section 1.1.1, RFC 4034 section 6.2.
"""

from collections.abc import Collection
from typing import Final

from netapp.names.naming import name_end

#: Type to (octets before the names, how many names).
NAMES: Final[dict[int, tuple[int, int]]] = {
    **dict.fromkeys((2, 3, 4, 5, 7, 8, 9, 12, 39), (0, 1)),  # NS, MD, MF, CNAME, MB, MG, MR, PTR, DNAME
    **dict.fromkeys((6, 14, 17), (0, 2)),  # SOA, MINFO, RP
    **dict.fromkeys((15, 18, 21, 36), (2, 1)),  # MX, AFSDB, RT, KX
    26: (2, 2),  # PX
    33: (6, 1),  # SRV
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


def distinct(rdtype: int, rdatas: Collection[bytes]) -> tuple[bytes, ...]:
    """Rdata of one set without what differs in its names' case alone: the first of such stays.

    :param rdatas: none twice.
    """
    if rdtype not in NAMES or len({*map(bytes.lower, rdatas)}) == len(rdatas):
        return tuple(rdatas)  # as nearly all: this costs less than to fold them
    found: dict[bytes, bytes] = {}
    for each in rdatas:
        found.setdefault(folded(rdtype, each), each)
    return tuple(found.values())
