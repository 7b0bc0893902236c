"""The words of an entry to wire form: names, TTLs, types, and the data of a record.

Source: RFC 1035 section 5.1; RFC 3597 section 5 for types and data that nobody knows.
"""

import re
import socket
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tokenizer
import dns.ttl

from netapp.core import limits, text
from netapp.names.master.faults import Malformed
from netapp.names.model import AAAA, CNAME, DNAME, MX, NS, PTR, SOA, SRV, TXT, A
from netapp.names.naming import MAX_LABEL, MAX_NAME, BadName, wire_label

TYPE, CLASS, TIME = "type", "class", "ttl"
#: Types whose unquoted words are text, whatever the script; elsewhere they are names.
_TEXTUAL: Final = frozenset({13, 16, 19, 20, 56, 99, 256, 257, 258, 261, 262})
#: Types with one name as their data; the last five are RFC 1035's own, which dnspython does not read.
_ONE_NAME: Final = frozenset({NS, CNAME, PTR, DNAME, 3, 4, 7, 8, 9})  # MD, MF, MB, MG, MR
_MINFO: Final = 14
#: Types with one word as their data: a name, or an address.
_ONE_WORD: Final = _ONE_NAME | {A, AAAA}
#: What the data of common types look like, for who has mistaken it.
_LIKE: Final = {
    SOA: "SOA ns1 hostmaster 1 3600 600 1209600 300",
    13: 'HINFO "PC" "Linux"',
    MX: "MX 10 mail",
    SRV: "SRV 10 5 5060 sip",
    35: 'NAPTR 10 10 "S" "SIP+D2U" "" _sip._udp',
    43: "DS 58408 13 2 49FD46E6...",
    44: "SSHFP 4 2 123456789abcdef...",
    52: "TLSA 3 1 1 0123456789abcdef...",
    65: "HTTPS 1 . alpn=h2",
    257: 'CAA 0 issue "ca.example.net"',
}
_GENERIC: Final = b"\\#"  # data of any type: RFC 3597 section 5
_MAX_DATA: Final = limits.TRANSFER_RECORD
_MAX_TTL: Final = 2**31 - 1  # RFC 2181 section 8
_SHOWN: Final = 60
_ESCAPE: Final = re.compile(rb"\\(?:([0-9]{3})|([^0-9]))|\.", re.DOTALL)
_INTEGER: Final = re.compile(rb"[0-9]{1,5}")
#: The dots of Chinese and Japanese, in UTF-8, are dots too: UTS 46 section 4, RFC 5895 section 2.
_DOTS: Final = re.compile("。|．|｡".encode())
_UNPRINTED: Final = re.compile(rb"[\x80-\xff]")


def short(word: bytes) -> str:
    """A word as a fault shows it."""
    cut = word[:_SHOWN] + (b"..." if len(word) > _SHOWN else b"")
    return text.visible_octets(cut)


def name(word: bytes, origin: bytes | None) -> bytes:
    """A name as the file has it to its wire form, in the case it came in.

    :param origin: what it belongs to unless it ends in a dot.
    :raises Malformed: it is no name.
    """
    if not word.isascii():
        word = _DOTS.sub(b".", word)
    if word == b"@":
        labels: list[bytes] = []
        whole = False
    elif b"\\" in word:
        labels, whole = _escaped_labels(word)
    elif word == b".":
        return b"\0"
    else:
        labels = word.split(b".")
        whole = not labels[-1]
        if whole:
            labels.pop()
    if not whole and origin is None:
        raise Malformed("no origin", name=short(word))
    if not word.isascii():
        labels = [label if label.isascii() else _a_label(label) for label in labels]
    elif b'"' in word and b"\\" not in word:
        raise Malformed("bad name", name=short(word), reason='"')
    octets = b"".join([b"%c%b" % (len(label), label) for label in labels if 0 < len(label) <= MAX_LABEL])
    octets += b"\0" if whole or origin is None else origin
    if len(octets) > MAX_NAME:
        raise Malformed("long name", name=short(word))
    for label in labels:
        if not 0 < len(label) <= MAX_LABEL:
            raise Malformed("long label" if label else "empty label", name=short(word))
    return octets


def _escaped_labels(word: bytes) -> tuple[list[bytes], bool]:
    """A name's labels, and whether a dot ends it: RFC 1035 section 5.1, RFC 4343 section 2.1."""
    labels, label, at = [], b"", 0
    for found in _ESCAPE.finditer(word):
        label += _unescaped(word[at : found.start()], word)
        at = found.end()
        if found[0] == b".":
            labels.append(label)
            label = b""
        else:
            label += found[2] if found[1] is None else _octet(int(found[1]), word)
    label += _unescaped(word[at:], word)
    whole = not label and bool(labels)
    return (labels if whole else [*labels, label]), whole


def _unescaped(piece: bytes, word: bytes) -> bytes:
    if b"\\" in piece or b'"' in piece:
        raise Malformed("bad escape", name=short(word))
    return piece


def _octet(number: int, word: bytes) -> bytes:
    if number > 255:
        raise Malformed("bad escape", name=short(word))
    return bytes((number,))


def _a_label(label: bytes) -> bytes:
    """A label of another script as its A-label: RFC 5891."""
    try:
        return wire_label(label.decode("utf-8"))
    except UnicodeDecodeError:
        raise Malformed("bad name", name=short(label), reason="UTF-8, GBK?") from None
    except BadName as error:
        reason = str(error).removeprefix("it is no name: ")
        raise Malformed("bad name", name=short(label), reason=reason) from None


def seconds(word: bytes) -> int:
    """A TTL.  :raises Malformed: it is none."""
    try:
        ttl = int(dns.ttl.from_text(word.decode("ascii")))
    except (dns.ttl.BadTTL, UnicodeDecodeError, ValueError):
        ttl = _MAX_TTL + 1
    if ttl > _MAX_TTL:
        raise Malformed("bad ttl", word=short(word))
    return ttl


@lru_cache(maxsize=1024)
def meaning(word: bytes) -> tuple[str, int]:
    """What a word before a record's data is: :data:`TYPE`, :data:`CLASS` or :data:`TIME`, and its number.

    :raises Malformed: none of them, or a class or type that no zone has.
    """
    if word[0] in b"0123456789":
        return TIME, seconds(word)
    try:
        upper = word.decode("ascii").upper()
    except UnicodeDecodeError:
        raise Malformed("bad type", word=short(word)) from None
    if (rdclass := _class(upper)) is not None:
        if rdclass != dns.rdataclass.IN:
            raise Malformed("class", word=short(word))
        return CLASS, rdclass
    try:
        rdtype = dns.rdatatype.from_text(upper)
    except Exception:
        raise Malformed("bad type", word=short(word)) from None
    if dns.rdatatype.is_metatype(rdtype) or not rdtype:
        raise Malformed("no data type", word=short(word))
    return TYPE, int(rdtype)


def _class(word: str) -> int | None:
    """A class by its name.  ANY is none here: it is a type, of questions."""
    try:
        return None if word == "ANY" else int(dns.rdataclass.from_text(word))
    except Exception:  # dnspython has two errors for it
        return None


def data(rdtype: int, words: Sequence[bytes], origin: bytes | None) -> bytes:
    """A record's data to wire form.

    :param words: at least one, but for APL, which may be empty (RFC 3123 section 4).
    :raises Malformed: it is not what its type has.
    """
    if len(words) == 1:
        word = words[0]
        if rdtype == A:
            return _address(socket.AF_INET, word, "IPv4")
        if rdtype == AAAA:
            return _address(socket.AF_INET6, word, "IPv6")
        if rdtype in _ONE_NAME:
            return name(word, origin)
    elif rdtype == _MINFO and len(words) == 2:
        return name(words[0], origin) + name(words[1], origin)
    elif rdtype == MX and len(words) == 2 and _INTEGER.fullmatch(words[0]) and int(words[0]) <= 65535:
        return int(words[0]).to_bytes(2, "big") + name(words[1], origin)
    if rdtype in _ONE_WORD and len(words) > 1 and words[0] != _GENERIC:
        kind = dns.rdatatype.to_text(dns.rdatatype.RdataType.make(rdtype))
        raise Malformed("one value", word=kind, extra=short(words[1]))
    if rdtype == TXT and (plain := _plain_text(words)) is not None:
        return plain
    return _by_dnspython(rdtype, words, origin)


def _plain_text(words: Sequence[bytes]) -> bytes | None:
    """Character strings without escapes: RFC 1035 section 3.3.14."""
    strings = [word[1:-1] if word[:1] == b'"' else word for word in words]
    if any(b"\\" in each or b'"' in each or len(each) > 255 for each in strings):
        return None
    wire = b"".join([b"%c%b" % (len(each), each) for each in strings])
    return wire if len(wire) <= _MAX_DATA else None


def _address(family: int, word: bytes, kind: str) -> bytes:
    try:
        return socket.inet_pton(family, word.decode("ascii"))
    except (OSError, ValueError):
        raise Malformed("bad address", word=short(word), kind=kind) from None


def _by_dnspython(rdtype: int, words: Sequence[bytes], origin: bytes | None) -> bytes:
    plain = " ".join([_ascii(word, rdtype) for word in words])
    absolute = _dnspython_name(origin) if origin is not None else None
    kind = dns.rdatatype.RdataType.make(rdtype)
    try:
        rdata = dns.rdata.from_text(
            dns.rdataclass.IN, kind, dns.tokenizer.Tokenizer(plain, "-"), absolute, relativize=False
        )
        wire = rdata.to_wire()
    except Exception as error:  # what it raises depends on the type, and is always the text's fault
        reason = " ".join(str(error).split()) or type(error).__name__
        raise Malformed(
            "bad data",
            word=dns.rdatatype.to_text(kind),
            reason=text.visible(reason),
            form_of_data=_LIKE.get(rdtype),
        ) from None
    assert wire is not None
    if len(wire) > _MAX_DATA:
        raise Malformed("long data", word=dns.rdatatype.to_text(kind), limit=_MAX_DATA)
    return wire


@lru_cache(maxsize=64)
def _dnspython_name(wire: bytes) -> dns.name.Name:
    return dns.name.from_wire(wire, 0)[0]


def _ascii(word: bytes, rdtype: int) -> str:
    """A word as dnspython keeps its octets: escaped, or a name's labels as A-labels."""
    if not word.isascii():
        if b'"' not in word and rdtype not in _TEXTUAL:
            word = _DOTS.sub(b".", word)
            labels = [each if each.isascii() else _a_label(each) for each in word.split(b".")]
            word = b".".join(labels)
        word = _UNPRINTED.sub(lambda found: b"\\%03d" % found[0][0], word)
    return word.decode("ascii")
