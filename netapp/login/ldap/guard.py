"""Whether octets are shaped like a request of LDAP, before a decoder believes their lengths.

ldaptor's decoder takes any nesting, any tag in any place and integers of any length, and waits for
as many octets as it is told to.  So a message is held here to the grammar first: every element has a
tag that may stand where it stands, lies within the one around it, and there are not too many.

Source: RFC 4511 sections 4 and 5.1, appendix B; X.690 section 8.1.
"""

from typing import Final

from netapp.core import limits
from netapp.errors import WireError

#: What may stand within an element: tag to what may stand within that, or the octets it may have.
Grammar = dict[int, "Grammar | int"]

_OCTETS: Final = limits.LDAP_MESSAGE
_NUMBER: Final = 4  # of 0 to 2**31 - 1: RFC 4511 section 4.1.1
_SEQUENCE: Final = 0x30

_STRINGS: Final[Grammar] = {0x04: _OCTETS}
_ASSERTION: Final[Grammar] = _STRINGS
_ATTRIBUTE: Final[Grammar] = {0x04: _OCTETS, 0x31: _STRINGS}

_FILTER: Grammar = {}
_FILTER.update(
    {
        0xA0: _FILTER,
        0xA1: _FILTER,
        0xA2: _FILTER,
        0xA3: _ASSERTION,
        0xA4: {0x04: _OCTETS, _SEQUENCE: {0x80: _OCTETS, 0x81: _OCTETS, 0x82: _OCTETS}},
        0xA5: _ASSERTION,
        0xA6: _ASSERTION,
        0x87: _OCTETS,
        0xA8: _ASSERTION,
        0xA9: {0x81: _OCTETS, 0x82: _OCTETS, 0x83: _OCTETS, 0x84: 1},
    }
)
_SEARCH: Final[Grammar] = {0x04: _OCTETS, 0x0A: _NUMBER, 0x02: _NUMBER, 0x01: 1, _SEQUENCE: _STRINGS}
_SEARCH.update(_FILTER)

_REQUESTS: Final[Grammar] = {
    0x60: {0x02: _NUMBER, 0x04: _OCTETS, 0x80: _OCTETS, 0xA3: _STRINGS},  # bind
    0x42: 0,  # unbind
    0x63: _SEARCH,
    0x66: {0x04: _OCTETS, _SEQUENCE: {_SEQUENCE: {0x0A: _NUMBER, _SEQUENCE: _ATTRIBUTE}}},  # modify
    0x68: {0x04: _OCTETS, _SEQUENCE: {_SEQUENCE: _ATTRIBUTE}},  # add
    0x4A: _OCTETS,  # delete
    0x6C: {0x04: _OCTETS, 0x01: 1, 0x80: _OCTETS},  # modify DN
    0x6E: {0x04: _OCTETS, _SEQUENCE: _ASSERTION},  # compare
    0x50: _NUMBER,  # abandon
    0x77: {0x80: _OCTETS, 0x81: _OCTETS},  # extended
}
_CONTROLS: Final[Grammar] = {_SEQUENCE: {0x04: _OCTETS, 0x01: 1}}
_MESSAGE: Final[Grammar] = {0x02: _NUMBER, 0xA0: _CONTROLS}
_MESSAGE.update(_REQUESTS)

#: The value of a paged results control: RFC 2696 section 2.
PAGED: Final[Grammar] = {_SEQUENCE: {0x02: _NUMBER, 0x04: _OCTETS}}


def message_length(buffer: bytes | bytearray) -> int | None:
    """How many octets the message at the beginning of a buffer has, header included.

    :returns: None while that is not known; the message need not be there whole.
    :raises WireError: no message begins so, or one that is too long.
    """
    if not buffer:
        return None
    if buffer[0] != _SEQUENCE:
        raise _broken("no LDAPMessage")
    if len(buffer) < 2 or len(buffer) < _header(buffer, 0):
        return None
    length = _header(buffer, 0) + _content(buffer, 0)
    if length > limits.LDAP_MESSAGE:
        raise _broken("a message is too long")
    return length


def check_message(octets: bytes) -> None:
    """:raises WireError: one whole message that is not shaped like a request."""
    check(octets, {_SEQUENCE: _MESSAGE})


def check(octets: bytes, grammar: Grammar) -> None:
    """:raises WireError: octets that are not of the grammar, to their last."""
    _check(octets, 0, len(octets), grammar, limits.LDAP_ELEMENTS, 0)


def _check(octets: bytes, at: int, end: int, grammar: Grammar, left: int, depth: int) -> int:
    """Look at elements that stand beside each other.  :returns: how many more there may be."""
    if depth > limits.LDAP_DEPTH:
        raise _broken("elements are nested too deep")
    while at < end:
        if left == 0:
            raise _broken("too many elements")
        left -= 1
        inner = grammar.get(octets[at])
        if inner is None:
            raise _broken(f"an element {octets[at]:#04x} where none may be")
        if end - at < 2 or end - at < _header(octets, at):
            raise _broken("an element is cut off")
        begin = at + _header(octets, at)
        at = begin + _content(octets, at)
        if at > end:
            raise _broken("an element is longer than what is around it")
        if isinstance(inner, dict):
            left = _check(octets, begin, at, inner, left, depth + 1)
        elif at - begin > inner:
            raise _broken("an element is longer than it may be")
    return left


def _header(octets: bytes | bytearray, at: int) -> int:
    """Octets of an element's tag and length; the length may still be cut off."""
    first = octets[at + 1]
    if first < 0x80:
        return 2
    if not 0x81 <= first <= 0x84:
        raise _broken("an indefinite length, or one of more than 4 octets")
    return 2 + (first & 0x7F)


def _content(octets: bytes | bytearray, at: int) -> int:
    """What an element's length says."""
    first = octets[at + 1]
    return first if first < 0x80 else int.from_bytes(octets[at + 2 : at + 2 + (first & 0x7F)], "big")


def _broken(reason: str) -> WireError:
    return WireError(reason, source="RFC 4511 section 5.1")
