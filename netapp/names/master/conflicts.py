"""What each record may be and all of them together may not, by line."""

from collections.abc import Iterator, Set

from netapp.names.master.faults import Fault
from netapp.names.master.reading import Reader
from netapp.names.model import BESIDE_CNAME, CNAME, DNAME
from netapp.names.naming import shown
from netapp.names.rdata import folded


def conflicts(reader: Reader) -> Iterator[Fault]:
    """CNAME beside other data, more than one CNAME or DNAME: RFC 1034 section 3.6.2, RFC 6672 section 2.4.

    :param reader: one that has not been read; another is made for the second look.
    """
    aliases = {each.owner for each in reader.records() if each.rdtype in (CNAME, DNAME)}
    kinds: dict[bytes, dict[int, bytes]] = {}
    again = Reader(reader.path, reader.origin, reader.where)
    for record in again.records():
        if record.owner not in aliases:
            continue
        seen = kinds.setdefault(record.owner, {})
        fields: dict[str, object] = {"name": shown(record.owner)}
        is_first, own = record.rdtype not in seen, folded(record.rdtype, record.rdata)
        first = seen.setdefault(record.rdtype, own)
        if record.rdtype in (CNAME, DNAME) and first != own:
            kind = "CNAME" if record.rdtype == CNAME else "DNAME"
            yield Fault(*again.place, "two", {**fields, "kind": kind})
        elif CNAME in seen and is_first and _clash(record.rdtype, seen.keys()):
            yield Fault(*again.place, "cname", fields)


def _clash(rdtype: int, seen: Set[int]) -> bool:
    """Whether a record of this type is one too many beside those, its own among them."""
    return bool(seen - BESIDE_CNAME) and (rdtype == CNAME or rdtype not in BESIDE_CNAME)
