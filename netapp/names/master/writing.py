"""A zone to a master file: in canonical order, so that two files of one zone are the same.

Source: RFC 1035 section 5.1; RFC 4034 section 6.1 for the order; RFC 3597 section 5 for what
dnspython would not write back as it was.
"""

import socket
from collections.abc import Iterator
from typing import Final

import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tokenizer

from netapp.names.model import AAAA, CNAME, DNAME, MX, NS, PTR, RRSIG, SOA, A, RecordSet
from netapp.names.naming import MAX_LABEL, MAX_NAME, canonical_key
from netapp.names.zone import Zone

_ONE_NAME: Final = frozenset({NS, CNAME, PTR, DNAME})
_PLAIN: Final = frozenset(
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_*/+=!#%&'<>?[]^`{|}~:,"
)


def written(zone: Zone) -> Iterator[str]:
    """The lines of a master file, each with its newline, that reads as this zone.

    Data that is not of its type's form, such as a primary may send, is written by its octets; whoever
    reads that (:mod:`netapp.names.master.reading` too) may refuse it, by its line.
    """
    yield f"$ORIGIN {name_text(zone.origin)}\n"
    for owner in sorted(zone.nodes, key=canonical_key):
        shown = relative(owner, zone.origin)
        node = zone.nodes[owner]
        for each in sorted(node, key=lambda each: (each.rdtype != SOA, each.rdtype)):
            for rdtype, rdata in _data(each):
                yield f"{shown}\t{each.ttl}\tIN\t{type_text(rdtype)}\t{data_text(rdtype, rdata)}\n"


def relative(owner: bytes, origin: bytes) -> str:
    """An owner as a line begins with it: without the origin, ``@`` for the origin itself."""
    if owner == origin:
        return "@"
    return ".".join(_labels(owner[: len(owner) - len(origin)]))


def name_text(wire: bytes) -> str:
    """A wire name as a master file has it, its final dot included."""
    return "".join(f"{label}." for label in _labels(wire[:-1])) or "."


def type_text(rdtype: int) -> str:
    return str(dns.rdatatype.to_text(dns.rdatatype.RdataType.make(rdtype)))


def data_text(rdtype: int, rdata: bytes) -> str:
    """A record's data as text that reads as the very same octets."""
    if rdtype == A and len(rdata) == 4:
        return socket.inet_ntop(socket.AF_INET, rdata)
    if rdtype == AAAA and len(rdata) == 16:
        return socket.inet_ntop(socket.AF_INET6, rdata)
    if rdtype in _ONE_NAME and _is_name(rdata):
        return name_text(rdata)
    if rdtype == MX and _is_name(rdata[2:]):
        return f"{int.from_bytes(rdata[:2], 'big')} {name_text(rdata[2:])}"
    return _by_dnspython(rdtype, rdata)


def _by_dnspython(rdtype: int, rdata: bytes) -> str:
    kind, rdclass = dns.rdatatype.RdataType.make(rdtype), dns.rdataclass.IN
    try:
        text = str(dns.rdata.from_wire(rdclass, kind, rdata, 0, len(rdata)).to_text())
        tokens = dns.tokenizer.Tokenizer(text)
        again = dns.rdata.from_text(rdclass, kind, tokens, None, relativize=False).to_wire()
    except Exception:  # data of no form that its type has: it is served as it is, and written so
        text, again = "", None
    return (
        text if text and again == rdata and "\n" not in text else f"\\# {len(rdata)} {rdata.hex()}".rstrip()
    )


def _data(each: RecordSet) -> Iterator[tuple[int, bytes]]:
    for rdata in sorted(each.rdatas):
        yield each.rdtype, rdata
    for rdata in sorted(each.signatures):
        yield RRSIG, rdata


def _is_name(rdata: bytes) -> bool:
    """Whether octets are one name and nothing else."""
    at = 0
    while at < len(rdata) <= MAX_NAME and 0 < rdata[at] <= MAX_LABEL:
        at += 1 + rdata[at]
    return at == len(rdata) - 1 and not rdata[at]


def _labels(wire: bytes) -> Iterator[str]:
    at = 0
    while at < len(wire):
        yield "".join(map(_octet, wire[at + 1 : at + 1 + wire[at]]))
        at += 1 + wire[at]


def _octet(octet: int) -> str:
    if octet in _PLAIN:
        return chr(octet)
    return f"\\{chr(octet)}" if 0x21 <= octet <= 0x7E else f"\\{octet:03}"
