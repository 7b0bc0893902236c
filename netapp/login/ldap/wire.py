"""Octets to requests, and answers to octets, by ldaptor's classes.

Every message passes :mod:`.guard` first.  ldaptor then makes objects of it, whose fields may be of
any type, so that each is looked at once more before it becomes a value of ours.

Source: RFC 4511 section 4.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final, TypeVar

from ldaptor.protocols import pureber, pureldap  # type: ignore[import-untyped]

from netapp.errors import WireError
from netapp.login.ldap import filters, guard

T = TypeVar("T")

NOTICE_OF_DISCONNECTION: Final = "1.3.6.1.4.1.1466.20036"  # RFC 4511 section 4.4.1


class Code(IntEnum):
    """Source: RFC 4511 section 4.1.9, appendix A."""

    SUCCESS = 0
    OPERATIONS_ERROR = 1
    PROTOCOL_ERROR = 2
    TIME_LIMIT_EXCEEDED = 3
    SIZE_LIMIT_EXCEEDED = 4
    COMPARE_FALSE = 5
    COMPARE_TRUE = 6
    AUTH_METHOD_NOT_SUPPORTED = 7
    STRONGER_AUTH_REQUIRED = 8
    UNAVAILABLE_CRITICAL_EXTENSION = 12
    NO_SUCH_ATTRIBUTE = 16
    UNDEFINED_ATTRIBUTE_TYPE = 17
    INVALID_ATTRIBUTE_SYNTAX = 21
    NO_SUCH_OBJECT = 32
    INVALID_DN_SYNTAX = 34
    INVALID_CREDENTIALS = 49
    INSUFFICIENT_ACCESS_RIGHTS = 50
    BUSY = 51
    UNAVAILABLE = 52
    UNWILLING_TO_PERFORM = 53


@dataclass(frozen=True, slots=True)
class Bind:
    """:param password: None for SASL."""

    version: int
    name: bytes
    password: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unbind:
    pass


@dataclass(frozen=True, slots=True)
class Search:
    base: bytes
    scope: int  # 0: the entry, 1: those right under it, 2: all with it
    size_limit: int  # 0: none
    time_limit: int  # seconds; 0: none
    types_only: bool
    filter: filters.Filter
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    entry: bytes
    attribute: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Change:
    """Modify, add, delete or modify DN, which nobody may do here; ``answer`` is the tag of its answer."""

    answer: int


@dataclass(frozen=True, slots=True)
class Abandon:
    id: int


@dataclass(frozen=True, slots=True)
class Extended:
    oid: str
    value: bytes | None = field(repr=False)  # a password may be in it


Request = Bind | Unbind | Search | Compare | Change | Abandon | Extended


@dataclass(frozen=True, slots=True)
class Control:
    oid: str
    critical: bool
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Message:
    id: int
    request: Request
    controls: tuple[Control, ...] = ()


_BASE: Final = pureldap.LDAPBERDecoderContext(fallback=pureber.BERDecoderContext())
_CONTEXT: Final = pureldap.LDAPBERDecoderContext_TopLevel(
    inherit=pureldap.LDAPBERDecoderContext_LDAPMessage(fallback=_BASE, inherit=_BASE)
)


def parse_message(octets: bytes) -> Message:
    """Read one whole message.  :raises WireError: it is no request.

    Source: RFC 4511 section 4.1.1.
    """
    guard.check_message(octets)
    decoded = _decoded(octets, _CONTEXT)
    number = _as(int, decoded.id)
    if number < 0:
        raise _broken("a message's number is below 0")
    controls = tuple(_control(*each) for each in decoded.controls or ())
    return Message(number, _request(decoded.value), controls)


def parse_page(octets: bytes) -> tuple[int, bytes]:
    """A paged results control's (size, cookie).  :raises WireError: it is none.

    Source: RFC 2696 section 2.
    """
    guard.check(octets, guard.PAGED)
    parts = _decoded(octets, pureber.BERDecoderContext()).data
    if len(parts) != 2:
        raise _broken("no control of pages")
    return _as(int, parts[0].value), _as(bytes, parts[1].value)


def _decoded(octets: bytes, context: Any) -> Any:
    try:
        decoded, used = pureber.berDecodeObject(context, octets)
    except Exception as problem:  # ldaptor says by any of them that it cannot read something
        raise _broken(f"it cannot be decoded ({type(problem).__name__})") from None
    if decoded is None or used != len(octets):
        raise _broken("octets are left over")
    return decoded


def _request(op: Any) -> Request:
    for kind, read in _READERS.items():
        if isinstance(op, kind):
            return read(op)
    raise _broken("no request")


def _bind(op: Any) -> Bind:
    return Bind(_as(int, op.version), _as(bytes, op.dn), None if op.sasl else _as(bytes, op.auth))


def _search(op: Any) -> Search:
    scope, deref = _as(int, op.scope), _as(int, op.derefAliases)
    size, seconds = _as(int, op.sizeLimit), _as(int, op.timeLimit)
    if scope not in (0, 1, 2) or deref not in range(4) or size < 0 or seconds < 0:
        raise _broken("a field of a search is out of its range")
    attributes = tuple(map(_text, op.attributes))
    wanted = _filter(op.filter)
    return Search(_as(bytes, op.baseObject), scope, size, seconds, bool(op.typesOnly), wanted, attributes)


def _compare(op: Any) -> Compare:
    attribute, value = _assertion(op.ava)
    return Compare(_as(bytes, op.entry), attribute, value)


def _extended(op: Any) -> Extended:
    value = op.requestValue
    return Extended(_text(op.requestName), value if value is None else _as(bytes, value))


def _change(answer: Any) -> Callable[[Any], Change]:
    return lambda op: Change(answer.tag)


_READERS: Final[dict[type[Any], Callable[[Any], Request]]] = {
    pureldap.LDAPBindRequest: _bind,
    pureldap.LDAPUnbindRequest: lambda op: Unbind(),
    pureldap.LDAPSearchRequest: _search,
    pureldap.LDAPCompareRequest: _compare,
    pureldap.LDAPModifyRequest: _change(pureldap.LDAPModifyResponse),
    pureldap.LDAPAddRequest: _change(pureldap.LDAPAddResponse),
    pureldap.LDAPDelRequest: _change(pureldap.LDAPDelResponse),
    pureldap.LDAPModifyDNRequest: _change(pureldap.LDAPModifyDNResponse),
    pureldap.LDAPAbandonRequest: lambda op: Abandon(_as(int, op.value)),
    pureldap.LDAPExtendedRequest: _extended,
}


def _filter(op: Any) -> filters.Filter:
    if isinstance(op, pureldap.LDAPFilter_and | pureldap.LDAPFilter_or):
        parts = tuple(map(_filter, op.data))
        return filters.And(parts) if isinstance(op, pureldap.LDAPFilter_and) else filters.Or(parts)
    if isinstance(op, pureldap.LDAPFilter_not):
        return filters.Not(_filter(op.value))
    if isinstance(op, pureldap.LDAPFilter_present):
        return filters.Present(_text(op.value))
    if isinstance(op, pureldap.LDAPFilter_substrings):
        return _pieces(op)
    if isinstance(op, pureldap.LDAPFilter_extensibleMatch):
        return filters.Extensible()
    for kind, made in _ASSERTIONS.items():
        if isinstance(op, kind):
            return made(*_assertion(op))
    raise _broken("no filter")


_ASSERTIONS: Final[dict[type[Any], Callable[[str, bytes], filters.Filter]]] = {
    pureldap.LDAPFilter_equalityMatch: filters.Equal,
    pureldap.LDAPFilter_approxMatch: filters.Equal,
    pureldap.LDAPFilter_greaterOrEqual: filters.AtLeast,
    pureldap.LDAPFilter_lessOrEqual: filters.AtMost,
}


def _assertion(op: Any) -> tuple[str, bytes]:
    if not isinstance(op, pureldap.LDAPAttributeValueAssertion):
        raise _broken("no assertion")
    return _text(op.attributeDesc.value), _as(bytes, op.assertionValue.value)


def _pieces(op: Any) -> filters.Pieces:
    initial, inner, final = b"", list[bytes](), b""
    if not op.substrings:
        raise _broken("a value of no pieces")
    for number, each in enumerate(op.substrings, 1):
        value = _as(bytes, each.value)
        if isinstance(each, pureldap.LDAPFilter_substrings_any):
            inner.append(value)
        elif isinstance(each, pureldap.LDAPFilter_substrings_initial) and number == 1:
            initial = value
        elif isinstance(each, pureldap.LDAPFilter_substrings_final) and number == len(op.substrings):
            final = value
        else:
            raise _broken("the pieces of a value are in no order")
    return filters.Pieces(_text(op.type), initial, tuple(inner), final)


def _control(oid: object, critical: object, value: object) -> Control:
    return Control(_text(oid), bool(critical), value if value is None else _as(bytes, value))


def _as(kind: type[T], value: object) -> T:
    if not isinstance(value, kind):
        raise _broken("a field is of another type")
    return value


def _text(value: object) -> str:
    """What is ASCII by its grammar; a description of anything else is of no attribute we know."""
    return _as(bytes, value).decode("ascii", "replace")


def _broken(reason: str) -> WireError:
    return WireError(reason, source="RFC 4511 section 4")
