"""Rdata out of messages: its names may be compressed there, and are kept whole.

Source: RFC 1035 section 4.1.4, RFC 3597 section 4.
"""

from collections.abc import Callable
from typing import Final

from netapp.dns.message import Known, name_at
from netapp.errors import WireError
from netapp.names.model import AAAA, HTTPS, NSEC, NSEC3, NSEC3PARAM, RRSIG, SOA, SVCB, A
from netapp.names.rdata import NAMES

_Form = Callable[[bytes, int, int, Known], bytes]


def whole_rdata(rdtype: int, data: bytes, at: int, end: int, known: Known) -> bytes:
    """A message's rdata with the names in it whole.

    :param known: names of that message, as in :func:`netapp.dns.message.name_at`.
    :raises WireError: it is not of its type's form, where names or addresses are in it.
    """
    form = _FORMS.get(rdtype)
    return data[at:end] if form is None else form(data, at, end, known)


def unpointed_rdata(rdtype: int, data: bytes, at: int, end: int, known: Known) -> bytes:
    """The same to be looked at: rdata that are not of their type's form come back as they are.

    :raises WireError: a name in them cannot be read, or goes past them.
    """
    before, names, _ = _NAMED.get(rdtype, (0, 0, None))
    if rdtype == _NAPTR:
        before, names = _before_naptr(data, at, end), 1
    pieces, behind = _pieces(data, at, end, before, names, known)
    if len(pieces) != names + 1:
        return data[at:end]
    if behind > end:
        raise WireError("a name goes past its rdata", source="RFC 1035 section 4.1.3")
    return b"".join((*pieces, data[behind:end]))


def _pieces(data: bytes, at: int, end: int, before: int, names: int, known: Known) -> tuple[list[bytes], int]:
    """So many octets, the names behind them that are there, and where these end."""
    pieces = [data[at : at + before]]
    at += before
    for _ in range(names):
        if at >= end:
            break
        name, at = name_at(data, at, known)
        pieces.append(name)
    return pieces, at


def _named(before: int, names: int, after: int | None) -> _Form:
    """Rdata with names in it, perhaps compressed.

    :param before: octets before the names.
    :param after: octets behind them; None for any number.
    """

    def form(data: bytes, at: int, end: int, known: Known) -> bytes:
        pieces, at = _pieces(data, at, end, before, names, known)
        left = end - at
        if len(pieces) != names + 1 or left < 0 or (after is not None and left != after):
            raise WireError("rdata that is not of its type's form", source="RFC 1035 section 3.3")
        pieces.append(data[at:end])
        return b"".join(pieces)

    return form


def _sized(octets: int) -> _Form:
    def form(data: bytes, at: int, end: int, known: Known) -> bytes:
        if end - at != octets:
            raise WireError("an address of another length", source="RFC 1035 section 3.4.1")
        return data[at:end]

    return form


def _naptr(data: bytes, at: int, end: int, known: Known) -> bytes:
    return _named(_before_naptr(data, at, end), 1, 0)(data, at, end, known)


def _before_naptr(data: bytes, at: int, end: int) -> int:
    """Octets of order, preference and three strings, before the name: RFC 3403 section 4.1."""
    strings = at + 4
    for _ in range(3):
        strings += 1 + (data[strings] if strings < end else 0)
    return strings - at


def _nsec(data: bytes, at: int, end: int, known: Known) -> bytes:
    """The next name and a bitmap of types: RFC 4034 section 4.1."""
    name, bitmap = name_at(data, at, known)
    _see_bitmap(data, bitmap, end)
    return name + data[bitmap:end]


def _nsec3(data: bytes, at: int, end: int, known: Known) -> bytes:
    """Parameters, the next hash, and a bitmap of types: RFC 5155 section 3.2."""
    length = _after_salt(data, at, end)
    if length >= end or not data[length]:
        raise WireError("an NSEC3 record without a hash", source="RFC 5155 section 3.2")
    _see_bitmap(data, length + 1 + data[length], end)
    return data[at:end]


def _nsec3param(data: bytes, at: int, end: int, known: Known) -> bytes:
    """RFC 5155 section 4.2."""
    if _after_salt(data, at, end) != end:
        raise WireError("an NSEC3PARAM record longer than its salt", source="RFC 5155 section 4.2")
    return data[at:end]


def _after_salt(data: bytes, at: int, end: int) -> int:
    """Behind algorithm, flags, iterations, and a salt with its length before it."""
    at += 4
    if at >= end or at + 1 + data[at] > end:
        raise WireError("a salt that is cut off", source="RFC 5155 section 3.2")
    return at + 1 + data[at]


def _see_bitmap(data: bytes, at: int, end: int) -> None:
    """:raises WireError: it is none.  Source: RFC 4034 section 4.1.2."""
    last = -1
    while at < end:
        if at + 2 >= end or not 0 < data[at + 1] <= _MAP or data[at] <= last:
            raise WireError("a bitmap of no form that there is", source="RFC 4034 section 4.1.2")
        last = data[at]
        at += 2 + data[at + 1]
    if at != end:
        raise WireError("a bitmap of types that is cut off", source="RFC 4034 section 4.1.2")


_MAP: Final = 32  # octets of a window of a bitmap: RFC 4034 section 4.1.2
_NAPTR: Final = 35
#: Octets before the names, how many names, octets behind them (None for any number): types whose rdata
#: may hold compressed names, as it must be read though none may be written so (RFC 3597 section 4).
_NAMED: Final[dict[int, tuple[int, int, int | None]]] = {
    **{rdtype: (before, names, 0) for rdtype, (before, names) in NAMES.items()},
    SOA: (*NAMES[SOA], 20),
    **dict.fromkeys((24, RRSIG), (18, 1, None)),  # SIG
    **dict.fromkeys((30, NSEC), (0, 1, None)),  # NXT
    **dict.fromkeys((SVCB, HTTPS), (2, 1, None)),
}
#: Those, and those whose rdata our own answers look into.
_FORMS: Final[dict[int, _Form]] = {
    A: _sized(4),
    AAAA: _sized(16),
    **{rdtype: _named(*form) for rdtype, form in _NAMED.items()},
    NSEC: _nsec,
    NSEC3: _nsec3,
    NSEC3PARAM: _nsec3param,
    _NAPTR: _naptr,
}
